"""Delimited text with one header line."""

from pathlib import Path

import pandas as pd

from securebase.delimited import read_lines
from securebase.rawfiles import RawFile


def read(path: Path, spec: RawFile) -> pd.DataFrame:
    """Read delimited text; see `securebase.readers` for what a reader returns and raises."""
    return read_lines(path, spec).frame()
