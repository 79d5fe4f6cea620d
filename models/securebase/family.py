"""What a family must declare, and what every family gets for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.likelihood import gaussian_loglik, moment_data, product
from securebase.moments import Moments, moments_of
from securebase.panel import Panel
from securebase.priors import Priors

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """A posterior variable as a family promises it.

    Parameters
    ----------
    name : str
        Identifier in plain words.
    dims : tuple of str
        Dims without chain and draw.
    unit : str
        Unit; "{time}" is filled with the study's time unit.
    meaning : str
        One sentence.
    unit_of_change : str
        Unit of the cells that concern a change, where these differ.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    meaning: str
    unit_of_change: str = ""

    def unit_at(self, coordinates: Iterable[str], time_unit: str) -> str:
        """Unit of the cell at some coordinates."""
        levels = all(label.partition(" ")[0] == "level" for label in coordinates)
        unit = self.unit if levels or not self.unit_of_change else self.unit_of_change
        return unit.format(time=time_unit)


@dataclass(frozen=True)
class RandomEffects:
    """How units differ around their mean: y = M w + basis · factor · z + residual.

    Parameters
    ----------
    basis : TensorVariable (response, effect)
        From effects to responses.
    factor : TensorVariable (effect, standard)
        From standard normal z to effects.
    residual : TensorVariable (series, series)
        Covariance of the residuals of one wave.
    series : ndarray (response,)
        Series of each response.
    wave : list of str
        Wave of each response: residuals of two waves are independent.
    """

    basis: TensorVariable
    factor: TensorVariable
    residual: TensorVariable
    series: NDArray[np.int64]
    wave: list[str]

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
    mean : TensorVariable (response, design)
    effects : RandomEffects
    loading : TensorVariable (response, cluster_effect), optional
    cluster_factor : TensorVariable (cluster_effect, cluster_effect), optional
        Factor of the covariance of the cluster effects.
    """

    name: str
    score: Array
    predictors: Array
    cluster: NDArray[np.int64] | None
    responses: tuple[str, ...]
    columns: tuple[str, ...]
    mean: TensorVariable
    effects: RandomEffects
    loading: TensorVariable | None = None
    cluster_factor: TensorVariable | None = None

    @property
    def moments(self) -> Moments:
        """All that the likelihood sees of these units."""
        return moments_of(self.score, self.predictors, self.cluster, self.responses, self.columns)

    @property
    def cluster_cov(self) -> TensorVariable | None:
        """Covariance of the cluster effects."""
        if self.cluster_factor is None:
            return None
        return product(self.cluster_factor, self.cluster_factor, right_transposed=True)


@dataclass(frozen=True)
class Family:
    """A function from parameters to moments, with its simulator.

    Parameters
    ----------
    name : str
        Name of its module.
    equation : str
        The model in one line.
    parameters : tuple of Parameter
        Every posterior variable it may have.
    default_priors : callable (Panel) -> Priors
        Scaled by the outcomes' ranges and the time span.
    parts : callable (Panel, Priors) -> list of Part
        Writes priors into the current model and returns the implied moments.
    derived : callable (xr.Dataset, Panel) -> xr.Dataset
        Adds variables that are functions of sampled ones.
    trajectories : callable (xr.Dataset, Panel) -> xr.DataArray
        Expected scores (chain, draw, role, outcome, wave) at average predictors.
    simulate : callable (Generator, truth, Panel) -> Panel
        New scores for the units of a panel, missing where the panel's are.
    """

    name: str
    equation: str
    parameters: tuple[Parameter, ...]
    default_priors: Callable[[Panel], Priors]
    parts: Callable[[Panel, Priors], list[Part]]
    derived: Callable[[xr.Dataset, Panel], xr.Dataset]
    trajectories: Callable[[xr.Dataset, Panel], xr.DataArray]
    simulate: Callable[[np.random.Generator, xr.Dataset, Panel], Panel]

    def parameter(self, variable: str) -> Parameter | None:
        """Declaration of a posterior variable, None for helpers that no one reads.

        A variable of one of several compositions ("unit_mf_sd") is declared without it.
        """
        declared = {parameter.name: parameter for parameter in self.parameters}
        first, *rest = variable.split("_")
        names = ("_".join([first, *rest[skipped:]]) for skipped in range(max(len(rest), 1)))
        return next((declared[name] for name in names if name in declared), None)


@dataclass(frozen=True)
class Built:
    """A model and the moments it implies, part by part."""

    model: pm.Model
    parts: list[Part]


def build(family: Family, panel: Panel, priors: Priors, explicit: bool = False) -> Built:
    """Write the model of a family on a panel; nothing is sampled.

    Parameters
    ----------
    family : Family
    panel : Panel
    priors : Priors
        Of every block the family needs.
    explicit : bool
        Sample the random effects instead of integrating them out: the twin for
        verification. Not for clustered analyses.

    Returns
    -------
    Built
    """
    with pm.Model() as model:
        parts = family.parts(panel, priors)
        for part in parts:
            if explicit:
                pm.Potential(f"loglik_{part.name}", explicit_loglik(part))
                continue
            data = moment_data(part.moments, model, prefix=f"{part.name}_")
            value = gaussian_loglik(
                part.mean, part.effects.cov, data, part.loading, part.cluster_cov
            )
            pm.Potential(f"loglik_{part.name}", value)
    return Built(model, parts)


def explicit_loglik(part: Part) -> TensorVariable:
    """Log-density of the scores given random effects that are sampled.

    Registers the standard normal `unit_offset_{part}` (unit, standard) in the current
    model. Residuals are grouped by the set of series observed together at a wave.
    """
    if part.loading is not None:
        raise ValueError("the explicit twin of a clustered analysis is not written")
    effects = part.effects
    # one standard normal per effect
    shape = (len(part.score), effects.basis.type.shape[1])
    offset = pm.Normal(f"unit_offset_{part.name}", shape=shape)
    unit_effect = pt.dot(offset, effects.factor.T)
    expected = pt.dot(part.predictors, part.mean.T) + pt.dot(unit_effect, effects.basis.T)
    total: TensorVariable = pt.constant(0.0)
    for units, responses in _residual_blocks(part):
        series = effects.series[responses[0]]
        chol = pt.linalg.cholesky(effects.residual[series][:, series])
        residual = part.score[units[:, None], responses] - expected[units[:, None], responses]
        white = pt.linalg.solve_triangular(chol, residual.T, lower=True)
        logdet = pt.log(pt.diagonal(chol)).sum()
        constant = 0.5 * len(series) * np.log(2 * np.pi)
        total = total - 0.5 * (white**2).sum() - len(units) * (logdet + constant)
    return total


def _residual_blocks(part: Part) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(unit, responses) rows of each set of series observed together at one wave."""
    rows: dict[tuple[int, ...], list[tuple[int, NDArray[np.int64]]]] = {}
    wave = np.array(part.effects.wave)
    for unit, score in enumerate(part.score):
        for name in dict.fromkeys(part.effects.wave):
            responses = np.flatnonzero((wave == name) & ~np.isnan(score))
            if len(responses):
                key = tuple(part.effects.series[responses])
                rows.setdefault(key, []).append((unit, responses))
    return [
        (np.array([unit for unit, _ in found]), np.stack([places for _, places in found]))
        for found in rows.values()
    ]
