"""Numbers that count or add up lines of a table, each with the address of all of them."""

from collections.abc import Iterable

import pandas as pd

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
    return Number(total, _text(total, word), f"{file}#{_address(chosen)}.{column}")


def lines_of(file: str, lines: Iterable[int], word: str = "") -> Number:
    """Count lines of a table: ``growth/left_out.csv#L2..L3.count``; see `summed`."""
    chosen = list(lines)
    return Number(len(chosen), _text(len(chosen), word), f"{file}#{_address(chosen)}.count")


def _text(number: int, word: str) -> str:
    return counted(number, word) if word else f"{number:,}"


def _address(lines: Iterable[int]) -> str:
    spans: list[list[int]] = []
    for line in sorted(lines):
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return "+".join(f"L{low}" if low == high else f"L{low}..L{high}" for low, high in spans)
