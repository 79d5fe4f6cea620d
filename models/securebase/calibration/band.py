"""Are ranks uniform? Their distribution function within a simultaneous band.

Under calibration the number of ranks up to a value is binomial. The band holds the whole
distribution function with the wanted probability; its pointwise probability is found by
simulation, as are the p-values. Säilynoja, Bürkner & Vehtari (2022),
doi:10.1007/s11222-022-10090-6.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Band:
    """What uniform ranks look like.

    Parameters
    ----------
    replicates : int
        Number of ranks.
    highest : int
        Ranks are 0, …, highest.
    extremes : ndarray (simulation,)
        Sorted smallest pointwise tail probability of simulated uniform ranks.
    """

    replicates: int
    highest: int
    extremes: Array

    def p_value(self, ranks: Whole) -> float:
        """Probability of a distribution function at least as far from uniform anywhere."""
        found = _extreme(ranks[None, :], self.highest)[0]
        return float((np.searchsorted(self.extremes, found, "right") + 1)
                     / (len(self.extremes) + 1))  # fmt: skip

    def limits(self, probability: float = 0.95) -> tuple[Array, Array, Array]:
        """Simultaneous band of the difference of distribution functions.

        Returns
        -------
        (share, low, high) : ndarray (rank,)
            Share of values up to each rank, and the limits around it.
        """
        pointwise = np.quantile(self.extremes, 1.0 - probability)
        share = np.arange(1, self.highest + 1) / (self.highest + 1)
        low = binom.ppf(pointwise / 2, self.replicates, share) / self.replicates
        high = binom.isf(pointwise / 2, self.replicates, share) / self.replicates
        return share, low - share, high - share


def uniform_band(replicates: int, highest: int, simulations: int = 10_000, seed: int = 1) -> Band:
    """Simulate uniform ranks."""
    rng = np.random.default_rng(seed)
    ranks = rng.integers(0, highest + 1, (simulations, replicates))
    return Band(replicates, highest, np.sort(_extreme(ranks, highest)))


def distribution_difference(ranks: Whole, highest: int) -> Array:
    """Share of ranks up to 0, …, highest - 1, less the share of uniform ones."""
    counts = np.bincount(ranks, minlength=highest + 1)[:highest]
    share = np.arange(1, highest + 1) / (highest + 1)
    return np.cumsum(counts) / len(ranks) - share


def _extreme(ranks: Whole, highest: int) -> Array:
    """Smallest two-sided pointwise tail probability of each row of ranks."""
    size = ranks.shape[1]
    share = np.arange(1, highest + 1) / (highest + 1)
    # by count and share: the table is small, the simulations are many
    counts = np.arange(size + 1)[:, None]
    below, above = binom.cdf(counts, size, share), binom.sf(counts - 1, size, share)
    tails = 2.0 * np.minimum(below, above)
    return np.array(
        [
            tails[np.cumsum(np.bincount(row, minlength=highest + 1))[:highest], np.arange(highest)]
            .min()
            for row in ranks
        ]
    )  # fmt: skip


def holm(p_values: Array) -> Array:
    """p-values that hold over the whole family, however they depend on each other.

    Holm (1979): the k-th smallest times the number not yet tested.
    """
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
