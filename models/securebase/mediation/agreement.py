"""How far what members of a cluster share goes with what their leader has or says."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.growth.time import LEVEL
from securebase.mediation.arrows import Arrows
from securebase.mediation.design import MediatedDesign, totals_of_draws
from securebase.names import OUTCOME, ROLE, SAMPLES
from securebase.structure.cells import At, laid_out_draws, named_array

Array = NDArray[np.float64]
TERM = "leader_predictor"
VARIABLE = f"leader_on_{LEVEL}"


def with_leader_corr(values: xr.Dataset, designs: Sequence[MediatedDesign]) -> xr.Dataset:
    """Add `leader_corr` (leader_predictor, role, outcome).

    The correlation, over the clusters of the panel, of what a leader has or says with what the
    members of the cluster share at the first wave (the latent mean), for each outcome that the
    leader's value predicts. What else predicts the cluster is part of its variance.
    """
    found: dict[At, Array] = {}
    for design in designs:
        if design.between is not None:
            found |= _correlations(values, design, design.between)
    if not found:
        return values
    return values.assign(leader_corr=named_array(values, (TERM, ROLE, OUTCOME), found))


def _correlations(values: xr.Dataset, design: MediatedDesign, level: Arrows) -> dict[At, Array]:
    predicting = [one for one in design.coefficients(level) if one.variable == VARIABLE]
    growth, size = design.growth, len(level.effects)
    spread = growth.summary.between
    if not predicting or spread is None:
        return {}
    direct = laid_out_draws(design.coefficients(level), values, (size, len(growth.columns)))
    totals = totals_of_draws(laid_out_draws(level.placements, values, (size, size)))
    moved = totals @ direct
    shared = moved @ spread @ np.swapaxes(moved, -1, -2)
    shared = shared + totals @ _cov(values, level) @ np.swapaxes(totals, -1, -2)
    found: dict[At, Array] = {}
    for one in predicting:
        together = (moved @ spread)[..., one.row, one.column]
        variance = shared[..., one.row, one.row] * spread[one.column, one.column]
        term, role, outcome = one.at
        found[term, role, outcome] = together / np.sqrt(variance)
    return found


def _cov(values: xr.Dataset, level: Arrows) -> Array:
    """Covariance (…, effect, effect) of what varies at a level, from draws or from a truth."""
    samples = [values.sizes[dim] for dim in SAMPLES if dim in values.dims]
    size = len(level.effects)
    cov = np.zeros((*samples, size, size))
    for block in level.blocks:
        sd = values[f"{block.covariance.name}_sd"].values
        corr = values[f"{block.covariance.name}_corr"].values
        rows = np.asarray(block.rows)
        cov[..., rows[:, None], rows[None, :]] = corr * sd[..., :, None] * sd[..., None, :]
    return cov
