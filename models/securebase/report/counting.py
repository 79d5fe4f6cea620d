"""Numbers that count or add up lines of a table, each with the address of all of them."""

from collections.abc import Iterable

import pandas as pd

from securebase.report.addresses import lines_address
from securebase.report.wording import Number, counted


def summed(
    table: pd.DataFrame, file: str, lines: Iterable[int], column: str, word: str = ""
) -> Number:
    """Add up a column over lines: ``flow.csv#L5+L31.persons``.

    Parameters
    ----------
    table : pandas.DataFrame
        As `inputs.read_table` gives it.
    file : str
        Path below the folder of results.
    lines : iterable of int
        Lines of the file; at least one.
    column : str
        Column of the table.
    word : str, optional
        What is counted, in the singular.
    """
    chosen = list(lines)
    total = int(table.loc[chosen, column].sum())
    return Number(total, _text(total, word), lines_address(file, chosen, column))


def lines_of(file: str, lines: Iterable[int], word: str = "") -> Number:
    """Count lines of a table: ``growth/left_out.csv#L2..L3.count``; see `summed`."""
    chosen = list(lines)
    return Number(len(chosen), _text(len(chosen), word), lines_address(file, chosen))


def lines_or_none(
    file: str, lines: Iterable[int], singular: str = "", plural: str | None = None
) -> Number | str:
    """Count lines of a table; no line has no address, and is said without one."""
    chosen = list(lines)
    text = counted(len(chosen), singular, plural) if singular else f"{len(chosen):,}"
    return Number(len(chosen), text, lines_address(file, chosen)) if chosen else text


def _text(number: int, word: str) -> str:
    return counted(number, word) if word else f"{number:,}"
