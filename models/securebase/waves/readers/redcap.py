"""REDCap "CSV / raw data" exports: one row per record and event, checkboxes as 0/1 columns."""

import re
from pathlib import Path

import pandas as pd

from securebase.codebook.rawfiles import RawFile
from securebase.faults import Fault, InputError
from securebase.waves.delimited import read_lines

_CHECKBOX = re.compile(r"^(?P<field>[a-z][a-z0-9_]*?)___(?P<choice>.+)$")
_LABELS = ("Event Name", "Record ID", "Repeat Instrument")


def read(path: Path, spec: RawFile) -> pd.DataFrame:
    """Read an export of raw data.

    A checkbox field ``race`` comes as columns ``race___1``, ``race___2``, ...; beside them the
    table gets a column ``race`` with the codes that were ticked ("1", or "1 2"), empty where none.
    See `securebase.waves.readers` for what a reader returns and raises.
    """
    table = read_lines(path, spec).frame()
    labels = [name for name in table.columns if name in _LABELS]
    if labels:
        remedy = "export again as CSV / Microsoft Excel (raw data)"
        fault = Fault(spec.name, f"column '{labels[0]}'", "variable names", remedy, row=1)
        raise InputError(spec.name, [fault])
    return _with_ticked(table)


def _with_ticked(table: pd.DataFrame) -> pd.DataFrame:
    choices: dict[str, list[tuple[str, str]]] = {}
    for name in dict.fromkeys(table.columns):
        box = _CHECKBOX.match(name)
        if box:
            choices.setdefault(box["field"], []).append((box["choice"], name))
    ticked = {
        field: _ticked_codes(table, boxes)
        for field, boxes in choices.items()
        if field not in table.columns
    }
    return table.assign(**ticked)


def _ticked_codes(table: pd.DataFrame, boxes: list[tuple[str, str]]) -> list[str]:
    columns = [table[name].str.strip() == "1" for _, name in boxes]
    codes = [code for code, _ in boxes]
    return [
        " ".join(code for code, tick in zip(codes, ticks, strict=True) if tick)
        for ticks in zip(*columns, strict=True)
    ]
