"""Quarantine: the table of rows and cells that were set aside, each with its reason."""

from collections.abc import Sequence
from typing import Final, Literal

import pandas as pd

from securebase.names import PERSON, ROLE, UNIT, WAVE
from securebase.waves.layout import FILE, ROW

COLUMNS: Final = (
    *(FILE, ROW, UNIT, PERSON, WAVE, ROLE),
    *("column", "value", "kind", "rule", "reason", "action"),
)
_ACTIONS: Final = {"row": "row left out", "cell": "cell set to missing", "note": "nothing"}

Kind = Literal["row", "cell", "note"]


def entries(
    keys: pd.DataFrame,
    rule: str,
    reason: str | pd.Series,
    kind: Kind,
    column: str | Sequence[str] = "",
    value: str | Sequence[str] | pd.Series = "",
    action: str | None = None,
) -> pd.DataFrame:
    """Make one entry of the quarantine per record.

    Parameters
    ----------
    keys : pd.DataFrame
        Records at fault: file, row, unit, person, wave, role.
    rule, reason : str
        Name of the rule; what it found, in words.
    kind : {"row", "cell", "note"}
        What was set aside: the whole row, one cell, or nothing (only reported).
    column, value : str or sequence of str
        The column at fault, where one is; what was found there.
    action : str, optional
        What was done, where the kind does not say it.
    """
    table = keys[[FILE, ROW, UNIT, PERSON, WAVE, ROLE]].copy()
    table["column"] = column
    table["value"] = value
    table["kind"] = kind
    table["rule"] = rule
    table["reason"] = reason
    table["action"] = action or _ACTIONS[kind]
    return table


def joined(parts: Sequence[pd.DataFrame], files: Sequence[str]) -> pd.DataFrame:
    """Put entries in the order of files and rows, those of one row as they come.

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`, all text but row; the empty text where nothing is known.
    """
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(COLUMNS)).astype({ROW: "int64"})
    table = pd.concat(filled, ignore_index=True)
    order = {file: number for number, file in enumerate(files)}
    table = table.assign(file_order=table[FILE].map(order))
    table = table.sort_values(["file_order", ROW], kind="stable")[list(COLUMNS)]
    text = [name for name in COLUMNS if name != ROW]
    table[text] = table[text].astype(object).fillna("").astype(str)
    return table.astype({ROW: "int64"}).reset_index(drop=True)
