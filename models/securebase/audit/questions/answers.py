"""Answers to a reviewer's questions: every claim judged before and after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import xarray as xr

from securebase.audit.asking import source_of_draws
from securebase.audit.opened import Opened
from securebase.audit.questions.asked import Asking
from securebase.bundle.fidelity import failed_checks, judged_as
from securebase.bundle.models import BundledModel
from securebase.claims import claim_faults
from securebase.codebook.claim import Claim, claimed_column
from securebase.codebook.extracts import claims_of
from securebase.config import Sampling
from securebase.families import claim_units, load_family
from securebase.family import Family
from securebase.names import NOT_ASSESSABLE
from securebase.report.wording import VERDICTS, check_name, decimals_of_estimate

NOT_IN_MODEL: Final = "not in this model"


@dataclass(frozen=True)
class Judged:
    """A claim as one fit answers it.

    Parameters
    ----------
    estimate, low, high : float or None
        Posterior median and ends of the 95 % equal-tailed interval; None without an answer.
    probability : float or None
        Of what is claimed: beyond the ROPE on the claimed side, or inside it.
    verdict : str
    places : int
        Decimals that Monte Carlo error leaves to estimate and interval.
    error : float
        Monte Carlo error of the probability.
    """

    estimate: float | None
    low: float | None
    high: float | None
    probability: float | None
    verdict: str
    places: int = 2
    error: float = 0.01

    @property
    def answers(self) -> bool:
        """Whether it is a verdict: the claim is in the model, and the fit can be relied on."""
        return self.verdict in VERDICTS and self.verdict != NOT_ASSESSABLE


@dataclass(frozen=True)
class Line:
    """A claim before and after.

    Parameters
    ----------
    claim, sentence, unit : str
    published : str
        Verdict in claims.csv: of all data, where values are masked.
    before, after : Judged
        From the bundle's draws of the moments it holds, and from the reviewer's fit to them.
    """

    claim: str
    sentence: str
    unit: str
    published: str
    before: Judged
    after: Judged

    @property
    def changed(self) -> bool:
        """Whether another verdict follows, where there is one before and after."""
        both = self.before.answers and self.after.answers
        return both and self.before.verdict != self.after.verdict


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    Parameters
    ----------
    asking : Asking
    lines : tuple of Line
        Every claim of the analysis, in the declared order.
    trouble : str
        Which checks the fit fails, or why there is none; "" where it can be relied on.
    """

    asking: Asking
    lines: tuple[Line, ...]
    trouble: str = ""


def answered(
    opened: Opened, asking: Asking, seed: int, cores: int = 1, sampling: Sampling | None = None
) -> Answer:
    """Fit an analysis as a reviewer would have it, and judge its claims.

    Parameters
    ----------
    opened : Opened
    asking : Asking
    seed : int
        The reviewer's: the same for all questions.
    cores : int
        Chains side by side; no draw depends on it.
    sampling : Sampling, optional
        By default as the study was drawn.
    """
    claims = asking.read(claims_of(opened.study, asking.analysis))
    before = judged_in_bundle(opened, asking.analysis)
    model = asking.model(opened.bundle)
    draws = model.fit(sampling or opened.as_run.sampling, seed, cores)
    after, trouble = judged_by(opened, claims, model, draws)
    units, published = claim_units(opened.study), _published(opened)
    lines = tuple(
        Line(one.id, one.sentence, units[one.id], published[one.id], before[one.id], after[one.id])
        for one in claims
    )
    return Answer(asking, lines, trouble)


def _published(opened: Opened) -> Mapping[str, str]:
    rows = opened.table("claims.csv")
    return dict(zip(rows["id"].astype(str), rows["verdict"].astype(str), strict=True))


def judged_in_bundle(opened: Opened, analysis: str) -> dict[str, Judged]:
    """Judge the claims of an analysis by the bundle's own draws of the moments it holds."""
    return opened.once("judged", analysis, lambda: _in_bundle(opened, analysis))


def _in_bundle(opened: Opened, analysis: str) -> dict[str, Judged]:
    tree = opened.tree(source_of_draws(opened, analysis))
    posterior, stats = (tree[one].to_dataset() for one in ("posterior", "sample_stats"))
    family = load_family(opened.study.analyses[analysis].family)
    claims = claims_of(opened.study, analysis)
    trusted = bool(_failed(opened, claims, posterior, stats, family).empty)
    return dict(_judged(opened, claims, posterior, trusted))


def judged_by(
    opened: Opened,
    claims: Sequence[Claim],
    model: BundledModel,
    draws: tuple[xr.Dataset, xr.Dataset],
) -> tuple[dict[str, Judged], str]:
    """Judge claims by another model of the same scores; say which checks it fails.

    A claim on what the model does not have has no answer.
    """
    posterior, stats = draws
    found, family = {}, model.family
    asked = []
    for one in claims:
        faults = claim_faults([one], posterior, family, "claims")
        if faults:
            why = f"{faults[0].given}; expected {faults[0].expected}"
            found[one.id] = Judged(None, None, None, None, f"{NOT_IN_MODEL}: {why}")
        else:
            asked.append(one)
    checks = _failed(opened, asked, posterior, stats, family)
    found |= dict(_judged(opened, asked, posterior, bool(checks.empty)))
    trouble = ", ".join(
        f"{check_name(str(row.check))} {float(str(row.value)):.4g}" for row in checks.itertuples()
    )
    return found, trouble


def _failed(
    opened: Opened,
    claims: Sequence[Claim],
    posterior: xr.Dataset,
    stats: xr.Dataset,
    family: Family,
) -> pd.DataFrame:
    unit, bars = opened.study.waves.time_unit, opened.as_run.thresholds
    return failed_checks(claims, posterior, stats, family, unit, bars)


def _judged(
    opened: Opened, claims: Sequence[Claim], posterior: xr.Dataset, trusted: bool
) -> Iterator[tuple[str, Judged]]:
    if not claims:
        return
    units = claim_units(opened.study)
    table = judged_as(claims, posterior, trusted, units, opened.as_run.decision)
    for row in table.to_dict("records"):
        yield str(row["id"]), _of_row(row)


def _of_row(row: Mapping[Any, Any]) -> Judged:
    columns = ("median", "q2_5", "q97_5", claimed_column(row["direction"]))
    numbers = [row[name] for name in columns]
    median, low, high, chance = (None if pd.isna(one) else float(one) for one in numbers)
    places, error = decimals_of_estimate(row), float(row["p_mcse"])
    return Judged(median, low, high, chance, row["verdict"], places, error)


def unasked(opened: Opened, asked: Sequence[Asking]) -> list[str]:
    """Name the claims that no question is about."""
    names = {one.analysis for one in asked}
    return [one.id for one in opened.study.claims if one.analysis not in names]
