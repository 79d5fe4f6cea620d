"""Studies simulated from a known truth, fitted, and judged claim by claim."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
import pandas as pd
import xarray as xr

from securebase.claim_refits import refit_claims
from securebase.claims import claim_regions, estimand_draws, judged_draws, refuse_faulty_claims
from securebase.codebook.claim import Claim
from securebase.config import Decision, Recovery, Sampling
from securebase.fitting import Question
from securebase.names import SAMPLES, UNIT
from securebase.refits import Outcome, Task
from securebase.sampling import derived_seed

LEVELS = (50, 80, 95)
UNDEFINED = "undefined"
_JUDGED = (
    *("p_beyond", "p_rope", "p_opposite", "p_mcse", "verdict", "r_hat", "ess_bulk", "ess_tail"),
)

Row = dict[str, float | str]


@dataclass(frozen=True)
class Replicates(Sequence[Task]):
    """Simulated studies of one world; each made when it is asked for.

    Parameters
    ----------
    question : Question
        Gives units, predictors, missing scores and the model.
    world : str
    truth : xr.Dataset
        True parameters there, without chain and draw.
    numbers : range
        Which studies.
    seed : int
        Root of every seed.
    """

    question: Question
    world: str
    truth: xr.Dataset
    numbers: range
    seed: int

    @property
    def seeded(self) -> tuple[str, ...]:
        """What seeds are derived from beside the root."""
        return ("recovery", self.question.study.study, self.question.name, self.world)

    def __len__(self) -> int:
        """Count the studies."""
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> list[Task]: ...
    def __getitem__(self, place: int | slice) -> Task | list[Task]:
        """Simulate a study; the same number gives the same data and seed."""
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        if place < 0:
            raise IndexError(place)
        number, question = self.numbers[place], self.question
        seed = derived_seed(self.seed, *self.seeded)
        rng = np.random.default_rng([seed, number])
        panel = question.family.simulate(rng, self.truth, question.panel)
        return Task(question.built.data_of(panel), seed + 1 + number)


def recover(
    question: Question,
    truths: Mapping[str, xr.Dataset],
    claims: Sequence[Claim],
    recovery: Recovery,
    sampling: Sampling,
    decision: Decision,
    cores: int,
    part: range | None = None,
) -> dict[str, pd.DataFrame]:
    """Simulate an analysis in several worlds, fit every replicate, judge every claim.

    Verdicts are those of a run with endless draws: the margin by which a run's probability must
    clear the rule keeps one fit's Monte Carlo error out of its verdict, and over many replicates
    such errors average out.

    Parameters
    ----------
    question : Question
    truths : mapping of str to xr.Dataset
        True parameters by world, without chain and draw.
    claims : sequence of Claim
        Those of this analysis.
    recovery : Recovery
        Replicates of each world, how each is drawn, and when it is drawn again.
    sampling : Sampling
        Of the run: root of all seeds, acceptance.
    decision : Decision
        The rule of verdicts.
    cores : int
        Fits side by side; no number depends on it.
    part : range, optional
        Numbers of the replicates to make, which are the same whatever others are made; by default
        all.

    Returns
    -------
    dict of str to pd.DataFrame
        By world: a row per replicate and claim with the columns world, replicate, claim,
        direction, region (where the truth lies: beyond, rope, opposite, undefined), truth, mean,
        sd, low_50, high_50, … (equal-tailed), p_beyond, p_rope, p_opposite, p_mcse, verdict,
        r_hat, ess_bulk, ess_tail, divergences, draws, failure, units.

    Raises
    ------
    InputError
        For claims on what a truth does not have.
    """
    rule = decision.model_copy(update={"mcse_margin": 0.0})
    implied = {world: _answering(question, truth, claims) for world, truth in truths.items()}
    found = {}
    for world, truth in truths.items():
        every = Replicates(question, world, truth, range(recovery.replicates), sampling.seed)
        studies = every if part is None else replace(every, numbers=part)
        labels = [_label(claim, world, implied[world]) for claim in claims]
        settings = recovery.model_copy(update={"replicates": len(studies)})
        attempt = question.attempt(
            "recovery", settings, sampling.seed, studies.seeded, len(studies)
        )
        outcomes = refit_claims(
            question, claims, studies, recovery, sampling, attempt, cores, alike=every
        )
        rows = [
            label | row
            for number, outcome in zip(studies.numbers, outcomes, strict=True)
            for label, row in zip(labels, _judged(number, outcome, claims, rule), strict=True)
        ]
        found[world] = pd.DataFrame(rows).assign(units=question.panel.data.sizes[UNIT])
    return found


def _answering(question: Question, truth: xr.Dataset, claims: Sequence[Claim]) -> xr.Dataset:
    """Give a truth with what follows from it; refuse claims on what it does not have."""
    whole = question.family.implied(truth, question.panel)
    # what no number answers in a world (the vertex of a flat line) is asked all the same
    refuse_faulty_claims(claims, whole.fillna(0.0), question.family, question.study.study)
    return whole


def _label(claim: Claim, world: str, truth: xr.Dataset) -> Row:
    named: Row = {"world": world, "claim": claim.id, "direction": claim.direction}
    return named | true_place(claim, truth)


def _judged(
    number: int, outcome: Outcome[xr.Dataset], claims: Sequence[Claim], rule: Decision
) -> Iterator[Row]:
    of_study: Row = {"replicate": number, "failure": outcome.failure}
    for claim in claims:
        kept = outcome.result
        yield of_study if kept is None else of_study | judged_claim(claim, kept, rule)


def true_place(claim: Claim, truth: xr.Dataset) -> Row:
    """Say the true value of a claim's estimand, and the region it lies in."""
    value = estimand_draws(claim, truth)
    if not np.isfinite(value):
        return {"region": UNDEFINED, "truth": np.nan}
    regions = claim_regions(claim, value)
    region = next(name for name, holds in regions.items() if bool(holds))
    return {"region": region, "truth": float(value)}


def judged_claim(claim: Claim, kept: xr.Dataset, decision: Decision) -> Row:
    """Reduce what is kept of a fit to what one claim needs; see `recover` for the columns."""
    draws = kept[claim.id]
    found = judged_draws(claim, draws, decision)
    tails = [(50 - level / 2) / 100 for level in LEVELS]
    limits = draws.quantile([*tails, *(1 - tail for tail in tails)], dim=SAMPLES).values
    names = [f"{side}_{level}" for side in ("low", "high") for level in LEVELS]
    return {
        **{name: found[name] for name in ("mean", "sd")},
        **dict(zip(names, map(float, limits), strict=True)),
        **{name: found[name] for name in _JUDGED},
        "divergences": int(kept.attrs["divergences"]),
        "draws": int(draws.size),
    }
