"""The headline and how firmly it stands: tables over studies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from securebase.config import Decision
from securebase.names import NOT_ASSESSABLE
from securebase.synthesis.contributions import QUANTITIES, Contributed
from securebase.synthesis.judging import judged, regions
from securebase.synthesis.pooling import Pooled
from securebase.synthesis.sensitivity import pool, sensitivity_table
from securebase.synthesis.settings import Synthesis

_INTERVAL = (0.025, 0.5, 0.975)


@dataclass(frozen=True)
class Headline:
    """The tables of the headline.

    Parameters
    ----------
    summary : pd.DataFrame
        A row per quantity (difference, anxiety, avoidance), in baseline sds: studies; mean, sd,
        q2_5, median, q97_5 of the mean over studies; mcse_mean, what Monte Carlo error of the
        studies' posteriors is left in it; between_median, between_q2_5, between_q97_5: standard
        deviation between studies; new_q2_5, new_median, new_q97_5: effect in a new study;
        p_below, p_rope, p_above of the mean; verdict on the claim (of the difference).
    studies : pd.DataFrame
        A row per contribution and quantity: see `Contributed.description`; shrunken_mean,
        shrunken_q2_5, shrunken_q97_5: the study's effect in the light of the others; share: its
        weight in the mean; simulated; used; reason.
    sensitivity : pd.DataFrame
        The difference under other choices: a row per choice with mean, sd, q2_5, median,
        q97_5, between_median, p_claim, verdict.
    """

    summary: pd.DataFrame
    studies: pd.DataFrame
    sensitivity: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write headline.csv, studies.csv and sensitivity.csv."""
        folder.mkdir(parents=True, exist_ok=True)
        self.summary.to_csv(folder / "headline.csv", index=False)
        self.studies.to_csv(folder / "studies.csv", index=False)
        self.sensitivity.to_csv(folder / "sensitivity.csv", index=False)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` has written."""
        names = ("headline", "studies", "sensitivity")
        return cls(*(pd.read_csv(folder / f"{name}.csv") for name in names))


def headline(
    synthesis: Synthesis, contributions: Sequence[Contributed], decision: Decision
) -> Headline:
    """Pool what studies contribute, each quantity by itself.

    The differences are pooled as such: their mean need not be the difference of the pooled
    effects on anxiety and on avoidance, which weigh studies otherwise.
    """
    used = [one for one in contributions if one.draws is not None]
    pools = {name: pool(synthesis, used, name) for name in QUANTITIES} if used else {}
    summary = [_summary(synthesis, used, name, pools.get(name), decision) for name in QUANTITIES]
    return Headline(
        pd.DataFrame(summary),
        pd.DataFrame(list(_study_rows(contributions, pools))),
        sensitivity_table(synthesis, used, decision),
    )


def _summary(
    synthesis: Synthesis,
    used: Sequence[Contributed],
    quantity: str,
    found: Pooled | None,
    decision: Decision,
) -> dict[str, object]:
    row: dict[str, object] = {"quantity": quantity, "studies": len(used)}
    claimed = quantity == "difference"
    if found is None:
        return row | ({"verdict": NOT_ASSESSABLE} if claimed else {})
    low, middle, high = (found.mean.quantile(share) for share in _INTERVAL)
    row |= {"mean": found.mean.mean, "sd": found.mean.sd, "q2_5": low, "median": middle}
    row |= {"q97_5": high, "mcse_mean": _mcse(found, used, quantity)}
    for name, posterior in (("between", found.heterogeneity), ("new", found.new)):
        low, middle, high = (posterior.quantile(share) for share in _INTERVAL)
        row |= {f"{name}_q2_5": low, f"{name}_median": middle, f"{name}_q97_5": high}
    below, inside, above = regions(synthesis.claim, found.mean)
    row |= {"p_below": below, "p_rope": inside, "p_above": above}
    word = judged(synthesis.claim, found.mean, decision) if claimed else ""
    return row | {"verdict": word}


def _mcse(found: Pooled, used: Sequence[Contributed], quantity: str) -> float:
    errors = np.array([one.description(quantity)["mcse_mean"] for one in used])
    return float(np.sqrt(((found.shares * errors) ** 2).sum()))


def _study_rows(
    contributions: Sequence[Contributed], pools: dict[str, Pooled]
) -> Iterator[dict[str, object]]:
    place = 0
    for one in contributions:
        for quantity in QUANTITIES:
            row: dict[str, object] = {
                "study": one.contribution.study,
                "analysis": one.contribution.analysis,
                "simulated": one.study.simulated if one.study else None,
                "used": one.draws is not None,
                "reason": one.reason,
                "quantity": quantity,
                **one.description(quantity),
            }
            if one.draws is not None:
                effect, share = pools[quantity].effects[place], pools[quantity].shares[place]
                row |= {"shrunken_mean": effect.mean, "shrunken_q2_5": effect.quantile(0.025)}
                row |= {"shrunken_q97_5": effect.quantile(0.975), "share": float(share)}
            yield row
        place += one.draws is not None
