"""Diaries drawn forward: persons first, then each occasion in the order of the paths."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.correlation import normal_rows
from securebase.names import MEASURE, OUTCOME, OWNER, ROLE, UNIT, WAVE
from securebase.panel import Panel
from securebase.slopes.diary import (
    owner_of,
    residual_covariances,
    slope_name,
    unit_covariance,
)
from securebase.slopes.occasions import OccasionDesign, has_trend
from securebase.slopes.terms import Term, terms_of
from securebase.structure.cells import cell

Array = NDArray[np.float64]
Series = tuple[str, str]


def simulated_diary(
    rng: np.random.Generator, truth: xr.Dataset, design: OccasionDesign, score: xr.DataArray
) -> None:
    """Write new scores of the units of one composition in the place of the old.

    Parameters
    ----------
    truth : xr.Dataset
        Stated parameters.
    score : xr.DataArray (unit, wave, role, outcome)
        Of all units; what is missing stays so.
    """
    own = design.panel.units_of(design.growth.composition)
    units, waves = own.data[UNIT].values, own.data[WAVE].values
    covariance = unit_covariance(design).covariance
    drawn = normal_rows(rng, covariance.stated(truth), len(units)).T
    persons = dict(zip(covariance.quantities, drawn, strict=True))
    made: dict[Series, Array] = {}
    # blocks of residuals follow each other as the paths do
    for block in residual_covariances(design):
        quantities = block.covariance.quantities
        noise = normal_rows(rng, block.covariance.stated(truth), len(units) * len(waves))
        for place, (_, slot, outcome) in enumerate(quantities):
            new = _expected(truth, design, own, persons, made, (slot, outcome))
            new = new + noise[:, place].reshape(len(units), len(waves))
            at = {UNIT: units, ROLE: slot, OUTCOME: outcome}
            old = score.sel(at).transpose(UNIT, WAVE).values
            made[slot, outcome] = np.where(np.isnan(old), np.nan, new)
            score.loc[at] = xr.DataArray(made[slot, outcome], dims=(UNIT, WAVE))


def _expected(
    truth: xr.Dataset,
    design: OccasionDesign,
    own: Panel,
    persons: Mapping[tuple[str, str, str], Array],
    made: Mapping[Series, Array],
    series: Series,
) -> Array:
    """Scores (unit, wave) of one member and outcome, but for the residual."""
    slot, outcome = series
    role = design.growth.label_of_slot[slot]
    total = np.zeros((own.data.sizes[UNIT], own.data.sizes[WAVE]))
    total += float(truth["level"].sel(role=role, outcome=outcome))
    total += persons["level", slot, outcome][:, None]
    if has_trend(own):
        origin = own.analysis.time.origin
        start = own.data["time"].sel(wave=origin) if origin else own.data["time"][0]
        since = (own.data["time"] - float(start)).values
        total += float(truth["change"].sel(role=role, outcome=outcome)) * since
    for term in terms_of(design.growth):
        if term.slot == slot and outcome in term.outcomes:
            part = "moment" if term.varying else "level"
            slope = cell(truth[f"{term.source}_on_{part}"], (term.label, role, outcome))
            if term.varying and term.source != "interaction":
                slope = slope + persons[f"{term.source} {term.label}", slot, outcome]
            total += np.reshape(slope, (-1, 1)) * _multiplied(own, term)
    for path in own.analysis.paths:
        source = (owner_of(path, slot, design.growth.composition.slots), path.source)
        if path.target == outcome and source in made:
            slope = cell(truth["path_on_moment"], (path.name, role))
            slope = slope + persons[slope_name(path), slot, outcome]
            answer = made[source]  # type: ignore[index]
            deviation = answer - np.nanmean(answer, axis=1, keepdims=True)
            total += slope[:, None] * np.nan_to_num(deviation)
    return total


def _multiplied(own: Panel, term: Term) -> Array:
    """Product (unit, wave) of the deviations and values of a term."""
    value = np.ones((own.data.sizes[UNIT], own.data.sizes[WAVE]))
    for name, owner in term.varying:
        deviation = own.data["deviation"].sel({MEASURE: name, OWNER: owner})
        value *= np.nan_to_num(deviation.transpose(UNIT, WAVE).values)
    for name, owner in term.static:
        value *= own.data["predictor_value"].sel({MEASURE: name, OWNER: owner}).values[:, None]
    return value
