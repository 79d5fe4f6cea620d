"""The basis of a growth design: constant, or with the loadings of a free path."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from securebase.growth.design import GrowthDesign
from securebase.growth.time import inner_waves
from securebase.likelihood import product
from securebase.names import OUTCOME, WAVE
from securebase.priors import Priors


def free_loadings(designs: list[GrowthDesign], priors: Priors) -> TensorVariable | None:
    """Register the loadings (outcome, inner wave), those that no wave measures as NaN."""
    waves, outcomes = inner_waves(designs[0].panel), list(designs[0].panel.analysis.outcomes)
    if not waves:
        return None
    time = designs[0].panel.data["time"]
    straight = (time.sel({WAVE: waves}) - time[0]).values
    asked = {(out, wave) for one in designs for wave, _, out in one.responses}
    measured = np.array([[(out, wave) in asked for wave in waves] for out in outcomes])
    mean = np.broadcast_to(straight, measured.shape)
    spread = np.broadcast_to(priors["loading"].sds(outcomes)[:, None], measured.shape)
    model = pm.modelcontext(None)
    model.add_coords({"inner_wave": waves})
    dims = (OUTCOME, "inner_wave")
    if measured.all():
        return pm.Normal("loading", mean, spread, dims=dims)
    cells = [f"{outcomes[row]} {waves[column]}" for row, column in np.argwhere(measured)]
    model.add_coords({"loading_cell": cells})
    free = pm.Normal("loading_measured", mean[measured], spread[measured], dims="loading_cell")
    place = np.where(measured, np.cumsum(measured).reshape(measured.shape) - 1, measured.sum())
    pm.Deterministic("loading", pt.concatenate([free, np.array([np.nan])])[place], dims=dims)
    # the NaN must not meet the basis: 0 · NaN is NaN
    return pt.concatenate([free, np.zeros(1)])[place]


def growth_basis(design: GrowthDesign, loading: TensorVariable | None) -> TensorVariable:
    """From growth effects to responses (response, effect)."""
    constant = design.basis
    if loading is None:
        return pt.constant(constant)
    waves, outcomes = inner_waves(design.panel), list(design.panel.analysis.outcomes)
    place = np.zeros((constant.size, len(outcomes) * len(waves)))
    for row, (wave, slot, outcome) in enumerate(design.responses):
        if wave in waves:
            effect = len(design.series) + design.series.index((slot, outcome))
            cell = row * len(design.effects) + effect
            place[cell, outcomes.index(outcome) * len(waves) + waves.index(wave)] = 1.0
    return constant + product(place, loading.flatten()[:, None]).reshape(constant.shape)
