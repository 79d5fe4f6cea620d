"""What standards ask, held against results that answer and results that do not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from report_example import example_study, write_example

from securebase.config import Decision, Sensitivity
from securebase.report.analysed import Analysed, analysed
from securebase.report.inputs import read_results
from securebase.report.result_tables import FAIL, PASS
from securebase.report.rules import Rules
from securebase.report.sections.computation import autocorrelation
from securebase.report.sections.prior_sensitivity import graded, prior_weight
from securebase.report.standards import NOT_APPLICABLE, statuses
from securebase.report.wording import plain
from securebase.robustness import grade

REFITS = Rules(sensitivity=Sensitivity(refits=True))


def _one(folder: Path, rules: Rules = REFITS) -> Analysed:
    study = example_study()
    (found,) = analysed(study, read_results(study, folder, rules.tables), rules)
    return found


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    return _one(write_example(tmp_path_factory.mktemp("good") / "couples_example"))


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    return _one(write_example(tmp_path_factory.mktemp("bad") / "couples_example", e_bfmi=0.1))


def _wambs(one: Analysed) -> dict[str, str]:
    return {item.number: status for item, status in statuses(one) if item.standard == "WAMBS"}


def test_all_ten_points_of_wambs_are_listed(good: Analysed) -> None:
    assert list(_wambs(good)) == [str(point) for point in range(1, 11)]


def test_chains_that_are_not_shown_answer_nothing(good: Analysed, failing: Analysed) -> None:
    assert [_wambs(good)[point] for point in ("2", "3", "5")] == [PASS] * 3
    assert [_wambs(failing)[point] for point in ("2", "3", "5")] == [FAIL] * 3


def test_without_claims_their_draws_are_not_asked_for(good: Analysed) -> None:
    without = replace(good, claims=[])
    assert [_wambs(without)[point] for point in ("3", "5", "9")] == [NOT_APPLICABLE] * 3
    assert _wambs(without)["2"] == PASS


def test_priors_are_much_wider_only_if_all_are_and_by_four(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "couples_example")
    path = folder / "growth" / "prior_grid.csv"
    grid = pd.read_csv(path)
    assert _wambs(_one(folder))["8"] == FAIL
    grid.loc[grid["setting"] == "sd × 4", "block"] = "every block"
    grid.to_csv(path, index=False)
    assert _wambs(_one(folder))["8"] == PASS
    grid.loc[grid["block"] == "every block", "factor"] = 2.0
    grid.to_csv(path, index=False)
    assert _wambs(_one(folder))["8"] == FAIL


def test_a_fragile_verdict_is_told(good: Analysed) -> None:
    # H1: one of two other priors leaves it; none of three does so for H2
    decision = Decision(fragile_share=0.6)
    assert plain(graded(good.results, good.claims[0], decision)) == "fragile: same in 1 of 2"
    assert plain(graded(good.results, good.claims[0], Decision())) == "mixed: same in 1 of 2"
    assert plain(graded(good.results, good.claims[1], decision)) == "robust: same in 2 of 2"
    assert _wambs(good)["9"] == PASS
    strict = Rules(sensitivity=Sensitivity(refits=True), decision=decision)
    assert _wambs(replace(good, rules=strict))["9"] == FAIL


def test_a_verdict_that_moments_do_not_lead_to_is_mixed_at_most(good: Analysed) -> None:
    alike, other = (
        replace(good.claims[1], elsewhere=word) for word in (good.claims[1].verdict, "supported")
    )
    assert plain(graded(good.results, alike, Decision())) == "robust: same in 2 of 2"
    assert plain(graded(good.results, other, Decision())) == "mixed: same in 2 of 2"


def test_without_re_fits_nothing_is_graded(good: Analysed) -> None:
    without = replace(good, results=replace(good.results, grid=None))
    assert graded(without.results, good.claims[0], Decision()) == ()
    assert [_wambs(without)[point] for point in ("7", "8", "9")] == [FAIL] * 3


def test_the_block_that_weighs_most_is_named_with_its_cell(good: Analysed) -> None:
    number, block = prior_weight(good.results, good.claims[2])
    assert (str(number), block) == ("0.08", " unit standard deviation")
    assert number.source == "growth/power_scaling.csv#L7.prior"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("verdict", "others", "expected"),
    [
        ("supported", ["supported"] * 9 + ["undecided"], "robust"),
        ("supported", ["supported"] * 8 + ["undecided"] * 2, "mixed"),
        ("supported", ["supported"] * 4 + ["undecided"] * 6, "fragile"),
        ("supported", ["supported"] * 99 + ["contradicted"], "fragile"),
        ("contradicted", ["contradicted"] * 99 + ["supported"], "fragile"),
        ("undecided", ["undecided"] * 9 + ["supported"], "robust"),
    ],
)
def test_grades(verdict: str, others: list[str], expected: str) -> None:
    assert grade(verdict, others, Decision()) == expected


def test_autocorrelation_is_that_of_neighbours_within_chains() -> None:
    rng, share = np.random.default_rng(3), 0.6
    draws = np.empty((4, 4000))
    draws[:, 0] = rng.standard_normal(4)
    for step in range(1, 4000):
        noise = np.sqrt(1 - share**2) * rng.standard_normal(4)
        draws[:, step] = share * draws[:, step - 1] + noise
    found = autocorrelation(xr.DataArray(draws, dims=("chain", "draw")))
    assert found == pytest.approx(share, abs=0.03)
