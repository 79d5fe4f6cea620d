"""The data an analysis rests on: whom, how often, and what they answered on average."""

from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from securebase.report.analysed import Analysed
from securebase.report.counting import summed
from securebase.report.fit_tables import left_out_note
from securebase.report.inputs import number_at
from securebase.report.section import Block, Note, Section
from securebase.report.tables import Cell, Table, role_labels, wave_labels
from securebase.report.wording import Sentence, counted, listed

_MOST_WAVES: Final = 12
_SHOWN: Final = 8
_RECOGNISED: Final = 10
_MASKED: Final = (
    "Observed means are not told: of some people nothing, or not all, is released, and means of "
    "all would tell the rest."
)
_MARKS: Final = (
    "A mark per wave: \N{BLACK CIRCLE} answered, \N{WHITE CIRCLE} not, \N{MIDDLE DOT} not asked. "
    f"Fewer than {_RECOGNISED} are not counted."
)


def section(one: Analysed) -> Section:
    """Say what was analysed, and tabulate what was observed."""
    return Section("data", "What was observed", sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Name outcomes and roles, and count the waves and answers."""
    rows = one.results.trajectories
    outcomes = [one.labels.get(name, name) for name in rows["outcome"].drop_duplicates()]
    waves, roles = rows["wave"].nunique(), listed(role_labels(one.study, rows).values())
    file = f"{one.name}/trajectories.csv"
    return (
        f"{listed(outcomes)} of {roles} at {counted(waves, 'wave')}: ".capitalize(),
        *(summed(rows, file, rows.index, "observed_n", "score"), " were observed."),
    )


def _blocks(one: Analysed) -> Iterator[Block]:
    left_out = left_out_note(one.results, one.study.unit)
    if left_out:
        yield Note(left_out)
    if one.results.trajectories["observed_mean"].notna().any():
        yield _observed(one)
    else:
        yield Note((_MASKED,))
    if one.results.trajectories["wave"].nunique() <= _MOST_WAVES:
        yield _patterns(one)
        yield Note((_MARKS,))


def _patterns(one: Analysed) -> Table:
    table, file = one.results.patterns, f"{one.name}/patterns.csv"
    more = f", the most frequent {_SHOWN} of {len(table)}" if len(table) > _SHOWN else ""
    # compositions are told where there are several
    named = ("composition",) if table["composition"].nunique() > 1 else ()
    return Table(
        caption=f"Who answered when{more}",
        columns=(*named, "answered", f"#{one.study.unit}s"),
        rows=tuple(
            (
                *(str(table.at[line, name]) for name in named),
                _labelled(str(table.at[line, "answered"]), one.labels),
                _count(table, file, line),
            )
            for line in table.index[:_SHOWN]
        ),
        source=file,
    )


def _labelled(answered: str, labels: Mapping[str, str]) -> str:
    parts = (part.rpartition(" ") for part in answered.split(", "))
    return "   ".join(f"{labels.get(role, role)} {marks}" for role, _, marks in parts)


def _count(table: pd.DataFrame, file: str, line: int) -> Cell:
    # few enough to be recognised are not counted
    few = float(str(table.at[line, "units"])) < _RECOGNISED
    return f"< {_RECOGNISED}" if few else number_at(table, file, line, "units", 0)


def _observed(one: Analysed) -> Table:
    rows, file = one.results.trajectories, f"{one.name}/trajectories.csv"
    roles, words = role_labels(one.study, rows), wave_labels(one.study)
    waves = [wave for wave in words if wave in set(rows["wave"])]
    lines = rows.reset_index().set_index(["outcome", "role", "wave"])["line"].to_dict()
    series = rows[["outcome", "role"]].drop_duplicates().to_numpy().tolist()
    return Table(
        caption="Observed means, and how many answered",
        columns=("outcome", "of", *(f"#{words[wave]}" for wave in waves)),
        rows=tuple(
            (
                one.labels.get(outcome, outcome),
                roles[role],
                *(_cell(rows, file, lines.get((outcome, role, wave))) for wave in waves),
            )
            for outcome, role in series
        ),
        source=file,
    )


def _cell(rows: pd.DataFrame, file: str, line: int | None) -> Cell:
    if line is None or rows.at[line, "observed_n"] == 0:
        return ""
    mean = number_at(rows, file, line, "observed_mean", 2)
    return (mean, " (", number_at(rows, file, line, "observed_n", 0), ")")
