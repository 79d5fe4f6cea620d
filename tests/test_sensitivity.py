"""Other priors: what is said of a claim that leans on one, and re-fits under a grid of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from draws_by_hand import claim
from growth_examples import FALLS, growth_study, random_waves

from securebase.claims import evidence
from securebase.codebook.claim import Claim
from securebase.config import Decision, Sampling, Sensitivity
from securebase.dials import blocks_of
from securebase.families import dyadic_growth
from securebase.fitting import Question, posed
from securebase.names import AS_DECLARED, EVERY_BLOCK
from securebase.sampling import posterior_draws
from securebase.sensitivity.grid import COLUMNS, alternatives, refit_grid
from securebase.sensitivity.scaling import CONFLICT, STRONG, power_scaling

RUN = Sampling(chains=2, draws=500, tune=300, seed=5)
ASKED = Sensitivity(
    draws=200, tune=150, ess=100, r_hat=1.05, sd_factors=(1 / 64, 4.0), sd_factors_of_all=(2.0,)
)


def normal_draws(
    rng: np.random.Generator, score: float, prior_sd: float, error: float
) -> xr.DataTree:
    """Draw a mean with a normal prior from its posterior, given one score: both are known."""
    spread = 1 / np.sqrt(prior_sd**-2 + error**-2)
    change = spread**2 * score / error**2 + spread * rng.normal(size=(4, 1000))
    dims = ("chain", "draw")
    at = {"role": ["person"], "outcome": ["anxiety"]}
    posterior = xr.Dataset({"change": ((*dims, *at), change[..., None, None])}, coords=at)
    prior = -0.5 * (change / prior_sd) ** 2
    likelihood = -0.5 * ((score - change) / error) ** 2
    return xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "log_prior": xr.Dataset(
                {"change": (dims, prior), "level": (dims, rng.normal(size=prior.shape))}
            ),
            "log_likelihood": xr.Dataset({"study": (dims, likelihood)}),
        }
    )


@pytest.mark.parametrize(
    ("score", "prior_sd", "error", "said"),
    [(0.5, 10.0, 0.1, ""), (3.0, 0.3, 0.3, CONFLICT), (0.2, 0.1, 5.0, STRONG)],
)
def test_power_scaling_tells_a_prior_that_weighs(
    rng: np.random.Generator, score: float, prior_sd: float, error: float, said: str
) -> None:
    draws = normal_draws(rng, score, prior_sd, error)
    table = power_scaling(draws, [Claim.model_validate(FALLS)], 0.05).set_index("block")
    assert table.loc["change", "diagnosis"] == said
    # what varies without the claim cannot weigh
    assert table.loc["level", "prior"] < 0.02
    assert table.loc["level", "diagnosis"] == ""


def test_power_scaling_without_claims_is_empty(rng: np.random.Generator) -> None:
    table = power_scaling(normal_draws(rng, 0.0, 1.0, 1.0), [], 0.05)
    assert list(table) == ["claim", "block", "prior", "likelihood", "diagnosis"]
    assert table.empty


def test_evidence_by_hand() -> None:
    one = claim(
        direction="negative", rope={"low": -0.2, "high": 0.2, "reason": "a fifth of a point"}
    )
    at = {"role": ["patient", "partner"], "outcome": ["anxiety", "avoidance"]}

    def having(values: list[float]) -> xr.Dataset:
        change = np.zeros((1, len(values), 2, 2))
        change[0, :, :, 0] = np.array(values)[:, None]
        return xr.Dataset({"change": (("chain", "draw", *at), change)}, coords=at)

    # 9 of 10 draws below, 1 of 4 before: odds of 9 and of 1/3
    found = evidence(one, having([-1.0] * 9 + [0.0]), having([-1.0, 0.0, 1.0, 1.0]), Decision())
    assert found["p_prior"] == pytest.approx(0.25)
    assert found["bayes_factor"] == pytest.approx(27.0)
    # prior odds of x with 27 x = 19
    assert found["prior_needed"] == pytest.approx(19 / 46)
    certain = evidence(one, having([-1.0] * 10), having([-1.0, 0.0]), Decision())
    assert certain["bayes_factor"] == pytest.approx(19.0)  # half of a tenth of the draws


@pytest.fixture(scope="module")
def question() -> Question:
    study = growth_study(
        roles=("person",), scales={"anxiety": {"roles": ["person"]}}, claims=(FALLS,)
    )
    waves = random_waves(study, np.random.default_rng(1), units=60, missing=0.1)
    waves["anxiety"] -= 0.8 * waves["time"]
    return posed(study, "growth", waves)


def regridded(question: Question, cores: int = 2) -> pd.DataFrame:
    study = question.study
    return refit_grid(question, study.claims, ASKED, RUN, Decision(), cores)


@pytest.fixture(scope="module")
def grid(question: Question) -> pd.DataFrame:
    return regridded(question)


def test_every_block_is_turned_alone_and_all_together(question: Question) -> None:
    found = [
        (one.block, one.setting) for one in alternatives(blocks_of(question.built.model), ASKED)
    ]
    assert found == [
        (AS_DECLARED, "as declared"),
        ("level", "sd × 1/64"), ("level", "sd × 4"), ("change", "sd × 1/64"), ("change", "sd × 4"),
        ("unit_sd", "sd × 1/64"), ("unit_sd", "sd × 4"),
        ("unit_corr", "LKJ(1)"), ("unit_corr", "LKJ(4)"),
        ("residual_sd", "sd × 1/64"), ("residual_sd", "sd × 4"),
        (EVERY_BLOCK, "sd × 2"),
    ]  # fmt: skip


def test_a_narrow_prior_draws_the_claim_to_itself(grid: pd.DataFrame) -> None:
    assert list(grid) == list(COLUMNS)
    table = grid.set_index(["block", "setting"])
    assert table.loc[(AS_DECLARED, "as declared"), "verdict"] == "supported"
    assert table.loc[("change", "sd × 1/64"), "verdict"] != "supported"
    # a mean of 0 with sd 1.5 / 64 against data some 40 times as vague
    assert abs(table.loc[("change", "sd × 1/64"), "mean"]) < 0.1
    assert table.loc[("change", "sd × 4"), "verdict"] == "supported"
    assert (grid["failure"] == "").all()


def test_the_declared_prior_of_the_grid_is_that_of_the_fit(
    question: Question, grid: pd.DataFrame
) -> None:
    posterior, _ = posterior_draws(question.built.model, RUN, 3, cores=1)
    change = posterior["change"].values
    declared = grid[grid["block"] == AS_DECLARED].iloc[0]
    error = change.std() * np.sqrt(1 / 500 + 1 / 200)
    assert abs(declared["mean"] - change.mean()) < 4 * error
    assert declared["sd"] == pytest.approx(change.std(), rel=0.15)


def test_grid_does_not_depend_on_cores(question: Question, grid: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(regridded(question, cores=1), grid)


def test_a_failing_re_fit_is_told(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    def picky(posterior: xr.Dataset, panel: Any) -> xr.Dataset:
        calls.append(posterior)
        if len(calls) == 2:
            raise RuntimeError("no such prior")
        return dyadic_growth.derived(posterior, panel)

    monkeypatch.setattr(dyadic_growth, "FAMILY", replace(question.family, derived=picky))
    found = regridded(question, cores=1)
    assert (found["failure"] != "").sum() == 1
    lost = found[found["failure"] != ""].iloc[0]
    assert lost["failure"] == "RuntimeError: no such prior"
    assert np.isnan(lost["p_beyond"])
    assert lost["claim"] == "falls"
    assert lost["block"] == "level"


def test_without_claims_nothing_is_fitted_again(question: Question) -> None:
    found = refit_grid(question, [], ASKED, RUN, Decision(), 1)
    assert list(found) == list(COLUMNS)
    assert found.empty
