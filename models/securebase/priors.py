"""Priors as data: a block of parameters, its distribution, its unit, and the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.codebook.analysis import PriorOverride
from securebase.correlation import covariance_factor, vine_pairs, vine_shapes
from securebase.faults import Fault, InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prior:
    """The prior of one block of parameters.

    Parameters
    ----------
    block : str
        Name by which a codebook overrides it.
    kind : {"normal", "half-normal", "lkj"}
        Distribution.
    mean, sd : mapping of str to float
        Location and spread per outcome, or per phase and outcome ("treatment depression"), in the
        unit; empty for "lkj".
    eta : float
        Shape of "lkj".
    unit : str
        Unit of the parameters, in words.
    reason : str
        Why this prior.
    """

    block: str
    kind: Literal["normal", "half-normal", "lkj"]
    unit: str
    reason: str
    mean: Mapping[str, float] | None = None
    sd: Mapping[str, float] | None = None
    eta: float = 1.0

    def means(self, outcomes: list[str]) -> Array:
        """Locations aligned with `outcomes`."""
        return np.array([(self.mean or {}).get(outcome, 0.0) for outcome in outcomes])

    def sds(self, outcomes: list[str]) -> Array:
        """Spreads aligned with `outcomes`."""
        if self.sd is None:
            raise ValueError(f"prior {self.block} is {self.kind} and has no spread")
        return np.array([self.sd[outcome] for outcome in outcomes])

    def place(self, part: str, outcome: str) -> str:
        """Name under which a part of an outcome stands here: its own, or that of the outcome."""
        own = f"{part} {outcome}"
        return own if own in (self.sd or {}) else outcome

    def overridden(self, override: PriorOverride) -> "Prior":
        """Return this prior with the values a codebook sets."""
        every = self.sd or {}
        return replace(
            self,
            mean=dict.fromkeys(every, override.mean) if override.mean is not None else self.mean,
            sd=dict.fromkeys(every, override.sd) if override.sd is not None else self.sd,
            eta=self.eta if override.eta is None else override.eta,
            reason=override.reason,
        )


Priors = Mapping[str, Prior]


def overridden_priors(
    defaults: Priors, overrides: Mapping[str, PriorOverride], where: str
) -> dict[str, Prior]:
    """Apply a codebook's overrides.

    Parameters
    ----------
    defaults : mapping of str to Prior
        What the family would use.
    overrides : mapping of str to PriorOverride
        From the codebook.
    where : str
        File and keys, for messages.

    Raises
    ------
    InputError
        For blocks the family does not have, and values a distribution does not take.
    """
    faults = list(_faults(defaults, overrides, where))
    if faults:
        raise InputError("priors", faults)
    return {
        block: prior.overridden(overrides[block]) if block in overrides else prior
        for block, prior in defaults.items()
    }


def _faults(defaults: Priors, overrides: Mapping[str, PriorOverride], where: str) -> list[Fault]:
    faults = []
    takes = {"normal": {"mean", "sd"}, "half-normal": {"sd"}, "lkj": {"eta"}}
    for block, override in overrides.items():
        if block not in defaults:
            known = ", ".join(defaults)
            faults.append(Fault(where, f"no prior block '{block}'", f"one of: {known}"))
            continue
        given = {key for key in ("mean", "sd", "eta") if getattr(override, key) is not None}
        kind = defaults[block].kind
        # a normal without a location of its own is centred by the family
        taken = takes[kind] - ({"mean"} if defaults[block].mean is None else set())
        for key in sorted(given - taken):
            expected = f"{kind} takes {' and '.join(sorted(taken))}"
            faults.append(Fault(where, f"'{key}' for block '{block}'", expected))
    return faults


def prior_table(priors: Priors) -> pd.DataFrame:
    """Tabulate the priors in force.

    Returns
    -------
    pd.DataFrame
        Columns block, outcome, density, unit, reason.
    """
    rows = []
    for prior in priors.values():
        if prior.kind == "lkj":
            rows.append((prior.block, "", f"LKJ({prior.eta:g})", prior.unit, prior.reason))
            continue
        for outcome, sd in (prior.sd or {}).items():
            mean = ""
            if prior.kind == "normal":
                mean = f"{prior.mean[outcome]:g}, " if prior.mean else "see reason, "
            density = f"{prior.kind.capitalize()}({mean}{sd:g})"
            rows.append((prior.block, outcome, density, prior.unit, prior.reason))
    return pd.DataFrame(rows, columns=["block", "outcome", "density", "unit", "reason"])


def normal(name: str, prior: Prior, dims: tuple[str, ...], outcomes: list[str]) -> TensorVariable:
    """Normal parameters of the current model; the last dim runs over outcomes."""
    return pm.Normal(name, prior.means(outcomes), prior.sds(outcomes), dims=dims)


def covariance(name: str, sd: Array, corr: Prior, labels: list[str], dim: str) -> TensorVariable:
    """Factor of a covariance with half-normal standard deviations and an LKJ correlation.

    Registers in the current model `{name}_sd` (dim), `{name}_signed` (dim), the same in units
    of its prior's spread and with a sign that means nothing, and `{name}_vine` (dim_pair),
    the partial correlations, but for these signs, mapped to 0–1.

    Parameters
    ----------
    name : str
        Prefix of the variables.
    sd : ndarray (label,)
        Spread of each half-normal, in the variable's own unit.
    corr : Prior
        Kind "lkj".
    labels : list of str
        What the covariance is of: coordinates of `dim`.

    Returns
    -------
    TensorVariable (label, label)
        Lower triangular F, covariance F Fᵀ.
    """
    model = pm.modelcontext(None)
    pairs = [f"{labels[j]} ~ {labels[i]}" for i, j in vine_pairs(len(labels))]
    model.add_coords({dim: labels, f"{dim}_pair": pairs})
    # half-normal by its sign: a spread near zero is passed through, not a ravine of its logarithm.
    # A turned sign turns the correlations with it, and nothing else. Chains start within 1 of
    # the given point: never where no spread is left, from where a chain may not come back
    signed = pm.Normal(f"{name}_signed", 0.0, 1.0, initval=np.full(len(labels), 1.2), dims=dim)
    pm.Deterministic(f"{name}_sd", pt.abs(signed) * sd, dims=dim)
    spread = signed * sd
    if not pairs:
        return spread[:, None]
    shapes = vine_shapes(len(labels), corr.eta)
    vine = pm.Beta(f"{name}_vine", shapes, shapes, dims=f"{dim}_pair")
    return covariance_factor(spread, vine)
