"""Those who left: who they are, what their scores could have been, and what that does to claims."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from growth_examples import FALLS, growth_study, random_waves

from securebase.config import Decision, Dropout, Sampling
from securebase.dropout.departures import (
    COLUMNS,
    completed,
    departures,
    judge_departures,
)
from securebase.dropout.imputation import imputed
from securebase.dropout.leaving import ALONE, TOGETHER, left_cells
from securebase.families import dyadic_growth
from securebase.fitting import Question, posed
from securebase.ledger.recording import recording
from securebase.ledger.tried import tried
from securebase.ledger.verifying import read_ledger
from securebase.names import EVERY_OUTCOME, EVERYONE
from securebase.part import Part
from securebase.sampling import posterior_draws

NAN = np.nan
ROLES = ("patient", "partner")
WAVES = {"w1": 0.0, "w2": 1.0, "w3": 2.0}
RUN = Sampling(chains=2, draws=500, tune=300, seed=5)
ASKED = Dropout(shifts=(-1.0, 1.0), imputations=4, draws=300, tune=150)


def couples(score: np.ndarray) -> Part:
    """Make the part of couples with these scores (couple, wave, role)."""
    study = growth_study(scales={"anxiety": {}}, waves=WAVES)
    whole = random_waves(study, np.random.default_rng(1), units=len(score), missing=0.0)
    (part,) = posed(study, "growth", whole).built.parts
    return replace(part, score=score.reshape(len(score), -1))


def test_who_left_and_how_by_hand() -> None:
    there = [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    score = np.array(
        [
            there,
            [[1.0, 1.0], [2.0, 2.0], [NAN, NAN]],  # both after the second wave
            [[1.0, 1.0], [2.0, NAN], [3.0, NAN]],  # the partner alone, after the first
            [[1.0, 1.0], [NAN, 2.0], [3.0, 3.0]],  # a gap is not leaving
            [[1.0, NAN], [NAN, NAN], [NAN, NAN]],  # a partner who never took part
            [[1.0, 1.0], [NAN, 2.0], [NAN, NAN]],  # one after the other: each alone
        ]
    )
    part = couples(score)
    assert part.responses[:2] == ("w1 patient anxiety", "w1 partner anxiety")
    left = left_cells(part, list(WAVES))
    together, alone = (left[way].reshape(6, 3, 2) for way in (TOGETHER, ALONE))
    expected = np.zeros((6, 3, 2), dtype=bool)
    expected[1, 2] = expected[4, 1:, 0] = True
    np.testing.assert_array_equal(together, expected)
    expected = np.zeros((6, 3, 2), dtype=bool)
    expected[2, 1:, 1] = expected[5, 1:, 0] = expected[5, 2, 1] = True
    np.testing.assert_array_equal(alone, expected)


def test_drawn_scores_are_those_of_the_conditional_normal(rng: np.random.Generator) -> None:
    root = rng.normal(size=(6, 6))
    cov, mean = root @ root.T, rng.normal(size=(6, 1))
    row = rng.normal(size=6)
    row[[1, 4, 5]] = NAN
    part = couples(np.tile(row.reshape(1, 3, 2), (4000, 1, 1)))
    drawn = imputed(rng, part, {"mean": mean, "cov": cov})
    seen, gone = [0, 2, 3], [1, 4, 5]
    np.testing.assert_array_equal(drawn[:, seen], part.score[:, seen])
    gain = cov[np.ix_(gone, seen)] @ np.linalg.inv(cov[np.ix_(seen, seen)])
    rest = cov[np.ix_(gone, gone)] - gain @ cov[np.ix_(seen, gone)]
    expected = mean[gone, 0] + gain @ (row[seen] - mean[seen, 0])
    errors = np.sqrt(np.diag(rest) / 4000)
    assert (np.abs(drawn[:, gone].mean(axis=0) - expected) < 4 * errors).all()
    np.testing.assert_allclose(np.cov(drawn[:, gone].T), rest, atol=0.08 * np.abs(rest).max())


def test_scores_of_a_cluster_are_drawn_given_all_its_units(rng: np.random.Generator) -> None:
    """The dense normal of a whole cluster: three couples, 18 scores, some of them missing."""
    count, repeats = 3, 4000
    root, loading = rng.normal(size=(6, 6)), rng.normal(size=(6, 2))
    # one effect only: the covariance of the two is singular
    ridge = np.array([[1.0], [0.7]])
    cov, shared = root @ root.T + np.eye(6), ridge @ ridge.T
    score = rng.normal(size=(count, 6))
    score[0, [1, 5]] = score[2, [0, 2, 3]] = NAN
    part = replace(
        couples(np.tile(score.reshape(count, 3, 2), (repeats, 1, 1))),
        cluster=np.repeat(np.arange(repeats), count),
    )
    moments = {"mean": np.zeros((6, 1)), "cov": cov, "loading": loading, "cluster_cov": shared}
    drawn = imputed(rng, part, moments).reshape(repeats, count * 6)
    across = np.kron(np.ones((count, count)), loading @ shared @ loading.T)
    dense = np.kron(np.eye(count), cov) + across
    gone = np.isnan(score.ravel())
    gain = dense[np.ix_(gone, ~gone)] @ np.linalg.inv(dense[np.ix_(~gone, ~gone)])
    rest = dense[np.ix_(gone, gone)] - gain @ dense[np.ix_(~gone, gone)]
    expected = gain @ score.ravel()[~gone]
    errors = np.sqrt(np.diag(rest) / repeats)
    assert (np.abs(drawn[:, gone].mean(axis=0) - expected) < 4 * errors).all()
    np.testing.assert_allclose(np.cov(drawn[:, gone].T), rest, atol=0.08 * np.abs(rest).max())


def test_what_is_tried() -> None:
    found = [
        (one.outcome, one.who, one.shift)
        for one in departures(["anxiety", "avoidance"], [TOGETHER, ALONE], [0.5])
    ]
    assert found == [
        (EVERY_OUTCOME, EVERYONE, 0.0), (EVERY_OUTCOME, EVERYONE, 0.5),
        ("anxiety", EVERYONE, 0.5), ("avoidance", EVERYONE, 0.5),
        (EVERY_OUTCOME, TOGETHER, 0.5), (EVERY_OUTCOME, ALONE, 0.5),
    ]  # fmt: skip
    # one outcome, one way of leaving: nothing to tell apart
    assert len(list(departures(["anxiety"], [TOGETHER], [-0.5, 0.5]))) == 3


def persons(leaving: float) -> Question:
    """Persons at three waves, a year apart, of whom a share has left after the first."""
    study = growth_study(
        roles=("person",), waves=WAVES,
        scales={"anxiety": {"roles": ["person"]}}, claims=(FALLS,),
    )  # fmt: skip
    rng = np.random.default_rng(3)
    waves = random_waves(study, rng, units=200, missing=0.0)
    waves["anxiety"] = 4.0 + rng.normal(0, 1, len(waves)) - 0.25 * waves["time"]
    units = waves["unit"].unique()
    left = units[: round(leaving * len(units))]
    return posed(study, "growth", waves[(waves["wave"] == "w1") | ~waves["unit"].isin(left)])


@pytest.fixture(scope="module")
def question() -> Question:
    return persons(0.3)


@pytest.fixture(scope="module")
def posterior(question: Question) -> xr.Dataset:
    return posterior_draws(question.built.model, RUN, 3, cores=1)[0]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dropout") / "ledger.jsonl"


@pytest.fixture(scope="module")
def judged(question: Question, posterior: xr.Dataset, ledger: Path) -> pd.DataFrame:
    claims = question.study.claims
    with recording(ledger, __file__):
        return judge_departures(question, posterior, claims, ASKED, RUN, Decision(), 2)


def test_all_departures_are_one_batch_of_the_ledger(judged: pd.DataFrame, ledger: Path) -> None:
    (batch,) = tried(read_ledger(ledger).entries)
    assert (batch.started["purpose"], batch.outcome) == ("drop-out", "finished")
    assert batch.fits == judged["imputations"].sum()
    assert batch.started["settings"]["imputations"] == ASKED.imputations
    assert 1.0 < (batch.ended or {})["r_hat"] < ASKED.r_hat


def test_a_shift_moves_the_change_by_the_share_that_left(
    question: Question, posterior: xr.Dataset, judged: pd.DataFrame
) -> None:
    """At even times the mean change of complete scores is half that from first to last."""
    assert list(judged) == list(COLUMNS)
    by_shift = judged.set_index("shift")
    first = question.built.parts[0].score[:, 0]
    moved = 0.3 * first.std(ddof=1) / 2
    error = by_shift["sd"].max() * np.sqrt(2 / 2400)
    for shift in (-1.0, 1.0):
        difference = by_shift.loc[shift, "mean"] - by_shift.loc[0.0, "mean"]
        assert abs(difference - shift * moved) < 4 * error
    assert by_shift.loc[1.0, "verdict"] != by_shift.loc[-1.0, "verdict"]
    assert (judged["imputations"] == 4).all()


def test_without_a_shift_imputed_data_say_what_the_posterior_says(
    posterior: xr.Dataset, judged: pd.DataFrame
) -> None:
    still = judged.set_index("shift").loc[0.0]
    change = posterior["change"].values
    # four imputations: their means differ by what is not known of those who left
    assert abs(still["mean"] - change.mean()) < 3 * change.std() / np.sqrt(4)
    assert still["sd"] == pytest.approx(change.std(), rel=0.3)


def test_only_scores_after_leaving_are_filled(question: Question, posterior: xr.Dataset) -> None:
    one, other = completed(question, posterior, 2, seed=1)
    score = question.built.parts[0].score
    left = np.isnan(score)
    assert left.sum() == 120
    for data in (one, other):
        np.testing.assert_array_equal(data.scores[0][~left], score[~left])
        assert not np.isnan(data.scores[0]).any()
    assert (one.scores[0][left] != other.scores[0][left]).all()
    again, _ = completed(question, posterior, 2, seed=1)
    np.testing.assert_array_equal(again.scores[0], one.scores[0])


def test_nobody_left_gives_an_empty_table(posterior: xr.Dataset) -> None:
    whole = persons(0.0)
    found = judge_departures(whole, posterior, whole.study.claims, ASKED, RUN, Decision(), 1)
    assert found.empty
    assert list(found) == list(COLUMNS)


def test_without_claims_nothing_is_fitted_again(question: Question, posterior: xr.Dataset) -> None:
    assert judge_departures(question, posterior, [], ASKED, RUN, Decision(), 1).empty


def test_draws_do_not_depend_on_cores(
    question: Question, posterior: xr.Dataset, judged: pd.DataFrame
) -> None:
    claims = question.study.claims
    again = judge_departures(question, posterior, claims, ASKED, RUN, Decision(), 1)
    pd.testing.assert_frame_equal(again, judged)


def test_failing_re_fits_are_counted(
    question: Question, posterior: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def picky(draws: xr.Dataset, panel: Any) -> xr.Dataset:
        calls.append(draws)
        if len(calls) in (2, 5, 6, 7, 8):
            raise RuntimeError("no such leaver")
        return dyadic_growth.derived(draws, panel)

    monkeypatch.setattr(dyadic_growth, "FAMILY", replace(question.family, derived=picky))
    claims = question.study.claims
    found = judge_departures(question, posterior, claims, ASKED, RUN, Decision(), 1)
    assert found["failures"].tolist() == [1, 4, 0]
    assert found["imputations"].tolist() == [3, 0, 4]
    assert np.isnan(found.loc[1, "p_beyond"])
