"""Whether such a fit finds what is there: what simulation has shown before any data."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from securebase.report.analysed import Analysed
from securebase.report.calibration import FAMILIES_FILE
from securebase.report.counting import lines_of, summed
from securebase.report.inputs import number_at
from securebase.report.section import Block, Note, Section
from securebase.report.tables import Cell, Table
from securebase.report.wording import Sentence, short

_FOLDER: Final = "docs/calibration"
_UNIFORM: Final = 0.05
_COUNTS: Final = ("refits", "quantities")
_READING: Final = (
    "Ranks of true values among posterior draws are uniform where model, likelihood, sampler and "
    "simulator agree; p is the probability of a departure as large anywhere in the design. "
    "Recovery: studies of the published size, simulated in a world where the claims are true and "
    "in one without effects; their effect sizes are ours."
)


def section(one: Analysed) -> Section:
    """Say how often the family was fitted to known truths, and what became of the claims."""
    title = "Does such a fit find what is there?"
    return Section("calibration", title, sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Count the re-fits of the family, and say whether ranks are uniform."""
    designs = _designs(one)
    family = one.family_words
    if designs is None or designs.empty:
        return (f"The family {family} has not been calibrated by simulation.",)
    file, line = f"{_FOLDER}/{FAMILIES_FILE}", int(str(designs["p_family"].idxmin()))
    lowest = number_at(designs, file, line, "p_family", 2)
    word = "are uniform" if lowest.value >= _UNIFORM else "are not uniform"
    return (
        *("In ", summed(designs, file, designs.index, "refits", "re-fit"), " of "),
        *(lines_of(file, designs.index, "design"), f" of the family {family}, ranks of true "),
        *(f"values {word} (smallest p ", lowest, ")."),
    )


def _designs(one: Analysed) -> pd.DataFrame | None:
    table = one.calibrated.families
    return None if table is None else table[table["family"] == one.analysis.family]


def _blocks(one: Analysed) -> Iterator[Block]:
    designs, recovery = _designs(one), one.calibrated.recovery
    if designs is not None and not designs.empty:
        yield _families(designs)
    if recovery is not None:
        rows = recovery[recovery["analysis"] == one.name]
        if not rows.empty:
            yield _recovery(rows, f"{_FOLDER}/recovery/{one.study.study}.csv")
    yield Note((_READING,))


def _families(designs: pd.DataFrame) -> Table:
    file = f"{_FOLDER}/{FAMILIES_FILE}"
    return Table(
        caption="Simulation-based calibration of the family",
        columns=("design", "#re-fits", "#quantities", "#smallest p"),
        rows=tuple(
            (
                str(row["design"]).replace("_", " "),
                *(number_at(designs, file, int(str(line)), name, 0) for name in _COUNTS),
                number_at(designs, file, int(str(line)), "p_family", 2),
            )
            for line, row in designs.iterrows()
        ),
        source=file,
    )


def _recovery(rows: pd.DataFrame, file: str) -> Table:
    claims = rows["claim"].drop_duplicates()
    units = short(float(str(rows["units"].iloc[0])))
    return Table(
        caption=f"Its claims in simulated studies of {units} units",
        columns=("claim", "#supported if true", "#95 % ETI covers", "#supported if none"),
        rows=tuple((str(claim), *_of_claim(rows, file, str(claim))) for claim in claims),
        source=file,
    )


def _of_claim(rows: pd.DataFrame, file: str, claim: str) -> Iterator[Cell]:
    for world, column in (
        *(("source", "supported"), ("source", "coverage_95"), ("null", "supported")),
    ):
        part = rows[(rows["claim"] == claim) & (rows["world"] == world)]
        yield number_at(rows, file, int(str(part.index[0])), column, 2) if len(part) else ""
