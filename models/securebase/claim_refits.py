"""An analysis fitted again and again, to what its claims need of each fit."""

from collections.abc import Sequence

import xarray as xr

from securebase.claims import estimand_draws
from securebase.codebook.claim import Claim
from securebase.config import Refits, Sampling
from securebase.fitting import Question
from securebase.ledger.recording import Attempt, recorded
from securebase.mixing import mixing
from securebase.refits import Outcome, Task, refit


def estimands_of(
    question: Question, claims: Sequence[Claim], posterior: xr.Dataset, stats: xr.Dataset
) -> xr.Dataset:
    """Keep of a fit the draws of claims' estimands, and how well they have mixed.

    Returns
    -------
    xr.Dataset
        A variable (chain, draw) per claim, named by its id; attributes `r_hat`, `ess` and
        `divergences`.
    """
    derived = question.family.derived(posterior, question.panel)
    draws = xr.Dataset({one.id: estimand_draws(one, derived) for one in claims})
    r_hat, ess = mixing(draws)
    return draws.assign_attrs(r_hat=r_hat, ess=ess, divergences=int(stats["diverging"].sum()))


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
        return estimands_of(question, claims, posterior, stats)

    def mixed(draws: xr.Dataset) -> bool:
        return refits.mixed(draws.attrs["r_hat"], draws.attrs["ess"])

    model, first = question.built.model, refits.sampling(question.family.sampled(run))
    with recorded(attempt) as ending:
        outcomes = list(refit(model, tasks, first, cores, kept, mixed, alike or tasks))
        ending.lost(one.failure for one in outcomes)
        for one in outcomes:
            if one.result is not None:
                ending.diagnosed(**one.result.attrs)
    return outcomes
