"""Ranks of true values among posterior draws, over studies simulated from the prior.

Talts et al. (2018), arXiv:1804.06788; the log-likelihood as a further test quantity, which
notices what no single parameter does: Modrák et al. (2023), doi:10.1214/23-BA1404.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from securebase.config import Refits, Sampling
from securebase.dials import WEIGHT
from securebase.family import Built, Family
from securebase.mixing import mixing
from securebase.names import STANDS_FOR
from securebase.panel import Panel
from securebase.refits import Outcome, Task, refit
from securebase.sampling import derived_seed, prior_draws

LOG_LIKELIHOOD = "log_likelihood"
DIAGNOSTICS = ("draws", "divergences", "r_hat", "ess")
# what priors are written on and nobody reads
_HELPERS = tuple(STANDS_FOR)


@dataclass(frozen=True)
class Calibration:
    """Ranks and diagnostics of re-fits.

    Parameters
    ----------
    ranks : pd.DataFrame
        A row per replicate, a column per quantity: 0, …, `highest`.
    fits : pd.DataFrame
        A row per replicate: draws, divergences, r_hat (largest over quantities), ess (smallest,
        bulk or tail), failure.
    highest : int
        Posterior draws a true value is ranked among.
    """

    ranks: pd.DataFrame
    fits: pd.DataFrame
    highest: int


def calibrate(
    family: Family,
    panel: Panel,
    built: Built,
    replicates: int,
    refits: Refits,
    run: Sampling,
    cores: int,
    highest: int = 99,
) -> Calibration:
    """Draw truths from the prior, simulate a study from each, fit it, and rank the truth.

    Parameters
    ----------
    family, panel, built
        The model, and the units, predictors and missing scores of every simulated study.
    replicates : int
        Studies.
    refits : Refits
        How each study is fitted.
    run : Sampling
        Root of all seeds, acceptance.
    cores : int
    highest : int
        Evenly spaced draws, far enough apart to be nearly independent, that a truth is
        ranked among.
    """
    seed = derived_seed(run.seed, "calibration")
    prior = family.derived(prior_draws(built.model, replicates, seed), panel)
    truths = [prior.isel(chain=0, draw=number) for number in range(replicates)]
    densities = log_likelihood(built)
    studies = [
        built.data_of(family.simulate(np.random.default_rng([seed, number]), truth, panel))
        for number, truth in enumerate(truths)
    ]

    def ranked(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> dict[str, float]:
        posterior = family.derived(posterior, panel)
        total = posterior.sizes["chain"] * posterior.sizes["draw"]
        at = np.linspace(0, total - 1, highest).astype(int)
        flat = posterior.stack(sample=("chain", "draw")).isel(sample=at)
        study = studies[number]
        true_density = densities(truths[number].expand_dims("sample"), study)
        found = {LOG_LIKELIHOOD: int((densities(flat, study) < true_density).sum())}
        for name, true, draws in quantities(truths[number], flat):
            found[name] = int((draws < true).sum())
        return found | diagnostics(posterior, stats)

    def mixed(found: dict[str, float]) -> bool:
        return refits.mixed(found["r_hat"], found["ess"])

    tasks = [Task(study, seed + 1 + number) for number, study in enumerate(studies)]
    sampling = refits.sampling(family.sampled(run))
    outcomes = list(refit(built.model, tasks, sampling, cores, ranked, mixed))
    return _gathered(outcomes, highest)


def _gathered(outcomes: list[Outcome[dict[str, float]]], highest: int) -> Calibration:
    rows = pd.DataFrame([one.result or {} for one in outcomes])
    fits = rows[list(DIAGNOSTICS)].assign(failure=[one.failure for one in outcomes])
    ranks = rows.drop(columns=list(DIAGNOSTICS)).dropna().astype(int)
    return Calibration(ranks, fits, highest)


def quantities(
    truth: xr.Dataset, draws: xr.Dataset
) -> Iterator[tuple[str, float, NDArray[np.float64]]]:
    """List the numbers of a posterior once each: name, true value, draws (sample,)."""
    for variable, values in truth.data_vars.items():
        if str(variable).endswith(_HELPERS):
            continue
        sampled = draws[variable].transpose("sample", *values.dims).values
        for place in np.ndindex(values.shape):
            # a correlation matrix says everything twice, and that its diagonal is 1
            if str(variable).endswith("_corr") and place[-2] <= place[-1]:
                continue
            true = float(values.values[place])
            if np.isnan(true):
                continue
            labels = [
                str(values[dim].values[at]) for dim, at in zip(values.dims, place, strict=True)
            ]
            yield f"{variable}[{', '.join(labels)}]", true, sampled[(slice(None), *place)]


def log_likelihood(
    built: Built,
) -> Callable[[xr.Dataset, Mapping[str, NDArray[Any]]], NDArray[np.float64]]:
    """Compile the log-likelihood as a function of draws (…, sample) and of exchanged data."""
    model = built.model
    scores = [one for one in model.data_vars if one.name != WEIGHT]
    data = {one.name: one.type() for one in scores}
    function = pytensor.function(
        [*model.free_RVs, *data.values()],
        pt.add(*built.logliks, 0.0),
        givens={one: data[one.name] for one in scores},
        mode="NUMBA",
        on_unused_input="ignore",
    )
    # the kernel itself: the function around it has one place for its inputs, and fits run
    # side by side
    kernel = function.vm.jit_fn

    def at(draws: xr.Dataset, study: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        given = [draws[one.name].transpose("sample", ...).values for one in model.free_RVs]
        exchanged = [study[name] for name in data]
        rows = range(draws.sizes["sample"])
        return np.array(
            [float(kernel(*(np.asarray(one[row]) for one in given), *exchanged)[0]) for row in rows]
        )

    return at


def diagnostics(posterior: xr.Dataset, stats: xr.Dataset) -> dict[str, float]:
    """Say how long a fit's chains were and how well its quantities mixed."""
    shown = [name for name in posterior if not str(name).endswith(("_corr", *_HELPERS))]
    r_hat, ess = mixing(posterior[shown])
    return {
        "draws": posterior.sizes["chain"] * posterior.sizes["draw"],
        "divergences": int(stats["diverging"].sum()),
        "r_hat": r_hat,
        "ess": ess,
    }
