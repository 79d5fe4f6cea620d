"""Claims if those who left differ from what their earlier answers say, by some amount.

The posterior takes a missing score for what other answers foretell (missing at random). Here
scores after a member left are drawn from the posterior and shifted, and the analysis is fitted
to the completed data, several times over: controlled multiple imputation (Cro et al. 2020,
doi:10.1002/sim.8569). Other gaps stay gaps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.claim_refits import refit_claims
from securebase.claims import judged_draws
from securebase.codebook.claim import Claim
from securebase.config import Decision, Dropout, Sampling
from securebase.dropout.imputation import imputed
from securebase.dropout.leaving import ALONE, TOGETHER, Mask, left_cells
from securebase.fitting import Question
from securebase.names import EVERY_OUTCOME, EVERYONE, WAVE
from securebase.predictive import moments_at_draws
from securebase.refits import Outcome, Task
from securebase.sampling import derived_seed

Array = NDArray[np.float64]

_KEPT: Final = ("mean", "sd", "q2_5", "median", "q97_5", "p_beyond", "p_rope", "p_opposite")
COLUMNS: Final = (
    *("claim", "outcome", "who", "shift", *_KEPT, "p_mcse", "verdict", "imputations", "failures"),
)


@dataclass(frozen=True)
class Departure:
    """How those who left differ from what other answers foretell.

    Parameters
    ----------
    outcome : str
        Whose scores are shifted; `EVERY_OUTCOME`.
    who : str
        `EVERYONE` who left, those who left `ALONE` or those who left `TOGETHER`.
    shift : float
        In standard deviations of the outcome at its first wave.
    """

    outcome: str
    who: str
    shift: float


@dataclass(frozen=True)
class Completed:
    """Data of an analysis in which scores after leaving are drawn, not missing.

    Parameters
    ----------
    scores : tuple of ndarray (unit, response)
        By part: observed, drawn after leaving, NaN elsewhere.
    left : tuple of mapping of str to ndarray (unit, response)
        By part: the drawn ones, by the way of leaving.
    spread : tuple of ndarray (response,)
        By part: standard deviation of each response's outcome at its first wave.
    """

    question: Question
    scores: tuple[Array, ...]
    left: tuple[dict[str, Mask], ...]
    spread: tuple[Array, ...]

    def shifted(self, departure: Departure) -> dict[str, NDArray[Any]]:
        """Give the data of the model, had those who left departed so far."""
        return self.question.built.data_with(
            [
                score + departure.shift * spread * _moved(part.responses, left, departure)
                for part, score, left, spread in zip(
                    self.question.built.parts, self.scores, self.left, self.spread, strict=True
                )
            ]
        )


def _moved(responses: Sequence[str], left: dict[str, Mask], departure: Departure) -> Mask:
    """Mark the scores that a departure is about (unit, response)."""
    who = left.values() if departure.who == EVERYONE else [left[departure.who]]
    outcome = np.array([name.split(" ")[2] for name in responses])
    named = (outcome == departure.outcome) | (departure.outcome == EVERY_OUTCOME)
    return np.any(list(who), axis=0) & named


def departures(
    outcomes: Sequence[str], ways: Sequence[str], shifts: Sequence[float]
) -> Iterator[Departure]:
    """List what is tried: nothing, all outcomes, each by itself, each way of leaving by itself.

    Parameters
    ----------
    outcomes : sequence of str
        Of the analysis.
    ways : sequence of str
        In which members left.
    shifts : sequence of float
    """
    yield Departure(EVERY_OUTCOME, EVERYONE, 0.0)
    tried = [(EVERY_OUTCOME, EVERYONE)]
    tried += [(one, EVERYONE) for one in outcomes if len(outcomes) > 1]
    tried += [(EVERY_OUTCOME, one) for one in ways if len(ways) > 1]
    for outcome, who in tried:
        for shift in shifts:
            yield Departure(outcome, who, shift)


def completed(question: Question, posterior: xr.Dataset, count: int, seed: int) -> list[Completed]:
    """Complete the data of an analysis, each time at another draw of its posterior.

    Parameters
    ----------
    posterior : xr.Dataset
        Draws (chain, draw) of the free variables.
    count : int
        How many times, at draws evenly spaced.
    """
    parts, waves = question.built.parts, [str(one) for one in question.panel.data[WAVE].values]
    left = tuple(left_cells(part, waves) for part in parts)
    spread = tuple(_first_spread(part.score, part.responses, waves) for part in parts)
    found = []
    for number, moments in enumerate(moments_at_draws(question.built, posterior, count)):
        rng = np.random.default_rng([seed, number])
        drawn = [imputed(rng, part, one) for part, one in zip(parts, moments, strict=True)]
        scores = tuple(
            np.where(gone[TOGETHER] | gone[ALONE], full, part.score)
            for part, gone, full in zip(parts, left, drawn, strict=True)
        )
        found.append(Completed(question, scores, left, spread))
    return found


def _first_spread(score: Array, responses: Sequence[str], waves: Sequence[str]) -> Array:
    """Standard deviation of each response's outcome at the first wave that has it, roles pooled."""
    labels = [name.split(" ") for name in responses]
    spreads = {}
    for outcome in {label[2] for label in labels}:
        first = min((label[0] for label in labels if label[2] == outcome), key=list(waves).index)
        own = [place for place, label in enumerate(labels) if label[::2] == [first, outcome]]
        spreads[outcome] = float(np.nanstd(score[:, own], ddof=1))
    return np.array([spreads[label[2]] for label in labels])


