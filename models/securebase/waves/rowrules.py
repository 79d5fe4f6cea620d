"""Rules that set a whole row aside, in the order they are asked."""

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from securebase.codebook.study import Study
from securebase.names import DATE, PERSON, ROLE, UNIT, WAVE
from securebase.waves.layout import DECLARED, FILE, KEPT, ROW

# columns the rules need beside the keys of a record
ANSWERED: Final = "answered"
CONTENT: Final = "content"

# (reason, value) of the rows at fault, with the index of those rows
Verdict = pd.DataFrame
Rule = Callable[[pd.DataFrame, Study], Verdict]


def _verdict(rows: pd.DataFrame, at_fault: pd.Series, reason: str, value: object = "") -> Verdict:
    verdict = pd.DataFrame({"reason": reason, "value": value}, index=rows.index)
    return verdict[at_fault.to_numpy(dtype=bool)]


def declared(rows: pd.DataFrame, study: Study) -> Verdict:
    """Rows the researcher leaves out."""
    verdict = _verdict(rows, rows[DECLARED] != KEPT, "")
    numbers = rows.loc[verdict.index, DECLARED]
    return verdict.assign(reason=[study.exclusions[number].reason for number in numbers])


def missing_id(rows: pd.DataFrame, study: Study) -> Verdict:
    """Rows without the id of their unit or person."""
    named = study.raw.columns.person is not None
    lost = rows[UNIT].isna() | (rows[PERSON].isna() if named else False)
    return _verdict(rows, lost, "the id of the unit or of the person is empty")


def unknown_role(rows: pd.DataFrame, study: Study) -> Verdict:
    """Rows without a role; a role that is no level stops the run before."""
    told = study.raw.columns.role or not study.roles.exchangeable
    reason = "no role is given" if told else "a third person in a unit of two"
    return _verdict(rows, rows[ROLE].isna(), reason)


def unknown_wave(rows: pd.DataFrame, _: Study) -> Verdict:
    """Rows without a wave; a wave that is no level stops the run before."""
    return _verdict(rows, rows[WAVE].isna(), "no wave is given")


def duplicate_row(rows: pd.DataFrame, _: Study) -> Verdict:
    """Rows whose answers all equal those of an earlier row of the same unit, role and wave."""
    same = [UNIT, ROLE, WAVE, CONTENT]
    verdict = _verdict(
        rows,
        rows.duplicated(same) & (rows[ANSWERED] > 0),
        "every answer equals that of an earlier row of the same unit, role and wave",
    )
    return verdict.assign(value=_place_of(rows.groupby(same, dropna=False), rows, verdict))


def empty_row(rows: pd.DataFrame, _: Study) -> Verdict:
    """Rows of persons who answered nothing at that wave."""
    return _verdict(rows, rows[ANSWERED] == 0, "nothing was answered at this wave")


def swapped_role(rows: pd.DataFrame, _: Study) -> Verdict:
    """Rows on which a person has another role than at most other waves."""
    counts = rows.groupby([UNIT, PERSON, ROLE]).size()
    most = counts.groupby(level=[UNIT, PERSON]).transform("max")
    tied = (counts == most).groupby(level=[UNIT, PERSON]).transform("sum") > 1
    usual = pd.Series((counts == most) & ~tied, index=counts.index)
    place = pd.MultiIndex.from_frame(rows[[UNIT, PERSON, ROLE]])
    verdict = _verdict(
        rows,
        pd.Series(~usual.reindex(place).to_numpy(dtype=bool)),
        "the person has the other role at most waves",
    )
    unclear = tied.reindex(place).to_numpy(dtype=bool)
    reason = "the person has either role equally often: nobody can tell which is right"
    verdict.loc[verdict.index.isin(rows.index[unclear]), "reason"] = reason
    return verdict.assign(value=rows.loc[verdict.index, ROLE])


def another_person(rows: pd.DataFrame, study: Study) -> Verdict:
    """Rows of a person in whose place the unit mostly has another person."""
    order = {wave: number for number, wave in enumerate(study.waves.levels)}
    seen = rows.assign(order=rows[WAVE].map(order)).groupby([UNIT, ROLE, PERSON])["order"]
    persons = seen.agg(["size", "min"]).reset_index()
    persons = persons.sort_values(["size", "min", PERSON], ascending=[False, True, True])
    holder = persons.drop_duplicates([UNIT, ROLE]).set_index([UNIT, ROLE])[PERSON]
    place = pd.MultiIndex.from_frame(rows[[UNIT, ROLE]])
    usual = holder.reindex(place).to_numpy()
    verdict = _verdict(
        rows,
        pd.Series(rows[PERSON].to_numpy() != usual),
        "another person has this role in the unit at most waves",
    )
    return verdict.assign(value=rows.loc[verdict.index, PERSON])


def duplicate_person(rows: pd.DataFrame, _: Study) -> Verdict:
    """Rows of a person who has another, fuller or earlier record at the same wave."""
    same = [UNIT, ROLE, WAVE]
    moment = pd.to_datetime(rows[DATE], format="ISO8601", errors="coerce", utc=True)
    best = rows.assign(moment=moment).sort_values(
        [ANSWERED, "moment"], ascending=[False, True], kind="stable", na_position="last"
    )
    double = best.duplicated(same).reindex(rows.index)
    reason = "the person has another record at this wave: the one with most answers is kept, "
    verdict = _verdict(rows, double, reason + "of equals the earliest")
    return verdict.assign(value=_place_of(best.groupby(same), best, verdict))


ROW_RULES: Final[tuple[Rule, ...]] = (
    declared,
    missing_id,
    unknown_role,
    unknown_wave,
    duplicate_row,
    empty_row,
    swapped_role,
    another_person,
    duplicate_person,
)


def _place_of(groups: Any, rows: pd.DataFrame, verdict: Verdict) -> pd.Series:
    """Say where the first row of each group stands: the one that is kept."""
    first = groups[[FILE, ROW]].transform("first")
    places = first[FILE].astype(str) + " row " + first[ROW].astype(str)
    return places.reindex(rows.index).loc[verdict.index]
