"""Whether draws are of a stated posterior, from its log density alone: no sampling.

A sampler keeps the log density of each draw, so that an edited draw, prior or moment shows at once;
who edits both is told by identities that hold for draws of a density p and for no others: the
score has mean zero, E[∂ log p / ∂u] = 0, and E[u ∂ log p / ∂u] = -1 for each free u on the real
line (Stein 1972; as tests of samples: Gorham & Mackey 2015, doi:10.48550/arXiv.1506.03039).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import arviz_stats as az
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

# of false alarms, over all quantities of a test
ALPHA: Final = 0.001


def limit(quantities: int, alpha: float = ALPHA) -> float:
    """Largest |z| of so many that chance explains: Bonferroni."""
    return float(stats.norm.isf(alpha / (2 * max(quantities, 1))))


@dataclass(frozen=True)
class ZTest:
    """Differences in Monte Carlo errors.

    Parameters
    ----------
    names : tuple of str
        What each is of.
    z : ndarray
        Normal where nothing is wrong.
    alpha : float
        Of a false alarm, over all.
    """

    names: tuple[str, ...]
    z: Array
    alpha: float = ALPHA

    @property
    def limit(self) -> float:
        """Largest |z| that chance explains."""
        return limit(self.z.size, self.alpha)

    @property
    def worst(self) -> int:
        """Place of the largest |z|; one that is no number is the worst."""
        return int(np.argmax(np.where(np.isnan(self.z), np.inf, np.abs(self.z))))

    @property
    def largest(self) -> float:
        """Largest |z|."""
        return float(np.abs(self.z[self.worst]))

    @property
    def rms(self) -> float:
        """Root mean square of z: about 1 where nothing is wrong."""
        return float(np.sqrt(np.mean(self.z**2)))

    @property
    def passed(self) -> bool:
        """Whether chance explains all of it."""
        return self.largest <= self.limit


def aligned_difference(stored: Array, recomputed: Array) -> Array:
    """Difference of two log densities, up to the constant that a density may leave out.

    Parameters
    ----------
    stored, recomputed : ndarray (chain, draw)

    Returns
    -------
    ndarray (chain, draw)
        Its median is the constant: an edit of fewer than half of the draws does not move it.
    """
    difference = recomputed - stored
    return difference - np.median(difference)


def stein_test(draws: Array, gradients: Array, names: Sequence[str], alpha: float = ALPHA) -> ZTest:
    """Test the identities of the score.

    Parameters
    ----------
    draws : ndarray (chain, draw, parameter)
        On the real line, as the sampler saw them.
    gradients : ndarray (chain, draw, parameter)
        Of the stated log density there.
    names : sequence of str
        Of the parameters.
    alpha : float

    Returns
    -------
    ZTest
        Two per parameter: E[g] = 0 tells a shift, E[(u - m) g] = -1 a spread; m is the mean of the
        draws, which changes nothing where the first holds and takes away what u's distance from
        zero adds to the error.
    """
    centred = draws - draws.mean(axis=(0, 1))
    found = np.concatenate([gradients, centred * gradients + 1.0], axis=-1)
    labels = [f"{kind} of {name}" for kind in ("score", "spread") for name in names]
    return ZTest(tuple(labels), _means_in_errors(found), alpha)


def _means_in_errors(values: Array) -> Array:
    """Mean by its Monte Carlo error (quantity,), from (chain, draw, quantity)."""
    array = xr.DataArray(values, dims=("chain", "draw", "quantity"))
    error = np.asarray(az.mcse(array, method="mean"))
    return values.mean(axis=(0, 1)) / error
