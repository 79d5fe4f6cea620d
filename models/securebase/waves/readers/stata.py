"""Stata data files (.dta)."""

from pathlib import Path

import pandas as pd
import pyreadstat

from securebase.codebook.rawfiles import RawFile
from securebase.waves.labelled import read_labelled


def read(path: Path, spec: RawFile) -> pd.DataFrame:
    """Read codes, not labels; extended missings (.a to .z) are empty; rows are observations.

    See `securebase.waves.readers` for what a reader returns and raises.
    """
    return read_labelled(path, spec, pyreadstat.read_dta, "Stata")
