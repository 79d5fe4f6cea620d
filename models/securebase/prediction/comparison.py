"""Whether rivals of an analysis foretell better whom they have not seen."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from securebase.codebook.loading import Study
from securebase.codebook.rivals import rival_study
from securebase.config import Prediction, Sampling
from securebase.faults import Fault, InputError
from securebase.fitting import Question, posed
from securebase.ledger.recording import recorded
from securebase.names import AS_DECLARED
from securebase.prediction.leaving_out import Foretold, foretold
from securebase.sampling import posterior_draws

COLUMNS: Final = (
    *("model", "reason", "left_out", "count", "elpd", "se", "p_loo", "k_worst", "k_limit", "k_bad"),
    "refits",
    *("difference", "difference_se", "r_hat", "ess"),
)


def compare(
    study: Study,
    name: str,
    waves: pd.DataFrame,
    posterior: xr.Dataset,
    asked: Prediction,
    sampling: Sampling,
    cores: int,
) -> pd.DataFrame:
    """Hold an analysis against its rivals.

    Parameters
    ----------
    study : Study
        The codebook.
    name : str
        The analysis.
    waves : pd.DataFrame
        Scored waves.
    posterior : xr.Dataset
        Of the analysis.
    asked : Prediction
    sampling : Sampling
        How rivals are drawn.
    cores : int

    Returns
    -------
    pd.DataFrame
        A row for the analysis ("declared") and each rival: what is left out and how many; elpd
        and its standard error; p_loo; the worst k, its limit, how many are beyond it, and how
        many of these were left out of a fit in earnest; the difference of the analysis to the
        rival (positive: the analysis foretells better) and its standard error over what is left
        out; R-hat and effective sample size of the rival's draws. Nothing by unit.

    Raises
    ------
    InputError
        Where a rival cannot be asked of the data, or leaves out other units.
    """
    question = posed(study, name, waves)
    declared = foretold(question, posterior, asked, sampling, cores)
    rows = [_row(AS_DECLARED, "", question, declared, declared, {})]
    for rival, said in study.analyses[name].rivals.items():
        other = posed(rival_study(study, name, rival), name, waves)
        drawn, mixed = _drawn_rival(other, rival, sampling, cores)
        found = foretold(other, drawn, asked, sampling, cores)
        _refuse_others(declared, found, f"config/studies/{study.study}.yaml", f"{name}.{rival}")
        rows.append(_row(rival, said.reason, other, found, declared, mixed))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    model: str,
    reason: str,
    question: Question,
    found: Foretold,
    declared: Foretold,
    mixed: Mapping[str, float],
) -> dict[str, Any]:
    count = len(found.density)
    gain = declared.density - found.density
    study = question.study
    return {
        "model": model,
        "reason": reason,
        "left_out": (study.roles.leader or "cluster")
        if question.panel.analysis.clusters
        else study.unit,
        "count": count,
        "elpd": found.density.sum(),
        "se": np.sqrt(count) * found.density.std(ddof=1),
        "p_loo": found.p_loo,
        "k_worst": found.k.max(),
        "k_limit": found.limit,
        "k_bad": int((found.k > found.limit).sum()),
        "refits": found.refits,
        "difference": gain.sum(),
        "difference_se": np.sqrt(count) * gain.std(ddof=1),
        **mixed,
    }


def _drawn_rival(
    question: Question, rival: str, sampling: Sampling, cores: int
) -> tuple[xr.Dataset, dict[str, float]]:
    """Draw the posterior of a rival; say how well its chains have mixed."""
    asked, names = question.family.sampled(sampling), (question.study.study, question.name)
    attempt = question.attempt("rival", asked, sampling.seed, (*names, "rival", rival))
    with recorded(attempt) as ending:
        drawn, stats = posterior_draws(question.built.model, asked, attempt.seed, cores)
        r_hat, ess = question.mixing(drawn)
        ending.diagnosed(r_hat, ess, int(stats["diverging"].sum()))
    return drawn, {"r_hat": r_hat, "ess": ess}


def _refuse_others(declared: Foretold, found: Foretold, file: str, place: str) -> None:
    if not np.array_equal(declared.names, found.names):
        given = f"{len(found.names)} left out, not the {len(declared.names)} of the analysis"
        expected = "a rival that can use the same people: the same predictors known of them"
        raise InputError("prediction", [Fault(file, given, expected, column=place)])
