"""Tables of results as tables of a page: printed numbers with the cell each was read from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import pandas as pd

from securebase.codebook.loading import Study
from securebase.report.counting import summed
from securebase.report.inputs import PEOPLE_FILE, StudyResults, number_at
from securebase.report.result_tables import FAIL, PASS, WARN
from securebase.report.wording import NOT_AVAILABLE, Number, counted, probability_text
from securebase.waves.scoring import ALL_WAVES, SCALE_ROW

_SCORING_LIGHTS: Final = {"ok": PASS, "accepted": WARN, "too_few": WARN}
_OF_SCALE: Final = ("n", "mean", "sd", "alpha", "omega")


@dataclass(frozen=True)
class Light:
    """A traffic light: pass, warn or fail, with a word of its own where it has one."""

    light: str
    word: str = ""

    @property
    def sign(self) -> str:
        """Shape that tells it from the others without colour."""
        return {PASS: "\N{BLACK CIRCLE}", WARN: "\N{BLACK UP-POINTING TRIANGLE}"}.get(
            self.light, "\N{BLACK SQUARE}"
        )


@dataclass(frozen=True)
class Link:
    """A place on this page, or another page of the study."""

    text: str
    href: str


Cell = str | Number | Light | Link | tuple[str | Number, ...]


@dataclass(frozen=True)
class Table:
    """A table of a page.

    Parameters
    ----------
    caption : str
        What it shows.
    columns : tuple of str
        Headings; one that starts with ``#`` holds numbers and is set to the right.
    rows : tuple of tuple of Cell
        Cells in the order of the headings.
    source : str
        File it was read from.
    quotes : bool
        Whether cells hold the words of others: raw answers, files.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str
    quotes: bool = False
    kind: ClassVar[str] = "grid"


def probability_range(
    table: pd.DataFrame, file: str, rows: pd.DataFrame, column: str, base: pd.DataFrame
) -> tuple[Cell, Cell, Cell]:
    """Give the lowest probability of a claim over rows of re-fits, that of a base, and the highest.

    Parameters
    ----------
    table : pandas.DataFrame
        As `inputs.read_table` gives it, with the column ``p_mcse``.
    file : str
        Path below the folder of results.
    rows, base : pandas.DataFrame
        Rows of the table; without a base nothing is said.
    column : str
        Of the claim's probability.
    """
    if base.empty:
        return ("", "", "")
    lowest, still, highest = (
        _probability(table, file, int(str(line)), column)
        for line in (rows[column].idxmin(), base.index[0], rows[column].idxmax())
    )
    return (lowest, still, highest)


def _probability(table: pd.DataFrame, file: str, line: int, column: str) -> Number:
    found = number_at(table, file, line, column)
    return replace(found, text=probability_text(found.value, float(str(table.at[line, "p_mcse"]))))


def labels_of(study: Study) -> dict[str, str]:
    """Give the label of each role and scale."""
    roles = {name: role.label or name for name, role in study.roles.levels.items()}
    return roles | {name: scale.label or name for name, scale in study.scales.items()}


def wave_labels(study: Study) -> dict[str, str]:
    """Give the label of each wave, in order."""
    return {name: wave.label or name for name, wave in study.waves.levels.items()}


def role_labels(study: Study, rows: pd.DataFrame) -> dict[str, str]:
    """Give the label of each role that rows have: declared ones first, in their order."""
    found = [str(role) for role in rows["role"].drop_duplicates()]
    declared = [name for name in study.roles.levels if name in found]
    labels = labels_of(study)
    others = [name for name in found if name not in declared]
    return {name: labels.get(name, name) for name in [*declared, *others]}


def people(everybody: pd.DataFrame, study: Study) -> tuple[str | Number, ...]:
    """Say how many units, leaders and persons took part, in how many waves.

    Parameters
    ----------
    everybody : pandas.DataFrame
        Columns unit, person and role of ``waves.parquet``.
    study : Study
        The codebook.
    """
    leads = everybody["role"] == study.roles.leader
    units = everybody.loc[~leads, "unit"].nunique()
    leaders = everybody.loc[leads, "unit"].nunique()
    persons = len(everybody[["unit", "person"]].drop_duplicates())
    led: tuple[str | Number, ...] = ()
    which = ""
    if leaders:
        word, leader = role_labels(study, everybody)[str(study.roles.leader)], study.roles.leader
        source, which = f"waves.parquet#unit[role={leader}].count", f"[role!={leader}]"
        led = (", ", Number(leaders, counted(leaders, word), source))
    return (
        Number(units, counted(units, study.unit), f"waves.parquet#unit{which}.count"),
        *led,
        ", ",
        Number(persons, counted(persons, "person"), "waves.parquet#person.count"),
        f", {counted(len(study.waves.levels), 'wave')}",
    )


