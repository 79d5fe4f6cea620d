"""A finite mixture of normals: exact mean, spread, probabilities and quantiles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

Array = NDArray[np.float64]

_REACH = 12.0


@dataclass(frozen=True)
class NormalMixture:
    """Σ weight · Normal(mean, sd²).

    Parameters
    ----------
    weights, means, sds : ndarray (component,)
        Weights add up to 1.
    """

    weights: Array
    means: Array
    sds: Array

    @property
    def mean(self) -> float:
        """Expected value."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Standard deviation."""
        squares = self.sds**2 + (self.means - self.mean) ** 2
        return float(np.sqrt(self.weights @ squares))

    def below(self, value: float) -> float:
        """Probability of being below a value."""
        return float(self.weights @ ndtr((value - self.means) / self.sds))

    def quantile(self, probability: float) -> float:
        """Value below which the mixture lies with a probability."""
        reach = _REACH * float(self.sds.max())
        low, high = float(self.means.min()) - reach, float(self.means.max()) + reach
        return float(brentq(lambda value: self.below(value) - probability, low, high, xtol=1e-12))
