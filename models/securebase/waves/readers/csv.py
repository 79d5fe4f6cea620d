"""Delimited text with one header line."""

from pathlib import Path

import pandas as pd

from securebase.codebook.rawfiles import RawFile
from securebase.waves.delimited import read_lines


def read(path: Path, spec: RawFile) -> pd.DataFrame:
    """Read delimited text; see `securebase.waves.readers` for what a reader returns and raises."""
    return read_lines(path, spec).frame()
