"""The family of groups against densities written out by hand from its equation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytensor
import pytest
import xarray as xr
from climate_by_hand import (
    FAMILY,
    SCALES,
    HandGroup,
    climate_panel,
    climate_study,
    hand_loglik,
    person,
)
from diary_by_hand import at_a_point, described
from growth_examples import growth_study
from pydantic import ValidationError
from test_explicit import integrated

from securebase.config import Sampling
from securebase.families import load_family
from securebase.family import build
from securebase.faults import InputError
from securebase.names import UNIT
from securebase.panel import Panel
from securebase.sampling import posterior_draws

PERSONS: dict[str, Any] = {"predictors": [person("anxiety"), person("avoidance")]}
PATHS: dict[str, Any] = {"paths": [{"from": "cohesion", "to": "functioning"}]}
INFORMANTS: dict[str, Any] = {"informants": {"functioning": ["self_rated", "observed"]}}
HELPED = {"name": "cohesion_by_anxiety", "of": ["group cohesion", "actor anxiety"]}
EXAMPLES: dict[str, dict[str, Any]] = {
    "groups": {},
    "persons": {
        **PERSONS,
        "interactions": [{"name": "both", "of": ["actor anxiety", "actor avoidance"]}],
    },
    "informants": {**INFORMANTS},
    "paths": {"paths": [{"from": "cohesion", "to": "self_rated"}]},
    "paths and informants": {**PERSONS, **PATHS, **INFORMANTS},
    "moderation": {**PERSONS, "interactions": [HELPED]},
    "everything": {
        **PERSONS, **PATHS, **INFORMANTS, "time": {"shape": "linear"},
        "interactions": [
            HELPED,
            {"name": "cohesion_by_avoidance", "of": ["actor avoidance", "group cohesion"],
             "outcomes": ["observed", "group_anxiety"]},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_log_likelihood_is_that_of_dense_normals(name: str, rng: np.random.Generator) -> None:
    panel = climate_panel(climate_study(EXAMPLES[name]), rng, units=14, clusters=3)
    point = at_a_point(FAMILY, panel, rng)
    assert point.loglik == pytest.approx(hand_loglik(panel, point.truth), abs=1e-8)
    model = point.built.model
    gradients = pytensor.grad(model.logp(), model.value_vars)
    slopes = model.compile_fn(gradients, mode="FAST_COMPILE")(model.initial_point())
    assert all(np.isfinite(one).all() for one in slopes)
    assert max(np.abs(one).max() for one in slopes) > 0


def test_only_slopes_make_units_differ_in_their_basis(rng: np.random.Generator) -> None:
    """Without them a posterior costs no more for more persons of the same groups."""
    own = {}
    for name in ("persons", "paths and informants", "moderation"):
        panel = climate_panel(climate_study(EXAMPLES[name]), rng, units=14, clusters=3)
        (part,) = build(FAMILY, panel, FAMILY.default_priors(panel)).parts
        own[name] = part.effects.unit_basis is not None
    assert own == {"persons": False, "paths and informants": False, "moderation": True}


@pytest.mark.parametrize("name", ["moderation", "everything"])
def test_explicit_twin_integrates_to_the_likelihood(name: str, rng: np.random.Generator) -> None:
    panel = climate_panel(climate_study(EXAMPLES[name]), rng, units=8, clusters=2)
    point = at_a_point(FAMILY, panel, rng)
    twin = build(FAMILY, panel, FAMILY.default_priors(panel), explicit=True)
    assert integrated(twin, point.values) == pytest.approx(point.loglik, abs=1e-7)


def test_persons_of_two_groups_are_independent_and_of_one_are_not(
    rng: np.random.Generator,
) -> None:
    panel = climate_panel(climate_study(EXAMPLES["moderation"]), rng, units=12, clusters=3)
    point = at_a_point(FAMILY, panel, np.random.default_rng(2))
    groups = panel.data["cluster"].values
    moved = replace(panel, data=panel.data.assign(cluster=(UNIT, np.roll(groups, 1))))
    other = at_a_point(FAMILY, moved, np.random.default_rng(2))
    # the persons of each group have moved on together, and then one by one
    assert other.loglik == pytest.approx(point.loglik, abs=1e-8)
    mixed = replace(panel, data=panel.data.assign(cluster=(UNIT, np.sort(groups))))
    assert abs(at_a_point(FAMILY, mixed, np.random.default_rng(2)).loglik - point.loglik) > 0.1


def test_informants_of_one_latent_share_its_path_and_their_own_view_aside(
    rng: np.random.Generator,
) -> None:
    panel = climate_panel(climate_study(EXAMPLES["informants"]), rng, units=12, clusters=3)
    point = at_a_point(FAMILY, panel, rng)
    (part,) = point.built.parts
    own = pytensor.function(
        point.built.model.free_RVs, part.effects.own, mode="FAST_COMPILE", on_unused_input="ignore"
    )(*point.values)
    values = described(FAMILY, point)
    latent = float(values["unit_sd"].sel(effect="level soldier functioning"))
    views = values["informant_sd"].sel(informant=["self_rated", "observed"]).values
    expected = latent**2 + np.diag(views**2)
    np.testing.assert_allclose(own[:2, :2], expected, rtol=1e-12)
    np.testing.assert_allclose(own[0, 2:], own[1, 2:], rtol=1e-12)


# --- simulated groups -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["persons", "moderation", "everything"])
def test_simulated_groups_have_the_moments_of_the_equation(
    name: str, rng: np.random.Generator
) -> None:
    panel = climate_panel(climate_study(EXAMPLES[name]), rng, units=12, clusters=3, missing=0.0)
    point = at_a_point(FAMILY, panel, rng)
    pair = np.flatnonzero(panel.data["cluster"].values == "c0")[:2]
    count = 20_000
    data = panel.data.isel({UNIT: np.tile(pair, count)}).copy(deep=True)
    data = data.assign_coords({UNIT: [f"u{n}" for n in range(2 * count)]})
    data["cluster"] = (UNIT, [f"c{n // 2:05d}" for n in range(2 * count)])
    new = FAMILY.simulate(rng, described(FAMILY, point), replace(panel, data=data))
    cells = [
        (unit, wave, scale)
        for unit in (0, 1)
        for scale, asked in SCALES.items()
        for wave in asked["waves"]
    ]
    score = new.data["score"].sel(role="soldier")
    columns = [score[unit::2].sel(wave=wave, outcome=scale) for unit, wave, scale in cells]
    scores = np.stack([column.values for column in columns], axis=1)
    hand = HandGroup(panel, point.truth)
    theirs = [(int(pair[unit]), wave, scale) for unit, wave, scale in cells]
    mean, cov = np.array([hand.mean(cell) for cell in theirs]), hand.covariance(theirs)
    variance = np.diag(cov)
    assert (np.abs(scores.mean(axis=0) - mean) / np.sqrt(variance / count)).max() < 4.5
    error = np.sqrt((np.outer(variance, variance) + cov**2) / count)
    assert (np.abs(np.cov(scores.T) - cov) / error).max() < 4.5


def test_trajectories_are_means_of_the_equation_over_persons(rng: np.random.Generator) -> None:
    panel = climate_panel(climate_study(EXAMPLES["everything"]), rng, units=10, clusters=2)
    point = at_a_point(FAMILY, panel, rng)
    paths = FAMILY.trajectories(point.truth.expand_dims(("chain", "draw")), panel)
    hand = HandGroup(panel, point.truth)
    for wave, scale in (("m3", "observed"), ("end", "group_anxiety")):
        means = [hand.mean((unit, wave, scale)) for unit in range(panel.data.sizes[UNIT])]
        found = float(paths.sel(wave=wave, role="soldier", outcome=scale).squeeze())
        assert found == pytest.approx(np.mean(means))
    assert int(paths.notnull().sum()) == 10


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        ({"clusters": False}, "persons without groups"),
        ({"time": {"shape": "free"}}, "time of shape free"),
        ({"predictors": [person("anxiety", on=["change"])]}, "'actor anxiety', on change"),
        ({"paths": [{"from": "cohesion", "to": "observed", "lag": 1}]}, "with lag 1"),
        (
            {**PERSONS, "interactions": [{**HELPED, "outcomes": ["cohesion"]}]},
            "that of another outcome than it moderates",
        ),
        (
            {
                **PERSONS,
                "interactions": [
                    {"name": "x", "of": ["group cohesion", "actor anxiety", "actor avoidance"]}
                ],
            },
            "one predictor of persons and one outcome's group mean",
        ),
        (
            {
                "paths": [
                    {"from": "cohesion", "to": "observed"},
                    {"from": "observed", "to": "cohesion"},
                ]
            },
            "paths lead in a circle",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    analysis: dict[str, Any], words: str, rng: np.random.Generator
) -> None:
    panel = climate_panel(climate_study(analysis), rng, units=12, clusters=3)
    with pytest.raises(InputError, match=words):
        FAMILY.parts(panel, {})


def test_a_latent_group_mean_is_known_to_this_family_only() -> None:
    analysis = {**PERSONS, "interactions": [HELPED]}
    study = climate_study(analysis)
    FAMILY.refuse_other_keys(study.analyses["growth"], "codebook")
    other = load_family("dyadic_growth")
    with pytest.raises(InputError, match="'group cohesion' in an interaction"):
        other.refuse_other_keys(study.analyses["growth"], "codebook")
    with pytest.raises(ValidationError, match="no predictor 'group warmth'"):
        growth_study({**PERSONS, "interactions": [{"name": "x", "of": ["group warmth"] * 2}]})


# --- recovery, and what the observed mean makes of it ---------------------------------------------

ONCE: dict[str, dict[str, Any]] = {
    "cohesion": {"waves": ["m1"]},
    "functioning": {"waves": ["m1", "m2", "m3"]},
}
LATENT: dict[str, Any] = {
    "predictors": [person("anxiety", outcomes=["functioning"])],
    "paths": [{"from": "cohesion", "to": "functioning"}],
    "interactions": [HELPED],
}
OBSERVED: dict[str, Any] = {
    "outcomes": ["functioning"],
    "predictors": [
        *LATENT["predictors"],
        {"name": "cohesion", "of": "actor"},
        {"name": "cohesion", "of": "group"},
    ],
    "interactions": [HELPED],
}
CHANGED = {
    "cluster_path_on_level": 0.8, "path_on_level": 0.1, "interaction_on_level": 0.6,
    "actor_on_level": -0.5, "residual_sd": 0.5, "unit_sd": 1.2, "cluster_sd": 0.6,
    "unit_explained_sd": 0.6, "cluster_explained_sd": 0.25,
}  # fmt: skip


def sampled(panel: Panel) -> xr.Dataset:
    built = build(FAMILY, panel, FAMILY.default_priors(panel))
    draws, _ = posterior_draws(built.model, Sampling(chains=2, tune=200, draws=200), 7, 2)
    return FAMILY.derived(draws, panel)


@pytest.mark.slow
def test_latent_group_mean_recovers_what_the_observed_mean_attenuates(
    rng: np.random.Generator,
) -> None:
    # 100 groups of 6 raters; Lüdtke et al. (2008): reliability of a group mean of ratings
    # τ² / (τ² + σ² / n), with τ² between groups and σ² within them
    study = climate_study(LATENT, scales=ONCE)
    groups = 100
    panel = climate_panel(study, rng, units=6 * groups, clusters=groups, missing=0.0)
    truth = described(FAMILY, at_a_point(FAMILY, panel, rng))
    for name, value in CHANGED.items():
        truth[name] = truth[name] * 0 + value
    new = FAMILY.simulate(rng, truth, panel)
    latent = sampled(new)
    reliability = 0.6**2 / (0.6**2 + (1.2**2 + 0.06**2) / 6)
    between = latent["cluster_path_on_level"].squeeze()
    slope = latent["interaction_on_level"].sel(outcome="functioning").squeeze()
    for found, true in ((between, 0.8), (slope, 0.6)):
        assert abs(float(found.mean()) - true) < 3 * float(found.std())
    observed = sampled(as_observed(new, rng, groups))
    contextual = observed["group_on_level"].squeeze() + (
        observed["actor_on_level"].sel(actor_predictor="cohesion").squeeze()
    )
    expected = reliability * 0.8 + (1 - reliability) * 0.1
    assert abs(float(contextual.mean()) - expected) < 3 * float(contextual.std())
    assert abs(float(observed["interaction_on_level"].mean()) - reliability * 0.6) < 3 * float(
        observed["interaction_on_level"].std()
    )
    assert float((contextual < between.mean()).mean()) > 0.99


def as_observed(panel: Panel, rng: np.random.Generator, groups: int) -> Panel:
    """The same scores with the rating of each person and the mean of each group as predictors."""
    waves = climate_panel(
        climate_study(OBSERVED, scales=ONCE), rng, units=6 * groups, clusters=groups, missing=0.0
    )
    rating = panel.data["score"].sel(outcome="cohesion", wave="m1", role="soldier")
    means = rating.groupby(panel.data["cluster"]).mean()
    group = means.sel(cluster=panel.data["cluster"].values).values
    values = waves.data["predictor_value"].copy(deep=True)
    values.loc[{"owner": "soldier", "measure": "cohesion"}] = (rating - rating.mean()).values
    values.loc[{"owner": "group", "measure": "cohesion"}] = group - group.mean()
    anxiety = panel.data["predictor_value"].sel(owner="soldier", measure="anxiety").values
    values.loc[{"owner": "soldier", "measure": "anxiety"}] = anxiety
    score = panel.data["score"].sel(outcome=["functioning"])
    return replace(waves, data=waves.data.assign(predictor_value=values, score=score))
