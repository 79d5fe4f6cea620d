"""Prior, posterior and predictive draws: sampler and seed pinned, provenance in, clock out."""

import logging
import sys
from hashlib import sha256
from typing import Any

import nutpie
import pymc as pm
import xarray as xr

from securebase.compiling import compile_model
from securebase.config import Sampling

log = logging.getLogger(__name__)


def derived_seed(root: int, *names: str) -> int:
    """Seed of one fit: the first 8 hex digits of sha256("root/study/analysis")."""
    return int(sha256("/".join([str(root), *names]).encode()).hexdigest()[:8], 16)


def seed_rule(root: int, *names: str) -> str:
    """Say how `derived_seed` makes the seed of one fit."""
    return f"first 8 hex digits of sha256('{'/'.join([str(root), *names])}')"


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
    # in a fixed order: the order of a set differs between processes, and so would the file
    used = dict.fromkeys(dim for one in variables for dim in dims.get(one.name, ()))
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
    compiled = compile_model(model)
    log.info("compiled; drawing %d chains", sampling.chains)
    # a job of the workflow writes its log instead
    draws = drawn(compiled, sampling, seed, cores, progress=sys.stderr.isatty())
    log.info("drawn")
    return draws


def drawn(
    compiled: Any,
    sampling: Sampling,
    seed: int,
    cores: int,
    progress: bool = False,
    unconstrained: bool = False,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Draw from the posterior of a compiled model; see `posterior_draws`.

    `unconstrained` adds to the statistics the draws as the sampler sees them:
    `unconstrained_draw` (chain, draw, unconstrained_parameter).
    """
    tree = nutpie.sample(
        compiled,
        draws=sampling.draws,
        tune=sampling.tune,
        chains=sampling.chains,
        cores=min(cores, sampling.chains),
        seed=seed,
        target_accept=sampling.target_accept,
        adaptation="low_rank" if sampling.adaptation == "low_rank" else "diag",
        progress_bar=progress,
        save_warmup=False,
        store_unconstrained=unconstrained,
    )
    return tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
