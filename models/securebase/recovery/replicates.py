"""Studies simulated from a known truth, fitted, and judged claim by claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import arviz_stats as az
import numpy as np
import pandas as pd
import xarray as xr

from securebase.claims import (
    claim_regions,
    estimand_draws,
    probability_mcse,
    refuse_faulty_claims,
    verdict,
)
from securebase.codebook.claim import Claim
from securebase.config import Decision, Recovery, Sampling
from securebase.fitting import Question
from securebase.names import UNIT
from securebase.refits import Outcome, Task, refit
from securebase.sampling import derived_seed
from securebase.summaries import SAMPLES

LEVELS = (50, 80, 95)
UNDEFINED = "undefined"

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
    replicates : int
        Studies.
    seed : int
        Root of every seed.
    """

    question: Question
    world: str
    truth: xr.Dataset
    replicates: int
    seed: int

    def __len__(self) -> int:
        """Count the studies."""
        return self.replicates

    @overload
    def __getitem__(self, number: int) -> Task: ...
    @overload
    def __getitem__(self, number: slice) -> list[Task]: ...
    def __getitem__(self, number: int | slice) -> Task | list[Task]:
        """Simulate a study; the same number gives the same data and seed."""
        if isinstance(number, slice):
            return [self[one] for one in range(len(self))[number]]
        if not 0 <= number < len(self):
            raise IndexError(number)
        question = self.question
        names = ("recovery", question.study.study, question.name, self.world)
        seed = derived_seed(self.seed, *names)
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
    family, panel = question.family, question.panel
    rule = decision.model_copy(update={"mcse_margin": 0.0})
    implied = {world: _answering(question, truth, claims) for world, truth in truths.items()}

    def judged(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> list[Row]:
        derived = family.derived(posterior, panel)
        divergences = int(stats["diverging"].sum())
        return [judged_claim(one, derived, rule, divergences) for one in claims]

    def mixed(rows: list[Row]) -> bool:
        seen = pd.DataFrame(rows)
        return recovery.mixed(seen["r_hat"].max(), seen[["ess_bulk", "ess_tail"]].min().min())

    first, found = recovery.sampling(sampling), {}
    for world, truth in truths.items():
        studies = Replicates(question, world, truth, recovery.replicates, sampling.seed)
        outcomes = refit(question.built.model, studies, first, cores, judged, mixed, alike=True)
        labels = [_label(claim, world, implied[world]) for claim in claims]
        rows = [row for outcome in outcomes for row in _labelled(outcome, labels)]
        found[world] = pd.DataFrame(rows).assign(units=panel.data.sizes[UNIT])
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


def _labelled(outcome: Outcome[list[Row]], labels: list[Row]) -> list[Row]:
    judged = outcome.result if outcome.result is not None else [{} for _ in labels]
    of_study: Row = {"replicate": outcome.number, "failure": outcome.failure}
    return [label | row | of_study for label, row in zip(labels, judged, strict=True)]


def true_place(claim: Claim, truth: xr.Dataset) -> Row:
    """Say the true value of a claim's estimand, and the region it lies in."""
    value = estimand_draws(claim, truth)
    if not np.isfinite(value):
        return {"region": UNDEFINED, "truth": np.nan}
    regions = claim_regions(claim, value)
    region = next(name for name, holds in regions.items() if bool(holds))
    return {"region": region, "truth": float(value)}


def judged_claim(claim: Claim, posterior: xr.Dataset, decision: Decision, divergences: int) -> Row:
    """Reduce a posterior to what one claim needs; see `recover` for the columns."""
    draws = estimand_draws(claim, posterior)
    regions = claim_regions(claim, draws)
    shares = {name: float(region.mean()) for name, region in regions.items()}
    errors = {name: probability_mcse(region) for name, region in regions.items()}
    tails = [(50 - level / 2) / 100 for level in LEVELS]
    limits = draws.quantile([*tails, *(1 - tail for tail in tails)], dim=SAMPLES).values
    names = [f"{side}_{level}" for side in ("low", "high") for level in LEVELS]
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)),
        **dict(zip(names, map(float, limits), strict=True)),
        **{f"p_{name}": share for name, share in shares.items()},
        "p_mcse": max(errors.values()),
        "verdict": verdict(claim.direction, shares, errors, decision),
        "r_hat": float(np.asarray(az.rhat(draws, method="rank"))),
        "ess_bulk": float(np.asarray(az.ess(draws, method="bulk"))),
        "ess_tail": float(np.asarray(az.ess(draws, method="tail"))),
        "divergences": divergences,
        "draws": int(draws.size),
    }
