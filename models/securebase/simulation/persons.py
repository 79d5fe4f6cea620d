"""The persons of a simulated study: a row for everybody at every wave that asks them something."""

import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.codebook.scale import Covariate, Scale
from securebase.codebook.study import Study
from securebase.names import CLUSTER, COMPOSITION, DATE, PERSON, ROLE, TIME, UNIT, WAVE
from securebase.simulation.settings import Dates, Simulation

DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}


def persons_at_waves(study: Study, settings: Simulation, rng: np.random.Generator) -> pd.DataFrame:
    """List who is asked when, before anybody is lost.

    Returns
    -------
    pd.DataFrame
        Columns unit, person, role, wave, time, date, cluster, composition, ordered by unit, wave
        and role. Which letter of a unit ("101A", "101B") has which role is drawn at random.
    """
    roles = list(study.roles.levels)
    waves = [
        (wave, role)
        for wave in study.waves.levels
        for role in roles
        if study.answer_columns(role, wave)
    ]
    turned = rng.random(settings.units) < 0.5
    rows = [
        {
            UNIT: f"{number + 101}",
            PERSON: f"{number + 101}{'AB'[(roles.index(role) + turned[number]) % 2]}",
            ROLE: role,
            WAVE: wave,
            TIME: study.waves.levels[wave].time,
        }
        for number in range(settings.units)
        for wave, role in waves
    ]
    frame = pd.DataFrame(rows).assign(**{CLUSTER: "", COMPOSITION: ""})
    return frame.assign(**{DATE: _dates(frame, study, settings.dates, rng)})


def asked(measure: Scale | Covariate, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Say for which rows (columns role, wave) the role has the measure at the wave."""
    pairs = zip(rows[ROLE], rows[WAVE], strict=True)
    return np.array([measure.asked(role, wave) for role, wave in pairs], dtype=bool)


def _dates(
    frame: pd.DataFrame, study: Study, dates: Dates | None, rng: np.random.Generator
) -> pd.Series:
    if dates is None:
        return pd.Series("", index=frame.index)
    units = frame[UNIT].unique()
    start = pd.Series(rng.integers(0, dates.recruitment_days, len(units)), index=units)
    late = rng.integers(0, dates.late_days + 1, len(frame))
    planned = (frame[TIME] * DAYS[study.waves.time_unit]).round().astype(int)
    days = frame[UNIT].map(start).to_numpy() + planned.to_numpy() + late
    written = [(dates.first + datetime.timedelta(days=int(day))).isoformat() for day in days]
    return pd.Series(written, index=frame.index)