def judge_departures(
    question: Question,
    posterior: xr.Dataset,
    claims: Sequence[Claim],
    asked: Dropout,
    sampling: Sampling,
    decision: Decision,
    cores: int,
) -> pd.DataFrame:
    """Judge every claim of an analysis if those who left differ.

    Parameters
    ----------
    question : Question
        The analysis on its data.
    posterior : xr.Dataset
        Its draws.
    claims : sequence of Claim
        Those of this analysis.
    asked : Dropout
        Shifts, imputations, and how each re-fit is drawn.
    sampling : Sampling
        Of the run: root of the seed, acceptance.
    decision : Decision
        The rule of verdicts.
    cores : int
        Re-fits side by side; no number depends on it.

    Returns
    -------
    pd.DataFrame
        A row per departure and claim, columns `COLUMNS`; the draws of all imputations together, so
        that `p_mcse` has what imputations differ by. Empty where nobody left, nothing is
        claimed, or units have times of their own: no time is known for what was not measured.
    """
    parts = question.built.parts
    if not claims or any(part.effects.unit_basis is not None for part in parts):
        return pd.DataFrame(columns=list(COLUMNS))
    names = ("dropout", question.study.study, question.name)
    seed = derived_seed(sampling.seed, *names)
    data = completed(question, posterior, asked.imputations, seed)
    ways = [way for way in (TOGETHER, ALONE) if any(one[way].any() for one in data[0].left)]
    if not ways:
        return pd.DataFrame(columns=list(COLUMNS))
    tried = list(departures(question.panel.analysis.outcomes, ways, asked.shifts))
    tasks = [Task(one.shifted(departure), seed) for departure in tried for one in data]

    attempt = question.attempt("drop-out", asked, sampling.seed, names, len(tasks))
    outcomes = refit_claims(question, claims, tasks, asked, sampling, attempt, cores)
    rows = [
        {**asdict(departure), **row}
        for place, departure in enumerate(tried)
        for row in _pooled(outcomes[place * len(data) : (place + 1) * len(data)], claims, decision)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _pooled(
    outcomes: Sequence[Outcome[xr.Dataset]], claims: Sequence[Claim], decision: Decision
) -> Iterator[dict[str, object]]:
    """Judge the draws of all imputations together, each with its chains beside the others'."""
    known = [one.result for one in outcomes if one.result is not None]
    told = {"imputations": len(known), "failures": len(outcomes) - len(known)}
    length = min((one.sizes["draw"] for one in known), default=0)
    for claim in claims:
        chains = [one[claim.id].isel(draw=slice(length)).drop_vars("chain") for one in known]
        found = judged_draws(claim, xr.concat(chains, "chain"), decision) if chains else {}
        yield {"claim": claim.id, **told, **found}
