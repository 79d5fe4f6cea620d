"""Recovery: rows of replicates, tables, coverages and what is said of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from growth_examples import FALLS, growth_study, random_waves
from scipy.stats import norm

from securebase.claims import claims_table, estimand_draws
from securebase.codebook.claim import Claim
from securebase.config import Decision, Recovery, Refits, Sampling
from securebase.families import dyadic_growth
from securebase.faults import InputError
from securebase.fitting import Question, posed
from securebase.recovery.coverage import (
    coverage_band,
    coverages,
    data_weight,
    unsettled,
    wrong_verdicts,
)
from securebase.recovery.page import write_page
from securebase.recovery.replicates import (
    LEVELS,
    Replicates,
    judged_claim,
    recover,
    true_place,
)
from securebase.recovery.table import gathered, recovery_table, renewed

RUN = Sampling(seed=5)
SIX = Recovery(replicates=6, draws=150)
CLAIMS = (
    FALLS,
    {
        "id": "together",
        "sentence": "Levels and changes do not go together.",
        "analysis": "growth",
        "estimand": [
            {
                "variable": "unit_corr",
                "at": {
                    "effect": "level person anxiety",
                    "effect_bis": "change person anxiety",
                },
            }
        ],
        "direction": "zero",
        "rope": FALLS["rope"],
    },
)


@pytest.fixture(scope="module")
def question() -> Question:
    study = growth_study(
        roles=("person",), scales={"anxiety": {"roles": ["person"]}}, claims=CLAIMS
    )
    waves = random_waves(study, np.random.default_rng(1), units=40, missing=0.1)
    return posed(study, "growth", waves)


def truth(change: float) -> xr.Dataset:
    """Write out a truth: people start at 4, and change by `change` a year."""
    effects = ["level person anxiety", "change person anxiety"]
    return xr.Dataset(
        {
            "level": (("role", "outcome"), [[4.0]]),
            "change": (("role", "outcome"), [[change]]),
            "unit_sd": ("effect", [0.8, 0.3]),
            "unit_corr": (("effect", "effect_bis"), np.eye(2)),
            "residual_sd": ("series", [0.5]),
            "residual_corr": (("series", "series_bis"), np.eye(1)),
        },
        coords={
            "role": ["person"],
            "outcome": ["anxiety"],
            "effect": effects,
            "effect_bis": effects,
            "series": ["person anxiety"],
            "series_bis": ["person anxiety"],
        },
    )


@pytest.fixture(scope="module")
def found(question: Question) -> dict[str, pd.DataFrame]:
    truths = {"source": truth(-0.6), "null": truth(0.0)}
    return recover(question, truths, question.study.claims, SIX, RUN, Decision(), 2)


def test_rows_are_every_claim_of_every_replicate(found: dict[str, pd.DataFrame]) -> None:
    for world, value in (("source", -0.6), ("null", 0.0)):
        rows = found[world]
        assert rows["replicate"].tolist() == [number for number in range(6) for _ in range(2)]
        assert rows["claim"].tolist() == ["falls", "together"] * 6
        assert (rows["failure"] == "").all()
        assert rows.loc[rows["claim"] == "falls", "truth"].unique() == [value]
        for level in LEVELS:
            assert (rows[f"low_{level}"] < rows[f"high_{level}"]).all()
        assert (rows["low_95"] < rows["low_80"]).all()
        np.testing.assert_allclose(rows[["p_beyond", "p_rope", "p_opposite"]].sum(axis=1), 1.0)
        assert (rows["units"] == 40).all()


def test_worlds_move_the_estimates_by_what_their_truths_differ(
    found: dict[str, pd.DataFrame],
) -> None:
    means = {world: rows[rows["claim"] == "falls"]["mean"] for world, rows in found.items()}
    error = np.hypot(means["source"].std(), means["null"].std()) / np.sqrt(6)
    assert abs(means["source"].mean() - means["null"].mean() + 0.6) < 4 * error
    assert error < 0.1


def test_numbers_depend_on_no_cores_and_no_other_world(
    question: Question, found: dict[str, pd.DataFrame]
) -> None:
    alone = recover(question, {"null": truth(0.0)}, question.study.claims, SIX, RUN, Decision(), 1)
    pd.testing.assert_frame_equal(alone["null"], found["null"])


def test_a_batch_has_the_rows_that_all_have(
    question: Question, found: dict[str, pd.DataFrame]
) -> None:
    claims, truths = question.study.claims, {"null": truth(0.0)}
    batch = recover(question, truths, claims, SIX, RUN, Decision(), 1, range(2, 5))["null"]
    whole = found["null"]
    expected = whole[whole["replicate"].isin([2, 3, 4])].reset_index(drop=True)
    pd.testing.assert_frame_equal(batch, expected, check_exact=True)


def test_a_fit_is_drawn_longer_until_it_has_mixed(question: Question) -> None:
    # of 300 draws no claim has so many effective ones; of 1,200 the slower one has
    asked = Recovery(replicates=3, draws=150, ess=500)
    claims = question.study.claims
    rows = recover(question, {"null": truth(0.0)}, claims, asked, RUN, Decision(), 2)["null"]
    assert rows["draws"].unique().tolist() == [1200]
    assert rows[["ess_bulk", "ess_tail"]].min(axis=None) >= 500
    assert recovery_table(rows)["redrawn"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("r_hat", "ess", "will_do"),
    [(1.05, 100.0, True), (1.051, 900.0, False), (1.0, 99.0, False), (np.nan, 400.0, True)],
)
def test_re_fits_say_whether_chains_mixed(r_hat: float, ess: float, will_do: bool) -> None:
    assert Refits(r_hat=1.05, ess=100).mixed(r_hat, ess) is will_do


def test_replicates_are_made_when_asked(question: Question) -> None:
    replicates = Replicates(question, "source", truth(-0.6), range(3), seed=1)
    assert len(replicates) == 3
    first, again = replicates[0], replicates[0]
    for name, values in first.data.items():
        np.testing.assert_array_equal(values, again.data[name])
    elsewhere = Replicates(question, "null", truth(0.0), range(3), seed=1)
    assert len({task.seed for task in [*replicates[:], *elsewhere[:]]}) == 6
    with pytest.raises(IndexError):
        replicates[3]


def test_verdict_is_that_of_the_table_of_claims(question: Question) -> None:
    rng = np.random.default_rng(3)
    draws = rng.normal(-0.2, 0.06, (2, 400, 1, 1))
    posterior = truth(0.0).expand_dims(chain=2, draw=400)
    posterior["change"] = (("chain", "draw", "role", "outcome"), draws)
    (claim, _) = question.study.claims
    kept = xr.Dataset({claim.id: estimand_draws(claim, posterior)}, attrs={"divergences": 3})
    row = judged_claim(claim, kept, Decision())
    table = claims_table(
        [claim], {"growth": posterior}, {"growth": True}, {"falls": ""}, Decision()
    )
    expected = table.iloc[0]
    for name in ("mean", "sd", "p_beyond", "p_rope", "p_opposite", "p_mcse", "r_hat", "ess_tail"):
        assert row[name] == pytest.approx(expected[name]), name
    assert (row["low_95"], row["high_95"]) == pytest.approx((expected["q2_5"], expected["q97_5"]))
    assert row["low_50"] == pytest.approx(np.quantile(draws, 0.25))
    assert row["high_80"] == pytest.approx(np.quantile(draws, 0.9))
    assert row["verdict"] == expected["verdict"]
    assert (row["divergences"], row["draws"]) == (3, 800)


@pytest.mark.parametrize(("value", "region"), [(-0.5, "beyond"), (0.05, "rope"), (0.5, "opposite")])
def test_region_of_the_truth(question: Question, value: float, region: str) -> None:
    place = true_place(question.study.claims[0], truth(value))
    assert place == {"region": region, "truth": value}


def test_a_truth_that_no_number_gives_is_neither_missed_nor_covered(question: Question) -> None:
    place = true_place(question.study.claims[0], truth(np.nan))
    assert place["region"] == "undefined"
    rows = rows_by_hand().assign(truth=np.nan, region="undefined")
    table = recovery_table(rows).assign(study="s", analysis="a", coverage_50=np.nan)
    assert "coverage_95" not in table
    assert table["supported"].item() == 0.5
    assert coverages(table.assign(coverage_80=np.nan, coverage_95=np.nan)).empty
    assert wrong_verdicts(table.assign(world="reversed")).empty


# the first call is for the fit that chains start from, then one for each replicate
@pytest.mark.parametrize("failing", [{3}, {1, 3}])
def test_failing_fits_are_counted_and_cost_no_others(
    question: Question, monkeypatch: pytest.MonkeyPatch, failing: set[int]
) -> None:
    simulate, calls = question.family.simulate, []

    def picky(*given: Any) -> Any:
        calls.append(given)
        if len(calls) in failing:
            raise RuntimeError("no such study")
        return simulate(*given)

    monkeypatch.setattr(dyadic_growth, "FAMILY", replace(question.family, simulate=picky))
    claims = question.study.claims
    three = Recovery(replicates=3, draws=150)
    found = recover(question, {"null": truth(0.0)}, claims, three, RUN, Decision(), 1)
    rows = found["null"]
    assert rows["failure"].tolist() == ["", ""] + ["RuntimeError: no such study"] * 2 + ["", ""]
    table = recovery_table(rows)
    assert table["failed"].tolist() == [1, 1]
    assert table["replicates"].tolist() == [3, 3]


def test_claims_on_what_no_truth_has_are_refused(question: Question) -> None:
    claim = Claim.model_validate({**CLAIMS[0], "estimand": [{"variable": "chance"}]})
    with pytest.raises(InputError, match="no variable 'chance'"):
        recover(question, {"null": truth(0.0)}, [claim], SIX, RUN, Decision(), 1)


def rows_by_hand() -> pd.DataFrame:
    """Write four replicates of one claim whose truth is 1: errors -1, 0, 1, 2; one failed."""
    means = [0.0, 1.0, 2.0, 3.0]
    fitted = pd.DataFrame(
        {
            "world": "source", "replicate": range(4), "claim": "one", "direction": "positive",
            "region": "beyond", "truth": 1.0, "mean": means, "sd": [1.0, 1.0, 2.0, 2.0],
            "verdict": ["undecided", "supported", "supported", "practically zero"],
            "r_hat": [1.0, 1.01, 1.02, 1.0], "ess_bulk": 500.0,
            "ess_tail": [400.0, 300.0, 500.0, 500.0], "divergences": [0, 2, 0, 0],
            "draws": [400, 400, 1600, 400],
            "failure": "", "units": 7,
        }
    )  # fmt: skip
    for level, width in ((50, 0.5), (80, 1.0), (95, 1.5)):
        fitted[f"low_{level}"] = fitted["mean"] - width
        fitted[f"high_{level}"] = fitted["mean"] + width
    lost = {"world": "source", "replicate": 4, "claim": "one", "truth": 1.0, "failure": "lost"}
    return pd.concat([fitted, pd.DataFrame([lost])], ignore_index=True)


def test_table_by_hand() -> None:
    (row,) = recovery_table(rows_by_hand()).to_dict("records")
    assert (row["replicates"], row["failed"], row["units"]) == (5, 1, 7)
    assert row["bias"] == 0.5
    assert row["bias_se"] == pytest.approx(np.sqrt(5 / 3) / 2)
    assert row["rmse"] == pytest.approx(np.sqrt(6 / 4))
    assert row["posterior_sd"] == 1.5
    assert (row["coverage_50"], row["coverage_80"], row["coverage_95"]) == (0.25, 0.75, 0.75)
    assert row["coverage_80_se"] == pytest.approx(np.sqrt(0.75 * 0.25 / 4))
    assert (row["supported"], row["practically_zero"], row["undecided"]) == (0.5, 0.25, 0.25)
    assert row["contradicted"] == 0.0
    assert (row["r_hat_max"], row["ess_min"], row["divergent_fits"]) == (1.02, 300.0, 1)
    assert (row["draws"], row["redrawn"]) == (400, 1)


def tables(rng: np.random.Generator, estimands: int, spread: float = 1.0) -> pd.DataFrame:
    """Make tables of estimands that are covered as often as intervals `spread` times as wide."""
    replicates = 400
    table = pd.DataFrame({"claim": [f"c{number}" for number in range(estimands)]}).assign(
        study="s",
        analysis="a",
        world="source",
        region="rope",
        replicates=replicates,
        failed=0,
        truth=0.0,
        bias=0.0,
        rmse=1.0,
        posterior_sd=1.0,
    )
    deviations = np.abs(rng.normal(size=(estimands, replicates)))
    for level in LEVELS:
        inside = deviations <= spread * norm.ppf(0.5 + level / 200)
        table[f"coverage_{level}"] = inside.mean(axis=1)
    return table


def test_band_holds_all_exact_coverages_at_once_as_often_as_said() -> None:
    rng, inside, small = np.random.default_rng(4), [], []
    for _ in range(300):
        found = coverages(tables(rng, 12))
        limits = {level: coverage_band(400, level, len(found)) for level in LEVELS}
        held = [limits[one.level][0] <= one.coverage <= limits[one.level][1]
                for one in found.itertuples()]  # fmt: skip
        inside.append(all(held))
        small.append(found["p_family"].min() < 0.05)
    # levels of one estimand go together and counts are whole: the band is a little too wide
    assert np.mean(inside) >= 0.95 - 0.03
    assert np.mean(small) <= 0.05 + 0.03


@pytest.mark.parametrize("spread", [0.7, 1.4])
def test_wrong_intervals_are_noticed(spread: float) -> None:
    found = coverages(tables(np.random.default_rng(5), 12, spread))
    assert (found["p_family"] < 0.05).mean() > 0.8


def verdict_rows(**columns: Any) -> pd.DataFrame:
    start: dict[str, Any] = {
        "study": "s", "analysis": "a", "claim": ["one"], "truth": 0.0, "replicates": 400,
        "failed": 0, "direction": "negative", "region": "rope", "world": "null",
        "supported": 0.0, "contradicted": 0.0,
    }  # fmt: skip
    return pd.DataFrame(start | columns)


def test_verdicts_that_err_too_often_are_named() -> None:
    (found,) = wrong_verdicts(verdict_rows(supported=0.05, contradicted=0.05)).itertuples()
    assert (found.claim, found.rate) == ("one", 0.1)
    assert found.se == pytest.approx(0.015)
    # 40 of 400 at a rate of 5 %: mean 20, sd 4.36
    assert found.p < 1e-4
    assert wrong_verdicts(verdict_rows(supported=0.02, contradicted=0.03)).empty
    chance = wrong_verdicts(verdict_rows(supported=0.055))
    assert chance["p"].item() > 0.2


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        # a claim of zero may be supported in the null world
        ({"direction": "zero", "supported": 0.9}, False),
        # the null world leaves its truth outside the ROPE
        ({"region": "beyond", "supported": 0.9}, False),
        ({"world": "reversed", "region": "opposite", "contradicted": 0.9}, False),
        ({"world": "reversed", "region": "opposite", "supported": 0.2}, True),
        ({"world": "reversed", "direction": "zero", "region": "beyond", "supported": 0.2}, True),
        ({"world": "reversed", "direction": "zero", "region": "rope", "supported": 0.9}, False),
        ({"world": "source", "region": "beyond", "supported": 0.9}, False),
    ],
)
def test_which_verdicts_are_errors(columns: dict[str, Any], named: bool) -> None:
    assert (not wrong_verdicts(verdict_rows(**columns)).empty) == named


def test_claims_that_are_seldom_supported_are_unsettled() -> None:
    table = verdict_rows(
        claim=["few", "many", "elsewhere"],
        world=["source", "source", "null"],
        supported=[0.49, 0.5, 0.0],
    )
    assert unsettled(table)["claim"].tolist() == ["few"]


def test_each_fit_is_drawn_as_recovery_says_and_else_as_the_run() -> None:
    run = Sampling(seed=9, target_accept=0.9)
    own = Recovery(chains=2, draws=300, tune=200).sampling(run)
    assert (own.chains, own.draws, own.tune) == (2, 300, 200)
    assert (own.seed, own.target_accept) == (9, 0.9)


def judged_tables() -> pd.DataFrame:
    """Write the tables of a study whose one interval is far too narrow."""
    table = recovery_table(rows_by_hand()).assign(study="s", analysis="a", replicates=400, failed=0)
    worlds = [table.assign(world=world) for world in ("source", "null")]
    both = pd.concat(worlds, ignore_index=True)
    return both.assign(coverage_50=[0.5, 0.2], coverage_80=0.8, coverage_95=0.95, supported=0.25)


def test_page_names_what_is_outside_and_what_could_not_be_settled(tmp_path: Path) -> None:
    tables = judged_tables()
    write_page(tables, tmp_path)
    said = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| `s` | one | null | 1 | **0.200** / 0.800 / 0.950 |" in said
    assert said.count("| **") == 1
    assert "- `s` (7 units): one (25%)" in said
    assert "`s` one (1)" in said.split("leaves them an effect")[1]
    kept = gathered([tmp_path / "s.csv"])
    pd.testing.assert_frame_equal(kept, tables, check_dtype=False)
    assert len(pd.read_csv(tmp_path / "coverage.csv")) == 6


def test_weight_of_the_data_is_that_of_a_normal_posterior() -> None:
    rng, truth, error = np.random.default_rng(5), 0.5, 1.5
    weight = 1 / (1 + error**2)  # of data with that standard error beside a prior N(0, 1)
    means = weight * rng.normal(truth, error, 20_000)
    table = pd.DataFrame({
        "bias": [(means - truth).mean()], "rmse": [np.sqrt(((means - truth) ** 2).mean())],
        "posterior_sd": [np.sqrt(weight) * error],
    })  # fmt: skip
    assert data_weight(table)[0] == pytest.approx(weight, rel=0.03)


def test_what_was_made_again_takes_the_place_of_what_was_known() -> None:
    known = pd.DataFrame(
        [("a", "x", "source", "C1", 1), ("a", "x", "null", "C1", 2), ("b", "y", "source", "C2", 3)],
        columns=["study", "analysis", "world", "claim", "draws"],
    )
    found = pd.DataFrame(
        [("a", "x", "null", "C0", 5), ("a", "x", "null", "C1", 6), ("a", "w", "reversed", "C3", 7)],
        columns=known.columns,
    )
    assert renewed(known, found).to_numpy().tolist() == [
        ["a", "w", "reversed", "C3", 7],
        ["a", "x", "source", "C1", 1],
        ["a", "x", "null", "C0", 5],
        ["a", "x", "null", "C1", 6],
        ["b", "y", "source", "C2", 3],
    ]
