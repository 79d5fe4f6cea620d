"""What the moments of a public bundle say of each claim, beside all data."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from securebase.report.analysed import Analysed
from securebase.report.inputs import FIDELITY_FILE, number_at
from securebase.report.section import Note, Section
from securebase.report.tables import Cell, Table
from securebase.report.wording import Number, counted, listed, probability_text

_BEYOND: Final = ("#P(beyond ROPE)",)
_NOTE: Final = (
    "Values of few people are masked before moments are released. All data: the fit that the "
    "verdicts on this page are of. Moments: a fit to what this bundle holds, which every reader "
    "can run. P(beyond ROPE): on the side that the claim names, above it where it names none. "
    "Shift: how far the mean moves, in posterior standard deviations of the first."
)


def section(analyses: Sequence[Analysed]) -> Section | None:
    """Hold both fits against each other; None where nothing was fitted to moments."""
    tables = {one.name: _of_claims(one) for one in analyses}
    both = pd.concat(tables.values()) if tables else pd.DataFrame()
    if both.empty:
        return None
    other = both.loc[both["full_verdict"] != both["public_verdict"], "name"]
    words = f"The same verdict on all of {counted(len(both), 'claim')}."
    if len(other):
        words = (
            f"Another verdict than with all data on {listed(other)}: no reader can reach the one "
            "of all data from here, so it counts as mixed at most."
        )
    table = Table(
        caption="Each claim by all data, and by the moments in this bundle",
        columns=("claim", "by all data", *_BEYOND, "by moments", *_BEYOND, "#shift"),
        rows=tuple(row for name, rows in tables.items() for row in _rows(name, rows)),
        source=FIDELITY_FILE,
    )
    return Section("fidelity", "Do its moments say the same?", (words,), (table, Note((_NOTE,))))


def _of_claims(one: Analysed) -> pd.DataFrame:
    """Give the lines of claims whose numbers may be shown."""
    table, shown = one.results.fidelity, [result.claim.id for result in one.shown]
    if table is None:
        return pd.DataFrame()
    return table[(table["kind"] == "claim") & table["name"].isin(shown)]


def _rows(name: str, rows: pd.DataFrame) -> Iterator[tuple[Cell, ...]]:
    file = f"{name}/{FIDELITY_FILE}"
    for line, row in rows.iterrows():
        full, public = (
            _probability(number_at(rows, file, int(str(line)), column))
            for column in ("full_p", "public_p")
        )
        moved = number_at(rows, file, int(str(line)), "shift", 2)
        yield (row["name"], row["full_verdict"], full, row["public_verdict"], public, moved)


def _probability(number: Number) -> Number:
    # fidelity.csv has no Monte Carlo error: two decimals
    return replace(number, text=probability_text(number.value, math.nan))
