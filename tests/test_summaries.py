"""Tables of a posterior: names, units, intervals and Monte Carlo errors."""

import numpy as np
import pytest
import xarray as xr
from growth_examples import growth_panel, growth_study

from securebase.families import load_family
from securebase.family import build
from securebase.mixing import reported_cells
from securebase.panel import Panel
from securebase.sampling import prior_draws
from securebase.summaries import describe, summary_table, trajectory_table

FAMILY = load_family("dyadic_growth")


def draws_of_prior(
    rng: np.random.Generator, draws: int = 200, **settings: object
) -> tuple[xr.Dataset, Panel]:
    """Draw from the prior of a made-up study: variables and names as in a posterior."""
    study = growth_study(**settings)
    panel, priors = growth_panel(study, rng, units=20)
    prior = prior_draws(build(FAMILY, panel, priors).model, 2 * draws, 3)
    two = prior.isel(chain=0).assign_coords(draw=range(2 * draws))
    chains = [two.isel(draw=slice(n * draws, (n + 1) * draws)).assign_coords(draw=range(draws))
              for n in (0, 1)]  # fmt: skip
    return FAMILY.derived(xr.concat(chains, dim="chain"), panel), panel


def test_description_of_independent_draws(rng: np.random.Generator) -> None:
    values = rng.normal([[[0.0]], [[5.0]]], [[[1.0]], [[2.0]]], (2, 4, 1000))
    found = describe(xr.DataArray(values, dims=("cell", "chain", "draw")))
    flat = values.reshape(2, -1)
    np.testing.assert_allclose(found["mean"], flat.mean(axis=1))
    np.testing.assert_allclose(found["sd"], flat.std(axis=1, ddof=1))
    for column, share in (("q2_5", 0.025), ("median", 0.5), ("q97_5", 0.975)):
        np.testing.assert_allclose(found[column], np.quantile(flat, share, axis=1))
    # 4000 independent draws: errors sd / √4000 and sd / √8000, to the noise of the estimated ESS
    np.testing.assert_allclose(found["mcse_mean"], np.array([1, 2]) / np.sqrt(4000), rtol=0.15)
    np.testing.assert_allclose(found["mcse_sd"], np.array([1, 2]) / np.sqrt(8000), rtol=0.15)
    assert (found["ess_bulk"] > 3000).all()
    assert (found["ess_tail"] > 3000).all()
    assert (found["r_hat"] < 1.005).all()


def test_description_of_draws_that_repeat(rng: np.random.Generator) -> None:
    # each draw ten times: a tenth of the draws count
    values = np.repeat(rng.normal(size=(1, 4, 100)), 10, axis=2)
    found = describe(xr.DataArray(values, dims=("cell", "chain", "draw"))).iloc[0]
    assert 200 < found["ess_bulk"] < 800


def test_every_number_has_a_name_a_place_and_a_unit(rng: np.random.Generator) -> None:
    posterior, _ = draws_of_prior(rng)
    table = summary_table(posterior, FAMILY, "year")
    assert list(table.columns) == [
        "name", "coordinates", "unit", "mean", "sd", "q2_5", "median", "q97_5", "mcse_mean",
        "mcse_sd", "ess_bulk", "ess_tail", "r_hat",
    ]  # fmt: skip
    # 2 × 2 levels and changes, 8 + 4 deviations, 28 + 6 correlations once each
    counts = table["name"].value_counts().to_dict()
    assert counts == {
        "level": 4, "change": 4, "unit_sd": 8, "residual_sd": 4, "unit_corr": 28,
        "residual_corr": 6,
    }  # fmt: skip
    units = table.set_index(["name", "coordinates"])["unit"]
    assert units["level", "role=patient, outcome=anxiety"] == "points"
    assert units["change", "role=partner, outcome=avoidance"] == "points per year"
    assert units["unit_sd", "effect=level patient anxiety"] == "points"
    assert units["unit_sd", "effect=change patient anxiety"] == "points per year"
    assert units["residual_sd", "series=partner avoidance"] == "points"
    assert set(units["unit_corr"]) == {"correlation"}
    assert (table["unit"] != "").all()
    assert table[["mean", "sd", "r_hat", "ess_bulk"]].notna().all().all()
    pair = "effect=level patient anxiety, effect_bis=change partner avoidance"
    assert ("unit_corr", pair) in units.index


