"""Re-fits under other priors: every verdict again, block by block and all at once."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.claim_refits import refit_claims
from securebase.claims import judged_draws
from securebase.codebook.claim import Claim
from securebase.config import Decision, Sampling, Sensitivity
from securebase.dials import Block, blocks_of, weights
from securebase.fitting import Question
from securebase.names import AS_DECLARED, EVERY_BLOCK
from securebase.refits import Outcome, Task

_KEPT = ("mean", "sd", "q2_5", "median", "q97_5", "p_beyond", "p_rope", "p_opposite", "p_mcse")
COLUMNS = ("claim", "block", "setting", "factor", *_KEPT, "verdict", "draws", "failure")


@dataclass(frozen=True)
class Alternative:
    """Other priors.

    Parameters
    ----------
    block : str
        What is turned: a block; `EVERY_BLOCK`: all but correlations; `AS_DECLARED`: nothing.
    setting : str
        How, in words.
    factor : float
        Of the declared standard deviations; of a correlation's block: of the declared η.
    """

    block: str
    setting: str
    factor: float

    def turned(self, blocks: Sequence[Block]) -> dict[str, NDArray[Any]]:
        """Data of the dials."""
        scales = {
            one.name: self.factor
            for one in blocks
            if not one.of_correlations and self.block in (one.name, EVERY_BLOCK)
        }
        etas = {
            one.name: self.factor * one.eta
            for one in blocks
            if one.of_correlations and self.block == one.name
        }
        return weights(blocks, scales, etas)


def alternatives(blocks: Sequence[Block], asked: Sensitivity) -> Iterator[Alternative]:
    """List the priors to re-fit under, those that are declared first."""
    yield Alternative(AS_DECLARED, "as declared", 1.0)
    for block in blocks:
        lkj = block.of_correlations
        for factor in asked.factors(lkj):
            setting = f"LKJ({factor * block.eta:g})" if lkj else _times(factor)
            yield Alternative(block.name, setting, factor)
    for factor in asked.sd_factors_of_all:
        yield Alternative(EVERY_BLOCK, _times(factor), factor)


def _times(factor: float) -> str:
    simple = Fraction(factor).limit_denominator(100)
    return f"sd × {simple if float(simple) == factor else f'{factor:g}'}"


def refit_grid(
    question: Question,
    claims: Sequence[Claim],
    asked: Sensitivity,
    sampling: Sampling,
    decision: Decision,
    cores: int,
) -> pd.DataFrame:
    """Judge every claim of an analysis under every alternative.

    Parameters
    ----------
    question : Question
        The analysis on its data.
    claims : sequence of Claim
        Those of this analysis.
    asked : Sensitivity
        The grid, and how each re-fit is drawn.
    sampling : Sampling
        Of the run: root of the seed, acceptance.
    decision : Decision
        The rule of verdicts.
    cores : int
        Re-fits side by side; no number depends on it.

    Returns
    -------
    pd.DataFrame
        A row per alternative and claim, columns `COLUMNS`; see `claims.judged_draws`. Alternatives
        whose re-fit failed have only a `failure`. Empty where there are no claims.
    """
    if not claims:
        return pd.DataFrame(columns=list(COLUMNS))
    blocks = blocks_of(question.built.model)
    grid = list(alternatives(blocks, asked))
    data = question.built.data_of(question.panel)
    names = ("sensitivity", question.study.study, question.name)
    attempt = question.attempt("other priors", asked, sampling.seed, names, len(grid))
    tasks = [Task({**data, **one.turned(blocks)}, attempt.seed) for one in grid]

    outcomes = refit_claims(question, claims, tasks, asked, sampling, attempt, cores)
    rows = [
        {**asdict(alternative), **row}
        for alternative, outcome in zip(grid, outcomes, strict=True)
        for row in _judged(outcome, claims, decision)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _judged(
    outcome: Outcome[xr.Dataset], claims: Sequence[Claim], decision: Decision
) -> Iterator[dict[str, object]]:
    for claim in claims:
        told: dict[str, object] = {"claim": claim.id, "failure": outcome.failure}
        if outcome.result is not None:
            draws = outcome.result[claim.id]
            told |= judged_draws(claim, draws, decision) | {"draws": draws.size}
        yield told
