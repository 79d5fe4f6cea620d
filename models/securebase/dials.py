"""Dials on the priors of a model: other priors in their place, without compiling again.

A prior is turned by a weight w on the exponent of its kernel. A normal with standard
deviation s becomes one with s / √(1 + w); LKJ(η) becomes LKJ(η + w). At 0, where a fit has
it, nothing is added to the density.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pymc.distributions.continuous import BetaRV
from pytensor.tensor.variable import TensorVariable
from scipy import stats

from securebase.names import SAMPLES, STANDS_FOR

Array = NDArray[np.float64]

WEIGHT: Final = "prior_weight"
BLOCK: Final = "prior_block"


@dataclass(frozen=True)
class Block:
    """Parameters with one dial: a free variable of a model, by the name that readers know.

    Parameters
    ----------
    name : str
        Posterior variable: "change", "unit_sd", "unit_corr".
    variable : TensorVariable
        The free variable behind it.
    """

    name: str
    variable: TensorVariable

    @property
    def of_correlations(self) -> bool:
        """Whether its dial turns the shape of an LKJ distribution."""
        return isinstance(self.variable.owner.op, BetaRV)

    @property
    def parameters(self) -> list[TensorVariable]:
        """Mean and standard deviation of the normal, or both shapes of the beta distribution."""
        return list(self.variable.owner.inputs[2:4])

    @property
    def eta(self) -> float:
        """Declared shape of the LKJ distribution (see `correlation.vine_shapes`)."""
        return float(np.min(self.parameters[0].eval()))

    def kernel(self) -> TensorVariable:
        """Log-density of its values, up to what does not depend on them and the weight."""
        values = self.variable
        if self.of_correlations:
            return (pt.log(values) + pt.log1p(-values)).sum()
        mean, sd = self.parameters
        return -0.5 * (((values - mean) / sd) ** 2).sum()

    def log_density(self, posterior: xr.Dataset) -> xr.DataArray:
        """Log-density of its values under the declared prior, at draws (chain, draw)."""
        density = stats.beta if self.of_correlations else stats.norm
        first, second = (one.eval() for one in self.parameters)
        return self._total(posterior, lambda values: density.logpdf(values, first, second))

    def log_jacobian(self, posterior: xr.Dataset) -> xr.DataArray | float:
        """Log of dv / d log-odds, v (1 - v), at draws (chain, draw): what lies between 0 and 1."""
        if not self.of_correlations:
            return 0.0
        return self._total(posterior, lambda values: np.log(values) + np.log1p(-values))

    def _total(self, posterior: xr.Dataset, function: Callable[[Array], Array]) -> xr.DataArray:
        values = posterior[self.variable.name].transpose(*SAMPLES, ...)
        return values.copy(data=function(values.values)).sum(values.dims[2:])


def blocks_of(model: pm.Model) -> list[Block]:
    """List the dials that a model has or may get, in the order of its free variables."""
    return [Block(_shown(str(one.name)), one) for one in model.free_RVs]


def _shown(name: str) -> str:
    for hidden, shown in STANDS_FOR.items():
        if name.endswith(hidden):
            return name.removesuffix(hidden) + shown
    return name


def add_dials(model: pm.Model) -> None:
    """Put a dial on every block of a model, at 0."""
    blocks = blocks_of(model)
    with model:
        model.add_coords({BLOCK: [one.name for one in blocks]})
        weight = pm.Data(WEIGHT, np.zeros(len(blocks)), dims=BLOCK)
        turned = [weight[place] * one.kernel() for place, one in enumerate(blocks)]
        pm.Potential("prior_turned", pt.add(*turned, 0.0))


def weights(
    blocks: Sequence[Block], scales: Mapping[str, float], etas: Mapping[str, float]
) -> dict[str, NDArray[Any]]:
    """Set the dials: data to exchange in a compiled model.

    Parameters
    ----------
    blocks : sequence of Block
        Of the model.
    scales : mapping of str to float
        Factor of the standard deviations of a normal, and so of a half-normal, by block.
    etas : mapping of str to float
        Shape of the LKJ distribution, by block.

    Raises
    ------
    KeyError
        For a block that the model does not have.
    """
    found = np.zeros(len(blocks))
    places = {one.name: place for place, one in enumerate(blocks)}
    for name, scale in scales.items():
        found[places[name]] = scale**-2 - 1.0
    for name, eta in etas.items():
        found[places[name]] = eta - blocks[places[name]].eta
    return {WEIGHT: found}


def log_prior(model: pm.Model, posterior: xr.Dataset) -> xr.Dataset:
    """Log-density of the declared prior of each block, at draws (chain, draw)."""
    return xr.Dataset({one.name: one.log_density(posterior) for one in blocks_of(model)})


def log_likelihood(
    model: pm.Model, posterior: xr.Dataset, stats: xr.Dataset, prior: xr.Dataset
) -> xr.Dataset:
    """Log-likelihood of draws (chain, draw), up to a constant: what the prior leaves.

    The sampler's density is that of the values it moves: what lies between 0 and 1 by its
    log-odds. `prior` is that of `log_prior`.
    """
    found = stats["logp"] - prior.to_dataarray().sum("variable")
    for block in blocks_of(model):
        found = found - block.log_jacobian(posterior)
    return found.to_dataset(name="study")
