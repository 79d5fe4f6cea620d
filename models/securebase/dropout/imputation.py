"""Scores that were not observed, drawn given those that were, at one draw of a posterior."""

import numpy as np
from numpy.typing import NDArray

from securebase.correlation import normal_rows, symmetric_root
from securebase.moments.statistics import distinct_patterns
from securebase.part import Part
from securebase.predictive import Implied

Array = NDArray[np.float64]


def imputed(rng: np.random.Generator, part: Part, implied: Implied) -> Array:
    """Draw what is missing given all that was observed of a unit, and of its cluster.

    Parameters
    ----------
    rng : numpy.random.Generator
    part : Part
        Measured at the planned times.
    implied : Implied
        Its moments at a draw of the posterior.

    Returns
    -------
    ndarray (unit, response)
        Observed scores as they are.
    """
    mean = part.predictors @ implied["mean"].T
    if part.cluster is not None:
        mean = mean + _cluster_effects(rng, part, mean, implied) @ implied["loading"].T
    score = part.score.copy()
    for rows, observed in _patterns(part.score):
        if observed.all():
            continue
        gain, rest = _conditional(implied["cov"], observed)
        deviation = (score[np.ix_(rows, observed)] - mean[np.ix_(rows, observed)]) @ gain.T
        noise = normal_rows(rng, rest, len(rows))
        score[np.ix_(rows, ~observed)] = mean[np.ix_(rows, ~observed)] + deviation + noise
    return score


def _patterns(score: Array) -> list[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Rows of units with the same responses observed."""
    patterns, which = distinct_patterns(~np.isnan(score))
    return [(np.flatnonzero(which == number), one) for number, one in enumerate(patterns)]


def _conditional(cov: Array, observed: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Regression of the missing on the observed (missing, observed), and what it leaves."""
    across = cov[np.ix_(~observed, observed)]
    gain = np.linalg.solve(cov[np.ix_(observed, observed)], across.T).T
    return gain, cov[np.ix_(~observed, ~observed)] - gain @ across.T


def _cluster_effects(rng: np.random.Generator, part: Part, mean: Array, implied: Implied) -> Array:
    """Draw the effects of clusters given all their units; (unit, cluster_effect).

    With Ω = F Fᵀ, F z the effects, A = Σ Λᵀ P Λ and r = Σ Λᵀ P (y - mean) over what was observed:
    z ~ Normal(C Fᵀ r, C) with C = (I + Fᵀ A F)⁻¹. Ω may be singular.
    """
    cluster = np.asarray(part.cluster)
    factor = symmetric_root(implied["cluster_cov"])
    size, count = len(factor), int(cluster.max()) + 1
    precision, score = np.zeros((count, size, size)), np.zeros((count, size))
    for rows, observed in _patterns(part.score):
        loading = implied["loading"][observed] @ factor
        weighted = np.linalg.solve(implied["cov"][np.ix_(observed, observed)], loading)
        deviation = part.score[np.ix_(rows, observed)] - mean[np.ix_(rows, observed)]
        np.add.at(precision, cluster[rows], loading.T @ weighted)
        np.add.at(score, cluster[rows], deviation @ weighted)
    cov = np.linalg.inv(np.eye(size) + precision)
    drawn = np.einsum("jab,jb->ja", cov, score)
    root = np.linalg.cholesky(cov)
    drawn += np.einsum("jab,jb->ja", root, rng.standard_normal((count, size)))
    return (drawn @ factor.T)[cluster]
