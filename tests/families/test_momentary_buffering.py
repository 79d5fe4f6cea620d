"""The diary family against densities written out by hand from its equation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytensor
import pytest
import xarray as xr
from diary_by_hand import (
    FAMILY,
    Hand,
    at_a_point,
    described,
    diary_panel,
    diary_study,
    hand_covariance,
    hand_loglik,
    varying,
)
from test_explicit import integrated

from securebase.config import Sampling
from securebase.family import build
from securebase.faults import InputError
from securebase.names import OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Panel
from securebase.sampling import posterior_draws

TENSION, SAFE = varying("tension"), varying("safe", "partner", scale="sd")
AGE = {"name": "age", "of": "actor", "scale": "sd"}
BUFFERED: dict[str, Any] = {
    "predictors": [TENSION, SAFE, AGE],
    "interactions": [
        {"name": "buffered", "of": ["actor tension", "partner safe"], "outcomes": ["anxious"]},
        {"name": "older", "of": ["actor tension", "actor age"]},
        {"name": "older_buffered", "of": ["actor tension", "partner safe", "actor age"]},
    ],
}
BURDEN: dict[str, Any] = {
    "predictors": [SAFE],
    "paths": [{"from": "strain", "to": "anxious"}],
}
PARTNERS: dict[str, Any] = {
    "predictors": [SAFE],
    "paths": [{"from": "strain", "to": "anxious", "of": "partner"}],
}
EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one predictor": ({"predictors": [TENSION]}, {}),
    "buffering": (BUFFERED, {}),
    "trend": ({"predictors": [TENSION], "time": {"shape": "linear"}}, {}),
    "static product": (
        {
            "predictors": [TENSION, AGE, {"name": "age", "of": "partner", "scale": "sd"}],
            "interactions": [{"name": "ages", "of": ["actor age", "partner age"]}],
        },
        {},
    ),
    "path": (BURDEN, {}),
    "path of the partner": (PARTNERS, {}),
    "exchangeable": (BUFFERED, {"exchangeable": True}),
    "exchangeable with a path": (BURDEN, {"exchangeable": True}),
    "compositions": (BURDEN, {"compositions": {"mf": {}, "ff": {"exchangeable": True}}}),
    "one member": ({"predictors": [TENSION]}, {"roles": ("a",)}),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_log_likelihood_is_that_of_dense_normals(name: str, rng: np.random.Generator) -> None:
    analysis, settings = EXAMPLES[name]
    panel = diary_panel(diary_study(analysis, **settings), rng, units=12, missing=0.1)
    point = at_a_point(FAMILY, panel, rng)
    expected = sum(hand_loglik(point, one) for one in panel.compositions)
    assert point.loglik == pytest.approx(expected, abs=1e-8)
    logp = point.built.model.logp()
    gradients = pytensor.grad(logp, point.built.model.value_vars)
    slopes = point.built.model.compile_fn(gradients, mode="FAST_COMPILE")(
        point.built.model.initial_point()
    )
    assert all(np.isfinite(one).all() for one in slopes)
    assert max(np.abs(one).max() for one in slopes) > 0


@pytest.mark.parametrize("name", ["buffering", "exchangeable with a path"])
def test_explicit_twin_integrates_to_the_likelihood(name: str, rng: np.random.Generator) -> None:
    analysis, settings = EXAMPLES[name]
    panel = diary_panel(diary_study(analysis, **settings), rng, units=5, missing=0.05)
    point = at_a_point(FAMILY, panel, rng)
    twin = build(FAMILY, panel, FAMILY.default_priors(panel), explicit=True)
    assert integrated(twin, point.values) == pytest.approx(point.loglik, abs=1e-7)


def turned(panel: Panel, units: np.ndarray) -> Panel:
    """Swap the labels of the two members of some units."""
    data = panel.data.copy(deep=True)
    for name, dim in (("score", ROLE), ("deviation", "owner"), ("predictor_value", "owner")):
        axis = data[name].dims.index(dim)
        data[name].values[units] = np.flip(data[name].values[units], axis)
    return replace(panel, data=data)


@pytest.mark.parametrize("name", ["exchangeable", "exchangeable with a path"])
def test_swapped_labels_of_exchangeable_members_change_nothing(
    name: str, rng: np.random.Generator
) -> None:
    analysis, settings = EXAMPLES[name]
    panel = diary_panel(diary_study(analysis, **settings), rng, units=12, missing=0.1)
    one = at_a_point(FAMILY, panel, np.random.default_rng(3))
    other = at_a_point(
        FAMILY, turned(panel, np.arange(panel.data.sizes[UNIT]) % 2 == 0), np.random.default_rng(3)
    )
    assert not np.array_equal(one.built.parts[0].score, other.built.parts[0].score, equal_nan=True)
    assert other.loglik == pytest.approx(one.loglik, abs=1e-8)


# --- mediation within persons ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "label", "first", "last"),
    [
        ("path", "partner safe through strain to anxious",
         ("partner_on_moment", "safe", "a", "partner safe a strain"), "own strain a anxious"),
        # what the partner's partner does is what the person does
        ("path of the partner", "actor safe through partner strain to anxious",
         ("partner_on_moment", "safe", "b", "partner safe b strain"), "partner's strain a anxious"),
    ],
)  # fmt: skip
def test_indirect_effect_is_product_and_covariance_of_slopes(
    name: str, label: str, first: tuple[str, ...], last: str, rng: np.random.Generator
) -> None:
    panel = diary_panel(diary_study(EXAMPLES[name][0]), rng, units=8, missing=0.1)
    values = described(FAMILY, at_a_point(FAMILY, panel, rng))
    variable, predictor, role, slope = first
    a = float(values[variable].sel(partner_moment=predictor, role=role, outcome="strain"))
    b = float(values["path_on_moment"].sel(role="a").squeeze())
    sd, corr = values["unit_sd"], values["unit_corr"]
    shared = float(sd.sel(effect=slope) * sd.sel(effect=last))
    shared *= float(corr.sel(effect=slope, effect_bis=last))
    assert abs(shared) > 1e-3
    found = float(values["indirect_on_moment"].sel(indirect=label, role="a"))
    assert found == pytest.approx(a * b + shared, abs=1e-12)
    again = FAMILY.implied(values.drop_vars("indirect_on_moment"), panel)
    xr.testing.assert_allclose(again["indirect_on_moment"], values["indirect_on_moment"])


# --- what cannot be used ----------------------------------------------------------------------


def test_answers_without_their_predictor_are_counted_and_not_used(
    rng: np.random.Generator,
) -> None:
    panel = diary_panel(diary_study(BURDEN, roles=("a", "b")), rng, units=8, missing=0.2)
    table = FAMILY.unused(panel).set_index(["role", "outcome"])
    score, deviation = panel.data["score"], panel.data["deviation"]
    safe = deviation.sel(measure="safe", owner="b").notnull()
    strain = score.sel(role="a", outcome="strain").notnull()
    anxious = score.sel(role="a", outcome="anxious").notnull()
    assert int(table.loc[("a", "strain"), "lost"]) == int((strain & ~safe).sum()) > 0
    lost = int((anxious & ~(safe & strain)).sum())
    assert tuple(table.loc[("a", "anxious")]) == (lost, int(anxious.sum()))
    (part,) = build(FAMILY, panel, FAMILY.default_priors(panel)).parts
    used = int(np.isfinite(part.score).sum())
    assert used == int(score.notnull().sum()) - int(table["lost"].sum())


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        ({"predictors": [AGE]}, "nothing that varies from occasion to occasion"),
        ({"predictors": [varying("tension", "unit")]}, "of: actor or partner"),
        ({"predictors": [TENSION], "time": {"shape": "free"}}, "time of shape free"),
        ({"predictors": [TENSION, {**AGE, "on": ["change"]}]}, "'actor age' on change"),
        ({**BURDEN, "paths": [{"from": "strain", "to": "anxious", "lag": 1}]}, "with a lag"),
        ({**BURDEN, "paths": [{"from": "strain", "to": "strain"}]}, "paths lead in a circle"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    analysis: dict[str, Any], words: str, rng: np.random.Generator
) -> None:
    panel = diary_panel(diary_study(analysis), rng, units=6, missing=0.0)
    with pytest.raises(InputError, match=words):
        FAMILY.parts(panel, {})


def test_too_few_occasions_are_refused(rng: np.random.Generator) -> None:
    panel = diary_panel(diary_study({"predictors": [TENSION, SAFE]}, days=3), rng, missing=0.0)
    with pytest.raises(InputError, match="answered by nobody more than 3 times"):
        FAMILY.parts(panel, {})


# --- simulated diaries --------------------------------------------------------------------------


def repeated(panel: Panel, count: int) -> Panel:
    """The first unit many times over, and then all others."""
    units = np.concatenate([np.zeros(count, int), np.arange(1, panel.data.sizes[UNIT])])
    data = panel.data.isel({UNIT: units}).copy(deep=True)
    return replace(panel, data=data.assign_coords({UNIT: [f"u{n}" for n in range(len(units))]}))


@pytest.mark.parametrize("name", ["buffering", "trend", "exchangeable"])
def test_simulated_scores_have_the_moments_of_the_equation(
    name: str, rng: np.random.Generator
) -> None:
    analysis, settings = EXAMPLES[name]
    panel = diary_panel(diary_study(analysis, days=4, **settings), rng, units=12, missing=0.0)
    point = at_a_point(FAMILY, panel, rng)
    (composition,) = panel.compositions
    hand = Hand(panel, point.truth, composition)
    cells = [
        (wave, slot, outcome)
        for wave in map(str, panel.data[WAVE].values)
        for slot in hand.slots
        for outcome in panel.analysis.outcomes
    ]
    mean = np.array([hand.mean(0, *cell) for cell in cells])
    cov = hand_covariance(hand, 0, cells)
    count = 20_000
    new = FAMILY.simulate(rng, described(FAMILY, point), repeated(panel, count)).data["score"]
    new = new.isel({UNIT: slice(count)})
    scores = np.stack([new.sel(wave=w, role=r, outcome=o).values for w, r, o in cells], axis=1)
    variance = np.diag(cov)
    assert (np.abs(scores.mean(axis=0) - mean) / np.sqrt(variance / count)).max() < 4.5
    error = np.sqrt((np.outer(variance, variance) + cov**2) / count)
    assert (np.abs(np.cov(scores.T) - cov) / error).max() < 4.5


def test_simulated_path_carries_the_source_s_deviation(rng: np.random.Generator) -> None:
    # without residual or random slopes the target is a line in the source it was drawn after
    panel = diary_panel(diary_study(BURDEN), rng, units=6, missing=0.1)
    truth = described(FAMILY, at_a_point(FAMILY, panel, rng))
    truth["unit_sd"] = truth["unit_sd"] * 0
    truth["residual_explained_sd"] = truth["residual_explained_sd"] * 0
    new = FAMILY.simulate(rng, truth, panel)
    assert bool((new.data["score"].isnull() == panel.data["score"].isnull()).all())
    hand = Hand(new, truth, panel.compositions[0])
    seen = 0
    for unit in range(new.data.sizes[UNIT]):
        for wave in map(str, new.data[WAVE].values):
            y = float(new.data["score"][unit].sel({WAVE: wave, ROLE: "a", OUTCOME: "anxious"}))
            expected = hand.mean(unit, wave, "a", "anxious")
            if not np.isnan(y + expected):
                assert y == pytest.approx(expected, abs=1e-10)
                seen += 1
    assert seen > 10


def test_another_panel_brings_its_own_sources_of_paths(rng: np.random.Generator) -> None:
    panel = diary_panel(diary_study(BURDEN), rng, units=8, missing=0.1)
    point = at_a_point(FAMILY, panel, np.random.default_rng(5))
    new = FAMILY.simulate(rng, described(FAMILY, point), panel)
    data = point.built.data_of(new)
    expected = build(FAMILY, new, FAMILY.default_priors(new)).data_of(new)
    assert list(data) == list(expected)
    for name, array in data.items():
        np.testing.assert_allclose(array, expected[name], err_msg=name)
    changed = "all_score_products"
    assert not np.allclose(data[changed], point.built.data_of(panel)[changed])


def test_trajectories_are_means_of_the_equation_over_units(rng: np.random.Generator) -> None:
    panel = diary_panel(diary_study(BUFFERED), rng, units=10, missing=0.0)
    point = at_a_point(FAMILY, panel, rng)
    paths = FAMILY.trajectories(point.truth.expand_dims(("chain", "draw")), panel)
    hand = Hand(panel, point.truth, panel.compositions[0])
    for wave in ("d1", "d5"):
        means = [hand.mean(unit, wave, "b", "anxious") for unit in range(panel.data.sizes[UNIT])]
        found = float(paths.sel(wave=wave, role="b", outcome="anxious").squeeze())
        assert found == pytest.approx(np.mean(means))


@pytest.mark.slow
def test_buffering_and_burden_are_recovered(rng: np.random.Generator) -> None:
    analysis = {
        "predictors": [TENSION, SAFE],
        "interactions": BUFFERED["interactions"][:1],
        "paths": BURDEN["paths"],
    }
    panel = diary_panel(diary_study(analysis, days=10), rng, units=60, missing=0.1)
    model = build(FAMILY, panel, FAMILY.default_priors(panel)).model
    truth = described(FAMILY, at_a_point(FAMILY, panel, rng))
    for name in ("actor_on_moment", "partner_on_moment", "interaction_on_moment"):
        truth[name] = truth[name] * 0 + rng.normal(0, 0.4, truth[name].shape)
    truth["unit_sd"] = truth["unit_sd"] * 0 + np.where(
        [str(label).startswith("level") for label in truth["effect"].values], 0.8, 0.2
    )
    truth["residual_sd"] = truth["residual_sd"] * 0 + 0.7
    truth["residual_explained_sd"] = truth["residual_explained_sd"] * 0 + 0.7
    truth = FAMILY.implied(truth, panel)
    built = build(FAMILY, FAMILY.simulate(rng, truth, panel), FAMILY.default_priors(panel))
    assert [one.name for one in built.model.free_RVs] == [one.name for one in model.free_RVs]
    sampling = Sampling(chains=2, tune=200, draws=200)
    draws, _ = posterior_draws(built.model, sampling, 11, 2)
    posterior = FAMILY.derived(draws, panel)
    for name in ("actor_on_moment", "partner_on_moment", "path_on_moment", "indirect_on_moment"):
        mean, sd = (posterior[name].mean(("chain", "draw")), posterior[name].std(("chain", "draw")))
        away = np.abs((mean - truth[name]) / sd)
        assert float(sd.max()) < 0.25
        assert float(away.max()) < 4.0
