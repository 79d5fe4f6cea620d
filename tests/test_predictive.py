"""Replicated studies: summaries by hand, and replications with the implied moments."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from growth_examples import growth_panel, growth_study, wave_table

from securebase.families import load_family
from securebase.family import Built, build
from securebase.panel import Panel, panel_from_waves
from securebase.predictive import (
    Implied,
    implied_moments,
    observed_statistics,
    predictive_statistics,
    replicate,
)
from securebase.sampling import prior_draws

FAMILY = load_family("dyadic_growth")
THREE = {"w1": 0.0, "w2": 1.0, "w3": 2.0}
SCORES = {
    # unit: (patient, partner) at each of three waves
    "u1": [(1.0, 2.0), (2.0, 4.0), (3.0, 3.0)],
    "u2": [(3.0, 3.0), (4.0, None), (5.0, 1.0)],
    "u3": [(5.0, 7.0), (None, 2.0), (1.0, 2.0)],
    "u4": [(2.0, 1.0), (6.0, 6.0), (2.0, 2.0)],
}


def by_hand(exchangeable: bool = False) -> tuple[Built, Panel]:
    study = growth_study(exchangeable=exchangeable, waves=THREE, scales={"anxiety": {}})
    rows = [
        {"unit": unit, "role": role, "wave": wave, "anxiety": pair[place]}
        for unit, pairs in SCORES.items()
        for wave, pair in zip(THREE, pairs, strict=True)
        for place, role in enumerate(("patient", "partner"))
    ]
    panel = panel_from_waves(wave_table(rows, study), study, "growth")
    return build(FAMILY, panel, FAMILY.default_priors(panel)), panel


def columns(wave: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array([pairs[wave] for pairs in SCORES.values()], dtype=float)
    return pairs[:, 0], pairs[:, 1]


def test_summaries_of_distinguishable_members() -> None:
    found = observed_statistics(*by_hand())
    assert list(found["role"].values) == ["patient", "partner"]
    for number, wave in enumerate(THREE):
        patient, partner = columns(number)
        for role, values in (("patient", patient), ("partner", partner)):
            known = values[~np.isnan(values)]
            at = {"wave": wave, "role": role, "outcome": "anxiety"}
            assert float(found["mean"].sel(at)) == pytest.approx(known.mean())
            assert float(found["sd"].sel(at)) == pytest.approx(known.std(ddof=1))
        both = ~np.isnan(patient + partner)
        corr = found["partner_corr"].sel(composition="all", wave=wave, outcome="anxiety")
        expected = np.corrcoef(patient[both], partner[both])[0, 1]
        # a correlation of two couples would say nothing
        if both.sum() > 2:
            assert float(corr) == pytest.approx(expected)
        else:
            assert np.isnan(corr)


def test_summaries_of_exchangeable_members_pool_them() -> None:
    found = observed_statistics(*by_hand(exchangeable=True))
    assert list(found["role"].values) == ["member"]
    patient, partner = columns(0)
    at = {"wave": "w1", "role": "member", "outcome": "anxiety"}
    pooled = np.concatenate([patient, partner])
    assert float(found["mean"].sel(at)) == pytest.approx(pooled.mean())
    assert float(found["sd"].sel(at)) == pytest.approx(pooled.std(ddof=1))
    first, second = np.concatenate([patient, partner]), np.concatenate([partner, patient])
    corr = found["partner_corr"].sel(composition="all", wave="w1", outcome="anxiety")
    assert float(corr) == pytest.approx(np.corrcoef(first, second)[0, 1])


def test_outcome_of_one_role_has_no_partner_correlation(rng: np.random.Generator) -> None:
    study = growth_study(scales={"anxiety": {}, "depression": {"roles": ["partner"]}})
    panel, priors = growth_panel(study, rng, units=20)
    found = observed_statistics(build(FAMILY, panel, priors), panel)
    assert bool(found["partner_corr"].sel(outcome="depression").isnull().all())
    assert bool(found["partner_corr"].sel(outcome="anxiety").notnull().all())
    assert bool(found["mean"].sel(outcome="depression", role="patient").isnull().all())
    assert bool(found["mean"].sel(outcome="depression", role="partner").notnull().all())


def test_compositions_are_summarised_apart(rng: np.random.Generator) -> None:
    study = growth_study(compositions={"mf": {}, "ff": {"exchangeable": True}})
    panel, priors = growth_panel(study, rng, units=30)
    found = observed_statistics(build(FAMILY, panel, priors), panel)
    assert list(found["role"].values) == ["patient", "partner", "ff"]
    assert list(found["composition"].values) == ["mf", "ff"]
    own = panel.data["score"].isel(unit=panel.data["composition"].values == "mf")
    expected = own.sel(wave="w2", role="patient", outcome="anxiety").mean()
    at = {"wave": "w2", "role": "patient", "outcome": "anxiety"}
    assert float(found["mean"].sel(at)) == pytest.approx(float(expected))


@pytest.mark.parametrize("clustered", [False, True])
def test_replicated_scores_have_the_implied_moments(
    rng: np.random.Generator, clustered: bool
) -> None:
    built, _ = by_hand()
    (part,) = built.parts
    units, responses = 30_000, len(part.responses)
    weights = rng.normal(size=(responses, responses))
    implied: Implied = {
        "mean": rng.normal(size=(responses, 1)), "cov": weights @ weights.T,
    }  # fmt: skip
    cov = implied["cov"]
    cluster = None
    if clustered:
        implied |= {
            "loading": rng.normal(size=(responses, 2)),
            "cluster_cov": np.array([[1.0, 0.4], [0.4, 0.5]]),
        }
        cov = cov + implied["loading"] @ implied["cluster_cov"] @ implied["loading"].T
        cluster = np.arange(units)
    many = replace(
        part, score=np.zeros((units, responses)), predictors=np.ones((units, 1)), cluster=cluster
    )
    scores = replicate(rng, many, implied)
    variance = np.diag(cov)
    error = np.sqrt(variance / units)
    assert (np.abs(scores.mean(axis=0) - implied["mean"][:, 0]) / error).max() < 4.5
    error = np.sqrt((np.outer(variance, variance) + cov**2) / units)
    assert (np.abs(np.cov(scores.T) - cov) / error).max() < 4.5


def test_units_of_a_cluster_share_its_effect(rng: np.random.Generator) -> None:
    built, _ = by_hand()
    (part,) = built.parts
    responses = len(part.responses)
    implied: Implied = {
        "mean": np.zeros((responses, 1)), "cov": np.zeros((responses, responses)),
        "loading": np.ones((responses, 1)), "cluster_cov": np.ones((1, 1)),
    }  # fmt: skip
    many = replace(
        part, score=np.zeros((4, responses)), predictors=np.ones((4, 1)),
        cluster=np.array([0, 1, 0, 1]),
    )  # fmt: skip
    scores = replicate(rng, many, implied)
    np.testing.assert_array_equal(scores[:2], scores[2:])
    assert np.ptp(scores, axis=1).max() == 0.0
    assert scores[0, 0] != scores[1, 0]


def test_replicated_scores_are_missing_where_the_observed_are(rng: np.random.Generator) -> None:
    built, _ = by_hand()
    (part,) = built.parts
    size = len(part.responses)
    scores = replicate(rng, part, {"mean": np.zeros((size, 1)), "cov": np.eye(size)})
    np.testing.assert_array_equal(np.isnan(scores), np.isnan(part.score))
    assert np.isnan(scores).sum() == 2


def test_predictive_statistics_run_over_spaced_draws() -> None:
    built, panel = by_hand()
    prior = prior_draws(built.model, 20, 1)
    found = predictive_statistics(built, panel, prior, 5, seed=3)
    assert dict(found.sizes) == {
        "chain": 1, "draw": 5, "wave": 3, "role": 2, "outcome": 1, "composition": 1,
    }  # fmt: skip
    assert "unit" not in found.dims
    again = predictive_statistics(built, panel, prior, 5, seed=3)
    xr.testing.assert_identical(found, again)
    other = predictive_statistics(built, panel, prior, 5, seed=4)
    assert not found.equals(other)


def test_implied_moments_at_a_draw_are_the_model_s() -> None:
    built, _ = by_hand()
    prior = prior_draws(built.model, 2, 1)
    draw = {str(name): values.values[0, 1] for name, values in prior.data_vars.items()}
    (found,) = implied_moments(built)(draw)
    assert set(found) == {"mean", "cov"}
    level, change = draw["level"][:, 0], draw["change"][:, 0]
    expected = [level[role] + change[role] * time for time in THREE.values() for role in (0, 1)]
    np.testing.assert_allclose(found["mean"][:, 0], expected)
    np.testing.assert_allclose(found["cov"], found["cov"].T)
    assert np.linalg.eigvalsh(found["cov"]).min() > 0
