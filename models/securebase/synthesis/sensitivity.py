"""How firmly the headline stands: without each study, with draws as they are, other priors."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from securebase.config import Decision
from securebase.synthesis.contributions import Contributed
from securebase.synthesis.judging import claimed, judged
from securebase.synthesis.mixture import NormalMixture
from securebase.synthesis.pooling import Pooled, pooled, pooled_draws
from securebase.synthesis.settings import Synthesis

# of each study's draws, for the check with draws instead of normals
_THINNED = 400


def pool(synthesis: Synthesis, used: Sequence[Contributed], quantity: str) -> Pooled:
    """Pool one quantity of the contributions that are used."""
    described = [one.description(quantity) for one in used]
    estimates, errors = (np.array([one[name] for one in described]) for name in ("mean", "sd"))
    return pooled(estimates, errors, synthesis.mean.sd, synthesis.heterogeneity.sd)


COLUMNS = (
    *("choice", "studies", "mean", "sd", "q2_5", "median", "q97_5"),
    *("between_median", "p_claim", "verdict"),
)


def sensitivity_table(
    synthesis: Synthesis, used: Sequence[Contributed], decision: Decision
) -> pd.DataFrame:
    """Pool the differences under one other choice at a time.

    Returns
    -------
    pd.DataFrame
        Columns choice, studies, mean, sd, q2_5, median, q97_5, between_median, p_claim, verdict.
    """
    return pd.DataFrame(list(_choices(synthesis, used, decision)), columns=list(COLUMNS))


def _choices(
    synthesis: Synthesis, used: Sequence[Contributed], decision: Decision
) -> Iterator[tuple[object, ...]]:
    def row(choice: str, studies: int, mean: NormalMixture, between: float) -> tuple[object, ...]:
        limits = [mean.quantile(share) for share in (0.025, 0.5, 0.975)]
        word = judged(synthesis.claim, mean, decision)
        probability = claimed(synthesis.claim, mean)
        return (choice, studies, mean.mean, mean.sd, *limits, between, probability, word)

    def choice(name: str, other: Synthesis, some: Sequence[Contributed]) -> tuple[object, ...]:
        found = pool(other, some, "difference")
        return row(name, len(some), found.mean, found.heterogeneity.quantile(0.5))

    if not used:
        return
    yield choice("as declared", synthesis, used)
    if len(used) > 1:
        for left in used:
            some = [one for one in used if one is not left]
            yield choice(f"without {left.contribution.study}", synthesis, some)
    yield row("posteriors as they are", len(used), _from_draws(synthesis, used), np.nan)
    for word, factor in (("half", 0.5), ("twice", 2.0)):
        spread = synthesis.heterogeneity.model_copy(
            update={"sd": factor * synthesis.heterogeneity.sd}
        )
        other = synthesis.model_copy(update={"heterogeneity": spread})
        yield choice(f"studies expected to differ {word} as much", other, used)
    wide = synthesis.mean.model_copy(update={"sd": 2.0 * synthesis.mean.sd})
    yield choice(
        "prior of the mean twice as wide", synthesis.model_copy(update={"mean": wide}), used
    )


def _from_draws(synthesis: Synthesis, used: Sequence[Contributed]) -> NormalMixture:
    """Pool the draws themselves: what the normal approximation leaves out."""
    rows = []
    for draws in (one.draws["difference"] for one in used if one.draws is not None):
        flat = np.sort(draws.values, axis=None)
        middles = (np.arange(_THINNED) + 0.5) / _THINNED
        rows.append(flat[(middles * len(flat)).astype(int)])
    mean = pool(synthesis, used, "difference").mean
    reach = (mean.mean - 7 * mean.sd, mean.mean + 7 * mean.sd)
    return pooled_draws(np.array(rows), synthesis.mean.sd, synthesis.heterogeneity.sd, reach)
