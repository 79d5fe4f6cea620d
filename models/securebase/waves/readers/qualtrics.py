"""Qualtrics "CSV" or "TSV" exports: names, question texts, then a line of ImportId records."""

from pathlib import Path

import pandas as pd

from securebase.codebook.rawfiles import RawFile
from securebase.faults import Fault, InputError
from securebase.waves.delimited import Lines, read_lines

_MARK = "ImportId"


def read(path: Path, spec: RawFile) -> pd.DataFrame:
    """Read an export; the two lines after the header are no answers and are left out.

    See `securebase.waves.readers` for what a reader returns and raises.
    """
    lines = read_lines(path, spec)
    mark = _mark_line(lines)
    if mark is None:
        given = "no line with ImportId below the header"
        remedy = "export again as CSV from Data & Analysis, or format: csv for a plain table"
        raise InputError(
            spec.name, [Fault(spec.name, given, "a Qualtrics export: three header lines", remedy)]
        )
    return lines.frame(skip=mark + 1)


def _mark_line(lines: Lines) -> int | None:
    for position, cells in enumerate(lines.records[:2]):
        if any(_MARK in cell and cell.lstrip().startswith("{") for cell in cells):
            return position
    return None
