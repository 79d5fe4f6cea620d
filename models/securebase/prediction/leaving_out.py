"""Leave one out: how well a model foretells a unit, or a cluster, that it has not seen.

By importance weights (Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4); where their
tail cannot be trusted (Vehtari et al. 2024, jmlr.org/papers/v25/19-556.html), by a fit without
the unit.
"""

import logging
import warnings
from dataclasses import dataclass, replace
from typing import NamedTuple

import arviz_stats as az
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import logsumexp

from securebase.config import Prediction, Sampling
from securebase.fitting import Question
from securebase.ledger.recording import recorded
from securebase.prediction.terms import LEFT_OUT, data_without, left_out_terms
from securebase.refits import Task, refit

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Foretold:
    """Log-densities of everyone left out, each from the draws of all others.

    Parameters
    ----------
    names : ndarray (left_out,)
        Units or clusters.
    density : ndarray (left_out,)
        Expected log pointwise predictive density.
    p_loo : float
        Effective number of parameters.
    k : ndarray (left_out,)
        Shape of the tail of the importance weights: beyond `limit` they cannot be trusted.
    limit : float
        min(1 − 1 / log10(draws), 0.7).
    refits : int
        How many of those beyond were left out of a fit in earnest; their density is from it.
    """

    names: NDArray[np.str_]
    density: NDArray[np.float64]
    p_loo: float
    k: NDArray[np.float64]
    limit: float
    refits: int = 0


class Without(NamedTuple):
    """A fit without one: the log-density of who was left out; R-hat, ESS and divergences."""

    density: float
    mixed: tuple[float, float, int]


def foretold(
    question: Question, posterior: xr.Dataset, asked: Prediction, sampling: Sampling, cores: int
) -> Foretold:
    """Leave every unit, or every cluster where the analysis has clusters, out of a fit.

    Parameters
    ----------
    question : Question
    posterior : xr.Dataset
        Dims chain, draw and the model's.
    asked : Prediction
        Draws to take; fits without one at most.
    sampling : Sampling
        How these are drawn.
    cores : int
        Fits side by side; no number depends on it.
    """
    weighted = by_weights(left_out_terms(question.built, question.panel, posterior, asked.draws))
    beyond = np.flatnonzero(weighted.k > weighted.limit)
    worst = beyond[np.argsort(-weighted.k[beyond], kind="stable")][: asked.most_refits]
    density = weighted.density.copy()
    without = left_out_in_earnest(question, weighted.names[worst], asked.draws, sampling, cores)
    fitted = np.isfinite(without)
    density[worst[fitted]] = without[fitted]
    return replace(weighted, density=density, refits=int(fitted.sum()))


def by_weights(terms: xr.DataArray) -> Foretold:
    """Leave one out by importance weights with smoothed tails.

    Parameters
    ----------
    terms : xr.DataArray
        See `terms.left_out_terms`.
    """
    tree = xr.DataTree.from_dict(
        {
            # the efficiency of the draws is that of the log-likelihood
            "posterior": terms.sum(LEFT_OUT).to_dataset(name="study"),
            "log_likelihood": terms.to_dataset(name="study"),
        }
    )
    with warnings.catch_warnings():
        # told by k, and mended by a fit without
        warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto", UserWarning)
        found = az.loo(tree, pointwise=True)
    return Foretold(
        np.asarray(terms[LEFT_OUT].values, dtype=str),
        np.asarray(found.elpd_i, dtype=float),
        float(found.p),
        np.asarray(found.pareto_k, dtype=float),
        float(found.good_k),
    )


def left_out_in_earnest(
    question: Question, names: NDArray[np.str_], draws: int, sampling: Sampling, cores: int
) -> NDArray[np.float64]:
    """Fit without each of some units or clusters, and foretell it; NaN where a fit failed.

    Parameters
    ----------
    question : Question
    names : ndarray (left_out,)
        Of those to leave out, one at a time.
    draws : int
        Draws that foretell.
    sampling : Sampling
    cores : int

    Returns
    -------
    ndarray (left_out,)
    """
    if not len(names):
        return np.empty(0)
    log.info("fitting without each of %d whose weights cannot be trusted", len(names))
    built, panel = question.built, question.panel
    asked = question.family.sampled(sampling)
    seeded = (question.study.study, question.name, "without")
    attempt = question.attempt("leaving out", asked, sampling.seed, seeded, len(names))
    tasks = [
        Task(data_without(built, panel, one), attempt.seed + at) for at, one in enumerate(names)
    ]

    def density(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> Without:
        terms = left_out_terms(built, panel, posterior, draws)
        own = terms.sel({LEFT_OUT: names[number]}).values
        mixed = (*question.mixing(posterior), int(stats["diverging"].sum()))
        return Without(float(logsumexp(own) - np.log(own.size)), mixed)

    with recorded(attempt) as ending:
        outcomes = list(refit(built.model, tasks, asked, cores, density))
        ending.lost(one.failure for one in outcomes)
        fitted = {one.number: one.result for one in outcomes if one.result is not None}
        for without in fitted.values():
            ending.diagnosed(*without.mixed)
    return np.array([fitted[at].density if at in fitted else np.nan for at in range(len(names))])
