"""Random models and data for the tests of the likelihood, with dense densities to compare."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

type Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Structure:
    """Parameters and units: E[y] = mean w, cov, plus loading b with b ~ N(0, cluster_cov)."""

    mean: Floats
    cov: Floats
    loading: Floats
    cluster_cov: Floats
    y: Floats
    w: Floats
    cluster: NDArray[np.int64]

    @property
    def two_level(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The parameters of the two-level model."""
        return self.mean, self.cov, self.loading, self.cluster_cov


def covariance(rng: np.random.Generator, size: int) -> Floats:
    """Draw a well-conditioned covariance."""
    factor = rng.normal(size=(size, size))
    return factor @ factor.T / size + 0.3 * np.eye(size)


def draw(
    rng: np.random.Generator,
    n_units: int = 25,
    n_responses: int = 5,
    n_design: int = 2,
    n_effects: int = 2,
    missing: float = 0.3,
    n_clusters: int = 5,
) -> Structure:
    """Draw a model and units that fit it roughly, every unit with an observed response."""
    mean = rng.normal(size=(n_responses, n_design))
    w = np.column_stack([np.ones(n_units), rng.normal(size=(n_units, n_design - 1))])
    cov = covariance(rng, n_responses)
    y = w @ mean.T + rng.multivariate_normal(np.zeros(n_responses), cov, n_units)
    lost = rng.random(y.shape) < missing
    lost[np.arange(n_units), rng.integers(n_responses, size=n_units)] = False
    y[lost] = np.nan
    loading = rng.normal(size=(n_responses, n_effects))
    cluster = rng.integers(n_clusters, size=n_units)
    return Structure(mean, cov, loading, covariance(rng, n_effects), y, w, cluster)


def dense_rows(s: Structure, mean: Floats | None = None, cov: Floats | None = None) -> Floats:
    """Log-density of each unit by scipy, as if there were no clusters."""
    mean, cov = (s.mean if mean is None else mean), (s.cov if cov is None else cov)
    densities = []
    for y, w in zip(s.y, s.w, strict=True):
        seen = ~np.isnan(y)
        densities.append(
            multivariate_normal.logpdf(y[seen], (mean @ w)[seen], cov[np.ix_(seen, seen)])
        )
    return np.array(densities)


def dense_clusters(s: Structure) -> Floats:
    """Log-density of each cluster by scipy: one normal over all its responses."""
    densities = []
    for label in np.unique(s.cluster):
        mine = s.cluster == label
        y = s.y[mine].ravel()
        seen = ~np.isnan(y)
        shared = s.loading @ s.cluster_cov @ s.loading.T
        size = int(mine.sum())
        cov = np.kron(np.eye(size), s.cov) + np.kron(np.ones((size, size)), shared)
        mean = (s.w[mine] @ s.mean.T).ravel()
        densities.append(multivariate_normal.logpdf(y[seen], mean[seen], cov[np.ix_(seen, seen)]))
    return np.array(densities)


def reordered(s: Structure, units: NDArray[Any], responses: NDArray[Any]) -> Structure:
    """The same model and data with units and responses in another order."""
    return replace(
        s,
        mean=s.mean[responses],
        cov=s.cov[np.ix_(responses, responses)],
        loading=s.loading[responses],
        y=s.y[np.ix_(units, responses)],
        w=s.w[units],
        cluster=s.cluster[units],
    )


def five_point(function: Any, at: Floats, symmetric: bool) -> Floats:
    """Derivative by each entry, from five-point central differences."""
    step = 1e-3
    result = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        move = np.zeros_like(at)
        move[place] = step
        if symmetric:
            move = (move + move.T) / 2
        near = function(at + move) - function(at - move)
        far = function(at + 2 * move) - function(at - 2 * move)
        result[place] = (8 * near - far) / (12 * step)
    return result
