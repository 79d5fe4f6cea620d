"""Checks: each passes, warns or fails where it should, and what is not a number fails."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from draws_by_hand import CHAINS, DRAWS, claim, posterior_by_hand

from securebase.checks import COLUMNS, checks_table
from securebase.config import Thresholds
from securebase.faults import InputError
from securebase.gate import failed, refuse_failed

CLAIM = claim(rope={"low": -0.35, "high": 0.1, "reason": "cuts through the draws"})
LOOSE = Thresholds(mcse_probability=0.05, ess_focal=400)


@pytest.fixture
def posterior(rng: np.random.Generator) -> xr.Dataset:
    return posterior_by_hand(rng)


@pytest.fixture
def stats(rng: np.random.Generator) -> xr.Dataset:
    shape = (CHAINS, DRAWS)
    dims = ("chain", "draw")
    return xr.Dataset(
        {
            "diverging": (dims, np.zeros(shape, dtype=bool)),
            "maxdepth_reached": (dims, np.zeros(shape, dtype=bool)),
            "energy": (dims, rng.normal(size=shape)),
        }
    )


def summary(**worst: float) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "name": ["level", "change"],
            "coordinates": ["role=patient", "role=partner"],
            "r_hat": [1.0, 1.001],
            "ess_bulk": [2000.0, 1500.0],
            "ess_tail": [1800.0, 1600.0],
        }
    )
    for column, value in worst.items():
        table.loc[0, column] = value
    return table


def checked(
    table: pd.DataFrame, posterior: xr.Dataset, stats: xr.Dataset, thresholds: Thresholds = LOOSE
) -> pd.DataFrame:
    found = checks_table(table, posterior, stats, [CLAIM], thresholds)
    assert tuple(found.columns) == COLUMNS
    return found.set_index("check")


def test_sound_draws_pass_every_check(posterior: xr.Dataset, stats: xr.Dataset) -> None:
    found = checked(summary(), posterior, stats)
    assert list(found.index) == [
        "r_hat", "ess_bulk", "ess_tail", "focal_r_hat", "focal_ess_bulk", "focal_ess_tail",
        "focal_mcse", "focal_p_mcse", "divergences", "e_bfmi", "tree_depth",
    ]  # fmt: skip
    assert set(found["passed"]) == {"pass"}
    assert failed(found).empty


def test_analysis_without_claims_has_no_focal_checks(
    posterior: xr.Dataset, stats: xr.Dataset
) -> None:
    found = checks_table(summary(), posterior, stats, [], Thresholds())
    assert not found["check"].str.startswith("focal").any()
    assert len(found) == 6


@pytest.mark.parametrize(
    ("column", "bad", "limit", "comparison"),
    [
        ("r_hat", 1.0101, 1.01, "<="),
        ("ess_bulk", 399.0, 400.0, ">="),
        ("ess_tail", 399.0, 400.0, ">="),
    ],
)
def test_convergence_fails_on_the_worst_cell(
    posterior: xr.Dataset, stats: xr.Dataset, column: str, bad: float, limit: float, comparison: str
) -> None:
    row = checked(summary(**{column: bad}), posterior, stats).loc[column]
    assert (row["passed"], row["value"], row["threshold"]) == ("fail", bad, limit)
    assert (row["what"], row["comparison"]) == ("level[role=patient]", comparison)
    row = checked(summary(**{column: limit}), posterior, stats).loc[column]
    assert row["passed"] == "pass"


@pytest.mark.parametrize("column", ["r_hat", "ess_bulk", "ess_tail"])
def test_what_is_not_a_number_fails(posterior: xr.Dataset, stats: xr.Dataset, column: str) -> None:
    row = checked(summary(**{column: np.nan}), posterior, stats).loc[column]
    assert row["passed"] == "fail"
    assert np.isnan(row["value"])
    assert row["what"] == "level[role=patient]"


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "pass"), (1, "warn"), (10, "warn"), (11, "fail")]
)
def test_divergences_warn_before_they_fail(
    posterior: xr.Dataset, stats: xr.Dataset, count: int, expected: str
) -> None:
    stats["diverging"].values[1, :count] = True
    row = checked(summary(), posterior, stats).loc["divergences"]
    assert (row["passed"], row["value"]) == (expected, count)


def test_energy_that_hardly_moves_fails(
    posterior: xr.Dataset, stats: xr.Dataset, rng: np.random.Generator
) -> None:
    stats["energy"].values[2] = np.cumsum(rng.normal(size=DRAWS))
    row = checked(summary(), posterior, stats).loc["e_bfmi"]
    assert (row["passed"], row["what"]) == ("fail", "chain 2")
    steps = np.diff(stats["energy"].values[2])
    own = np.mean(steps**2) / np.var(stats["energy"].values[2])
    assert row["value"] == pytest.approx(own, rel=0.02)


def test_energy_that_is_not_a_number_fails(posterior: xr.Dataset, stats: xr.Dataset) -> None:
    stats["energy"].values[3, 5] = np.nan
    row = checked(summary(), posterior, stats).loc["e_bfmi"]
    assert (row["passed"], row["what"]) == ("fail", "chain 3")


@pytest.mark.parametrize(("share", "expected"), [(0.01, "pass"), (0.0105, "fail")])
def test_trees_cut_off_fail_above_their_share(
    posterior: xr.Dataset, stats: xr.Dataset, share: float, expected: str
) -> None:
    stats["maxdepth_reached"].values.flat[: round(share * CHAINS * DRAWS)] = True
    row = checked(summary(), posterior, stats).loc["tree_depth"]
    assert (row["passed"], row["value"]) == (expected, share)


def stuck(posterior: xr.Dataset) -> xr.Dataset:
    """Let one chain find another place."""
    posterior["change"].loc[{"chain": 0, "outcome": "anxiety"}] += 1.0
    return posterior


def sticky(posterior: xr.Dataset) -> xr.Dataset:
    """Repeat every draw fifty times."""
    places = np.repeat(np.arange(0, DRAWS, 50), 50)
    return posterior.isel(draw=places)


def still(posterior: xr.Dataset) -> xr.Dataset:
    """Let nothing move."""
    return posterior.isel(draw=np.zeros(DRAWS, dtype=int), chain=np.zeros(CHAINS, dtype=int))


@pytest.mark.parametrize(
    ("spoilt", "bad"),
    [
        (stuck, ["focal_r_hat", "focal_ess_bulk"]),
        (sticky, ["focal_ess_bulk", "focal_ess_tail", "focal_mcse", "focal_p_mcse"]),
    ],
)
def test_claims_fail_on_draws_that_disagree_or_repeat(
    posterior: xr.Dataset,
    stats: xr.Dataset,
    spoilt: Callable[[xr.Dataset], xr.Dataset],
    bad: list[str],
) -> None:
    posterior = spoilt(posterior.assign_coords(chain=range(CHAINS)))
    found = checked(summary(), posterior, stats)
    assert set(bad) <= set(failed(found).index)
    assert (found.loc[bad, "what"] == "H1").all()
    assert found.loc["r_hat", "passed"] == "pass"


def test_claim_that_never_moves_cannot_pass(posterior: xr.Dataset, stats: xr.Dataset) -> None:
    with np.errstate(invalid="ignore"):
        found = checked(summary(), still(posterior), stats)
    assert found.loc["focal_r_hat", "passed"] == "fail"
    assert np.isnan(found.loc["focal_r_hat", "value"])


def test_probability_error_has_its_own_threshold(posterior: xr.Dataset, stats: xr.Dataset) -> None:
    # a share of about one half from 2000 independent draws is known to √(.25 / 2000) = .011
    row = checked(summary(), posterior, stats).loc["focal_p_mcse"]
    assert row["value"] == pytest.approx(np.sqrt(0.25 / (CHAINS * DRAWS)), rel=0.3)
    strict = Thresholds(mcse_probability=0.005, ess_focal=400)
    assert checked(summary(), posterior, stats, strict).loc["focal_p_mcse", "passed"] == "fail"


def test_focal_threshold_is_its_own(posterior: xr.Dataset, stats: xr.Dataset) -> None:
    strict = Thresholds(ess_focal=1e6, mcse_probability=0.05)
    found = checked(summary(), posterior, stats, strict)
    assert found.loc["focal_ess_bulk", "passed"] == "fail"
    assert found.loc["ess_bulk", "passed"] == "pass"


def test_failed_checks_of_all_files_are_raised_at_once(
    posterior: xr.Dataset, stats: xr.Dataset
) -> None:
    bad = checked(summary(r_hat=1.2, ess_bulk=10), posterior, stats).reset_index()
    good = checked(summary(), posterior, stats).reset_index()
    with pytest.raises(InputError, match="failed checks; the reports are written") as caught:
        refuse_failed({"a/checks.tsv": failed(bad), "b/checks.tsv": failed(good)})
    assert [str(fault) for fault in caught.value.faults] == [
        "a/checks.tsv: r_hat is 1.2 (level[role=patient]); expected <= 1.01 -> "
        "Chains agree (rank-normalised split R-hat).",
        "a/checks.tsv: ess_bulk is 10 (level[role=patient]); expected >= 400 -> "
        "Effective draws behind means.",
    ]


def test_warnings_block_nothing(posterior: xr.Dataset, stats: xr.Dataset) -> None:
    stats["diverging"].values[0, 0] = True
    found = checked(summary(), posterior, stats).reset_index()
    refuse_failed({"checks.tsv": failed(found)})
