"""Checks of a posterior: each a row with what was found, the threshold, and the outcome."""

from collections.abc import Iterator, Sequence

import arviz_stats as az
import numpy as np
import pandas as pd
import xarray as xr

from securebase.claims import claim_regions, estimand_draws, probability_mcse
from securebase.codebook.claim import Claim
from securebase.config import Thresholds
from securebase.summaries import describe

COLUMNS = ("check", "what", "value", "threshold", "comparison", "passed", "explanation")
Row = tuple[str, str, float, float, str, str, str]


def checks_table(
    summary: pd.DataFrame,
    posterior: xr.Dataset,
    sample_stats: xr.Dataset,
    claims: Sequence[Claim],
    thresholds: Thresholds,
) -> pd.DataFrame:
    """Judge one posterior; nothing fails here, the gate does.

    Parameters
    ----------
    summary : pd.DataFrame
        See `summaries.summary_table`.
    posterior, sample_stats : xr.Dataset
        Dims chain, draw and more.
    claims : sequence of Claim
        Those asked of this posterior: their estimands are focal.
    thresholds : Thresholds
        From the configuration.

    Returns
    -------
    pd.DataFrame
        Columns check, what (the worst place), value, threshold, comparison, passed
        (pass, warn or fail), explanation.
    """
    rows = [
        *_convergence(summary, thresholds),
        *_focal(posterior, claims, thresholds),
        *_sampler(sample_stats, thresholds),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def with_moment_fit(
    checks: pd.DataFrame, fit: pd.DataFrame, thresholds: Thresholds
) -> pd.DataFrame:
    """Add whether moments fit; misfit is a warning: draws may be right where a model is not.

    Parameters
    ----------
    checks : pd.DataFrame
        See `checks_table`.
    fit : pd.DataFrame
        See `moment_fit.fit_table`.
    thresholds : Thresholds
    """
    worst = fit.iloc[int(fit["ppp"].to_numpy().argmin())]
    row = _row(
        "moment_ppp", str(worst["composition"]), float(worst["ppp"]), thresholds.moment_ppp, False,
        "Share of replicated studies whose moments lie as far from the implied ones as observed.",
    )  # fmt: skip
    outcome = "warn" if row[5] == "fail" else row[5]
    added = pd.DataFrame([(*row[:5], outcome, row[6])], columns=list(COLUMNS))
    return pd.concat([checks, added], ignore_index=True)


def _row(check: str, what: str, value: float, threshold: float, most: bool, why: str) -> Row:
    # a value that is not a number fails: it cannot be shown to pass
    good = value <= threshold if most else value >= threshold
    outcome = "pass" if good else "fail"
    return (check, what, value, threshold, "<=" if most else ">=", outcome, why)


def _convergence(summary: pd.DataFrame, thresholds: Thresholds) -> Iterator[Row]:
    named = summary["name"] + "[" + summary["coordinates"] + "]"
    for column, threshold, most, why in (
        ("r_hat", thresholds.r_hat, True, "Chains agree (rank-normalised split R-hat)."),
        ("ess_bulk", thresholds.ess, False, "Effective draws behind means."),
        ("ess_tail", thresholds.ess, False, "Effective draws behind interval limits."),
    ):
        values = summary[column].to_numpy(float)
        worst = _worst(values, most)
        yield _row(column, named.iloc[worst], values[worst], threshold, most, why)


def _focal(posterior: xr.Dataset, claims: Sequence[Claim], thresholds: Thresholds) -> Iterator[Row]:
    if not claims:
        return
    draws = [estimand_draws(claim, posterior) for claim in claims]
    table = describe(xr.concat(draws, dim="cell"))
    table["mcse_share"] = table["mcse_mean"] / table["sd"]
    regions = [claim_regions(one, value) for one, value in zip(claims, draws, strict=True)]
    table["p_mcse"] = [np.max([*map(probability_mcse, one.values())]) for one in regions]
    for check, column, threshold, most, why in (
        ("focal_r_hat", "r_hat", thresholds.r_hat_focal, True, "Chains agree on each claim."),
        ("focal_ess_bulk", "ess_bulk", thresholds.ess_focal, False, "Effective draws, claims."),
        ("focal_ess_tail", "ess_tail", thresholds.ess_focal, False, "Effective draws, claims."),
        ("focal_mcse", "mcse_share", thresholds.mcse_share_focal, True,
         "Monte Carlo error of a claim's mean, in posterior standard deviations."),
        ("focal_p_mcse", "p_mcse", thresholds.mcse_probability, True,
         "Monte Carlo error of a claim's probabilities."),
    ):  # fmt: skip
        values = table[column].to_numpy(float)
        worst = _worst(values, most)
        yield _row(check, claims[worst].id, values[worst], threshold, most, why)


def _worst(values: np.ndarray, most: bool) -> int:
    """Place of the worst value; one that is not a number is the worst of all."""
    return int(np.argmax(np.where(np.isnan(values), np.inf, values if most else -values)))


def _sampler(stats: xr.Dataset, thresholds: Thresholds) -> Iterator[Row]:
    divergent = int(stats["diverging"].sum())
    row = _row(
        "divergences", "all chains", divergent, thresholds.divergences_warn, True,
        "Draws where the sampler lost the posterior's geometry.",
    )  # fmt: skip
    few = row[5] == "fail" and divergent <= thresholds.divergences_fail
    yield (*row[:5], "warn", row[6]) if few else row
    energy = np.atleast_1d(np.asarray(az.bfmi(stats["energy"].transpose("chain", "draw").values)))
    worst = int(np.argmin(energy))
    yield _row(
        "e_bfmi", f"chain {worst}", float(energy[worst]), thresholds.e_bfmi, False,
        "Energy moves freely between draws (E-BFMI).",
    )  # fmt: skip
    yield _row(
        "tree_depth", "all chains", float(stats["maxdepth_reached"].mean()),
        thresholds.tree_depth_share, True, "Share of draws cut off at the largest tree.",
    )  # fmt: skip
