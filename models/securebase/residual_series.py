"""Residual moments of series that units answered at times of their own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from securebase.part import Part
from securebase.predictive import Array, Implied


def residual_series(
    part: Part, basis: Array, implied: Implied, score: Array
) -> tuple[Array, Array]:
    """Compare means and covariances of series at the same wave, and from each wave to the next.

    Moments at single waves would be as many as the square of the waves; what a model of diaries
    may get wrong shows in their averages over the waves.

    Parameters
    ----------
    part : Part
    basis : ndarray (unit, response, effect)
    implied : dict of str to ndarray
        regression, own, residual and, in clusters, cluster_cov at a draw.
    score : ndarray (unit, response)
        NaN where missing.

    Returns
    -------
    mean : ndarray (series,)
        In implied standard deviations; NaN where nothing was observed.
    cov : ndarray (series, 2 series)
        As correlations: at the same wave, then with the next one.
    """
    own = implied["own"]
    if part.cluster is not None and part.shared is not None:
        own = own + part.shared @ implied["cluster_cov"] @ part.shared.T
    expected = np.einsum("ure,ue->ur", basis, part.predictors @ implied["regression"].T)
    deviation, reach = _by_wave(part, score - expected), _by_wave(part, basis)
    seen = ~np.isnan(deviation)
    deviation = np.where(seen, deviation, 0.0)
    reach = np.where(seen[..., None], reach, 0.0)
    implied_now, count = _summed(reach, reach, own), _pairs(seen, seen)
    implied_now += count * implied["residual"]
    implied_next = _summed(reach[:, :-1], reach[:, 1:], own)
    counts, found = (
        np.hstack([_pairs(each, each), _pairs(each[:, :-1], each[:, 1:])])
        for each in (seen, deviation)
    )
    excess = found - np.hstack([implied_now, implied_next])
    sd = np.sqrt(np.diag(implied_now) / np.diag(count))
    with np.errstate(invalid="ignore"):
        cov = excess / counts / np.outer(sd, np.tile(sd, 2))
    return deviation.sum(axis=(0, 1)) / np.diag(count) / sd, cov


def _summed(left: Array, right: Array, own: Array) -> Array:
    """Sum over units and waves the covariances (series, series) that effects imply."""
    series, effects = left.shape[2:]
    flat = (each.reshape(-1, series * effects) for each in (left, right))
    products = np.matmul(next(flat).T, next(flat)).reshape(series, effects, series, effects)
    return np.asarray(np.einsum("sepf,ef->sp", products, own))


def _pairs(left: NDArray[Any], right: NDArray[Any]) -> Array:
    """Sum over units and waves the products of each series with each."""
    return np.asarray(np.einsum("uts,utp->sp", left.astype(float), right.astype(float)))


def _by_wave(part: Part, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Arrange (unit, response, ...) as (unit, wave, series, ...); NaN without a response."""
    waves = list(dict.fromkeys(part.effects.wave))
    count = int(part.effects.series.max()) + 1
    shape = (len(values), len(waves), count, *values.shape[2:])
    arranged = np.full(shape, np.nan)
    place = [waves.index(wave) for wave in part.effects.wave]
    arranged[:, place, part.effects.series] = values
    return arranged