def flow_tables(results: StudyResults, study: Study) -> list[Table]:
    """Tabulate what became of everybody, one table per role: stages by waves."""
    roles = role_labels(study, results.flow)
    return [_flow_of_role(results.flow, role, label, study) for role, label in roles.items()]


def _flow_of_role(flow: pd.DataFrame, role: str, label: str, study: Study) -> Table:
    part = flow[flow["role"] == role]
    labels = wave_labels(study)
    waves = [wave for wave in labels if wave in set(part["wave"])]
    order = [*(wave for wave in part["wave"].drop_duplicates() if wave not in labels), *waves]
    lines = part.reset_index().set_index(["stage", "reason", "wave"])["line"].to_dict()
    stages = part[["stage", "reason"]].drop_duplicates().to_numpy().tolist()
    return Table(
        caption=f"Persons, {label}" if label else "Persons whose role is not told",
        columns=("stage", *(f"#{labels.get(wave, wave) or 'wave not told'}" for wave in order)),
        rows=tuple(
            (
                _stage_words(stage, reason, study),
                *(_persons(flow, lines.get((stage, reason, wave))) for wave in order),
            )
            for stage, reason in stages
        ),
        source="flow.csv",
    )


def _stage_words(stage: str, reason: str, study: Study) -> str:
    words = labels_of(study).get(reason, reason.replace("_", " "))
    return f"{stage}: {words}" if reason else stage


def _persons(flow: pd.DataFrame, line: int | None) -> Cell:
    if line is None:
        return ""
    persons, units = (number_at(flow, "flow.csv", line, name) for name in ("persons", "units"))
    if not units.available:
        return persons
    # where persons are nested in larger units, both counts matter
    return persons if persons.value == units.value else (persons, " in ", units)


def took_part(results: StudyResults, study: Study) -> tuple[str | Number, ...]:
    """Say how many took part, from what is told: a list of persons, or counts of them."""
    if results.counted is None:
        return people(results.people, study)
    table = results.counted.people
    told: list[str | Number] = []
    for line, what in table["what"].items():
        told += [summed(table, PEOPLE_FILE, [int(str(line))], "number", str(what)), ", "]
    return (*told, counted(len(study.waves.levels), "wave"))


def scoring_table(results: StudyResults, study: Study) -> Table:
    """Tabulate how well the items of each scale hang together at each wave."""
    scoring = results.scoring
    # where values are masked, these are blank in all rows
    told = [name for name in _OF_SCALE if scoring[name].notna().any()]
    items = scoring[scoring["item"] != SCALE_ROW].dropna(subset="item_rest")
    lowest = items.groupby(["scale", "wave"])["item_rest"].idxmin()
    keying = ("lowest item\N{EN DASH}rest", "keying")
    return Table(
        caption="Scoring by scale and wave",
        columns=("scale", "wave", *(f"#{name}" for name in told), *keying),
        rows=tuple(
            _scoring_row(scoring, line, told, lowest, study)
            for line in scoring.index[scoring["item"] == SCALE_ROW]
        ),
        source="scoring.tsv",
    )


def _scoring_row(
    scoring: pd.DataFrame, line: int, told: Sequence[str], lowest: pd.Series, study: Study
) -> tuple[Cell, ...]:
    scale, wave, verdict = (str(scoring.at[line, name]) for name in ("scale", "wave", "verdict"))
    numbers = (
        number_at(scoring, "scoring.tsv", line, name, places=0 if name == "n" else 2)
        for name in told
    )
    return (
        labels_of(study).get(scale, scale),
        {**wave_labels(study), ALL_WAVES: "all waves"}.get(wave, wave),
        *numbers,
        _lowest_item(scoring, lowest.get((scale, wave)), wave),
        Light(_SCORING_LIGHTS.get(verdict, FAIL), verdict.replace("_", " ")),
    )


def _lowest_item(scoring: pd.DataFrame, line: int | None, wave: str) -> Cell:
    if line is None:
        return "" if wave == ALL_WAVES else NOT_AVAILABLE
    number = number_at(scoring, "scoring.tsv", line, "item_rest", places=2)
    return (number, f" ({scoring.at[line, 'item']!s})")
