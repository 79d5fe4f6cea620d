"""What was set aside before anyone was analysed, as a table: rows and cells, or counts of them."""

from typing import Final

import pandas as pd

from securebase.report.addresses import lines_address
from securebase.report.inputs import StudyResults, number_at
from securebase.report.tables import Table
from securebase.report.wording import Number, counted

_LINES_NAMED: Final = 8


def exclusion_table(results: StudyResults) -> Table:
    """Tabulate quarantined rows and cells by file and rule."""
    if results.counted is not None:
        return _exclusion_counts(results.counted.exclusions)
    grouped = results.exclusions.groupby(["file", "rule", "kind", "action"], sort=False)
    return Table(
        caption="Quarantined rows and cells",
        columns=("file", "rule", "#how many", "lines of the file", "reason", "what was done"),
        rows=tuple(
            (
                str(file),
                str(rule).replace("_", " "),
                Number(len(part), counted(len(part), str(kind)), _address(part)),
                _lines(part),
                _some(part["reason"].drop_duplicates(), 2, "; "),
                str(action),
            )
            for (file, rule, kind, action), part in grouped
        ),
        source="exclusions.tsv",
        quotes=True,
    )


def _exclusion_counts(counts: pd.DataFrame) -> Table:
    return Table(
        caption="Quarantined rows and cells",
        columns=("rule", "#how many", "reason", "what was done"),
        rows=tuple(
            (
                str(row["rule"]).replace("_", " "),
                number_at(counts, "exclusions.csv", int(str(line)), "count"),
                str(row["reason"]),
                str(row["action"]),
            )
            for line, row in counts.iterrows()
        ),
        source="exclusions.csv",
        quotes=True,
    )


def _address(part: pd.DataFrame) -> str:
    return lines_address("exclusions.tsv", map(int, part.index))


def _lines(part: pd.DataFrame) -> str:
    lines = sorted({int(line) for line in part["row"].dropna()})
    return _some(pd.Series(lines), _LINES_NAMED, ", ")


def _some(things: pd.Series, most: int, between: str) -> str:
    named = between.join(map(str, things.head(most)))
    rest = len(things) - most
    return f"{named} and {rest} more" if rest > 0 else named
