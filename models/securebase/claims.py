"""Claims: the draws of a declared contrast, and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import arviz_stats as az
import numpy as np
import pandas as pd
import xarray as xr

from securebase.codebook.claim import Claim, Term
from securebase.config import Decision
from securebase.faults import Fault, InputError
from securebase.names import NOT_ASSESSABLE, SAMPLES
from securebase.summaries import describe

if TYPE_CHECKING:
    from securebase.family import Family

COLUMNS = (
    *("id", "claim", "analysis", "declared", "unit", "direction"),
    *("rope_low", "rope_high", "rope_reason"),
    *("mean", "sd", "q2_5", "median", "q97_5", "mcse_mean"),
    *("p_beyond", "p_rope", "p_opposite", "p_mcse"),
    *("p_prior", "bayes_factor", "prior_needed"),
    *("ess_bulk", "ess_tail", "r_hat", "verdict"),
)


def estimand_draws(claim: Claim, posterior: xr.Dataset) -> xr.DataArray:
    """Draws (chain, draw) of a claim's contrast; one number where a truth is asked."""
    return contrast_draws(claim.estimand, posterior)


def contrast_draws(terms: Sequence[Term], posterior: xr.Dataset) -> xr.DataArray:
    """Draws (chain, draw) of Σ weight · mean over dims of a variable."""
    summands = [term.weight * _term_draws(term, posterior) for term in terms]
    return xr.concat(summands, dim="term").sum("term", skipna=False)


def _term_draws(term: Term, posterior: xr.Dataset) -> xr.DataArray:
    chosen = posterior[term.variable].sel(term.at, drop=True)
    # a cell that no one measured makes the mean unknown, not smaller
    return chosen.mean(list(term.mean_over), skipna=False)


def claim_faults(
    claims: Sequence[Claim], posterior: xr.Dataset, family: Family, file: str
) -> list[Fault]:
    """List what is wrong with claims against the variables a posterior (or prior) has.

    Returns
    -------
    list of Fault
        Unknown variables and coordinates, dims neither chosen nor averaged, cells the
        design does not measure; each with the valid names.
    """
    return [
        fault
        for claim in claims
        for number, term in enumerate(claim.estimand)
        for fault in term_faults(
            term, posterior, family, file, f"claims.{claim.id}.estimand[{number}]"
        )
    ]


def term_faults(
    term: Term, posterior: xr.Dataset, family: Family, file: str, place: str
) -> Iterator[Fault]:
    """List what is wrong with one summand; `place` is the path of keys that leads to it."""
    known = [str(name) for name in posterior.data_vars if family.parameter(str(name))]
    if term.variable not in posterior:
        yield Fault(file, f"no variable '{term.variable}'", _one_of(known), column=place)
        return
    values = posterior[term.variable]
    dims = [str(dim) for dim in values.dims if dim not in SAMPLES]
    wrong = False
    for dim, label in term.at.items():
        if dim not in dims:
            wrong = True
            yield Fault(file, f"'{term.variable}' has no dim '{dim}'", _one_of(dims), column=place)
        elif label not in values[dim].values:
            wrong = True
            labels = [str(one) for one in values[dim].values]
            yield Fault(file, f"no {dim} '{label}'", _one_of(labels), column=place)
    for dim in term.mean_over:
        if dim not in dims or dim in term.at:
            wrong = True
            free = [one for one in dims if one not in term.at]
            yield Fault(file, f"cannot average over '{dim}'", _one_of(free), column=place)
    for dim in dims:
        if dim not in term.at and dim not in term.mean_over:
            wrong = True
            expected = f"one of {_one_of([str(one) for one in values[dim].values])}, or mean_over"
            yield Fault(file, f"'{term.variable}' leaves dim '{dim}' open", expected, column=place)
    if not wrong and bool(_term_draws(term, posterior).isnull().any()):
        given = f"'{term.variable}' is not measured at every cell of {term.at}"
        yield Fault(file, given, "cells that the design measures", column=place)


