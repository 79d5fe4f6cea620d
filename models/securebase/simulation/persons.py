"""The persons of a simulated study: a row for everybody at every wave that asks them something."""

import datetime
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.codebook.scale import Covariate, Scale
from securebase.codebook.study import Study
from securebase.names import CLUSTER, COMPOSITION, DATE, PERSON, ROLE, TIME, UNIT, WAVE
from securebase.simulation.settings import Clusters, Dates, Simulation

DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}

FIRST_UNIT: Final = 101
Person = tuple[str, str, str, str]
"""Unit, person, role, cluster."""


def persons_at_waves(study: Study, settings: Simulation, rng: np.random.Generator) -> pd.DataFrame:
    """List who is asked when, before anybody is lost.

    Returns
    -------
    pd.DataFrame
        Columns unit, person, role, wave, time, date, cluster, composition, ordered by unit, wave
        and role; leaders, who are units with the id of their cluster, before its members. Which
        letter of a unit ("101A", "101B") has which role is drawn at random.
    """
    roles = list(study.roles.levels)
    order = [
        (wave, role)
        for wave in study.waves.levels
        for role in roles
        if study.answer_columns(role, wave)
    ]
    units: dict[str, dict[str, Person]] = {}
    for person in _persons(study, settings, rng):
        units.setdefault(person[0], {})[person[2]] = person
    rows = [
        (*persons[role], wave, study.waves.levels[wave].time)
        for persons in units.values()
        for wave, role in order
        if role in persons
    ]
    frame = pd.DataFrame(rows, columns=[UNIT, PERSON, ROLE, CLUSTER, WAVE, TIME])
    dates = _dates(frame, study, settings.dates, rng)
    return frame.assign(**{COMPOSITION: ""}).assign(**{DATE: dates})


def asked(measure: Scale | Covariate, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Say for which rows (columns role, wave) the role has the measure at the wave."""
    pairs = zip(rows[ROLE], rows[WAVE], strict=True)
    return np.array([measure.asked(role, wave) for role, wave in pairs], dtype=bool)


def _persons(study: Study, settings: Simulation, rng: np.random.Generator) -> Iterator[Person]:
    roles, leader = list(study.roles.members), study.roles.leader
    turned = rng.random(settings.units) < 0.5
    seen = set[str]()
    for number, (unit, cluster) in enumerate(_units(settings, rng)):
        if leader is not None and cluster not in seen:
            seen.add(cluster)
            yield cluster, cluster, leader, cluster
        for place, role in enumerate(roles):
            letter = "AB"[(place + turned[number]) % 2] if len(roles) > 1 else ""
            yield unit, f"{unit}{letter}", role, cluster


def _units(settings: Simulation, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Id of every unit, and of its cluster: "101" without, "G07-03" in "G07" with clusters."""
    clusters = settings.clusters
    if clusters is None:
        return [(f"{number + FIRST_UNIT}", "") for number in range(settings.units)]
    width, places = (max(2, len(str(most))) for most in (clusters.count, clusters.sizes[1]))
    names = [f"G{number:0{width}}" for number in range(1, clusters.count + 1)]
    sizes = cluster_sizes(clusters, settings.units, rng)
    return [
        (f"{name}-{number:0{places}}", name)
        for name, size in zip(names, sizes, strict=True)
        for number in range(1, size + 1)
    ]


def cluster_sizes(clusters: Clusters, units: int, rng: np.random.Generator) -> list[int]:
    """Deal units to clusters: each gets the fewest, the others go where there still is room.

    Parameters
    ----------
    clusters : Clusters
        With room for all units.
    units : int
        Their number.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    list of int
        The size of each cluster; together `units`.
    """
    low, high = clusters.sizes
    room = np.repeat(np.arange(clusters.count), high - low)
    dealt = rng.permutation(room)[: units - low * clusters.count]
    return [int(size) for size in low + np.bincount(dealt, minlength=clusters.count)]


def _dates(
    frame: pd.DataFrame, study: Study, dates: Dates | None, rng: np.random.Generator
) -> pd.Series:
    if dates is None:
        return pd.Series("", index=frame.index)
    # a cluster begins together
    begun = frame[CLUSTER].where(frame[CLUSTER] != "", frame[UNIT])
    starters = begun.unique()
    start = pd.Series(rng.integers(0, dates.recruitment_days, len(starters)), index=starters)
    late = rng.integers(0, dates.late_days + 1, len(frame))
    planned = (frame[TIME] * DAYS[study.waves.time_unit]).round().astype(int)
    days = begun.map(start).to_numpy() + planned.to_numpy() + late
    written = [(dates.first + datetime.timedelta(days=int(day))).isoformat() for day in days]
    return pd.Series(written, index=frame.index)
