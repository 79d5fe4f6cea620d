"""What a family must declare, and what every family gets for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.codebook.analysis import Analysis
from securebase.config import Sampling
from securebase.explicit import explicit_loglik
from securebase.faults import Fault, InputError
from securebase.panel import Panel
from securebase.part import Part
from securebase.priors import Priors


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
    stated : bool
        Whether a truth states it; false for what follows from stated ones.
    ratio : bool
        Whether it is a ratio whose denominator may be 0: it has quantiles, but no mean.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    meaning: str
    unit_of_change: str = ""
    stated: bool = True
    ratio: bool = False

    def unit_at(self, coordinates: Iterable[str], time_unit: str) -> str:
        """Unit of the cell at some coordinates."""
        levels = all(label.partition(" ")[0] == "level" for label in coordinates)
        unit = self.unit if levels or not self.unit_of_change else self.unit_of_change
        return unit.format(time=time_unit)


PREDICTOR_SOURCES: Final[Mapping[str, str]] = {
    "actor": "the person's own value",
    "partner": "the partner's value",
    "unit": "a value the members share",
    "leader": "the value of who leads the cluster",
    "group": "the observed mean of the cluster",
    "interaction": "a product of predictors",
}
"""Whose values predict, as variables call it ("leader_on_level") and in words."""


def predictor_parameters(
    part: str,
    unit: str,
    dims: tuple[str, ...],
    meaning: str,
    sources: Iterable[str] = tuple(PREDICTOR_SOURCES),
) -> Iterator[Parameter]:
    """Declare the effects of predictors on a part, one variable per source.

    Parameters
    ----------
    part : str
        "level", "change".
    unit : str
        Of the part.
    dims : tuple of str
        After that of the predictors.
    meaning : str
        A sentence; "{whose}" is filled.
    """
    for source in sources:
        yield Parameter(
            f"{source}_on_{part}",
            (f"{source}_predictor", *dims),
            f"{unit} per unit of the predictor",
            meaning.format(whose=PREDICTOR_SOURCES[source]),
        )


def spread_parameters(
    name: str, dim: str, unit: str, meaning: str, unit_of_change: str = "", *, members: bool = True
) -> Iterator[Parameter]:
    """Declare a covariance: its standard deviations and its correlations.

    Parameters
    ----------
    name : str
        Prefix of the variables.
    dim : str
        Dim of the labels.
    members : bool
        Whether it is of members of a unit: those of exchangeable ones are made of the
        standard deviations of their sum and of their difference.
    """
    yield Parameter(f"{name}_sd", (dim,), unit, meaning, unit_of_change)
    for part in ("sum", "difference") if members else ():
        words, own = f"Members' {part} / √2.", (f"{dim}_{part}",)
        yield Parameter(f"{name}_{part}_sd", own, unit, words, unit_of_change, stated=False)
    yield Parameter(f"{name}_corr", (dim, f"{dim}_bis"), "correlation", meaning)


def nothing_implied(values: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add nothing: every variable of the family is stated."""
    return values


def nothing_unused(panel: Panel) -> pd.DataFrame:
    """Count no answers: the family uses every one."""
    return pd.DataFrame({"role": [], "outcome": [], "lost": [], "answers": []})


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
    implied : callable (xr.Dataset, Panel) -> xr.Dataset
        Adds what follows from stated variables (indirect effects, vertices), to a posterior
        or to a truth; `derived` does so too.
    unused : callable (Panel) -> pd.DataFrame
        Answers that the model cannot use: columns role, outcome, lost, answers.
    keys : frozenset of str
        Keys of an analysis that it understands beside those of its data (outcomes, roles, waves,
        complete_waves), family, question and priors; others are refused. "group_means":
        interactions may name that of an outcome.
    adaptation : "diag" or "low_rank"
        What the sampler learns in its warm-up, see `config.Sampling`; low_rank where quantities
        trade against each other, and chains mix slowly otherwise.
    plain_growth : bool
        Whether its model is the growth of `growth.design` and no more, which other programs know.
    """

    name: str
    equation: str
    parameters: tuple[Parameter, ...]
    default_priors: Callable[[Panel], Priors]
    parts: Callable[[Panel, Priors], list[Part]]
    derived: Callable[[xr.Dataset, Panel], xr.Dataset]
    trajectories: Callable[[xr.Dataset, Panel], xr.DataArray]
    simulate: Callable[[np.random.Generator, xr.Dataset, Panel], Panel]
    implied: Callable[[xr.Dataset, Panel], xr.Dataset] = nothing_implied
    unused: Callable[[Panel], pd.DataFrame] = nothing_unused
    keys: frozenset[str] = frozenset({"predictors", "interactions", "clusters"})
    adaptation: Literal["diag", "low_rank"] = "diag"
    plain_growth: bool = False

    def sampled(self, sampling: Sampling) -> Sampling:
        """Say how its posteriors are drawn, where the run leaves that to the family."""
        if sampling.adaptation != "family":
            return sampling
        return sampling.model_copy(update={"adaptation": self.adaptation})

    def refuse_other_keys(self, analysis: Analysis, where: str) -> None:
        """Raise one `InputError` with every key of an analysis that this family does not use."""
        data = {"outcomes", "roles", "waves", "complete_waves"}
        known = self.keys | data | {"family", "question", "priors", "rivals"}
        set_to = {name for name in analysis.model_fields_set if getattr(analysis, name)}
        faults = [
            Fault(where, f"'{name}' for family {self.name}", f"one of: {', '.join(sorted(known))}")
            for name in sorted(set_to - known)
        ]
        means = {term for one in analysis.products for term in one.of} & set(analysis.group_means)
        if "group_means" not in self.keys:
            faults += [
                Fault(where, f"'{term}' in an interaction", "predictors", "or `of: group`")
                for term in sorted(means)
            ]
        if faults:
            raise InputError(f"family {self.name}", faults)

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

    def data_of(self, panel: Panel) -> dict[str, NDArray[Any]]:
        """Give the data of another panel under the names they have in the model.

        To fit again without compiling: ``compiled.with_data(**built.data_of(panel))``.

        Parameters
        ----------
        panel : Panel
            With the same units and predictors, and other scores.
        """
        return self._named([part.arrays_in(panel) for part in self.parts])

    def data_with(self, scores: Sequence[NDArray[np.float64]]) -> dict[str, NDArray[Any]]:
        """Give the data had each part other scores (unit, response); see `data_of`."""
        pairs = zip(self.parts, scores, strict=True)
        return self._named([part.arrays(score) for part, score in pairs])

    def _named(self, arrays: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
        return {
            f"{part.name}_{name}": array
            for part, own in zip(self.parts, arrays, strict=True)
            for name, array in own.items()
        }

    @property
    def logliks(self) -> list[TensorVariable]:
        """Log-density of the units of each part."""
        return [self.model[f"loglik_{part.name}"] for part in self.parts]


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
        verification.

    Returns
    -------
    Built
    """
    with pm.Model() as model:
        parts = family.parts(panel, priors)
        for part in parts:
            if explicit:
                value = explicit_loglik(part)
            else:
                arrays = part.arrays(part.score)
                data = {name: pm.Data(f"{part.name}_{name}", arrays[name]) for name in arrays}
                value = part.loglik(data)
            pm.Potential(f"loglik_{part.name}", value)
    return Built(model, parts)
