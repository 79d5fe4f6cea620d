"""What the moments of a public bundle say of each claim, beside all data."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from securebase.report.analysed import Analysed
from securebase.report.inputs import FIDELITY_FILE, number_at
from securebase.report.section import Note, Section
from securebase.report.tables import Cell, Table
from securebase.report.wording import counted, listed

_NOTE: Final = (
    "Values of few people are masked before moments are released. All data: the fit that the "
    "verdicts on this page are of. Moments: a fit to what this bundle holds, which every reader "
    "can run. Shift: how far the mean moves, in posterior standard deviations of the first."
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
        words = f"Another verdict than with all data on {listed(other)}."
    table = Table(
        caption="Each claim by all data, and by the moments in this bundle",
        columns=("claim", "by all data", "#P(claim)", "by moments", "#P(claim)", "#shift"),
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
            number_at(rows, file, int(str(line)), column, 2) for column in ("full_p", "public_p")
        )
        moved = number_at(rows, file, int(str(line)), "shift", 2)
        yield (row["name"], row["full_verdict"], full, row["public_verdict"], public, moved)
