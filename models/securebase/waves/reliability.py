"""How well the items of a scale hang together: alpha, omega, item-rest correlations."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# smallest share of an item's variance that is its own: keeps a Heywood case finite
_LOWEST_UNIQUENESS: Final = 0.005
_ITERATIONS: Final = 5000
_TOLERANCE: Final = 1e-9


def cronbach_alpha(cov: Array) -> float:
    """Cronbach's alpha of the sum of items (doi:10.1007/BF02310555).

    Parameters
    ----------
    cov : array (item, item)
        Covariances of the keyed items.

    Returns
    -------
    float
        NaN with fewer than two items or a sum without variance.
    """
    count, total = len(cov), float(cov.sum())
    if count < 2 or not total > 0:
        return float("nan")
    return count / (count - 1) * (1.0 - float(np.trace(cov)) / total)


def mcdonald_omega(cov: Array) -> float:
    """McDonald's omega total of the sum of items, from a one-factor solution.

    (sum of loadings)^2 / ((sum of loadings)^2 + sum of unique variances), the loadings from
    iterated principal axes of the correlations, brought back to the items' units (McDonald 1999,
    doi:10.4324/9781410601087, chapter 6; the composite as in doi:10.1007/s11336-008-9102-z).

    Parameters
    ----------
    cov : array (item, item)
        Covariances of the keyed items.

    Returns
    -------
    float
        NaN with fewer than three items (one factor is not identified), with an item without
        variance, or where the solution does not settle.
    """
    variances = np.diag(cov)
    if len(cov) < 3 or not np.all(np.isfinite(cov)) or np.any(variances <= 0):
        return float("nan")
    sds = np.sqrt(variances)
    loadings = _one_factor(cov / np.outer(sds, sds))
    unique = np.maximum(1.0 - loadings**2, _LOWEST_UNIQUENESS) * variances
    common = float((loadings * sds).sum()) ** 2
    return common / (common + float(unique.sum()))


def item_rest_correlations(cov: Array) -> Array:
    """Correlate each item with the sum of the others.

    Parameters
    ----------
    cov : array (item, item)
        Covariances of the keyed items.

    Returns
    -------
    array (item,)
        NaN for a single item, and where an item or the rest has no variance.
    """
    own, rows, total = np.diag(cov), cov.sum(axis=1), cov.sum()
    rest = total - 2.0 * rows + own
    spread = np.sqrt(np.clip(own, 0, None) * np.clip(rest, 0, None))
    out = np.full(len(cov), np.nan)
    known = spread > 1e-12
    out[known] = (rows - own)[known] / spread[known]
    return out


def against_the_others(cov: Array) -> list[int]:
    """Find the items that run against the others.

    The item with the most negative item-rest correlation is turned, then the next, until none is
    negative. So an item that is negative only because others are keyed wrongly is not blamed. Each
    turn raises the variance of the sum, so there is an end.

    Parameters
    ----------
    cov : array (item, item)
        Covariances of the keyed items.

    Returns
    -------
    list of int
        Positions of the items that had to be turned, in the order of the items.
    """
    signs = np.ones(len(cov))
    while True:
        rest = item_rest_correlations(cov * np.outer(signs, signs))
        worst = int(np.argmin(np.nan_to_num(rest, nan=0.0)))
        if not rest[worst] < 0:
            return np.flatnonzero(signs < 0).tolist()
        signs[worst] = -signs[worst]


def _one_factor(correlations: Array) -> Array:
    """Find the loadings of one factor by iterated principal axes; NaN where they do not settle."""
    try:
        communality = 1.0 - 1.0 / np.diag(np.linalg.inv(correlations))
    except np.linalg.LinAlgError:
        communality = np.full(len(correlations), 0.5)
    communality = np.clip(communality, 0.05, 1.0 - _LOWEST_UNIQUENESS)
    reduced = correlations.copy()
    for _ in range(_ITERATIONS):
        np.fill_diagonal(reduced, communality)
        values, vectors = np.linalg.eigh(reduced)
        loadings = vectors[:, -1] * np.sqrt(max(values[-1], 0.0))
        new = np.clip(loadings**2, 0.0, 1.0 - _LOWEST_UNIQUENESS)
        settled = float(np.abs(new - communality).max()) < _TOLERANCE
        communality = new
        if settled:
            return loadings * np.sign(loadings.sum() or 1.0)
    return np.full(len(correlations), np.nan)
