"""Claims: draws of a contrast, probabilities of its regions, and the verdict."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from draws_by_hand import CHAINS, DRAWS, claim, posterior_by_hand
from growth_examples import growth_study

from securebase.claims import (
    COLUMNS,
    claim_faults,
    claim_regions,
    claims_table,
    estimand_draws,
    probability_mcse,
    refuse_faulty_claims,
    verdict,
)
from securebase.config import Decision
from securebase.families import claim_units, load_family
from securebase.faults import InputError

FAMILY = load_family("dyadic_growth")
DECISION = Decision()


@pytest.fixture
def posterior(rng: np.random.Generator) -> xr.Dataset:
    return posterior_by_hand(rng)


def draws_of(values: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values.reshape(CHAINS, -1), dims=("chain", "draw"))


# --- estimands -----------------------------------------------------------------------------


def test_estimand_is_the_weighted_sum_of_means(posterior: xr.Dataset) -> None:
    values = posterior["change"].values
    expected = values[..., :, 0].mean(axis=-1) - values[..., :, 1].mean(axis=-1)
    found = estimand_draws(claim(), posterior)
    assert found.dims == ("chain", "draw")
    np.testing.assert_allclose(found.values, expected)


def test_estimand_may_mix_variables_and_weights(posterior: xr.Dataset) -> None:
    one = claim(
        {"variable": "level", "at": {"role": "patient", "outcome": "anxiety"}, "weight": 0.5},
        {"variable": "change", "mean_over": ["role", "outcome"], "weight": -2},
    )
    expected = 0.5 * posterior["level"].values[..., 0, 0]
    expected = expected - 2 * posterior["change"].values.mean(axis=(-1, -2))
    np.testing.assert_allclose(estimand_draws(one, posterior).values, expected)


def test_mean_over_a_cell_that_is_not_measured_is_unknown(posterior: xr.Dataset) -> None:
    posterior["change"].loc[{"role": "partner", "outcome": "anxiety"}] = np.nan
    assert bool(estimand_draws(claim(), posterior).isnull().all())


# --- regions and their errors --------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("negative", {"beyond": 2, "rope": 3, "opposite": 1}),
        ("positive", {"beyond": 1, "rope": 3, "opposite": 2}),
        ("zero", {"beyond": 1, "rope": 3, "opposite": 2}),
    ],
)
def test_regions_by_hand(direction: str, expected: dict[str, int]) -> None:
    # the limits themselves belong to the region of practical equivalence
    draws = xr.DataArray([[-0.5, -0.2001, -0.2], [0.0, 0.1, 0.11]], dims=("chain", "draw"))
    one = claim(direction=direction, rope={"low": -0.2, "high": 0.1, "reason": "not symmetric"})
    regions = claim_regions(one, draws)
    assert {name: int(region.sum()) for name, region in regions.items()} == expected
    assert bool((sum(region.astype(int) for region in regions.values()) == 1).all())


def test_error_of_a_probability_of_independent_draws_is_binomial(rng: np.random.Generator) -> None:
    region = draws_of(rng.random(CHAINS * 2000) < 0.1)
    binomial = np.sqrt(0.1 * 0.9 / (CHAINS * 2000))
    assert probability_mcse(region) == pytest.approx(binomial, rel=0.25)


@pytest.mark.parametrize("value", [True, False])
def test_error_of_a_probability_that_no_draw_contradicts_is_not_zero(value: bool) -> None:
    assert probability_mcse(draws_of(np.full(CHAINS * DRAWS, value))) == 1 / (CHAINS * DRAWS)


# --- verdicts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "shares", "expected"),
    [
        ("negative", (0.99, 0.01, 0.0), "supported"),
        ("negative", (0.0, 0.01, 0.99), "contradicted"),
        ("negative", (0.01, 0.98, 0.01), "practically zero"),
        ("negative", (0.60, 0.30, 0.10), "undecided"),
        ("positive", (0.99, 0.01, 0.0), "supported"),
        ("positive", (0.0, 0.01, 0.99), "contradicted"),
        ("positive", (0.01, 0.98, 0.01), "practically zero"),
        ("zero", (0.01, 0.98, 0.01), "supported"),
        # outside, on whichever side: the claim of zero is contradicted
        ("zero", (0.99, 0.01, 0.0), "contradicted"),
        ("zero", (0.49, 0.01, 0.50), "contradicted"),
        ("zero", (0.30, 0.40, 0.30), "undecided"),
        # clear of the required probability, but not by two errors
        ("negative", (0.955, 0.045, 0.0), "undecided"),
        ("zero", (0.02, 0.955, 0.025), "undecided"),
    ],
)
def test_verdict(direction: str, shares: tuple[float, float, float], expected: str) -> None:
    names = ("beyond", "rope", "opposite")
    errors = dict.fromkeys(names, 0.003)
    found = verdict(direction, dict(zip(names, shares, strict=True)), errors, DECISION)
    assert found == expected


def test_verdict_asks_for_the_probability_of_the_configuration() -> None:
    shares = {"beyond": 0.955, "rope": 0.045, "opposite": 0.0}
    errors = dict.fromkeys(shares, 0.003)
    assert verdict("negative", shares, errors, Decision(mcse_margin=0.0)) == "supported"
    assert verdict("negative", shares, errors, Decision(probability=0.9)) == "supported"
    assert verdict("negative", shares, errors, Decision(probability=0.99)) == "undecided"


def test_verdict_without_a_known_error_is_undecided() -> None:
    shares = {"beyond": 0.99, "rope": 0.01, "opposite": 0.0}
    errors = dict.fromkeys(shares, np.nan)
    assert verdict("negative", shares, errors, DECISION) == "undecided"


# --- the table -----------------------------------------------------------------------------


def judged(one: Any, posterior: xr.Dataset, trusted: bool = True) -> dict[str, Any]:
    table = claims_table(
        [one], {"growth": posterior}, {"growth": trusted}, {"H1": "points per year"}, DECISION
    )
    assert tuple(table.columns) == COLUMNS
    return table.iloc[0].to_dict()


@pytest.mark.parametrize("direction", ["negative", "positive", "zero"])
def test_row_of_a_claim(posterior: xr.Dataset, direction: str) -> None:
    row = judged(claim(direction=direction), posterior)
    draws = estimand_draws(claim(), posterior).values
    beyond = (draws > 0.1) if direction != "negative" else (draws < -0.1)
    assert row["p_beyond"] == beyond.mean()
    assert row["p_beyond"] + row["p_rope"] + row["p_opposite"] == pytest.approx(1.0, abs=1e-12)
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["sd"] == pytest.approx(draws.std(ddof=1))
    assert row["q2_5"] == pytest.approx(np.quantile(draws, 0.025))
    assert row["median"] == pytest.approx(np.median(draws))
    assert row["q97_5"] == pytest.approx(np.quantile(draws, 0.975))
    assert row["mcse_mean"] == pytest.approx(draws.std() / np.sqrt(draws.size), rel=0.25)
    assert row["r_hat"] == pytest.approx(1.0, abs=0.01)
    assert row["verdict"] == {"negative": "supported"}.get(direction, "contradicted")
    for key, value in {
        "id": "H1", "analysis": "growth", "declared": "exploratory", "unit": "points per year",
        "direction": direction, "rope_low": -0.1, "rope_high": 0.1,
        "rope_reason": "too little to matter",
    }.items():  # fmt: skip
        assert row[key] == value


def test_claim_on_a_posterior_that_failed_its_checks_is_not_assessable(
    posterior: xr.Dataset,
) -> None:
    row = judged(claim(), posterior, trusted=False)
    assert row["verdict"] == "not assessable"
    assert row["p_beyond"] > 0.99


def test_largest_error_of_the_three_probabilities_is_shown(posterior: xr.Dataset) -> None:
    wide = claim(rope={"low": -0.35, "high": 0.1, "reason": "cuts through the draws"})
    regions = claim_regions(wide, estimand_draws(wide, posterior))
    errors = [probability_mcse(region) for region in regions.values()]
    assert judged(wide, posterior)["p_mcse"] == max(errors)
    assert len(set(errors)) > 1


def test_claims_stay_in_their_order(posterior: xr.Dataset) -> None:
    claims = [claim(id=name) for name in ("H3", "H1", "H2")]
    units = dict.fromkeys(("H1", "H2", "H3"), "points")
    table = claims_table(claims, {"growth": posterior}, {"growth": True}, units, DECISION)
    assert list(table["id"]) == ["H3", "H1", "H2"]


# --- units ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "unit", "expected"),
    [
        ({"variable": "change", "mean_over": ["role", "outcome"]}, None, "points per year"),
        ({"variable": "level", "mean_over": ["role", "outcome"]}, None, "points"),
        ({"variable": "level", "mean_over": ["role", "outcome"]}, "halves", "halves"),
        ({"variable": "unit_sd", "at": {"effect": "level patient anxiety"}}, None, "points"),
        (
            {"variable": "unit_sd", "at": {"effect": "change patient anxiety"}},
            None,
            "points per year",
        ),
        (
            {"variable": "unit_corr", "at": {"effect": "change a b", "effect_bis": "change c b"}},
            None,
            "correlation",
        ),
        ({"variable": "nothing"}, None, ""),
    ],
)
def test_unit_of_a_claim(term: dict[str, Any], unit: str | None, expected: str) -> None:
    study = growth_study(claims=(claim(term, unit=unit).model_dump(),))
    assert claim_units(study) == {"H1": expected}


# --- faults --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (
            {"variable": "growth"},
            "no variable 'growth'; expected change, level, unit_corr",
        ),
        (
            {"variable": "change", "at": {"rolle": "patient"}, "mean_over": ["role", "outcome"]},
            "'change' has no dim 'rolle'; expected role, outcome",
        ),
        (
            {"variable": "change", "at": {"role": "nurse"}, "mean_over": ["outcome"]},
            "no role 'nurse'; expected patient, partner",
        ),
        (
            {"variable": "change", "mean_over": ["role", "outcome", "phase"]},
            "cannot average over 'phase'; expected role, outcome",
        ),
        (
            {"variable": "change", "at": {"role": "patient"}, "mean_over": ["role", "outcome"]},
            "cannot average over 'role'; expected outcome",
        ),
        (
            {"variable": "change", "at": {"role": "patient"}},
            "'change' leaves dim 'outcome' open; expected one of anxiety, avoidance, or mean_over",
        ),
    ],
)
def test_fault_names_what_is_wrong_and_what_is_right(
    posterior: xr.Dataset, term: dict[str, Any], message: str
) -> None:
    (fault,) = claim_faults([claim(term)], posterior, FAMILY, "codebook")
    assert message in str(fault)
    assert str(fault).startswith("codebook, claims.H1.estimand[0]:")


def test_cell_that_the_design_does_not_measure_is_a_fault(posterior: xr.Dataset) -> None:
    posterior["change"].loc[{"role": "partner", "outcome": "anxiety"}] = np.nan
    (fault,) = claim_faults([claim()], posterior, FAMILY, "codebook")
    assert "'change' is not measured at every cell of {'outcome': 'anxiety'}" in str(fault)
    fine = claim({"variable": "change", "at": {"role": "patient"}, "mean_over": ["outcome"]})
    assert claim_faults([fine], posterior, FAMILY, "codebook") == []


def test_all_faults_of_all_claims_are_raised_at_once(posterior: xr.Dataset) -> None:
    claims = [
        claim({"variable": "one"}, {"variable": "change", "at": {"role": "nurse"}}),
        claim({"variable": "two"}, id="H2"),
    ]
    with pytest.raises(InputError, match="claims of study made_up: 4 faults") as caught:
        refuse_faulty_claims(claims, posterior, FAMILY, "made_up")
    places = [fault.column for fault in caught.value.faults]
    assert places == [
        "claims.H1.estimand[0]", "claims.H1.estimand[1]", "claims.H1.estimand[1]",
        "claims.H2.estimand[0]",
    ]  # fmt: skip


def test_claims_without_faults_pass(posterior: xr.Dataset) -> None:
    refuse_faulty_claims([claim()], posterior, FAMILY, "made_up")
