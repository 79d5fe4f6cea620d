"""What masking costs: the posterior of all data beside that of the moments of a bundle."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import xarray as xr

from securebase.checks import checks_table
from securebase.claims import claims_table
from securebase.codebook.claim import Claim
from securebase.config import Decision, Thresholds
from securebase.family import Family
from securebase.gate import failed
from securebase.summaries import summary_table

COLUMNS: Final = (
    *("kind", "name", "coordinates", "full_mean", "full_sd", "public_mean", "public_sd", "shift"),
    *("full_p", "public_p", "full_verdict", "public_verdict"),
)
_NUMBERS: Final = ["mean", "sd"]


def fidelity_table(
    full: pd.DataFrame,
    posterior: xr.Dataset,
    claims: tuple[pd.DataFrame, pd.DataFrame],
    family: Family,
    time_unit: str,
) -> pd.DataFrame:
    """Compare every quantity and every claim.

    Parameters
    ----------
    full : pd.DataFrame
        summary.csv of the fit to all data.
    posterior : xr.Dataset
        Of the fit to the moments of the bundle.
    claims : (pd.DataFrame, pd.DataFrame)
        Rows of claims.csv of this analysis, of all data and of the bundle's moments.

    Returns
    -------
    pd.DataFrame
        Columns kind ("quantity" or "claim"), name, coordinates; mean and standard deviation of
        both; shift: how far the mean moved, in standard deviations of the posterior of all data;
        of claims also the probability beyond the ROPE and the verdict of both.
    """
    keys = ["name", "coordinates"]
    public = summary_table(posterior, family, time_unit)[[*keys, *_NUMBERS]]
    quantities = (
        full[[*keys, *_NUMBERS]].fillna({"coordinates": ""})
        .merge(public, on=keys, suffixes=("_full", "_public"), validate="one_to_one")
        .assign(kind="quantity")
    )  # fmt: skip
    wanted = ["id", *_NUMBERS, "p_beyond", "verdict"]
    first, second = (one[wanted] for one in claims)
    judged = (
        first.merge(second, on="id", suffixes=("_full", "_public"), validate="one_to_one")
        .rename(columns={"id": "name"}).assign(kind="claim", coordinates="")
    )  # fmt: skip
    table = pd.concat([judged, quantities], ignore_index=True)
    moved = (table["mean_public"] - table["mean_full"]) / table["sd_full"]
    table = table.assign(shift=moved.where(table["sd_full"] > 0))
    names = {"p_beyond": "p", **{name: name for name in (*_NUMBERS, "verdict")}}
    renamed = {
        f"{name}_{which}": f"{which}_{short}"
        for name, short in names.items()
        for which in ("full", "public")
    }
    return table.rename(columns=renamed)[list(COLUMNS)]


def judged_again(
    claims: Sequence[Claim],
    posterior: xr.Dataset,
    stats: xr.Dataset,
    family: Family,
    time_unit: str,
    units: dict[str, str],
    bars: tuple[Thresholds, Decision],
) -> pd.DataFrame:
    """Judge the claims of an analysis by a fit to the moments of a bundle, checks included."""
    thresholds, decision = bars
    trouble = failed_checks(claims, posterior, stats, family, time_unit, thresholds)
    return judged_as(claims, posterior, bool(trouble.empty), units, decision)


def failed_checks(
    claims: Sequence[Claim],
    posterior: xr.Dataset,
    stats: xr.Dataset,
    family: Family,
    time_unit: str,
    thresholds: Thresholds,
) -> pd.DataFrame:
    """Give the checks that a fit to moments fails: rows of `checks.checks_table`."""
    summary = summary_table(posterior, family, time_unit)
    return failed(checks_table(summary, posterior, stats, claims, thresholds))


def judged_as(
    claims: Sequence[Claim],
    posterior: xr.Dataset,
    trusted: bool,
    units: dict[str, str],
    decision: Decision,
) -> pd.DataFrame:
    """Judge claims by a fit that is trusted, or is not; see `claims.claims_table`."""
    names = {one.analysis for one in claims}
    draws, trust = dict.fromkeys(names, posterior), dict.fromkeys(names, trusted)
    return claims_table(claims, draws, trust, units, decision)
