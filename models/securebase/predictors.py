"""Predictors: centred, scaled and coded values of each member of a unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from securebase.codebook.analysis import Analysis, Predictor
from securebase.codebook.loading import Study
from securebase.names import MEASURE, OWNER, ROLE, UNIT, WAVE


def measures(waves: pd.DataFrame, study: Study, analysis: Analysis) -> xr.DataArray:
    """Arrange every predictor of an analysis by unit and by the member who owns the value.

    Returns
    -------
    xr.DataArray
        Dims unit, owner, measure. Owners are all roles of the study: a partner whose
        outcomes are not modelled may still predict. A categorical predictor has one
        0/1 measure per contrasted level, "arm[treatment]". A value of the unit is kept
        with the first role. NaN where unknown.
    """
    columns: dict[str, xr.DataArray] = {}
    for predictor in analysis.predictors:
        columns.update(_columns_of(predictor, waves, study))
    roles, units = list(study.roles.levels), sorted(waves[UNIT].unique())
    values = np.empty((len(units), len(roles), len(columns)))
    for place, column in enumerate(columns.values()):
        values[:, :, place] = column.reindex({UNIT: units, ROLE: roles}).values
    coords = {UNIT: units, OWNER: roles, MEASURE: list(columns)}
    return xr.DataArray(values, coords=coords, dims=(UNIT, OWNER, MEASURE))


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
    return _shared(values, numeric) if predictor.of == UNIT else values


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


def owners_of(predictor: Predictor, slot: str, roles: list[str]) -> list[str]:
    """Whose value predicts the outcomes of the member `slot`: one role, none in units of one."""
    if predictor.of == "actor":
        return [slot]
    if predictor.of == "partner":
        return [role for role in roles if role != slot]
    return roles[:1]


def missing_predictors(
    measure: xr.DataArray, analysis: Analysis, slots: tuple[str, ...]
) -> np.ndarray:
    """Say for each unit which predictor it lacks.

    A value is needed from every member whose value predicts an outcome of the modelled
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
        for owner in owners_of(one, slot, roles)
    }
    for label in measure[MEASURE].values:
        name = str(label).partition("[")[0]
        used = [role for role in roles if (name, role) in owners]
        values = measure.sel({MEASURE: label, OWNER: used})
        needed = values.notnull().any(UNIT)
        lacking = (values.isnull() & needed).any(OWNER).values
        words[lacking] = f"no value of predictor {label}"
    return words
