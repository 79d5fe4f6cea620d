"""What a bundle holds of draws: named groups only, and nothing that has an entry for each unit.

Where moments are masked, no exact number may be told of all data: with what is released it would
give away what is not. A total log-likelihood at known draws is linear in the moments of every
cell, so some thousand draws of it determine those of the small ones.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import xarray as xr

from securebase.bundle.models import BundledModel
from securebase.dials import log_prior
from securebase.faults import Fault, InputError
from securebase.names import CLUSTER, PERSON, UNIT

GROUPS: Final = (
    *("posterior", "sample_stats", "prior", "log_prior", "log_likelihood"),
    *("posterior_predictive", "prior_predictive", "moment_fit", "observed_data"),
)
EXACT_OF_ALL: Final = ("log_likelihood", "moment_fit", "observed_data")
"""Groups that follow exactly from all data."""
DENSITIES: Final = ("logp", "energy", "energy_error", "max_energy_error", "divergence_energy_error")
RAW_DIGESTS: Final = "raw_sha256"
BY_UNIT: Final = frozenset({UNIT, PERSON, CLUSTER, "obs", "row", "couple", "dyad", "team"})


def public_draws(
    tree: xr.DataTree, model: BundledModel | None, lost: int, withheld: int
) -> xr.DataTree:
    """Take what the public may have of the draws of a fit to all data.

    Parameters
    ----------
    tree : xr.DataTree
        posterior.nc.
    model : BundledModel or None
        On the public moments; None where none are released.
    lost : int
        Observed values that are masked or withheld.
    withheld : int
        Units of which nothing is released.

    Returns
    -------
    xr.DataTree
        Where values are lost: without densities of all data, the energy rounded so that only
        its variation is told. Where units are withheld: what depends on predictor columns (prior
        densities, curves) is computed with the columns of those who are released.
    """
    groups = {name: tree[name].to_dataset() for name in GROUPS if name in tree.children}
    if lost or model is None:
        groups = {name: one for name, one in groups.items() if name not in EXACT_OF_ALL}
        stats = groups["sample_stats"]
        energy = stats["energy"].round(1)
        groups["sample_stats"] = stats.drop_vars(DENSITIES, errors="ignore").assign(energy=energy)
    if model is not None and withheld:
        free = [one.name for one in model.built.model.free_RVs]
        sampled = [str(one) for one in groups["posterior"] if _sampled(str(one), free, model)]
        posterior = groups["posterior"][sampled]
        groups["posterior"] = model.family.derived(posterior, model.panel)
        groups["log_prior"] = log_prior(model.built.model, posterior)
        seed, draws = int(tree.attrs["seed"]), groups["prior"].sizes["draw"]
        groups["prior"] = model.prior(draws, seed)
    # digests without a nonce: see seal
    attributes = {name: one for name, one in tree.attrs.items() if name != RAW_DIGESTS}
    return _tree(groups, attributes)


def _sampled(name: str, free: list[str], model: BundledModel) -> bool:
    """Whether a variable is of the model itself, and not added to its draws."""
    return name in free or name in {one.name for one in model.built.model.deterministics}


def controlled_draws(tree: xr.DataTree) -> xr.DataTree:
    """Take the known groups, whole."""
    groups = {name: tree[name].to_dataset() for name in GROUPS if name in tree.children}
    return _tree(groups, tree.attrs)


def refit_draws(
    posterior: xr.Dataset, stats: xr.Dataset, model: BundledModel, attributes: Mapping[str, str]
) -> xr.DataTree:
    """Arrange the draws of a fit to the moments of a bundle, as a fit to all data is."""
    prior = log_prior(model.built.model, posterior)
    groups = {"posterior": posterior, "sample_stats": stats, "log_prior": prior}
    return _tree(groups, attributes)


def _tree(groups: Mapping[str, xr.Dataset], attributes: Mapping[Any, Any]) -> xr.DataTree:
    faults = [fault for name, one in groups.items() for fault in _unit_faults(name, one)]
    if faults:
        raise InputError("draws of a bundle", faults)
    tree = xr.DataTree.from_dict({name: one.drop_attrs() for name, one in groups.items()})
    tree.attrs = dict(attributes)
    return tree


def _unit_faults(name: str, group: xr.Dataset) -> Iterator[Fault]:
    """Rule R7: nothing with an entry for each unit."""
    for variable in [*group.data_vars, *group.coords]:
        for dim in {*map(str, group[variable].dims)} & BY_UNIT:
            given, expected = f"an entry for each {dim}", "nothing by unit (R7)"
            yield Fault(f"{name}, {variable}", given, expected)
