"""Flow: how many persons and units there are from the raw files to the scores, and who is lost."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from securebase.codebook.study import Study
from securebase.names import PERSON, ROLE, UNIT, WAVE
from securebase.waves.raw import RawAnswers

COLUMNS: Final = ("stage", WAVE, ROLE, "persons", "units", "reason")

Count = tuple[str, str, str, int, int, str]


def flow_table(
    raw: RawAnswers, exclusions: pd.DataFrame, waves: pd.DataFrame, study: Study
) -> pd.DataFrame:
    """Count persons and units by stage, wave and role.

    Parameters
    ----------
    raw : RawAnswers
        Every record of the raw files.
    exclusions : pd.DataFrame
        The quarantine.
    waves : pd.DataFrame
        The scored waves: keys and a column per scale.
    study : Study
        The codebook.

    Returns
    -------
    pd.DataFrame
        Columns stage, wave, role, persons, units, reason. Stages: in raw files; quarantined
        (reason: the rule); answered; scored (reason: the scale); lost (reason: "never took part":
        the unit takes part, this role never; "not at this wave": at another wave); of those who
        lead, only the units of leaders count, of members all others. A wave or role that a record
        does not tell is "".
    """
    keys = raw.keys.assign(**{use: raw.keys[use].fillna("") for use in (WAVE, ROLE)})
    counts = [*_counted("in raw files", keys, study)]
    dropped = exclusions[exclusions["kind"] == "row"]
    for rule in dict.fromkeys(dropped["rule"]):
        counts += _counted("quarantined", dropped[dropped["rule"] == rule], study, str(rule))
    answered = waves[_has_answer(waves, study)]
    counts += _counted("answered", answered, study)
    for name in study.scales:
        counts += _counted("scored", waves[waves[name].notna()], study, name)
    counts += _lost(answered, waves, study)
    return pd.DataFrame(counts, columns=list(COLUMNS))


def _has_answer(waves: pd.DataFrame, study: Study) -> pd.Series:
    """Say which rows answer a scale, or answer what they are asked where that is no scale."""
    asked = pd.Series(False, index=waves.index)
    for scale in study.scales.values():
        by_role = waves[ROLE].isin(scale.roles or list(study.roles.levels))
        asked |= by_role & waves[WAVE].isin(scale.waves or list(study.waves.levels))
    return waves[list(study.scales)].notna().any(axis=1) | ~asked


def _counted(stage: str, rows: pd.DataFrame, study: Study, reason: str = "") -> Iterator[Count]:
    persons = rows.drop_duplicates([WAVE, ROLE, UNIT, PERSON]).groupby([WAVE, ROLE]).size()
    units = rows.groupby([WAVE, ROLE])[UNIT].nunique()
    for wave in ("", *study.waves.levels):
        for role in ("", *study.roles.levels):
            if (wave, role) in persons.index:
                counts = (int(persons[wave, role]), int(units[wave, role]))
                yield (stage, wave, role, *counts, reason)


def _lost(answered: pd.DataFrame, waves: pd.DataFrame, study: Study) -> Iterator[Count]:
    # whoever leads is a unit of his or her own: nobody else is missing there
    leads = waves[ROLE] == study.roles.leader
    leading, others = set(waves.loc[leads, UNIT]), set(waves.loc[~leads, UNIT])
    for wave in study.waves.levels:
        for role in study.roles.levels:
            own = answered[answered[ROLE] == role]
            never = (leading if role == study.roles.leader else others) - set(own[UNIT])
            absent = set(own[UNIT]) - set(own.loc[own[WAVE] == wave, UNIT])
            for reason, lost in (("never took part", never), ("not at this wave", absent)):
                if lost and _is_expected(wave, role, study):
                    yield ("lost", wave, role, len(lost), len(lost), reason)


def _is_expected(wave: str, role: str, study: Study) -> bool:
    return any(scale.asked(role, wave) for scale in study.scales.values())
