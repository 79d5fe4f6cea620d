"""How far what members of a cluster share goes with what their leader has or says."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.growth.time import LEVEL
from securebase.mediation.arrows import Arrows
from securebase.mediation.design import MediatedDesign, totals_of_draws
from securebase.names import OUTCOME, ROLE
from securebase.structure.cells import laid_out_draws

Array = NDArray[np.float64]
SAMPLES = ("chain", "draw")
TERM = "leader_predictor"
VARIABLE = f"leader_on_{LEVEL}"


def with_leader_corr(values: xr.Dataset, designs: Sequence[MediatedDesign]) -> xr.Dataset:
    """Add `leader_corr` (leader_predictor, role, outcome).

    The correlation, over the clusters of the panel, of what a leader has or says with what the
    members of the cluster share at the first wave (the latent mean), for each outcome that the
    leader's value predicts. What else predicts the cluster is part of its variance.
    """
    found: dict[tuple[str, str, str], Array] = {}
    for design in designs:
        if design.between is not None:
            found |= _correlations(values, design, design.between)
    if not found:
        return values
    labels = {dim: values[dim].values.tolist() for dim in (TERM, ROLE, OUTCOME)}
    samples = [dim for dim in SAMPLES if dim in values.dims]
    shape = [values.sizes[dim] for dim in samples] + [len(one) for one in labels.values()]
    array = xr.DataArray(
        np.full(shape, np.nan),
        coords={dim: values[dim] for dim in samples} | labels,
        dims=[*samples, *labels],
    )
    for at, draws in found.items():
        array.loc[dict(zip(labels, at, strict=True))] = draws
    return values.assign(leader_corr=array)


def _correlations(
    values: xr.Dataset, design: MediatedDesign, level: Arrows
) -> dict[tuple[str, str, str], Array]:
    predicting = [one for one in design.coefficients(level) if one.variable == VARIABLE]
    growth, size = design.growth, len(level.effects)
    groups = growth.cluster(growth.panel)
    if not predicting or groups is None:
        return {}
    first = np.unique(groups, return_index=True)[1]
    spread = np.cov(growth.predictors(growth.panel)[first].T)
    direct = laid_out_draws(design.coefficients(level), values, (size, len(growth.columns)))
    totals = totals_of_draws(laid_out_draws(level.placements, values, (size, size)))
    moved = totals @ direct
    shared = moved @ spread @ np.swapaxes(moved, -1, -2)
    shared = shared + totals @ _cov(values, level) @ np.swapaxes(totals, -1, -2)
    found = {}
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
