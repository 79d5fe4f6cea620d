"""The panel family against dense normals written out from its equations."""

from collections.abc import Callable

import numpy as np
import pytensor
import pytest
import xarray as xr
from growth_examples import growth_study, random_waves
from panel_by_hand import (
    EXAMPLES,
    FAMILY,
    Evaluated,
    described,
    evaluated,
    example_panel,
    hand_moments,
    path,
)
from scipy.stats import multivariate_normal

from securebase.config import Sampling
from securebase.family import build
from securebase.names import ROLE
from securebase.panel import panel_from_waves
from securebase.sampling import posterior_draws, prior_draws

examples = pytest.mark.parametrize("name", EXAMPLES)


@pytest.fixture(scope="module")
def at() -> Callable[[str], Evaluated]:
    """Evaluate an example once for all tests of this module."""
    known: dict[str, Evaluated] = {}

    def find(name: str) -> Evaluated:
        if name not in known:
            rng = np.random.default_rng(7)
            units = 45 if name == "mixed" else 14
            known[name] = evaluated(example_panel(name, rng, units, 0.15), rng)
        return known[name]

    return find


def by_part(name: str, one: Evaluated) -> list[tuple[np.ndarray, np.ndarray]]:
    compositions = {each.name: each for each in one.panel.compositions}
    return [
        hand_moments(
            name, one, compositions[part.name], [tuple(each.split(" ")) for each in part.responses]
        )
        for part in one.built.parts
    ]


@examples
def test_moments_are_those_of_the_equations(name: str, at: Callable[[str], Evaluated]) -> None:
    one = at(name)
    for part, implied, cov, (mean, expected) in zip(
        one.built.parts, one.means, one.covariances, by_part(name, one), strict=True
    ):
        np.testing.assert_allclose(part.predictors @ implied.T, mean, atol=1e-10)
        np.testing.assert_allclose(cov, expected, rtol=1e-10, atol=1e-10)


@examples
def test_likelihood_is_that_of_dense_normals(name: str, at: Callable[[str], Evaluated]) -> None:
    one = at(name)
    for part, loglik, (mean, cov) in zip(
        one.built.parts, one.logliks, by_part(name, one), strict=True
    ):
        total, missing = 0.0, 0
        for y, m in zip(part.score, mean, strict=True):
            seen = ~np.isnan(y)
            missing += int((~seen).sum())
            total += multivariate_normal.logpdf(y[seen], m[seen], cov[np.ix_(seen, seen)])
        assert missing > 0
        assert loglik == pytest.approx(total, abs=1e-8)


