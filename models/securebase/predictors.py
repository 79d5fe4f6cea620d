"""Predictors: centred, scaled and coded values of each member of a unit."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from securebase.analysis import Analysis, Predictor
from securebase.names import MEASURE, OWNER, ROLE, UNIT, WAVE
from securebase.study import Study


def measures(waves: pd.DataFrame, study: Study, analysis: Analysis) -> xr.DataArray:
    """Arrange every predictor of an analysis by unit and by the member who owns the value.

    Returns
    -------
    xr.DataArray
        Dims unit, owner, measure. Owners are all roles of the study: a partner whose
        outcomes are not modelled may still predict. A categorical predictor has one
        0/1 measure per contrasted level, "arm[treatment]". NaN where unknown.
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
    source = study.scales.get(name) or study.covariates[name]
    wave = predictor.wave or next(iter(source.waves or study.waves.levels))
    rows = waves[waves[WAVE] == wave].set_index([UNIT, ROLE])[name]
    values = xr.DataArray((rows.astype(float) if numeric else rows.astype(object)).to_xarray())
    values = values.reindex({ROLE: list(study.roles.levels)})
    if predictor.of == UNIT:
        shared = values.bfill(ROLE).isel({ROLE: 0}, drop=True)
        values = shared.expand_dims({ROLE: list(study.roles.levels)}).transpose(UNIT, ROLE)
    return values


def standardised(values: xr.DataArray) -> xr.DataArray:
    """Bring values to mean 0 and sd 1 over all persons who have one."""
    return (values - values.mean()) / values.std(ddof=1)


def _rescaled(values: xr.DataArray, predictor: Predictor) -> xr.DataArray:
    spread = values.std(ddof=1) if predictor.scale == "sd" else 1.0
    centre = values.mean() if predictor.centre == "grand" else 0.0
    return (values - centre) / spread


def missing_predictors(measure: xr.DataArray) -> np.ndarray:
    """Say for each unit which predictor it lacks.

    A value is needed from every role that gives one in any unit.

    Returns
    -------
    np.ndarray
        One sentence per unit, "" where nothing is lacking.
    """
    words = np.full(measure.sizes[UNIT], "", dtype=object)
    for label in measure[MEASURE].values:
        values = measure.sel({MEASURE: label})
        needed = values.notnull().any(UNIT)
        lacking = (values.isnull() & needed).any(OWNER).values
        words[lacking] = f"no value of predictor {label}"
    return words
