"""Covariances over the members of a unit, distinguishable or exchangeable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.correlation import correlation_from_vine
from securebase.likelihood import product
from securebase.priors import Prior, covariance

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MemberCovariance:
    """Covariance of quantities that each member of a unit has.

    Parameters
    ----------
    name : str
        Prefix of the variables: "unit", "residual", "cluster".
    dim : str
        Dim of the labels.
    quantities : list of (str, str, str)
        (kind, slot, outcome) of each row; kind is a growth, or "" for a residual.
    labels : tuple of str
        Role label of each slot; twice the same where members are exchangeable.
    slots : tuple of str
        Members.
    """

    name: str
    dim: str
    quantities: Sequence[tuple[str, str, str]]
    slots: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def exchangeable(self) -> bool:
        """Whether the two members have the same distribution."""
        return len(set(self.labels)) < len(self.labels)

    @property
    def rows(self) -> list[str]:
        """Label of each quantity, such as "change patient anxiety"."""
        words = dict(zip(self.slots, self.labels, strict=True))
        if self.exchangeable:
            words[self.slots[1]] = f"{self.labels[0]}'s partner"
        return [f"{kind} {words[slot]} {out}".strip() for kind, slot, out in self.quantities]

    @property
    def _first(self) -> list[int]:
        return [row for row, (_, slot, _) in enumerate(self.quantities) if slot == self.slots[0]]

    @property
    def _turns(self) -> tuple[Array, Array]:
        """From sums and from differences (member quantity) to quantities (row), orthonormal."""
        first = self._first
        keys = [(self.quantities[row][0], self.quantities[row][2]) for row in first]
        to_sum = np.zeros((len(self.quantities), len(first)))
        to_difference = np.zeros_like(to_sum)
        for row, (kind, slot, outcome) in enumerate(self.quantities):
            column = keys.index((kind, outcome))
            to_sum[row, column] = np.sqrt(0.5)
            to_difference[row, column] = np.sqrt(0.5) * (1 if slot == self.slots[0] else -1)
        return to_sum, to_difference

    def factor(self, sd: Array, corr: Prior) -> TensorVariable:
        """Register priors in the current model and return F (row, standard), covariance F Fᵀ.

        Parameters
        ----------
        sd : ndarray (row,)
            Spread of the half-normal of each standard deviation. Exchangeable members:
            of the sum's and the difference's, each divided by √2.
        corr : Prior
            LKJ; exchangeable members: of the sums and of the differences.
        """
        if not self.exchangeable:
            return covariance(self.name, sd, corr, self.rows, self.dim)
        first = self._first
        labels = [self.rows[row] for row in first]
        total: TensorVariable | None = None
        # [I 0] and [0 I] put the two factors side by side: a join would compile slower
        for place, (part, turn) in enumerate(zip(("sum", "difference"), self._turns, strict=True)):
            own = covariance(f"{self.name}_{part}", sd[first], corr, labels, f"{self.dim}_{part}")
            beside = np.zeros((len(first), 2 * len(first)))
            beside[:, place * len(first) : (place + 1) * len(first)] = np.eye(len(first))
            term = product(turn, product(own, beside))
            total = term if total is None else total + term
        return total

    def covariances(self, posterior: xr.Dataset) -> Array:
        """Covariance (chain, draw, row, row) from sampled variables."""
        if not self.exchangeable:
            return _covariances(posterior, self.name)
        of_sum, of_difference = (
            turn @ _covariances(posterior, f"{self.name}_{part}") @ turn.T
            for part, turn in zip(("sum", "difference"), self._turns, strict=True)
        )
        return np.asarray(of_sum + of_difference)

    def stated(self, truth: Mapping[Any, xr.DataArray]) -> Array:
        """Covariance (row, row) from a truth's `{name}_sd` and `{name}_corr`."""
        labels = {self.dim: self.rows, f"{self.dim}_bis": self.rows}
        sd = truth[f"{self.name}_sd"].sel({self.dim: self.rows}).values
        corr = truth[f"{self.name}_corr"].sel(labels).values
        return np.asarray(corr * sd[:, None] * sd[None, :])

    def described(self, posterior: xr.Dataset) -> xr.Dataset:
        """Add `{name}_sd` (dim) and `{name}_corr` (dim, dim_bis) to sampled variables."""
        cov = self.covariances(posterior)
        sd = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1))
        corr = cov / (sd[..., :, None] * sd[..., None, :])
        coords = {self.dim: self.rows, f"{self.dim}_bis": self.rows}
        return posterior.assign_coords(coords).assign(
            {
                f"{self.name}_sd": (("chain", "draw", self.dim), sd),
                f"{self.name}_corr": (("chain", "draw", self.dim, f"{self.dim}_bis"), corr),
            }
        )


def _covariances(posterior: xr.Dataset, name: str) -> Array:
    sd = posterior[f"{name}_sd"].values
    if sd.shape[-1] == 1:
        return sd[..., None] ** 2
    sd = np.copysign(sd, posterior[f"{name}_signed"].values)
    corr = correlation_from_vine(posterior[f"{name}_vine"].values)
    return np.asarray(corr * sd[..., :, None] * sd[..., None, :])