@examples
def test_gradient_is_finite_where_sampling_starts(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    model = at(name).built.model
    logp = model.logp()
    function = model.compile_fn([logp, *pytensor.grad(logp, model.value_vars)], mode="FAST_COMPILE")
    value, *gradients = function(model.initial_point())
    assert np.isfinite(value)
    assert np.isfinite(np.concatenate([np.ravel(one) for one in gradients])).all()


@pytest.mark.parametrize(
    "name", [key for key, one in EXAMPLES.items() if one.study.get("exchangeable")]
)
def test_labels_of_exchangeable_members_mean_nothing(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    score = one.panel.data["score"]
    swapped = one.panel.with_scores(score.copy(data=score.sel({ROLE: score[ROLE][::-1]}).values))
    turned = swapped.data["predictor_value"]
    if turned.size:
        values = turned.sel(owner=turned["owner"].values[::-1]).values
        swapped.data["predictor_value"] = turned.copy(data=values)
    built = build(FAMILY, swapped, FAMILY.default_priors(swapped))
    function = pytensor.function(
        built.model.free_RVs, built.model.potentials[0], mode="FAST_COMPILE"
    )
    assert float(function(*one.values)) == pytest.approx(one.logliks[0], abs=1e-8)


@pytest.mark.parametrize(
    "name",
    ["two members", "unequal steps", "exchangeable", "within a wave, in a chain",
     "within a wave, of the partner", "measured twice", "two informants", "scores",
     "scores, each step its own", "each step its own",
     "each wave its own innovations", "innovations of waves, in a chain of a late start"],
)  # fmt: skip
def test_simulated_scores_have_the_implied_moments(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    rng = np.random.default_rng(3)
    one = at(name)
    large = example_panel(name, rng, 6000, 0.0)
    scores = FAMILY.simulate(rng, described(one), large)
    built = build(FAMILY, large, FAMILY.default_priors(large))
    for part, mean, cov in zip(built.parts, one.means, one.covariances, strict=True):
        error = part.score_in(scores) - part.predictors @ mean.T
        sd = np.sqrt(np.diag(cov))
        count = len(error)
        assert np.abs(error.mean(axis=0) / sd).max() < 4.5 / np.sqrt(count)
        found = np.cov(error.T) / np.outer(sd, sd)
        assert np.abs(found - cov / np.outer(sd, sd)).max() < 4.5 * np.sqrt(2 / count)


@examples
def test_trajectories_are_means_at_average_predictors(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    paths = FAMILY.trajectories(one.truth.expand_dims(chain=1, draw=2), one.panel)
    compositions = {each.name: each for each in one.panel.compositions}
    found: dict[tuple[str, str, str], list[float]] = {}
    for part, (mean, _) in zip(one.built.parts, by_part(name, one), strict=True):
        words = compositions[part.name]
        label = dict(zip(words.slots, words.labels, strict=True))
        for response, value in zip(part.responses, mean.mean(axis=0), strict=True):
            wave, slot, scale = response.split(" ")
            found.setdefault((wave, label[slot], scale), []).append(float(value))
    for (wave, role, scale), values in found.items():
        cell = paths.sel(wave=wave, role=role, outcome=scale).values
        np.testing.assert_allclose(cell, np.mean(values), atol=1e-10)
    assert int(paths.notnull().sum()) == 2 * len(found)


def test_proportional_change_is_the_own_effect_beyond_one(
    at: Callable[[str], Evaluated],
) -> None:
    truth = described(at("scores"))
    for role in ("patient", "partner"):
        for outcome in ("anxiety", "avoidance"):
            own = truth["lagged"].sel(path=f"{outcome} to {outcome}", role=role)
            found = truth["proportional"].sel(role=role, outcome=outcome)
            assert float(found) == pytest.approx(float(own) - 1.0)
    assert "proportional" not in described(at("two members"))
    stepwise = described(at("scores, each step its own"))["proportional"]
    assert list(stepwise["step"].values) == ["w1 to w2", "w2 to w3", "w3 to w4"]


def test_variables_have_the_names_that_claims_use(at: Callable[[str], Evaluated]) -> None:
    truth = described(at("two members"))
    assert truth["lagged"].dims == ("path", "role")
    assert list(truth["path"].values) == [
        "anxiety to anxiety", "avoidance to avoidance",
        "partner anxiety to anxiety", "partner avoidance to avoidance",
    ]  # fmt: skip
    assert truth["mean"].dims == ("wave", "role", "outcome")
    assert list(truth["stable_series"].values) == [
        f"{role} {outcome}"
        for role in ("patient", "partner")
        for outcome in ("anxiety", "avoidance")
    ]
    told = described(at("two informants"))
    assert list(told["informant"].values) == ["staff sb_staff"]
    assert list(told["series"].values) == ["youth sb_self", "staff sb_staff"]
    assert list(told["stable_series"].values) == ["youth secure_base", "level youth anxiety"]
    assert list(told["stable_series_explained"].values) == ["youth anger"]
    change = told["stable_on_change"]
    assert change.dims == ("path", "role")
    assert not np.isnan(float(change.sel(path="secure_base to anxiety", role="youth")))
    assert isinstance(told, xr.Dataset)


def test_priors_of_paths_go_by_the_ranges_of_both_ends() -> None:
    study = growth_study(
        {"family": "dyadic_panel",
         "paths": [path("anxiety", "strain", lag=1), path("strain", "anxiety", lag=1)]},
        roles=("client",), scales={"anxiety": {}, "strain": {"range": [0, 60]}},
    )  # fmt: skip
    waves = random_waves(study, np.random.default_rng(2), 10)
    panel = panel_from_waves(waves, study, "growth")
    model = build(FAMILY, panel, FAMILY.default_priors(panel)).model
    drawn = prior_draws(model, 4000, 1)["lagged"].std("draw").squeeze()
    # half a point per point, were the ranges (6 and 60) equal
    for name, sd in (("anxiety to anxiety", 0.5), ("strain to strain", 0.5),
                     ("anxiety to strain", 5.0), ("strain to anxiety", 0.05)):  # fmt: skip
        assert float(drawn.sel(path=name)) == pytest.approx(sd, rel=0.06)


@pytest.mark.slow
def test_a_secure_base_seen_by_two_informants_is_recovered() -> None:
    rng = np.random.default_rng(20)
    panel = example_panel("two informants", rng, 400, 0.1)
    model = build(FAMILY, panel, FAMILY.default_priors(panel)).model
    truth = FAMILY.derived(prior_draws(model, 2, 3), panel).isel(chain=0, draw=0)
    stated = {
        "concurrent": -0.4, "stable_path": -0.5, "stable_on_change": -0.3,
        "baseline_on_change": -0.2, "lagged": 0.3, "loading": 0.9, "mean": 4.0, "level": 4.0,
        "change": -0.2, "stable_sd": 0.8, "stable_explained_sd": 0.6, "first_sd": 0.5,
        "innovation_sd": 0.5, "innovation_explained_sd": 0.4, "change_sd": 0.5,
        "informant_sd": 0.4, "noise_sd": 0.4,
    }  # fmt: skip
    for name, value in stated.items():
        truth[name] = truth[name].where(truth[name].isnull(), value)
    for name in [str(one) for one in truth.data_vars if str(one).endswith("_corr")]:
        same = np.eye(len(truth[name]))
        truth[name] = truth[name].copy(data=0.7 * same + 0.3)
    seen = FAMILY.simulate(rng, truth, panel)
    model = build(FAMILY, seen, FAMILY.default_priors(seen)).model
    draws, stats = posterior_draws(model, Sampling(draws=500, tune=700), 1, 2)
    posterior = FAMILY.derived(draws, seen)
    assert int(stats["diverging"].sum()) == 0
    for name, value in stated.items():
        found = posterior[name]
        away = (found.mean(("chain", "draw")) - value) / found.std(("chain", "draw"))
        assert float(np.abs(away).max()) < 3.5, (name, away.values)
