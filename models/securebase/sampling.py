"""Prior, posterior and predictive draws: sampler and seed pinned, provenance in, clock out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import nutpie
import pymc as pm
import xarray as xr
from numpy.typing import NDArray

from securebase.config import Sampling
from securebase.family import Built, Family, build
from securebase.panel import Panel
from securebase.priors import Priors

Array = NDArray[np.float64]
Progress = Callable[[str], None]


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
    prior = prior_draws(built.model, sampling.prior_draws, seed)
    posterior, stats = posterior_draws(built.model, sampling, seed, cores)
    groups = {
        "posterior": family.derived(posterior, panel),
        "sample_stats": stats,
        "prior": family.derived(prior, panel),
    }
    timeless = {name: without_clock(one) for name, one in groups.items()}
    return Fit(xr.DataTree.from_dict(timeless), built)


def prior_draws(model: pm.Model, draws: int, seed: int) -> xr.Dataset:
    """Draw every free variable from its prior, data unseen."""
    names = [variable.name for variable in (*model.free_RVs, *model.deterministics)]
    tree = pm.sample_prior_predictive(
        draws=draws,
        model=model,
        var_names=names,
        random_seed=seed,
        compile_kwargs={"mode": "FAST_COMPILE"},
    )
    return tree["prior"].to_dataset()


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
    return tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()


def without_clock(dataset: xr.Dataset) -> xr.Dataset:
    """Drop attributes that differ between two runs of the same fit."""
    kept = {
        key: value
        for key, value in dataset.attrs.items()
        if key not in {"created_at", "sampling_time", "tuning_time"}
    }
    return dataset.assign_attrs(kept) if kept == dataset.attrs else _with_attrs(dataset, kept)


def _with_attrs(dataset: xr.Dataset, attrs: Mapping[str, object]) -> xr.Dataset:
    copy = dataset.copy()
    copy.attrs = dict(attrs)
    return copy
