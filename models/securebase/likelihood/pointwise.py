"""Log-densities in plain numbers: of all units, by unit, by cluster."""

from functools import cache
from typing import Any

import numba
import numpy as np
from numba import types
from numpy.typing import ArrayLike

from securebase.likelihood import compilation
from securebase.likelihood.cluster_kernels import clusters
from securebase.likelihood.entry import version
from securebase.likelihood.gaussian import own_terms, take
from securebase.likelihood.gaussian_entry import evaluate
from securebase.likelihood.kernels import whiten
from securebase.likelihood.layout import HEAD, NODE_STOP, Table, kernel_arrays, tree
from securebase.likelihood.products import padded
from securebase.moments import Floats, Moments, moments_of


def loglik(
    mean: ArrayLike,
    cov: ArrayLike,
    moments: Moments,
    loading: ArrayLike | None = None,
    cluster_cov: ArrayLike | None = None,
) -> float:
    """Log-density of all units, as `gaussian_loglik` but in numbers.

    Parameters
    ----------
    mean : float (response, design)
    cov : float (response, response)
    moments : Moments
    loading : float (response, cluster_effect), optional
    cluster_cov : float (cluster_effect, cluster_effect), optional

    Returns
    -------
    float
        -inf where a covariance is not one.
    """
    given = [np.asarray(a, float) for a in (mean, cov, loading, cluster_cov) if a is not None]
    return evaluate(given[0], given[1], kernel_arrays(moments), *given[2:])[0]


def pointwise_loglik(
    mean: ArrayLike,
    cov: ArrayLike,
    y: ArrayLike,
    w: ArrayLike,
    loading: ArrayLike | None = None,
    cluster_cov: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> Floats:
    """Log-density by unit, or by cluster where units lie in clusters, for every draw.

    Leaving out one unit (or one cluster) is what these log-densities serve: random
    effects are integrated out.

    Parameters
    ----------
    mean : float (..., response, design)
        M in E[y] = M w; leading dims are those of the draws, the same in all parameters.
    cov : float (..., response, response)
    y : float (unit, response)
        NaN where missing.
    w : float (unit, design)
    loading : float (..., response, cluster_effect), optional
    cluster_cov : float (..., cluster_effect, cluster_effect), optional
    cluster : (unit,), optional
        Labels; needed with loading.

    Returns
    -------
    float (..., unit) or (..., cluster)
        Clusters in the order of their sorted labels; -inf where a covariance is not one.

    Raises
    ------
    InputError
        What `moments_of` refuses.
    ValueError
        Only some of loading, cluster_cov and cluster are given.
    """
    two_level = loading is not None
    if two_level != (cluster_cov is not None) or two_level != (cluster is not None):
        raise ValueError("loading, cluster_cov and cluster belong together: give all or none")
    moments = moments_of(y, w, cluster, full_rank=False)
    leading, parameters = _draws(mean, cov, loading, cluster_cov)
    units, places = _units(moments, np.asarray(y, float), np.asarray(w, float))
    arrays = kernel_arrays(moments)
    cells = arrays.get("cells", np.zeros((0, 3), np.int32))
    sums = arrays.get("cell_sums", np.zeros((0, units.shape[1])))
    data = arrays["patterns"], arrays["rows"], cells, sums, units, places
    kernel = _kernel()
    draws = zip(*parameters, strict=True)
    terms = [kernel(*(np.array(a) for a in draw), *data) for draw in draws]
    result = np.array([by_unit for by_unit, _ in terms])
    if two_level:
        members = np.unique(np.asarray(cluster), return_inverse=True)[1]
        result = np.array([c + np.bincount(members, u, minlength=len(c)) for u, c in terms])
    return result.reshape(*leading, result.shape[1])


def _draws(
    mean: ArrayLike, cov: ArrayLike, loading: ArrayLike | None, cluster_cov: ArrayLike | None
) -> tuple[tuple[int, ...], list[Floats]]:
    """Leading dims, and the parameters stacked along one."""
    n_responses = np.shape(mean)[-2]
    effects = np.zeros((n_responses, 0)) if loading is None else loading
    effects_cov = np.zeros((0, 0)) if cluster_cov is None else cluster_cov
    given = [np.asarray(a, float) for a in (mean, cov, effects, effects_cov)]
    leading = np.broadcast_shapes(*(a.shape[:-2] for a in given))
    count = int(np.prod(leading))
    return leading, [
        np.broadcast_to(a, (*leading, *a.shape[-2:])).reshape(count, *a.shape[-2:]) for a in given
    ]


def _units(moments: Moments, y: Floats, w: Floats) -> tuple[Floats, Table]:
    """Rows of [w, y] in the order of the tree, and the pattern of each unit."""
    order, sequence = tree(moments)
    observed = moments.observed[np.ix_(sequence, order)]
    seen = ~np.isnan(y[:, order])
    known = {row.tobytes(): number for number, row in enumerate(observed)}
    places = np.array([known[row.tobytes()] for row in seen], dtype=np.int32)
    return np.ascontiguousarray(np.hstack([w, np.nan_to_num(y[:, order])])), places


def _terms(
    mean: Floats,
    cov: Floats,
    loading: Floats,
    cluster_cov: Floats,
    patterns: Table,
    rows: Floats,
    cells: Table,
    cell_sums: Floats,
    units: Floats,
    unit_pattern: Table,
) -> tuple[Floats, Floats]:
    """Own terms of the units, and what clusters add."""
    n_effects = loading.shape[1]
    shift, ordered, loads = take(patterns[0, HEAD:], mean, cov, loading, rows)
    by_unit = np.zeros(len(units))
    by_cluster = np.zeros(cells[-1, 0] + 1 if n_effects > 0 else 0)
    inverse = np.empty((patterns[-1, NODE_STOP], padded(cov.shape[0])))
    space = np.zeros((2, inverse.shape[1], inverse.shape[1]))
    if np.isnan(whiten(ordered, patterns, space, inverse)):
        by_unit[:] = -np.inf
        return by_unit, by_cluster
    if n_effects > 0:
        n_patterns = patterns.shape[0] - 1
        grads = (
            np.zeros((n_patterns, n_effects, n_effects)),
            np.zeros((n_patterns, cov.shape[0], n_effects)),
            np.zeros((n_patterns, n_effects, mean.shape[1])),
        )
        whitened = np.zeros((len(inverse), n_effects))
        if not clusters(
            shift, loads, cluster_cov, patterns, cells, cell_sums, inverse, whitened, grads,
            np.zeros((n_effects, n_effects)), by_cluster,
        ):  # fmt: skip
            by_cluster[:] = -np.inf
    # units hold y itself, not its deviation from the reference
    for i in range(len(shift)):
        for c in range(shift.shape[1]):
            shift[i, c] += rows[c, shift.shape[1] + i]
    own_terms(shift, patterns, inverse, units, unit_pattern, by_unit)
    return by_unit, by_cluster


@cache
def _kernel() -> Any:
    """Compile, or load from disk by the digest of the kernels' source."""
    numbers, whole = types.float64[:, ::1], types.int32[:, ::1]
    signature = (*(numbers,) * 4, whole, numbers, whole, numbers, numbers, types.int32[::1])
    return compilation.kept(_terms, signature, f"securebase_pointwise_{version()}", numba.njit)
