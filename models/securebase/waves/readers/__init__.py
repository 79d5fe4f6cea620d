"""Readers of raw files, one module per format, found by file name.

A reader has ``read(path, spec)``: it returns a table of text (the empty text for an empty cell),
its index "row" the place of each row as the program that made the file shows it, and raises
`InputError` with every fault of a file it cannot read.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pandas as pd

from securebase.codebook.rawfiles import RawFile

Reader = Callable[[Path, RawFile], pd.DataFrame]


def reader_of(name: str) -> Reader:
    """Find the reader of a format by its file name.

    Raises
    ------
    ModuleNotFoundError
        Where readers/ has no such file; a codebook that was checked names none.
    """
    reader: Reader = import_module(f"{__name__}.{name}").read
    return reader
