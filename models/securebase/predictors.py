"""Predictors: centred, scaled and coded values of each member of a unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from securebase.codebook.analysis import Analysis, Predictor
from securebase.codebook.loading import Study
from securebase.names import CLUSTER, GROUP, MEASURE, OWNER, ROLE, UNIT, WAVE


def measures(waves: pd.DataFrame, study: Study, analysis: Analysis) -> xr.DataArray:
    """Arrange every predictor of an analysis by unit and by whose value it is.

    Returns
    -------
    xr.DataArray
        Dims unit, owner, measure. Owners are all roles of the study, since a partner whose
        outcomes are not modelled may still predict, and "group" where a mean over a cluster
        does. A categorical predictor has one 0/1 measure per contrasted level,
        "arm[treatment]". A value of the unit is kept with the first role, a leader's with each
        unit of the cluster; what varies over waves with its mean. NaN where unknown.
    """
    columns: dict[str, list[xr.DataArray]] = {}
    for predictor in analysis.predictors:
        for label, values in _columns_of(predictor, waves, study):
            columns.setdefault(label, []).append(_by_unit(values, waves))
    owners = [*study.roles.levels, *_groups(analysis)]
    units = sorted(waves[UNIT].unique())
    values = np.full((len(units), len(owners), len(columns)), np.nan)
    for place, parts in enumerate(columns.values()):
        for part in parts:
            rows = [owners.index(str(owner)) for owner in part[ROLE].values]
            values[:, rows, place] = part.reindex({UNIT: units}).transpose(UNIT, ROLE).values
    coords = {UNIT: units, OWNER: owners, MEASURE: list(columns)}
    return xr.DataArray(values, coords=coords, dims=(UNIT, OWNER, MEASURE))


def _groups(analysis: Analysis) -> tuple[str, ...]:
    return (GROUP,) if any(one.of == GROUP for one in analysis.predictors) else ()


def deviations(waves: pd.DataFrame, study: Study, analysis: Analysis) -> xr.DataArray:
    """Arrange what varies over waves, as each person's deviation from the own mean.

    Returns
    -------
    xr.DataArray
        Dims unit, wave, owner, measure; NaN where unknown. Divided by the standard deviation
        of all values, as the means are, where the predictor says `scale: sd`.
    """
    varying = {one.name: one for one in analysis.predictors if one.varying}
    coords = {
        UNIT: sorted(waves[UNIT].unique()),
        WAVE: list(study.waves.levels),
        OWNER: list(study.roles.levels),
        MEASURE: list(varying),
    }
    values = np.full([len(labels) for labels in coords.values()], np.nan)
    for place, one in enumerate(varying.values()):
        every = _at_every_wave(one.name, waves, study)
        spread = _spread(every) if one.scale == "sd" else 1.0
        values[..., place] = (
            ((every - every.mean(WAVE)) / spread)
            .reindex({UNIT: coords[UNIT]})
            .transpose(UNIT, WAVE, ROLE)
        )
    return xr.DataArray(values, coords=coords, dims=tuple(coords))


def _at_every_wave(name: str, waves: pd.DataFrame, study: Study) -> xr.DataArray:
    """Values (unit, wave, role) of a measure."""
    rows = waves.set_index([UNIT, WAVE, ROLE])[name].astype(float)
    labels = {WAVE: list(study.waves.levels), ROLE: list(study.roles.levels)}
    return xr.DataArray(rows.to_xarray()).reindex(labels)


def _columns_of(
    predictor: Predictor, waves: pd.DataFrame, study: Study
) -> Iterator[tuple[str, xr.DataArray]]:
    if predictor.mean_of:
        parts = [standardised(_taken(name, predictor, waves, study)) for name in predictor.mean_of]
        yield (
            predictor.name,
            _rescaled(xr.concat(parts, "part").mean("part", skipna=False), predictor),
        )
        return
    if predictor.varying:
        every = _at_every_wave(predictor.name, waves, study)
        spread = _spread(every) if predictor.scale == "sd" else 1.0
        mean = every.mean(WAVE) / spread
        yield predictor.name, mean - mean.mean() if predictor.centre == "grand" else mean
        return
    covariate = study.covariates.get(predictor.name)
    if covariate is not None and covariate.type == "categorical":
        values = _taken(predictor.name, predictor, waves, study, numeric=False)
        for level in contrasted_levels(predictor, study):
            indicator = (values == level).astype(float).where(values.notnull())
            yield f"{predictor.name}[{level}]", indicator
        return
    yield predictor.name, _rescaled(_taken(predictor.name, predictor, waves, study), predictor)


def contrasted_levels(predictor: Predictor, study: Study) -> tuple[str, ...]:
    """Levels of a categorical predictor that are compared with its reference."""
    levels = tuple((study.covariates[predictor.name].levels or {}).values())
    reference = predictor.reference or levels[0]
    return tuple(level for level in levels if level != reference)


def _taken(
    name: str, predictor: Predictor, waves: pd.DataFrame, study: Study, numeric: bool = True
) -> xr.DataArray:
    rows = _rows(name, predictor, waves, study)
    values = xr.DataArray((rows.astype(float) if numeric else rows.astype(object)).to_xarray())
    values = values.reindex({ROLE: list(study.roles.levels)})
    if predictor.of == UNIT:
        return _shared(values.sel({ROLE: list(study.roles.members)}), numeric)
    if predictor.of in ("leader", GROUP):
        return _by_cluster(values, predictor, waves, study)
    return values


def _by_cluster(
    values: xr.DataArray, predictor: Predictor, waves: pd.DataFrame, study: Study
) -> xr.DataArray:
    """Value of each cluster (cluster, role): its leader's, or the mean over its members.

    Two leaders of a cluster who differ give no value; `panel` refuses them by name.
    """
    roles = [study.roles.leader] if predictor.of == "leader" else list(study.roles.members)
    cluster = _cluster_of_units(waves).reindex(values[UNIT].values)
    long = values.sel({ROLE: roles}).to_pandas().set_index(cluster.to_numpy())
    found = long[long.index != ""].stack().rename_axis([CLUSTER, ROLE]).groupby(CLUSTER)
    shared = found.mean() if predictor.of == GROUP else found.first()
    owner = GROUP if predictor.of == GROUP else roles[0]
    return xr.DataArray(shared.to_xarray()).expand_dims({ROLE: [owner]}, axis=1)


def _cluster_of_units(waves: pd.DataFrame) -> pd.Series[Any]:
    return waves.groupby(UNIT)[CLUSTER].first().fillna("").astype(str)


def _by_unit(values: xr.DataArray, waves: pd.DataFrame) -> xr.DataArray:
    """Give each unit (unit, role) what its cluster has."""
    if CLUSTER not in values.dims:
        return values
    cluster = _cluster_of_units(waves)
    # a cluster whose leader is not known has no value
    found = values.reindex({CLUSTER: cluster.to_numpy()}).rename({CLUSTER: UNIT})
    return found.assign_coords({UNIT: cluster.index.to_numpy()})


def _rows(name: str, predictor: Predictor, waves: pd.DataFrame, study: Study) -> pd.Series[Any]:
    """Values by unit and role, at the wave that is asked for.

    Where none is: a scale at the first wave that measures it; a covariate, which does not
    change, at the first wave at which the person told it.
    """
    covariate = study.covariates.get(name)
    if predictor.wave is None and covariate is not None:
        order = waves[WAVE].map({wave: n for n, wave in enumerate(study.waves.levels)})
        return waves.assign(order=order).sort_values("order").groupby([UNIT, ROLE])[name].first()
    source = study.scales.get(name) or study.covariates[name]
    wave = predictor.wave or next(iter(source.waves or study.waves.levels))
    return waves[waves[WAVE] == wave].set_index([UNIT, ROLE])[name]


def _shared(values: xr.DataArray, numeric: bool) -> xr.DataArray:
    """Value of a unit, kept with its first role so that it counts once.

    What both members report is averaged; a level they disagree on is not known. Neither
    depends on who of them is first.
    """
    if numeric:
        shared = values.mean(ROLE)
    else:
        first = values.isel({ROLE: 0}, drop=True)
        for role in values[ROLE].values[1:]:
            first = first.where(first.notnull(), values.sel({ROLE: role}, drop=True))
        shared = first.where(((values == first) | values.isnull()).all(ROLE))
    return shared.expand_dims({ROLE: values[ROLE].values[:1]}).transpose(UNIT, ROLE)


def standardised(values: xr.DataArray) -> xr.DataArray:
    """Bring values to mean 0 and sd 1 over all persons (or units) that have one."""
    return (values - values.mean()) / _spread(values)


def _rescaled(values: xr.DataArray, predictor: Predictor) -> xr.DataArray:
    spread = _spread(values) if predictor.scale == "sd" else 1.0
    centre = values.mean() if predictor.centre == "grand" else 0.0
    return (values - centre) / spread


def _spread(values: xr.DataArray) -> float:
    # values that are all the same stay numbers here: the design refuses them by name
    return float(values.std(ddof=1)) or 1.0


def owners_of(
    predictor: Predictor, slot: str, roles: list[str], leader: str | None = None
) -> list[str]:
    """Whose value predicts the outcomes of the member `slot`: one owner, or none.

    Parameters
    ----------
    roles : list of str
        Roles of the study.
    leader : str, optional
        The one of leaders: no one's partner.
    """
    members = [role for role in roles if role not in (leader, GROUP)]
    if predictor.of == "actor":
        return [slot]
    if predictor.of == "leader":
        return [leader] if leader is not None else []
    if predictor.of == GROUP:
        return [GROUP]
    if slot == leader:
        return []
    if predictor.of == "partner":
        return [role for role in members if role != slot]
    return members[:1]


def missing_predictors(
    measure: xr.DataArray, analysis: Analysis, slots: tuple[str, ...], leader: str | None = None
) -> np.ndarray:
    """Say for each unit which predictor it lacks.

    A value is needed from everybody whose value predicts an outcome of the modelled
    roles `slots`, if that role gives one in any unit.

    Returns
    -------
    np.ndarray
        One sentence per unit, "" where nothing is lacking.
    """
    words = np.full(measure.sizes[UNIT], "", dtype=object)
    roles = [str(role) for role in measure[OWNER].values]
    owners = {
        (one.name, owner)
        for one in analysis.predictors
        for slot in slots
        for owner in owners_of(one, slot, roles, leader)
    }
    for label in measure[MEASURE].values:
        name = str(label).partition("[")[0]
        used = [role for role in roles if (name, role) in owners]
        values = measure.sel({MEASURE: label, OWNER: used})
        needed = values.notnull().any(UNIT)
        lacking = (values.isnull() & needed).any(OWNER).values
        words[lacking] = f"no value of predictor {label}"
    return words
