"""Units that share a mean structure and a covariance: their data, and what is implied for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.likelihood import (
    gaussian_loglik,
    kernel_arrays,
    occasion_arrays,
    occasions_loglik,
    product,
)
from securebase.moments import moments_of
from securebase.names import COMPOSITION, OUTCOME, RESPONSE, ROLE, UNIT, WAVE
from securebase.panel import Panel

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RandomEffects:
    """How units differ: y = basis · (regression · w + factor · z) + residual.

    Parameters
    ----------
    basis : TensorVariable (response, effect)
        From effects to responses, at the planned times of the waves.
    factor : TensorVariable (effect, standard)
        From standard normal z to effects.
    residual : TensorVariable (series, series)
        Covariance of the residuals of one wave.
    series : ndarray (response,)
        Series of each response.
    wave : list of str
        Wave of each response: residuals of two waves are independent.
    unit_basis : ndarray (unit, response, effect), optional
        Where units were measured at times of their own: the basis of each.
    """

    basis: TensorVariable
    factor: TensorVariable
    residual: TensorVariable
    series: NDArray[np.int64]
    wave: list[str]
    unit_basis: Array | None = None

    @property
    def own(self) -> TensorVariable:
        """Covariance of a unit's effects (effect, effect)."""
        return product(self.factor, self.factor, right_transposed=True)

    @property
    def cov(self) -> TensorVariable:
        """Covariance of a unit (response, response), effects integrated out."""
        reach = product(self.basis, self.factor)
        count = int(self.series.max()) + 1
        place = np.eye(count)[self.series]
        wave = np.array(self.wave)
        same_wave = (wave[:, None] == wave[None, :]).astype(float)
        residual = product(product(place, self.residual), place.T) * same_wave
        return product(reach, reach, right_transposed=True) + residual


@dataclass(frozen=True)
class Part:
    """Units that share a mean structure and a covariance, and what is implied for them.

    Parameters
    ----------
    name : str
        Name of the composition.
    score : ndarray (unit, response)
        NaN where missing.
    predictors : ndarray (unit, design)
        The constant first.
    cluster : ndarray (unit,), optional
        Number of each unit's cluster.
    responses, columns : tuple of str
        Names of the axes.
    regression : TensorVariable (effect, design)
        Expected effects of a unit are regression · predictors.
    effects : RandomEffects
    shared : ndarray (effect, cluster_effect), optional
        From the effects of a cluster to those of its units.
    cluster_factor : TensorVariable (cluster_effect, cluster_effect), optional
        Factor of the covariance of the cluster effects.
    """

    name: str
    score: Array
    predictors: Array
    cluster: NDArray[np.int64] | None
    responses: tuple[str, ...]
    columns: tuple[str, ...]
    regression: TensorVariable
    effects: RandomEffects
    shared: Array | None = None
    cluster_factor: TensorVariable | None = None

    @property
    def mean(self) -> TensorVariable:
        """Mean of a unit by its predictors (response, design), at the planned times."""
        return product(self.effects.basis, self.regression)

    @property
    def loading(self) -> TensorVariable | None:
        """From cluster effects to responses (response, cluster_effect), at the planned times."""
        return None if self.shared is None else product(self.effects.basis, self.shared)

    @property
    def cluster_cov(self) -> TensorVariable | None:
        """Covariance of the cluster effects."""
        if self.cluster_factor is None:
            return None
        return product(self.cluster_factor, self.cluster_factor, right_transposed=True)

    def arrays(self, score: Array) -> dict[str, NDArray[Any]]:
        """All that the likelihood sees of these units, had they the scores (unit, response).

        Moments where they share their times, else sums by unit.
        """
        effects = self.effects
        if effects.unit_basis is None:
            names = self.responses, self.columns
            return kernel_arrays(moments_of(score, self.predictors, self.cluster, *names))
        return occasion_arrays(
            score, effects.unit_basis, self.predictors, effects.series, effects.wave,
            self.cluster, self.shared,
        )  # fmt: skip

    def arrays_in(self, panel: Panel) -> dict[str, NDArray[Any]]:
        """Arrays of the same units with the scores of another panel."""
        return self.arrays(self.score_in(panel))

    def loglik(self, data: Mapping[str, TensorVariable]) -> TensorVariable:
        """Log-density of the units, random effects integrated out; data as of `arrays`."""
        effects = self.effects
        if effects.unit_basis is None:
            return gaussian_loglik(self.mean, effects.cov, data, self.loading, self.cluster_cov)
        return occasions_loglik(
            self.regression, effects.own, effects.residual, data, self.cluster_cov
        )

    def score_in(self, panel: Panel) -> Array:
        """Scores (unit, response) of the same units in another panel."""
        rows = panel.data[COMPOSITION].values == self.name
        wave, role, outcome = zip(*(name.split(" ") for name in self.responses), strict=True)
        at = {
            dim: xr.DataArray(list(labels), dims=RESPONSE)
            for dim, labels in ((WAVE, wave), (ROLE, role), (OUTCOME, outcome))
        }
        score = panel.data["score"].isel({UNIT: rows}).sel(at)
        return np.asarray(score.transpose(UNIT, RESPONSE).values)