def test_numbers_are_those_of_the_draws(rng: np.random.Generator) -> None:
    posterior, _ = draws_of_prior(rng)
    table = summary_table(posterior, FAMILY, "year").set_index(["name", "coordinates"])
    values = posterior["change"].sel(role="partner", outcome="anxiety").values
    row = table.loc[("change", "role=partner, outcome=anxiety")]
    assert row["mean"] == pytest.approx(values.mean())
    assert row["q97_5"] == pytest.approx(np.quantile(values, 0.975))


def test_mixed_compositions_have_units_and_places(rng: np.random.Generator) -> None:
    posterior, _ = draws_of_prior(rng, compositions={"mf": {}, "same_sex": {"exchangeable": True}})
    table = summary_table(posterior, FAMILY, "month")
    assert (table["unit"] != "").all()
    names = set(table["name"])
    assert {"unit_mf_sd", "unit_same_sex_sd", "unit_same_sex_sum_sd"} <= names
    units = table.set_index(["name", "coordinates"])["unit"]
    label = "effect_same_sex=change same_sex's partner anxiety"
    assert units["unit_same_sex_sd", label] == "points per month"
    assert not any(name.endswith("vine") for name in names)


def test_cells_that_nobody_measures_are_not_reported(rng: np.random.Generator) -> None:
    posterior, _ = draws_of_prior(rng, scales={"anxiety": {}, "depression": {"roles": ["partner"]}})
    cells = reported_cells(posterior, FAMILY)
    levels = [at for name, at in cells if name == "level"]
    assert levels == [
        "role=patient, outcome=anxiety",
        "role=partner, outcome=anxiety",
        "role=partner, outcome=depression",
    ]
    assert not any(name.endswith("_measured") for name, _ in cells)


def test_trajectories_beside_observed_means(rng: np.random.Generator) -> None:
    posterior, panel = draws_of_prior(
        rng,
        scales={"anxiety": {}, "depression": {"roles": ["partner"], "waves": ["w1", "w2", "w4"]}},
    )
    table = trajectory_table(posterior, FAMILY, panel)
    assert list(table.columns) == [
        "role", "outcome", "wave", "time", "time_unit", "expected", "q2_5", "q97_5",
        "observed_n", "observed_mean", "observed_se",
    ]  # fmt: skip
    assert len(table) == 4 + 4 + 3
    assert set(table["time_unit"]) == {"year"}
    row = table.set_index(["role", "outcome", "wave"]).loc[("partner", "depression", "w2")]
    score = panel.data["score"].sel(role="partner", outcome="depression", wave="w2").values
    score = score[~np.isnan(score)]
    assert row["observed_n"] == len(score)
    assert row["observed_mean"] == pytest.approx(score.mean())
    assert row["observed_se"] == pytest.approx(score.std(ddof=1) / np.sqrt(len(score)))
    at = {"role": "partner", "outcome": "depression"}
    path = posterior["level"].sel(at) + 0.5 * posterior["change"].sel(at)
    assert row["time"] == 0.5
    assert row["expected"] == pytest.approx(float(path.mean()))
    assert row["q2_5"] == pytest.approx(float(path.quantile(0.025)))
    assert row["q97_5"] == pytest.approx(float(path.quantile(0.975)))


def test_exchangeable_members_are_observed_together(rng: np.random.Generator) -> None:
    posterior, panel = draws_of_prior(rng, exchangeable=True)
    table = trajectory_table(posterior, FAMILY, panel).set_index(["role", "outcome", "wave"])
    score = panel.data["score"].sel(outcome="anxiety", wave="w1").values
    row = table.loc[("member", "anxiety", "w1")]
    assert row["observed_n"] == np.isfinite(score).sum()
    assert row["observed_mean"] == pytest.approx(np.nanmean(score))
