"""An analysis fitted again and again, to what its claims need of each fit."""

from collections.abc import Iterable, Iterator, Sequence

import xarray as xr

from securebase.claims import estimand_draws
from securebase.codebook.claim import Claim
from securebase.config import Refits, Sampling
from securebase.fitting import Question
from securebase.refits import Outcome, Task, refit
from securebase.summaries import mixing


def refit_claims(
    question: Question,
    claims: Sequence[Claim],
    tasks: Iterable[Task],
    refits: Refits,
    run: Sampling,
    cores: int,
) -> Iterator[Outcome[xr.Dataset]]:
    """Fit an analysis to data of one truth; keep the draws of its claims' estimands.

    Parameters
    ----------
    question : Question
    claims : sequence of Claim
        Those of this analysis.
    tasks : iterable of Task
    refits : Refits
        How each is drawn first, and how well the claims have to mix.
    run : Sampling
        Acceptance.
    cores : int
        Fits side by side; no number depends on it.

    Yields
    ------
    Outcome
        In the order of the tasks: a variable (chain, draw) per claim, named by its id, and the
        attribute `divergences`.
    """

    def kept(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> xr.Dataset:
        derived = question.family.derived(posterior, question.panel)
        draws = {one.id: estimand_draws(one, derived) for one in claims}
        return xr.Dataset(draws, attrs={"divergences": int(stats["diverging"].sum())})

    def mixed(draws: xr.Dataset) -> bool:
        return refits.mixed(*mixing(draws))

    model, first = question.built.model, refits.sampling(question.family.sampled(run))
    return refit(model, tasks, first, cores, kept, mixed, alike=True)
