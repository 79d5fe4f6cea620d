"""Who is left out is foretold: by importance weights, by fits without them, beside rivals."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from growth_examples import growth_study, random_waves
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from securebase.config import Prediction, Sampling
from securebase.faults import InputError
from securebase.fitting import Question, posed
from securebase.ledger.recording import recording
from securebase.ledger.tried import tried
from securebase.ledger.verifying import read_ledger
from securebase.prediction.comparison import COLUMNS, compare
from securebase.prediction.leaving_out import by_weights, foretold, left_out_in_earnest
from securebase.prediction.terms import LEFT_OUT, left_out_terms
from securebase.predictive import moments_at_draws
from securebase.sampling import posterior_draws

RUN = Sampling(chains=4, draws=500, tune=300, seed=5)
ASKED = Prediction(compare=True, draws=2000, most_refits=3)
FLAT = {
    "reason": "Sensitivity has nothing to do with it.",
    "change": {"predictors": []},
}


def study_of(clusters: bool, rivals: dict[str, Any] | None = None) -> Any:
    analysis = {"predictors": [{"name": "sensitivity", "of": "actor"}], "clusters": clusters}
    return growth_study(
        roles=("person",),
        scales={"anxiety": {"roles": ["person"]}},
        covariates={"sensitivity": {}},
        analysis=analysis | {"rivals": rivals or {}},
    )


def waves_of(study: Any, clusters: int = 0) -> pd.DataFrame:
    waves = random_waves(study, np.random.default_rng(1), 24, missing=0.1, clusters=clusters)
    waves["anxiety"] += 0.03 * (waves["sensitivity"] - 50) * (1 + waves["time"])
    # one who is like nobody else
    waves.loc[waves["unit"] == "u003", "anxiety"] += 6.0
    return waves


@pytest.fixture(scope="module", params=[0, 8], ids=["units", "clusters"])
def question(request: pytest.FixtureRequest) -> Question:
    study = study_of(bool(request.param))
    return posed(study, "growth", waves_of(study, request.param))


@pytest.fixture(scope="module")
def posterior(question: Question) -> xr.Dataset:
    return posterior_draws(question.built.model, RUN, 3, cores=2)[0]


def test_weights_and_fits_without_agree(question: Question, posterior: xr.Dataset) -> None:
    weighted = by_weights(left_out_terms(question.built, question.panel, posterior, 2000))
    earnest = left_out_in_earnest(question, weighted.names, 2000, RUN, cores=2)
    trusted = weighted.k <= weighted.limit
    assert trusted.sum() >= len(trusted) - 3
    se = np.sqrt(len(earnest)) * earnest.std(ddof=1)
    assert abs((weighted.density - earnest)[trusted]).max() < 0.1 * se
    mended = foretold(question, posterior, ASKED, RUN, cores=2)
    assert abs(mended.density.sum() - earnest.sum()) < 0.1 * se
    assert mended.refits == (~trusted).sum()


def test_a_fit_without_one_is_a_fit_to_the_others() -> None:
    """Against dense normals at draws of a model that never knew of the one."""
    study = study_of(False)
    question = posed(study, "growth", waves_of(study))
    name, part = "u003", question.built.parts[0]
    place = list(question.panel.data["unit"].values).index(name)
    without = question.panel.data["unit"].values != name
    waves = waves_of(study)
    others = posed(study, "growth", waves[waves["unit"] != name])
    # the same origin of the predictor, which is that of everybody
    shift = part.predictors[without][:, 1] - others.built.parts[0].predictors[:, 1]
    assert np.ptp(shift) < 1e-9
    drawn, _ = posterior_draws(others.built.model, RUN, 9, cores=2)
    seen = np.flatnonzero(~np.isnan(part.score[place]))
    design = part.predictors[place] - np.array([0.0, shift[0]])
    score, square = part.score[place, seen], np.ix_(seen, seen)
    densities = [
        multivariate_normal.logpdf(score, (draw["mean"] @ design)[seen], draw["cov"][square])
        for (draw,) in moments_at_draws(others.built, drawn, 2000)
    ]
    expected = logsumexp(densities) - np.log(len(densities))
    (found,) = left_out_in_earnest(question, np.array([name]), 2000, RUN, cores=1)
    assert found == pytest.approx(expected, abs=0.35)


def test_a_rival_without_what_matters_foretells_worse(tmp_path: Path) -> None:
    study = study_of(False, {"flat": FLAT})
    waves = waves_of(study)
    drawn, _ = posterior_draws(posed(study, "growth", waves).built.model, RUN, 3, cores=2)
    (tmp_path / "waves").write_bytes(b"scores")
    with recording(tmp_path / "ledger.jsonl", tmp_path / "waves"):
        table = compare(study, "growth", waves, drawn, ASKED, RUN, cores=2)
    assert list(table) == list(COLUMNS)
    declared, flat = table.to_dict("records")
    fits = list(tried(read_ledger(tmp_path / "ledger.jsonl").entries))
    told = [(one.started["purpose"], one.fits, one.started["model"]["predictors"]) for one in fits]
    assert told == [
        ("leaving out", declared["refits"], ["actor sensitivity"]),
        ("rival", 1, []),
        ("leaving out", flat["refits"], []),
    ]
    assert all(one.outcome == "finished" and (one.ended or {})["r_hat"] < 1.1 for one in fits)
    assert (fits[1].ended or {})["ess"] == pytest.approx(flat["ess"])
    assert declared["difference"] == 0.0
    assert flat["difference"] == pytest.approx(declared["elpd"] - flat["elpd"])
    assert flat["r_hat"] < 1.05
    assert {row["left_out"] for row in (declared, flat)} == {study.unit}
    again = compare(study, "growth", waves, drawn, ASKED, RUN, cores=1)
    pd.testing.assert_frame_equal(again, table)


def test_a_rival_has_to_be_about_the_same_people() -> None:
    study = study_of(False, {"flat": FLAT})
    waves = waves_of(study)
    # of one, the predictor is not known: the rival can use them, the analysis cannot
    waves.loc[waves["unit"] == "u005", "sensitivity"] = np.nan
    drawn, _ = posterior_draws(posed(study, "growth", waves).built.model, RUN, 3, cores=2)
    with pytest.raises(InputError, match="24 left out, not the 23 of the analysis"):
        compare(study, "growth", waves, drawn, ASKED, RUN, cores=2)


def test_names_of_people_are_not_in_the_table(question: Question, posterior: xr.Dataset) -> None:
    terms = left_out_terms(question.built, question.panel, posterior, 200)
    table = compare(
        question.study, "growth", waves_of(question.study, 8), posterior, ASKED, RUN, cores=2
    )
    assert not set(terms[LEFT_OUT].values) & set(table.astype(str).to_numpy().ravel())
