"""Files of statistics programs: values as codes, cells the file declares missing as empty."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from securebase.codebook.cells import cell_text
from securebase.codebook.rawfiles import RawFile
from securebase.faults import Fault, InputError
from securebase.waves.delimited import text_frame

_FAILURES = (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, ValueError)


def read_labelled(
    path: Path, spec: RawFile, load: Callable[..., Any], program: str
) -> pd.DataFrame:
    """Read a file with value labels, by its codes.

    Parameters
    ----------
    path : Path
        The file.
    spec : RawFile
        Its name for messages.
    load : callable
        The reader of pyreadstat.
    program : str
        Name of the program, for messages.

    Returns
    -------
    pd.DataFrame
        Text; index "row" counts cases from 1, as the program does. A value that the file itself
        declares missing is an empty cell.

    Raises
    ------
    InputError
        Where it is no file of that program.
    """
    try:
        table, _ = load(str(path), user_missing=False, apply_value_formats=False)
    except _FAILURES as error:
        given = f"not a file of {program} ({error})"
        raise InputError(spec.name, [Fault(spec.name, given, f"a {program} data file")]) from None
    columns = [[cell_text(value) for value in table[name]] for name in table.columns]
    records = list(zip(*columns, strict=True))
    return text_frame(list(table.columns), records, range(1, len(records) + 1))
