"""When members answered: at how many waves in full, and in the study's time unit by dates."""

from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.loading import Study
from securebase.faults import Fault, InputError
from securebase.names import COMPOSITION, DATE, OUTCOME, ROLE, UNIT, WAVE

DAYS: Final = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}


def complete_waves(data: xr.Dataset, leader: str | None) -> NDArray[np.int64]:
    """Count the waves at which a unit has every score that is asked of its members.

    Parameters
    ----------
    data : xr.Dataset
        `score` (unit, wave, role, outcome), `asked` (wave, role, outcome), `composition` (unit).
    leader : str, optional
        Role of those who lead: the only one in units of that composition, in no other.

    Returns
    -------
    ndarray (unit,)
    """
    own = (data[ROLE] == (leader or "")) == (data[COMPOSITION] == (leader or ""))
    needed = data["asked"] & own
    full = (data["score"].notnull() | ~needed).all((ROLE, OUTCOME)) & needed.any((ROLE, OUTCOME))
    return np.asarray(full.sum(WAVE).transpose(UNIT).values)


def answer_times(waves: pd.DataFrame, study: Study, slots: tuple[str, ...]) -> xr.DataArray:
    """Time of each member's answers, counted within the unit.

    A unit's earliest dated wave is at its planned time, and the others where their dates
    lie after it. An answer without a date is taken at its wave's planned time.

    Parameters
    ----------
    waves : pd.DataFrame
        waves.parquet: a row per person and wave, with `date`.
    study : Study
        The codebook.
    slots : tuple of str
        Modelled roles.

    Returns
    -------
    xr.DataArray (unit, wave, role)
        In the study's time unit.

    Raises
    ------
    InputError
        A time unit that is no length of time; dates that are none; no dates; a member
        whose later wave is dated before an earlier one.
    """
    planned = xr.DataArray(
        [level.time for level in study.waves.levels.values()],
        coords={WAVE: list(study.waves.levels)},
        dims=WAVE,
    )
    _refuse(study, waves)
    days = _days(waves, study, slots)
    _refuse_backwards(study, days)
    per_wave = days.min(ROLE)
    first = per_wave.notnull().argmax(WAVE)
    since = (days - per_wave.isel({WAVE: first})) / DAYS[study.waves.time_unit]
    times = planned.isel({WAVE: first}).drop_vars(WAVE) + since.drop_vars(WAVE, errors="ignore")
    times = times.assign_coords({WAVE: planned[WAVE]}).transpose(UNIT, WAVE, ROLE)
    return times.fillna(planned)


def _moments(waves: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(waves[DATE], format="ISO8601", errors="coerce", utc=True)


def _days(waves: pd.DataFrame, study: Study, slots: tuple[str, ...]) -> xr.DataArray:
    """Days since 1970 (unit, wave, role), NaN where no date is."""
    moment = _moments(waves)
    days = (moment - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    long = waves[[UNIT, WAVE, ROLE]].assign(days=days).set_index([UNIT, WAVE, ROLE])["days"]
    labels = {
        UNIT: sorted(waves[UNIT].unique()),
        WAVE: list(study.waves.levels),
        ROLE: list(slots),
    }
    return xr.DataArray(long.to_xarray()).reindex(labels).transpose(UNIT, WAVE, ROLE)


def _refuse(study: Study, waves: pd.DataFrame) -> None:
    where = f"config/studies/{study.study}.yaml"
    faults = []
    if study.waves.time_unit not in DAYS:
        given = f"'{study.waves.time_unit}', and times are to be taken from dates"
        faults.append(Fault(where, given, ", ".join(DAYS), column="waves.time_unit"))
    if waves[DATE].isna().all():
        given = "no answer has a date, and times are to be taken from dates"
        faults.append(Fault(where, given, "the column that holds it", column="raw.columns.date"))
    unread = waves[waves[DATE].notna() & _moments(waves).isna()]
    faults += [
        Fault(
            "waves", f"'{row[DATE]}' as date of {row[UNIT]}, {row[ROLE]}, {row[WAVE]}",
            "year-month-day", "mend it in the raw file, or exclude the answer", column=DATE,
        )
        for _, row in unread.iterrows()
    ]  # fmt: skip
    if faults:
        raise InputError(f"dates of study {study.study}", faults)


def _refuse_backwards(study: Study, days: xr.DataArray) -> None:
    """Refuse waves dated before an earlier one: one of the two dates is wrong."""
    latest = np.fmax.accumulate(days.values, axis=1)
    faults = []
    units, names, roles = (days[dim].values for dim in days.dims)
    for unit, wave, role in np.argwhere(days.values[:, 1:] < latest[:, :-1]):
        back = latest[unit, wave, role] - days.values[unit, wave + 1, role]
        late = f"{names[wave + 1]} is dated {back:.0f} days before an earlier wave"
        given = f"{units[unit]}, {roles[role]}: {late}"
        expected, remedy = "later waves on later dates", "mend the wrong one of the two dates"
        faults.append(Fault("waves", given, expected, remedy, column=DATE))
    if faults:
        raise InputError(f"dates of study {study.study}", faults)
