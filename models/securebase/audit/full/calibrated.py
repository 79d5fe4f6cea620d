"""A45: whether the posterior is calibrated at these data (posterior simulation-based calibration).

A truth is drawn from the posterior, a study simulated from it as large as the first and with its
predictors and gaps, and both are fitted together: moments of disjoint units add up. Then the truth
ranks anywhere among the draws alike. Säilynoja et al. (2025), arXiv:2502.03279. Unlike calibration
over the prior it asks where the data are, whatever scores a weak prior holds possible.

Scores are drawn for rows with the moments of the bundle (`synthetic_rows`): the cross-products of
simulated scores depend on the predictors through their own cross-products alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import xarray as xr

from securebase.audit.asking import Asked, source_of_draws, unfit
from securebase.audit.full.fitted import data_of, fits_of_claims, fitted_analyses, not_fitted
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.audit.second_route import rows_of
from securebase.audit.synthetic_rows import SyntheticRows
from securebase.bundle.models import BundledModel
from securebase.calibration.band import holm, uniform_band
from securebase.claims import estimand_draws
from securebase.codebook.extracts import claims_of
from securebase.config import Refits
from securebase.faults import InputError
from securebase.names import SAMPLES
from securebase.part import Part
from securebase.predictive import implied_moments, replicate
from securebase.refits import Outcome, Task
from securebase.report.wording import counted

HIGHEST: Final = 49
"""Draws that a truth is ranked among."""
_HOW: Final = Refits(chains=2, draws=500, tune=200, r_hat=1.03, ess=200)
_ALPHA: Final = 0.001


def calibrated(asked: Asked) -> Iterator[Said]:
    """Rank truths among the posteriors of studies simulated from them, claim by claim."""
    why = unfit(asked.opened)
    if why:
        yield skips(why)
        return
    for name in fitted_analyses(asked):
        if not claims_of(asked.opened.study, name):
            yield skips(f"{name}: no claim is about this analysis.")
        elif not asked.opened.has(source_of_draws(asked.opened, name)):
            yield skips(f"{name}: there are no draws to take truths from.")
        else:
            yield from _of_analysis(asked, name)
    yield from not_fitted(asked)


def _of_analysis(asked: Asked, name: str) -> Iterator[Said]:
    try:
        ranks, lost = ranks_of(asked, name)
    except InputError as error:
        yield skips(f"{name}: no study can be simulated: {error.faults[0].given}.")
        return
    if lost:
        yield warns(f"{name}: {lost} of {asked.replicates} simulated studies could not be fitted.")
    count = len(next(iter(ranks.values())))
    if not count:
        return
    band = uniform_band(count, HIGHEST)
    shares = holm(np.array([band.p_value(one) for one in ranks.values()]))
    worst = list(ranks)[int(shares.argmin())]
    told = f"{count} simulated studies; uniform ranks lie as far off in {shares.min():.2g} of cases"
    if shares.min() < _ALPHA:
        yield fails(f"{name}: {worst}: true values are not where posteriors say ({told}).")
        return
    claims = counted(len(ranks), "claim")
    yield passes(f"{name}: true values of {claims} lie where posteriors say ({told}).")


def ranks_of(asked: Asked, name: str) -> tuple[dict[str, np.ndarray], int]:
    """Rank the truth of each claim among evenly spaced draws (replicate,); count failed fits."""
    if asked.models is None:
        raise ValueError("calibration is of a model")
    opened = asked.opened
    model, claims = asked.models.model(opened, name), claims_of(opened.study, name)
    rows = rows_of(model, opened.bundle.moments(name))
    posterior = opened.tree(source_of_draws(opened, name))["posterior"].to_dataset()
    flat = posterior.stack(sample=SAMPLES)
    places = np.linspace(0, flat.sizes["sample"] - 1, asked.replicates).astype(int)
    truths = [flat.isel(sample=place) for place in places]
    tasks = list(_studies(model, rows, truths, asked.seed))
    outcomes = fits_of_claims(asked, model, claims, tasks, _HOW)
    ranks = {
        one.id: _ranks([float(estimand_draws(one, truth)) for truth in truths], outcomes, one.id)
        for one in claims
    }
    return ranks, sum(one.result is None for one in outcomes)


def _studies(
    model: BundledModel, rows: Sequence[SyntheticRows], truths: Sequence[xr.Dataset], seed: int
) -> Iterator[Task]:
    """Simulate a study from each truth, and add the first one's moments to its own."""
    at, data = implied_moments(model.built), data_of(model)
    variables = [str(one.name) for one in model.built.model.free_RVs]
    parts = [_of_rows(part, own) for part, own in zip(model.built.parts, rows, strict=True)]
    for number, truth in enumerate(truths):
        rng = np.random.default_rng([seed, number])
        implied = at({name: truth[name].values for name in variables})
        arrays = {
            f"{part.name}_{key}": array
            for part, moments in zip(parts, implied, strict=True)
            for key, array in _doubled(part).arrays(
                np.vstack([part.score, replicate(rng, part, moments)])
            ).items()
        }  # fmt: skip
        yield Task({**data, **arrays}, (seed + 1 + number) % 2**32)


def _of_rows(part: Part, rows: SyntheticRows) -> Part:
    return replace(part, score=rows.score, predictors=rows.designs, cluster=rows.cluster)


def _doubled(part: Part) -> Part:
    """The same predictors twice; clusters of the second half are others."""
    cluster = part.cluster
    if cluster is not None:
        cluster = np.concatenate([cluster, cluster + cluster.max() + 1])
    return replace(part, predictors=np.vstack([part.predictors] * 2), cluster=cluster)


def _ranks(
    truths: Sequence[float], outcomes: Sequence[Outcome[xr.Dataset]], claim: str
) -> np.ndarray:
    found = []
    for truth, outcome in zip(truths, outcomes, strict=True):
        if outcome.result is not None:
            draws = outcome.result[claim].values.ravel()
            some = draws[np.linspace(0, draws.size - 1, HIGHEST).astype(int)]
            found.append(int((some < truth).sum()))
    return np.array(found, dtype=np.int64)
