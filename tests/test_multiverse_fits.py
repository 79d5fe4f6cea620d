"""Specifications fitted: verdicts that flip as planted, the same rows however they are cut."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from small_study import small_table, study_in

from securebase.codebook.claim import Claim
from securebase.codebook.specifications import specifications
from securebase.codebook.study import Study
from securebase.config import Decision, Multiverse, Sampling
from securebase.faults import InputError
from securebase.fitting import Question
from securebase.ledger.recording import recording
from securebase.ledger.verifying import read_ledger
from securebase.multiverse.batches import Batch, batches
from securebase.multiverse.fitting import Fitting, fit_batch
from securebase.multiverse.gathering import gathered, public
from securebase.multiverse.posing import Raw, posed_specification
from securebase.multiverse.sharing import data_for
from securebase.multiverse.standing import Standing

ASKED = Multiverse(
    draws=400, tune=200, ess=200, r_hat=1.1, minutes_per_batch=1.0, seconds_per_fit=1.0
)
FITTING = Fitting(ASKED, Sampling(), Decision())
GROWTH = {
    "family": "dyadic_growth",
    "question": "How does anxiety change?",
    "outcomes": ["anxiety"],
    "roles": ["patient"],
}
CLAIM = {
    "id": "H1",
    "sentence": "Patients' anxiety falls over the year.",
    "analysis": "growth",
    "estimand": [{"variable": "change", "at": {"outcome": "anxiety", "role": "patient"}}],
    "direction": "negative",
    "rope": {"low": -0.2, "high": 0.2, "reason": "too small to be noticed"},
}
CHOICES: dict[str, Any] = {
    "site": {
        "kind": "equivalent",
        "options": {
            "both": {"reason": "every couple that took part"},
            "second": {
                "reason": "couples of the second site only",
                "change": {"exclusions": [{"where": {"site": "1"}, "reason": "the first site"}]},
            },
        },
    },
    "prior": {
        "kind": "equivalent",
        "options": {
            "default": {"reason": "the prior of the family"},
            "narrow": {
                "reason": "half of its width",
                "change": {
                    "analyses": {
                        "growth": {"priors": {"change": {"sd": 0.5, "reason": "a narrow one"}}}
                    }
                },
            },
        },
    },
    "time": {
        "kind": "assumption",
        "options": {
            "line": {"reason": "a straight line"},
            "free": {
                "reason": "any path",
                "change": {"analyses": {"growth": {"time": {"shape": "free"}}}},
            },
        },
    },
}


def opposed_sites() -> pd.DataFrame:
    """Anxiety falls by two points a wave in 24 couples of site 1, and rises so in 6 of site 2."""
    table = small_table(np.random.default_rng(5))
    table["site"] = np.where(table["couple"].astype(int) <= 124, "1", "2")
    steps = 2 * (table["time"].astype(int) - 2) * np.where(table["site"] == "1", -1, 1)
    for item in ("A1", "A2", "A3", "A4", "A5"):
        sign = -1 if item == "A2" else 1
        table[item] = (table[item].astype(int) + sign * steps).clip(1, 7).astype(str)
    return table


def study(folder: Path, choices: dict[str, Any] | None = None) -> Study:
    said = {"analyses": {"growth": GROWTH}, "claims": [CLAIM]}
    multiverse = {"choices": choices or CHOICES, "assumptions": "crossed"}
    return study_in(folder, opposed_sites(), **said, multiverse=multiverse)


def fitted(one: Study, folder: Path, asked: Multiverse) -> list[pd.DataFrame]:
    fitting = Fitting(asked, Sampling(), Decision())
    return [fit_batch(batch, one, Raw(folder), fitting) for batch in batches(one, asked).values()]


def as_bytes(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("multiverse")


@pytest.fixture(scope="module")
def declared(folder: Path) -> Study:
    return study(folder)


@pytest.fixture(scope="module")
def whole(declared: Study, folder: Path) -> pd.DataFrame:
    """All specifications in as few batches as there are models, recorded in a ledger."""
    with recording(folder / "ledger.jsonl", folder / "small.csv"):
        return gathered(declared, fitted(declared, folder, ASKED))


def test_the_planted_flip_is_found(whole: pd.DataFrame) -> None:
    assert len(whole) == 8
    by_site = whole.groupby("choice_site")["verdict"].unique().map(list)
    assert by_site["both"] == ["supported"]
    assert "contradicted" in by_site["second"]
    assert set(whole["units"][whole["choice_site"] == "both"]) == {30}
    assert set(whole["units"][whole["choice_site"] == "second"]) == {6}
    assert (whole["failure"] == "").all()
    assert (whole["draws"] >= 800).all()
    equivalent = whole[whole["kind"] != "assumption"]
    standing = Standing("supported", list(equivalent["verdict"]), Decision())
    assert (standing.same, standing.total, standing.grade) == (2, 4, "fragile")


def test_a_narrow_prior_draws_the_estimate_to_it(whole: pd.DataFrame) -> None:
    medians = whole[whole["choice_time"] == "line"].set_index(["choice_site", "choice_prior"])
    wide, narrow = (medians.loc[("both", one), "median"] for one in ("default", "narrow"))
    assert wide < narrow < 0


def test_rows_do_not_depend_on_the_batches(
    declared: Study, folder: Path, whole: pd.DataFrame
) -> None:
    # 60 s less 30 s to compile are enough for two fits of 12 s
    pairs = ASKED.model_copy(update={"seconds_per_fit": 12.0})
    tables = fitted(declared, folder, pairs)
    assert [len(table) for table in tables] == [2, 2, 2, 2]
    # in any order, too
    assert as_bytes(gathered(declared, tables[::-1])) == as_bytes(whole)


def test_rows_do_not_depend_on_cores(declared: Study, folder: Path, whole: pd.DataFrame) -> None:
    batch = next(iter(batches(declared, ASKED).values()))
    two = fit_batch(batch, declared, Raw(folder), Fitting(ASKED, Sampling(), Decision(), cores=2))
    assert as_bytes(two) == as_bytes(whole[whole["choice_time"] == "line"].reset_index(drop=True))


def test_specifications_share_a_model_as_far_as_they_differ_in_data_alone(
    declared: Study, folder: Path
) -> None:
    raw, listed = Raw(folder), specifications(declared)
    first, *others = (raw.question(one) for one in listed)
    shared = [data_for(one, first) is not None for one in others]
    assert shared == [one.options["time"] == "line" for one in listed[1:]]


def test_a_shared_model_has_the_density_of_its_own(declared: Study, folder: Path) -> None:
    raw = Raw(folder)
    listed = {one.key: raw.question(one) for one in specifications(declared)}
    base = listed["site=both, prior=default, time=line"]
    other = listed["site=second, prior=narrow, time=line"]
    data = data_for(other, base)
    assert data is not None
    points = [
        {name: value + 0.3 * np.sin(k + np.arange(value.size)).reshape(value.shape)
         for name, value in other.built.model.initial_point().items()}
        for k in range(4)
    ]  # fmt: skip
    own = _densities(other, points)
    with base.built.model:
        pm.set_data(data)
    turned = _densities(base, points)
    # up to what does not depend on the values
    np.testing.assert_allclose(turned - turned[0], own - own[0], atol=1e-9)
    assert np.ptp(own) > 1.0


def _densities(question: Question, points: Sequence[dict[str, Any]]) -> np.ndarray:
    density = question.built.model.compile_logp(mode="FAST_COMPILE")
    return np.array([float(density(point)) for point in points])


def test_one_that_cannot_be_fitted_is_a_row_and_costs_no_other(tmp_path: Path) -> None:
    nobody = {
        "site": {
            "kind": "equivalent",
            "options": {
                "both": {"reason": "every couple that took part"},
                "neither": {
                    "reason": "planted: nobody is left",
                    "change": {
                        "exclusions": [{"where": {"site": ["1", "2"]}, "reason": "all of them"}]
                    },
                },
            },
        }
    }
    one = study(tmp_path, nobody)
    (table,) = fitted(one, tmp_path, ASKED)
    assert table["failure"].iloc[0] == ""
    assert table["failure"].iloc[1].startswith("InputError")
    assert pd.isna(table["median"].iloc[1])
    told = public(table, one)
    assert list(told["verdict"]) == ["supported", "no result"]
    standing = Standing("supported", list(told["verdict"]), Decision())
    assert (standing.same, standing.total, standing.grade) == (1, 2, "mixed")


def test_chains_that_have_not_mixed_give_no_verdict(declared: Study, folder: Path) -> None:
    strict = ASKED.model_copy(update={"ess": 1e9})
    batch = next(iter(batches(declared, ASKED).values()))
    short = Batch(batch.name, batch.base, batch.members[:1])
    table = fit_batch(short, declared, Raw(folder), Fitting(strict, Sampling(), Decision()))
    assert list(table["verdict"]) == ["not assessable"]
    # drawn sixteen times as long before that is said
    assert list(table["draws"]) == [2 * 400 * 16]


def test_the_ledger_hears_of_every_fit(declared: Study, folder: Path, whole: pd.DataFrame) -> None:
    entries = read_ledger(folder / "ledger.jsonl").entries
    started = [one for one in entries if one["event"] == "started"]
    assert {one["purpose"] for one in started} == {"specifications"}
    assert sum(one["fits"] for one in started) == len(whole)
    told = {key: sha for one in started for key, sha in one["settings"]["specifications"].items()}
    assert told == {one.key: one.sha256 for one in specifications(declared)}


def test_a_result_that_is_missing_or_not_declared_is_told(
    declared: Study, whole: pd.DataFrame
) -> None:
    with pytest.raises(InputError, match="nothing for growth: site=both, prior=default, time=line"):
        gathered(declared, [whole.iloc[1:]])
    stranger = whole.assign(sha256=["0" * 64, *whole["sha256"][1:]])
    with pytest.raises(InputError, match="2 faults"):
        gathered(declared, [stranger])


def test_what_is_public_has_neither_estimates_nor_numbers_of_units(
    declared: Study, whole: pd.DataFrame
) -> None:
    told = public(whole, declared)
    assert list(told) == ["claim", "analysis", "specification", "kind", "p_claim", "verdict"]
    assert (told["p_claim"] == told["p_claim"].round(2)).all()
    np.testing.assert_allclose(told["p_claim"], whole["p_beyond"], atol=0.0051)


def test_a_claim_of_zero_is_one_for_the_rope(declared: Study, whole: pd.DataFrame) -> None:
    zero = Claim.model_validate(CLAIM | {"direction": "zero"})
    told = public(whole, declared.model_copy(update={"claims": (zero,)}))
    np.testing.assert_allclose(told["p_claim"], whole["p_rope"], atol=0.0051)


@pytest.mark.parametrize(
    ("verdicts", "grade"),
    [
        (9 * ["supported"] + ["undecided"], "robust"),
        (8 * ["supported"] + 2 * ["undecided"], "mixed"),
        (8 * ["supported"] + 2 * ["no result"], "mixed"),
        (4 * ["supported"] + 6 * ["undecided"], "fragile"),
        (9 * ["supported"] + ["contradicted"], "fragile"),
    ],
)
def test_grades(verdicts: list[str], grade: str) -> None:
    assert Standing("supported", verdicts, Decision()).grade == grade


def test_posing_tells_why_it_refuses(declared: Study, folder: Path) -> None:
    one = specifications(declared)[0]
    raw = Raw(folder)
    base = raw.question(one)
    found = posed_specification(one, base, Raw(folder / "nowhere"))
    assert "no such file" in getattr(found, "failure", "")
