"""From a bundle back to the exact model of an analysis, its log-density and a fit of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import xarray as xr
from numpy.typing import NDArray

from securebase.bundle.moment_files import arrays_of
from securebase.bundle.template import panel_of
from securebase.codebook.analysis import PriorOverride
from securebase.config import Sampling
from securebase.dials import add_dials
from securebase.families import load_family
from securebase.family import Built, Family, build
from securebase.faults import Fault, InputError
from securebase.names import SAMPLES
from securebase.panel import Panel
from securebase.priors import Prior, Priors, overridden_priors
from securebase.sampling import posterior_draws, prior_draws


@dataclass(frozen=True)
class BundledModel:
    """The model of an analysis with the moments of a bundle as its data.

    Parameters
    ----------
    panel : Panel
        Its structure; the units are invented and stand in for those that were measured.
    priors : Priors
        In force.
    built : Built
        The model, its data those of the bundle.
    """

    panel: Panel
    priors: Priors
    built: Built

    @property
    def family(self) -> Family:
        """Family of the analysis."""
        return load_family(self.panel.analysis.family)

    def log_density(self, draws: xr.Dataset) -> xr.DataArray:
        """Log-density that the sampler moves in, at draws (chain, draw).

        Parameters
        ----------
        draws : xr.Dataset
            Every free variable of the model, as it is: what lies between 0 and 1 is taken to its
            log-odds here. So the value is that of `sample_stats.logp`.
        """
        sizes = [draws.sizes[dim] for dim in SAMPLES]
        values = self.unconstrained(draws).values()
        found = [float(self._density(*point)) for point in zip(*values, strict=True)]
        return xr.DataArray(np.reshape(found, sizes), dims=SAMPLES)

    def gradients(self, draws: xr.Dataset) -> NDArray[Any]:
        """Gradients of the log-density (sample, parameter), by `unconstrained`, in its order."""
        values = self.unconstrained(draws).values()
        return np.array([self._slopes(*point) for point in zip(*values, strict=True)])

    @cached_property
    def _density(self) -> Any:
        model = self.built.model
        return pytensor.function(model.value_vars, model.logp(), on_unused_input="ignore")

    @cached_property
    def _slopes(self) -> Any:
        model = self.built.model
        return pytensor.function(model.value_vars, model.dlogp(), on_unused_input="ignore")

    def unconstrained(self, draws: xr.Dataset) -> dict[str, NDArray[Any]]:
        """Give draws as the sampler sees them (sample, ...), by free variable, chain by chain."""
        model = self.built.model
        rows = draws[[one.name for one in model.free_RVs]].stack(sample=SAMPLES)
        return {
            str(one.name): _unconstrained(
                model, one, rows[str(one.name)].transpose("sample", ...).values
            )
            for one in model.free_RVs
        }

    def prior(self, draws: int, seed: int) -> xr.Dataset:
        """Draw from the prior, derived variables included."""
        return self.family.derived(prior_draws(self.built.model, draws, seed), self.panel)

    def fit(self, sampling: Sampling, seed: int, cores: int) -> tuple[xr.Dataset, xr.Dataset]:
        """Draw from the posterior.

        Returns
        -------
        (posterior, sample_stats) : xr.Dataset
            Dims chain, draw and the model's, derived variables included.
        """
        own = self.family.sampled(sampling)
        posterior, stats = posterior_draws(self.built.model, own, seed, cores)
        return self.family.derived(posterior, self.panel), stats


def _unconstrained(model: pm.Model, variable: Any, values: NDArray[Any]) -> NDArray[Any]:
    """Values (sample, ...) of a free variable as the sampler sees them."""
    transform = model.rvs_to_transforms[variable]
    if transform is None:
        return values
    moved = transform.forward(values, *variable.owner.inputs)
    return np.asarray(moved.eval())


def modelled(
    template: Mapping[str, Any],
    priors: Priors,
    moments: Mapping[str, xr.Dataset],
    overrides: Mapping[str, PriorOverride] | None = None,
) -> BundledModel:
    """Write the model of a template, with moments as its data.

    Parameters
    ----------
    template : mapping
        See `template.template_of`.
    priors : Priors
    moments : mapping of str to xr.Dataset
        By part, see `moment_files`.
    overrides : mapping of str to PriorOverride, optional
        Other priors in the place of these, block by block.

    Raises
    ------
    InputError
        The model has other responses or design columns than the moments are of; faults of the
        overrides.
    """
    panel = panel_of(template)
    in_force = overridden_priors(priors, overrides or {}, "priors of the re-fit")
    built = build(load_family(panel.analysis.family), panel, in_force)
    add_dials(built.model)
    faults = list(_differences(template, built))
    if faults:
        raise InputError("the model of a bundle", faults)
    data = {
        f"{part.name}_{name}": array
        for part in built.parts
        for name, array in arrays_of(moments[part.name], part).items()
    }
    with built.model:
        pm.set_data(data)
    return BundledModel(panel, in_force, built)


def _differences(template: Mapping[str, Any], built: Built) -> list[Fault]:
    """What the model and the template do not agree on."""
    told = {part["name"]: part for part in template["parts"]}
    faults = []
    for part in built.parts:
        for what, own in (("responses", part.responses), ("columns", part.columns)):
            expected = told.get(part.name, {}).get(what, [])
            if list(own) != list(expected):
                given = f"{what}: {', '.join(own)}"
                remedy = "use the version of securebase that wrote the bundle"
                faults.append(Fault(part.name, given, ", ".join(expected), remedy))
    return faults


def priors_as_lists(priors: Priors) -> list[dict[str, Any]]:
    """Give priors as what JSON knows, exactly."""
    return [
        {
            "block": one.block, "kind": one.kind, "unit": one.unit, "reason": one.reason,
            "mean": None if one.mean is None else dict(one.mean),
            "sd": None if one.sd is None else dict(one.sd),
            "eta": one.eta,
        }
        for one in priors.values()
    ]  # fmt: skip


def priors_in(listed: list[dict[str, Any]]) -> dict[str, Prior]:
    """Read what `priors_as_lists` gave."""
    return {one["block"]: Prior(**one) for one in listed}
