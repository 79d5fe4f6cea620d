"""An analysis fitted again and again, to what its claims need of each fit."""

from collections.abc import Callable, Sequence

import pymc as pm
import xarray as xr

from securebase.claims import estimand_draws
from securebase.codebook.claim import Claim
from securebase.config import Refits, Sampling
from securebase.family import Family
from securebase.fitting import Question
from securebase.ledger.recording import Attempt, Ending, recorded
from securebase.mixing import mixing
from securebase.panel import Panel
from securebase.refits import Outcome, Task, refit


def estimands_of(
    family: Family,
    panel: Panel,
    claims: Sequence[Claim],
    posterior: xr.Dataset,
    stats: xr.Dataset,
) -> xr.Dataset:
    """Keep of a fit the draws of claims' estimands, and how well they have mixed.

    Returns
    -------
    xr.Dataset
        A variable (chain, draw) per claim, named by its id; attributes `r_hat`, `ess` and
        `divergences`.
    """
    derived = family.derived(posterior, panel)
    draws = xr.Dataset({one.id: estimand_draws(one, derived) for one in claims})
    r_hat, ess = mixing(draws)
    return draws.assign_attrs(r_hat=r_hat, ess=ess, divergences=int(stats["diverging"].sum()))


def refit_kept(
    model: pm.Model,
    tasks: Sequence[Task],
    refits: Refits,
    sampling: Sampling,
    cores: int,
    kept: Callable[[int, xr.Dataset, xr.Dataset], xr.Dataset],
    alike: Sequence[Task] | None = None,
) -> list[Outcome[xr.Dataset]]:
    """Fit a model to many data, and draw again, longer, where claims have not mixed.

    Parameters
    ----------
    model : pm.Model
    tasks : sequence of Task
    refits : Refits
        How each is drawn first, and how well the claims have to mix.
    sampling : Sampling
        The rest of how they are drawn.
    cores : int
        Fits side by side; no number depends on it.
    kept : callable (number, posterior, sample_stats) -> xr.Dataset
        What is kept of a fit, as `estimands_of` gives it.
    alike : sequence of Task, optional
        See `refits.refit`.
    """

    def mixed(draws: xr.Dataset) -> bool:
        return refits.mixed(draws.attrs["r_hat"], draws.attrs["ess"])

    return list(refit(model, tasks, refits.sampling(sampling), cores, kept, mixed, alike))


def tell(ending: Ending, outcomes: Sequence[Outcome[xr.Dataset]]) -> None:
    """Tell the ledger what became of fits."""
    ending.lost(one.failure for one in outcomes)
    for one in outcomes:
        if one.result is not None:
            ending.diagnosed(**one.result.attrs)


def refit_claims(
    question: Question,
    claims: Sequence[Claim],
    tasks: Sequence[Task],
    refits: Refits,
    run: Sampling,
    attempt: Attempt,
    cores: int,
    alike: Sequence[Task] | None = None,
) -> list[Outcome[xr.Dataset]]:
    """Fit an analysis to data of one truth; keep the draws of its claims' estimands.

    Parameters
    ----------
    question : Question
    claims : sequence of Claim
        Those of this analysis.
    tasks : sequence of Task
    refits : Refits
        How each is drawn first, and how well the claims have to mix.
    run : Sampling
        Acceptance.
    attempt : Attempt
        What the ledger is told.
    cores : int
        Fits side by side; no number depends on it.
    alike : sequence of Task, optional
        Where these are a batch: the tasks of all batches.

    Returns
    -------
    list of Outcome
        In the order of the tasks; see `estimands_of`.
    """

    def kept(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> xr.Dataset:
        return estimands_of(question.family, question.panel, claims, posterior, stats)

    model, sampling = question.built.model, question.family.sampled(run)
    with recorded(attempt) as ending:
        outcomes = refit_kept(model, tasks, refits, sampling, cores, kept, alike or tasks)
        tell(ending, outcomes)
    return outcomes
