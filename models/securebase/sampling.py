"""Prior, posterior and predictive draws: sampler and seed pinned, provenance in, clock out."""

import logging
from dataclasses import dataclass
from hashlib import sha256

import nutpie
import pymc as pm
import xarray as xr

from securebase.config import Sampling
from securebase.family import Built, Family, build
from securebase.panel import Panel
from securebase.priors import Priors

log = logging.getLogger(__name__)


def derived_seed(root: int, *names: str) -> int:
    """Seed of one fit: the first 8 hex digits of sha256("root/study/analysis")."""
    return int(sha256("/".join([str(root), *names]).encode()).hexdigest()[:8], 16)


@dataclass(frozen=True)
class Fit:
    """What sampling one analysis leaves behind.

    Parameters
    ----------
    draws : xr.DataTree
        Groups posterior, sample_stats, prior: no clock, no unit-indexed array.
    built : Built
        Model and implied moments, for predictive draws.
    """

    draws: xr.DataTree
    built: Built


def fit(
    family: Family, panel: Panel, priors: Priors, sampling: Sampling, seed: int, cores: int
) -> Fit:
    """Draw from prior and posterior of a family on a panel.

    Parameters
    ----------
    seed : int
        See `derived_seed`; draws do not depend on `cores`.
    cores : int
        Processors the chains may use.

    Returns
    -------
    Fit
    """
    built = build(family, panel, priors)
    log.info("model of %d free variables is written", len(built.model.free_RVs))
    prior = prior_draws(built.model, sampling.prior_draws, seed)
    posterior, stats = posterior_draws(built.model, sampling, seed, cores)
    groups = {
        "posterior": family.derived(posterior, panel),
        "sample_stats": stats,
        "prior": family.derived(prior, panel),
    }
    draws = xr.DataTree.from_dict({name: without_clock(one) for name, one in groups.items()})
    return Fit(draws, built)


def prior_draws(model: pm.Model, draws: int, seed: int) -> xr.Dataset:
    """Draw every free variable from its prior, data unseen.

    Returns
    -------
    xr.Dataset
        Dims chain (1), draw and the model's.
    """
    variables = [*model.free_RVs, *model.deterministics]
    values = pm.draw(variables, draws=draws, random_seed=seed, mode="FAST_COMPILE")
    dims = model.named_vars_to_dims
    used = {dim for one in variables for dim in dims.get(one.name, ())}
    return xr.Dataset(
        {
            one.name: (("chain", "draw", *dims.get(one.name, ())), value[None])
            for one, value in zip(variables, values, strict=True)
        },
        coords={dim: list(model.coords[dim]) for dim in used},
    )


def posterior_draws(
    model: pm.Model, sampling: Sampling, seed: int, cores: int
) -> tuple[xr.Dataset, xr.Dataset]:
    """Draw from the posterior with nutpie.

    Returns
    -------
    (posterior, sample_stats) : xr.Dataset
        Dims chain, draw and the model's.
    """
    compiled = nutpie.compile_pymc_model(model, backend="numba")
    log.info("compiled; drawing %d chains", sampling.chains)
    tree = nutpie.sample(
        compiled,
        draws=sampling.draws,
        tune=sampling.tune,
        chains=sampling.chains,
        cores=min(cores, sampling.chains),
        seed=seed,
        target_accept=sampling.target_accept,
        progress_bar=False,
        save_warmup=False,
    )
    log.info("drawn")
    return tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()


def without_clock(dataset: xr.Dataset) -> xr.Dataset:
    """Return the values without attributes, which hold the time of the run among others."""
    return dataset.drop_attrs()
