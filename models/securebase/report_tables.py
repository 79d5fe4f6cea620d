"""Tables of results as tables of a page: printed numbers with the cell each was read from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import xarray as xr

from securebase.report_inputs import FAIL, PASS, WARN, AnalysisResults, StudyResults, number_at
from securebase.study import Study
from securebase.wording import (
    Number,
    check_name,
    counted,
    decimals,
    decimals_of_estimate,
    fixed,
    short,
)

_SCALE_ROW: Final = "(scale)"
_LINES_NAMED: Final = 8


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


Cell = str | Number | Light | tuple[str | Number, ...]


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
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    source: str


def flow_tables(results: StudyResults, study: Study) -> list[Table]:
    """Tabulate what became of everybody, one table per role: stages by waves, persons."""
    flow = results.flow
    return [
        _flow_of_role(flow, role, study)
        for role in flow["role"].drop_duplicates()
        if (flow["role"] == role).any()
    ]


def _flow_of_role(flow: pd.DataFrame, role: str, study: Study) -> Table:
    part = flow[flow["role"] == role]
    waves = [wave for wave in study.waves.levels if wave in set(part["wave"])]
    others = [wave for wave in part["wave"].drop_duplicates() if wave not in waves]
    order = [*others, *waves]
    stages = part[["stage", "reason"]].drop_duplicates().itertuples(index=False)
    lines = {(row.stage, row.reason, row.wave): row.Index for row in part.itertuples()}
    rows = []
    for stage, reason in stages:
        cells: list[Cell] = [f"{stage}: {reason}" if reason else str(stage)]
        for wave in order:
            line = lines.get((stage, reason, wave))
            cells.append("" if line is None else number_at(flow, "flow.csv", line, "persons"))
        rows.append(tuple(cells))
    label = study.roles.levels[role].label if role in study.roles.levels else role
    heads = [_wave_label(study, wave) for wave in order]
    return Table(
        caption=f"Persons: {label or 'all'}",
        columns=("stage", *(f"#{head or 'whole study'}" for head in heads)),
        rows=tuple(rows),
        source="flow.csv",
    )


def _wave_label(study: Study, wave: str) -> str:
    level = study.waves.levels.get(wave)
    return wave if level is None else level.label or wave


def exclusion_table(results: StudyResults) -> Table:
    """Tabulate quarantined rows and cells by file, rule and reason."""
    rows: list[tuple[Cell, ...]] = []
    grouped = results.exclusions.groupby(["file", "rule", "kind", "reason", "action"], sort=False)
    for (file, rule, kind, reason, action), part in grouped:
        rows.append(
            (
                str(file),
                str(rule).replace("_", " "),
                Number(len(part), counted(len(part), str(kind)), f"exclusions.tsv#{rule}.count"),
                _lines(part),
                str(reason),
                str(action),
            )
        )
    return Table(
        caption="Quarantined rows and cells",
        columns=("file", "rule", "#how many", "lines of the file", "reason", "what was done"),
        rows=tuple(rows),
        source="exclusions.tsv",
    )


def _lines(part: pd.DataFrame) -> str:
    lines = sorted({int(line) for line in part["row"].dropna()})
    named = ", ".join(map(str, lines[:_LINES_NAMED]))
    rest = len(lines) - _LINES_NAMED
    return f"{named} and {rest} more" if rest > 0 else named


def scoring_table(results: StudyResults, study: Study) -> Table:
    """Tabulate how well the items of each scale hang together at each wave."""
    scoring = results.scoring
    items = scoring[scoring["item"] != _SCALE_ROW]
    lowest = items.groupby(["scale", "wave"])["item_rest"].idxmin()
    rows: list[tuple[Cell, ...]] = []
    for line in scoring.index[scoring["item"] == _SCALE_ROW]:
        row = scoring.loc[line]
        worst = lowest.get((row["scale"], row["wave"]))
        rows.append(
            (
                _scale_label(study, str(row["scale"])),
                _wave_label(study, str(row["wave"])),
                number_at(scoring, "scoring.tsv", line, "n", fixed(float(row["n"]), 0)),
                *(
                    number_at(scoring, "scoring.tsv", line, name, fixed(float(row[name]), 2))
                    for name in ("alpha", "omega")
                ),
                _lowest_item(scoring, worst),
                Light(_scoring_light(str(row["verdict"])), str(row["verdict"]).replace("_", " ")),
            )
        )
    return Table(
        caption="Scoring by scale and wave",
        columns=("scale", "wave", "#n", "#alpha", "#omega", "lowest item\N{EN DASH}rest", "keying"),
        rows=tuple(rows),
        source="scoring.tsv",
    )


def _lowest_item(scoring: pd.DataFrame, line: Any) -> Cell:
    if line is None or pd.isna(line):
        return "not available"
    text = fixed(float(scoring.at[line, "item_rest"]), 2)
    return (
        number_at(scoring, "scoring.tsv", line, "item_rest", text),
        f" ({scoring.at[line, 'item']})",
    )


def _scoring_light(verdict: str) -> str:
    return {"ok": PASS, "accepted": WARN, "too_few": WARN}.get(verdict, FAIL)


def _scale_label(study: Study, scale: str) -> str:
    return study.scales[scale].label or scale if scale in study.scales else scale
