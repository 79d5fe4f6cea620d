"""Numbers that count or add up lines of a table, each with the address of all of them."""

from collections.abc import Iterable
from typing import Final

import pandas as pd

from securebase.report.addresses import lines_address
from securebase.report.wording import UNTOLD, Number, counted

WITHHELD: Final = "withheld"
"""Column of tables of a public bundle: why a count is blank."""


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

    Returns
    -------
    Number
        NaN, with words in its place, where any of them is blank.
    """
    chosen = list(lines)
    total = float(table.loc[chosen, column].sum(skipna=False))
    address = lines_address(file, chosen, column)
    if total != total:
        return Number(total, _blank(table, chosen, word), address)
    return Number(int(total), _text(int(total), word), address)


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


def why_blank(table: pd.DataFrame, line: int) -> str:
    """Say in the place of a count that is blank why it is."""
    return str(table.at[line, WITHHELD]) if WITHHELD in table else UNTOLD


def _blank(table: pd.DataFrame, lines: list[int], word: str) -> str:
    words = why_blank(table, lines[0]) if len(lines) == 1 else UNTOLD
    if not word:
        return words
    return f"{words} how many {word}s" if words == UNTOLD else f"{words} {word}s"


def _text(number: int, word: str) -> str:
    return counted(number, word) if word else f"{number:,}"