def _one_of(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"


def refuse_faulty_claims(
    claims: Sequence[Claim], posterior: xr.Dataset, family: Family, study: str
) -> None:
    """Raise one `InputError` with all faults of claims; see `claim_faults`."""
    faults = claim_faults(claims, posterior, family, f"config/studies/{study}.yaml")
    if faults:
        raise InputError(f"claims of study {study}", faults)


def claims_table(
    claims: Sequence[Claim],
    posteriors: Mapping[str, xr.Dataset],
    trusted: Mapping[str, bool],
    units: Mapping[str, str],
    decision: Decision,
    priors: Mapping[str, xr.Dataset] | None = None,
) -> pd.DataFrame:
    """Judge every claim, in the declared order.

    Parameters
    ----------
    posteriors : mapping of str to xr.Dataset
        By analysis.
    trusted : mapping of str to bool
        Whether an analysis passed its blocking checks.
    units : mapping of str to str
        Unit of each claim's estimand, by claim id.
    decision : Decision
        Probability and Monte Carlo margin of a verdict.
    priors : mapping of str to xr.Dataset, optional
        Draws from the prior by analysis, for the columns of `evidence`.

    Returns
    -------
    pd.DataFrame
        One row per claim. `p_beyond`: beyond the ROPE on the claimed side;
        `p_opposite`: beyond it on the other; a claim of zero counts above as beyond and
        below as opposite. The three probabilities add up to 1. `p_mcse` is the largest of
        their Monte Carlo errors.
    """
    rows = []
    for claim in claims:
        posterior = posteriors[claim.analysis]
        row = _judged(claim, posterior, trusted[claim.analysis], units, decision)
        if priors:
            row |= evidence(claim, posterior, priors[claim.analysis], decision)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _judged(
    claim: Claim,
    posterior: xr.Dataset,
    trusted: bool,
    units: Mapping[str, str],
    decision: Decision,
) -> dict[str, object]:
    found = judged_draws(claim, estimand_draws(claim, posterior), decision)
    return {
        **found,
        "id": claim.id,
        "claim": claim.sentence,
        "analysis": claim.analysis,
        "declared": claim.declared,
        "unit": units[claim.id],
        "direction": claim.direction,
        "rope_low": claim.rope.low,
        "rope_high": claim.rope.high,
        "rope_reason": claim.rope.reason,
        "verdict": found["verdict"] if trusted else NOT_ASSESSABLE,
    }


def judged_draws(claim: Claim, draws: xr.DataArray, decision: Decision) -> dict[str, float | str]:
    """Describe draws (chain, draw) of a claim's estimand and give the verdict on it.

    Returns
    -------
    dict of str to float or str
        The columns of `summaries.describe`, `p_beyond`, `p_rope`, `p_opposite`, `p_mcse` and
        `verdict`.
    """
    regions = claim_regions(claim, draws)
    shares = {name: float(region.mean()) for name, region in regions.items()}
    errors = {name: probability_mcse(region) for name, region in regions.items()}
    return {
        **{str(key): value for key, value in describe(draws.expand_dims("cell")).iloc[0].items()},
        **{f"p_{name}": share for name, share in shares.items()},
        "p_mcse": float(np.max(list(errors.values()))),
        "verdict": verdict(claim.direction, shares, errors, decision),
    }


def evidence(
    claim: Claim, posterior: xr.Dataset, prior: xr.Dataset, decision: Decision
) -> dict[str, float]:
    """Say what the data did to a claim, whatever was believed before.

    Returns
    -------
    dict of str to float
        `p_prior`: probability of the claimed region under the prior; `bayes_factor`: posterior
        odds of it by prior odds; `prior_needed`: the prior probability from which on the data
        would have brought it to the probability a verdict needs (doi:10.1038/s41562-021-01177-7).
        A share of 0 or 1 counts as half a draw from it: such a factor is a bound.
    """
    region = "rope" if claim.direction == "zero" else "beyond"
    odds = []
    for draws in (posterior, prior):
        inside = claim_regions(claim, estimand_draws(claim, draws))[region]
        share = float(np.clip(inside.mean(), 0.5 / inside.size, 1.0 - 0.5 / inside.size))
        odds.append(share / (1.0 - share))
    after, before = odds
    factor = after / before
    wanted = decision.probability / (1.0 - decision.probability)
    return {
        "p_prior": before / (1.0 + before),
        "bayes_factor": factor,
        "prior_needed": wanted / (wanted + factor),
    }


def claim_regions(claim: Claim, draws: xr.DataArray) -> dict[str, xr.DataArray]:
    """Say which draws lie beyond the ROPE on the claimed side, inside it, and opposite."""
    above, below = draws > claim.rope.high, draws < claim.rope.low
    beyond, opposite = (below, above) if claim.direction == "negative" else (above, below)
    return {"beyond": beyond, "rope": ~(above | below), "opposite": opposite}


def probability_mcse(region: xr.DataArray) -> float:
    """Monte Carlo error of the share of draws inside a region.

    Where all draws agree the estimated error is 0: one draw in all is stated instead.
    """
    share = float(region.mean())
    if share in (0.0, 1.0):
        return 1.0 / region.size
    return float(np.asarray(az.mcse(region.astype(float), method="mean")))


def verdict(
    direction: str, shares: Mapping[str, float], errors: Mapping[str, float], decision: Decision
) -> str:
    """Turn the three probabilities of a claim into a word.

    A probability decides if it clears `decision.probability` by `decision.mcse_margin`
    Monte Carlo errors.
    """

    def decides(share: float, error: float) -> bool:
        return share - decision.mcse_margin * error >= decision.probability

    inside = decides(shares["rope"], errors["rope"])
    if direction == "zero":
        outside = decides(1.0 - shares["rope"], errors["rope"])
        return "supported" if inside else "contradicted" if outside else "undecided"
    if decides(shares["beyond"], errors["beyond"]):
        return "supported"
    if decides(shares["opposite"], errors["opposite"]):
        return "contradicted"
    return "practically zero" if inside else "undecided"
