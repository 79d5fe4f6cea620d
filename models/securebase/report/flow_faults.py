"""What keeps a table of participants from adding up, found before anything is drawn from it."""

from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from securebase.codebook.loading import Study
from securebase.faults import Fault

FILE: Final = "flow.csv"
STAGES: Final = ("in raw files", "quarantined", "answered", "scored", "lost")
_AGAIN: Final = "run the cleaning of this study again"


def flow_faults(
    study: Study, people: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> list[Fault]:
    """Compare the flow of participants with the codebook, the waves and the analyses.

    Parameters
    ----------
    study : Study
        The codebook.
    people : pandas.DataFrame
        Columns unit, person and role of ``waves.parquet``.
    tables : mapping of str to pandas.DataFrame
        By path below the folder of results: ``flow.csv``, ``levels.csv`` and, where it is there,
        ``left_out.csv`` of each analysis.

    Returns
    -------
    list of Fault
        Lines that say what the codebook does not know, or no count; more scored than answered;
        waves at which those who answered and those who were lost are not all who take part;
        analyses whose units and those left out are not all there are.
    """
    flow = tables[FILE]
    leads = people["role"] == study.roles.leader
    led, leading = people.loc[~leads, "unit"].nunique(), people.loc[leads, "unit"].nunique()
    faults = list(_of_lines(study, flow))
    if not faults:
        faults += [*_of_scores(flow), *_of_sums(study, flow, led, leading)]
    return [*faults, *_of_analyses(study, tables, led, leading)]


def _of_lines(study: Study, flow: pd.DataFrame) -> Iterator[Fault]:
    known = {"stage": STAGES, "wave": ("", *study.waves.levels), "role": ("", *study.roles.levels)}
    for column, names in known.items():
        for line in flow.index[~flow[column].isin(names)]:
            expected = f"one of: {', '.join(filter(None, names))}"
            yield _at(int(line), f"'{flow.at[line, column]!s}'", expected, column)
    for column in ("persons", "units"):
        whole = (flow[column] >= 0) & (flow[column] % 1 == 0)
        for line in flow.index[~whole]:
            yield _at(int(line), str(flow.at[line, column]), "a count", column)
    for line in flow.index[flow.duplicated(["stage", "wave", "role", "reason"])]:
        yield _at(int(line), "the same stage, wave, role and reason again", "each once")


def _of_scores(flow: pd.DataFrame) -> Iterator[Fault]:
    came = flow[flow["stage"] == "answered"].set_index(["wave", "role"])["persons"]
    for line, row in flow[flow["stage"] == "scored"].iterrows():
        most = came.get((row["wave"], row["role"]), 0)
        if row["persons"] > most:
            given = f"{row['persons']:.0f} scored of {most:.0f} who answered"
            yield _at(int(str(line)), given, "no more than answered", "persons")


def _of_sums(study: Study, flow: pd.DataFrame, led: int, leading: int) -> Iterator[Fault]:
    due = flow[flow["stage"].isin(["answered", "lost"])]
    for (wave, role), rows in due.groupby(["wave", "role"], sort=False):
        everybody = leading if role == study.roles.leader else led
        asked = any(scale.asked(str(role), str(wave)) for scale in study.scales.values())
        total = int(rows["persons"].sum())
        if asked and total != everybody:
            given = f"{total} {role} answered or lost at {wave}"
            yield _at(int(rows.index[0]), given, f"the {everybody} of waves.parquet", "persons")


def _of_analyses(
    study: Study, tables: Mapping[str, pd.DataFrame], led: int, leading: int
) -> Iterator[Fault]:
    for name in study.analyses:
        levels, left_out = tables[f"{name}/levels.csv"], tables.get(f"{name}/left_out.csv")
        persons = levels[(levels["level"] == "person") & (levels["role"] == study.roles.leader)]
        everybody = led + (0 if persons.empty else leading)
        used = levels.loc[levels["level"] == "unit", "number"].sum() + persons["number"].sum()
        lost = 0 if left_out is None else len(left_out)
        if used + lost != everybody:
            given = f"{used:.0f} units used and {lost} left out"
            expected = f"the {everybody} of waves.parquet together"
            yield Fault(f"{name}/levels.csv", given, expected, "run the analysis again")


def _at(line: int, given: str, expected: str, column: str | None = None) -> Fault:
    return Fault(FILE, given, expected, _AGAIN, row=line, column=column)
