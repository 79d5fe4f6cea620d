"""Log-densities of what is left out: a unit, or a cluster where units share one.

Random effects are integrated out, so they are those of a *new* unit: conditional on its own
effects a unit foretells itself (Merkle, Furr & Rabe-Hesketh 2019,
doi:10.1007/s11336-019-09679-0).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.family import Built
from securebase.likelihood import pointwise_loglik
from securebase.likelihood.occasion_entry import evaluate_occasions
from securebase.names import CLUSTER, COMPOSITION, SAMPLES, UNIT
from securebase.panel import Panel
from securebase.part import Part
from securebase.predictive import Implied, moments_at_draws

LEFT_OUT = "left_out"
Array = NDArray[np.float64]


def left_out_terms(built: Built, panel: Panel, posterior: xr.Dataset, draws: int) -> xr.DataArray:
    """Log-density of each unit, or of each cluster where the analysis has clusters.

    Parameters
    ----------
    built : Built
        The model.
    panel : Panel
        What it was built on.
    posterior : xr.Dataset
        Dims chain, draw and the model's.
    draws : int
        Draws to take, evenly spaced along the chains.

    Returns
    -------
    xr.DataArray
        Dims chain, draw, left_out: names of units or clusters, which must not be published.
    """
    step = max(1, posterior.sizes["chain"] * posterior.sizes["draw"] // draws)
    thinned = posterior.isel(draw=slice(None, None, step))
    sizes = thinned.sizes["chain"], thinned.sizes["draw"]
    implied = list(moments_at_draws(built, thinned, sizes[0] * sizes[1]))
    parts = [
        xr.DataArray(
            _terms(part, [draw[place] for draw in implied]),
            dims=("sample", LEFT_OUT),
            coords={LEFT_OUT: _names(panel, part)},
        )
        for place, part in enumerate(built.parts)
    ]
    # units of one cluster, leaders and led, are left out together
    total = xr.concat(parts, dim=LEFT_OUT).groupby(LEFT_OUT).sum()
    values = total.transpose("sample", LEFT_OUT).values.reshape(*sizes, -1)
    names = total[LEFT_OUT].values
    return xr.DataArray(values, dims=(*SAMPLES, LEFT_OUT), coords={LEFT_OUT: names})


def data_without(built: Built, panel: Panel, name: str) -> dict[str, NDArray[Any]]:
    """Give the data of a model without a unit, or a cluster where the analysis has clusters.

    Parameters
    ----------
    built : Built
        The model.
    panel : Panel
        What it was built on.
    name : str
        Of the unit or cluster, as in `left_out_terms`.
    """
    found: dict[str, NDArray[Any]] = {}
    for part in built.parts:
        stays = _whose(panel, part) != name
        effects = part.effects
        if effects.unit_basis is not None:
            effects = replace(effects, unit_basis=effects.unit_basis[stays])
        cluster = part.cluster
        if cluster is not None:
            cluster = np.unique(cluster[stays], return_inverse=True)[1]
        rest = replace(
            part, score=part.score[stays], predictors=part.predictors[stays], cluster=cluster,
            effects=effects,
        )  # fmt: skip
        found |= {f"{part.name}_{key}": array for key, array in rest.arrays(rest.score).items()}
    return found


def _terms(part: Part, implied: list[Implied]) -> Array:
    """Log-density of the units, or of the clusters where these have effects (draw, term)."""
    if part.effects.unit_basis is not None:
        arrays = part.arrays(part.score)
        return np.array(list(_by_occasions(arrays, implied)))
    moments = {name: np.array([draw[name] for draw in implied]) for name in implied[0]}
    cluster = part.cluster if "loading" in moments else None
    return pointwise_loglik(
        moments["mean"], moments["cov"], part.score, part.predictors,
        moments.get("loading"), moments.get("cluster_cov"), cluster,
    )  # fmt: skip


def _by_occasions(arrays: dict[str, NDArray[Any]], implied: list[Implied]) -> Iterator[Array]:
    for draw in implied:
        given = (draw["regression"], draw["own"], draw["residual"])
        yield evaluate_occasions(*given, arrays, draw.get("cluster_cov"))[2]


def _names(panel: Panel, part: Part) -> NDArray[np.str_]:
    """Whom each term is of."""
    whose = _whose(panel, part)
    return whose if part.cluster is None or part.shared is None else np.unique(whose)


def _whose(panel: Panel, part: Part) -> NDArray[np.str_]:
    """Name of each unit of a part, or of its cluster where the analysis has clusters."""
    own = panel.data.isel({UNIT: panel.data[COMPOSITION].values == part.name})
    by = CLUSTER if panel.analysis.clusters else UNIT
    return np.asarray(own[by].values, dtype=str)
