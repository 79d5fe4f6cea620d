"""Mediation at two levels: posteriors against a dense twin, latent against observed group means."""

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from mediation_by_hand import study_of, waves_of

from securebase.compiling import compile_model
from securebase.config import Sampling
from securebase.families import load_family
from securebase.family import build
from securebase.faults import InputError
from securebase.mediation.design import mediated_designs
from securebase.panel import Panel, panel_from_waves
from securebase.sampling import drawn
from securebase.simulation.settings import Cell, Effects
from securebase.simulation.truth import truth_of

FAMILY = load_family("mediated_change")
STUDY = study_of(
    {
        "clusters": True,
        "paths": [{"from": "care", "to": "mood"}],
        "predictors": [{"name": "distance", "of": "leader"}, {"name": "age", "of": "actor"}],
    },
    leader="officer",
    waves={"w1": 0.0},
    scales={"care": {}, "mood": {}},
    covariates=("age", "distance"),
)


@dataclass(frozen=True)
class Truth:
    """Numbers of the equations, in points; predictors have a standard deviation of 2."""

    distance_on_care: float = -0.2
    distance_on_mood: float = -0.05
    age_on_care: float = 0.1
    age_on_mood: float = 0.05
    between: float = 0.8
    within: float = 0.1
    care_between_sd: float = 0.3
    care_within_sd: float = 0.8
    mood_between_sd: float = 0.2
    mood_within_sd: float = 0.6


@dataclass(frozen=True)
class Groups:
    """Scores of people in groups of one size, drawn from the equations."""

    panel: Panel
    cluster: np.ndarray
    distance: np.ndarray
    age: np.ndarray

    def score(self, outcome: str) -> np.ndarray:
        """Scores (unit,) of one outcome."""
        return np.asarray(self.panel.data["score"].sel(outcome=outcome).values[:, 0, 0])


def groups_of(count: int, size: int, truth: Truth, seed: int) -> Groups:
    """Draw what groups share and what their members differ in, causes first."""
    rng = np.random.default_rng(seed)
    waves = waves_of(STUDY, rng, units=count * size, clusters=count, missing=0.0)
    panel = panel_from_waves(waves, STUDY, "asked")
    cluster = np.unique(panel.data["cluster"].values, return_inverse=True)[1]
    value = panel.data["predictor_value"]
    distance = value.sel(owner="officer", measure="distance").values
    age = value.sel(owner="soldier", measure="age").values
    shared_care = truth.distance_on_care * distance
    shared_care = shared_care + rng.normal(0, truth.care_between_sd, count)[cluster]
    own_care = truth.age_on_care * age + rng.normal(0, truth.care_within_sd, len(age))
    mood = truth.between * shared_care + truth.within * own_care
    mood += truth.distance_on_mood * distance + truth.age_on_mood * age
    mood += rng.normal(0, truth.mood_between_sd, count)[cluster]
    mood += rng.normal(0, truth.mood_within_sd, len(age))
    score = np.stack([4.0 + shared_care + own_care, 4.0 + mood], axis=-1)
    known = panel.data["score"]
    drawn_score = xr.DataArray(score[:, None, None], known.coords, known.dims)
    return Groups(panel.with_scores(drawn_score), cluster, distance, age)


def sampled(model: pm.Model, seed: int, draws: int) -> xr.Dataset:
    sampling = Sampling(chains=4, draws=draws, tune=1000, target_accept=0.9)
    posterior, stats = drawn(compile_model(model), sampling, seed, cores=2)
    assert int(stats["diverging"].sum()) == 0
    return posterior


def posterior_of(groups: Groups, seed: int, draws: int) -> xr.Dataset:
    built = build(FAMILY, groups.panel, FAMILY.default_priors(groups.panel))
    return FAMILY.derived(sampled(built.model, seed, draws), groups.panel)


def dense_twin(groups: Groups, size: int) -> pm.Model:
    """Write the same model with one normal density over all scores of a group.

    Scales reach from 1 to 7: means are Normal(4, 3), effects Normal(0, 1.2) per standard
    deviation of a predictor, arrows Normal(0, 1), spreads half-normal with 1.5 points within and
    0.6 between groups.
    """
    count = groups.cluster.max() + 1
    rows = np.array([np.flatnonzero(groups.cluster == group) for group in range(count)])
    assert rows.shape == (count, size)
    distance, age = groups.distance[rows], groups.age[rows]
    scores = np.hstack([groups.score("care")[rows], groups.score("mood")[rows]])
    same, together = np.eye(size), np.ones((size, size))
    with pm.Model() as model:
        level = pm.Normal("level", 4.0, 3.0, shape=2)
        led = pm.Normal("led", 0.0, 1.2 / groups.distance.std(), shape=2)
        own = pm.Normal("own", 0.0, 1.2 / groups.age.std(), shape=2)
        between, within = (pm.Normal(name, 0.0, 1.0) for name in ("between", "within"))
        sd_within = pm.HalfNormal("sd_within", 1.5, shape=2)
        sd_between = pm.HalfNormal("sd_between", 0.6, shape=2)
        cov = pt.zeros((2 * size, 2 * size))
        for arrow, sd, block in ((within, sd_within, same), (between, sd_between, together)):
            care, mood = sd[0] ** 2, sd[1] ** 2
            top = pt.concatenate([care * block, arrow * care * block], axis=1)
            bottom = pt.concatenate(
                [arrow * care * block, (arrow**2 * care + mood) * block], axis=1
            )
            cov = cov + pt.concatenate([top, bottom], axis=0)
        care = level[0] + led[0] * distance + own[0] * age
        mood = level[1] + (led[1] + between * led[0]) * distance
        mood = mood + (own[1] + within * own[0]) * age
        pm.MvNormal("scores", pt.concatenate([care, mood], axis=1), cov, observed=scores)
    return model


def test_leaders_correlations_are_those_of_the_equations() -> None:
    """Of what 30 groups share: a line on the leader's value and what comes beside it."""
    truth = Truth()
    groups = groups_of(30, 2, truth, seed=5)
    spread = np.bincount(groups.cluster, groups.distance) / 2
    on_mood = truth.distance_on_mood + truth.between * truth.distance_on_care
    rest = (truth.between * truth.care_between_sd) ** 2 + truth.mood_between_sd**2
    expected = {
        "care": correlation(spread, truth.distance_on_care, truth.care_between_sd**2),
        "mood": correlation(spread, on_mood, rest),
    }
    found = FAMILY.implied(stated(truth, groups.panel), groups.panel)["leader_corr"]
    for outcome, value in expected.items():
        at = {"leader_predictor": "distance", "role": "soldier", "outcome": outcome}
        assert found.sel(at).item() == pytest.approx(value, abs=1e-12)


def correlation(predictor: np.ndarray, slope: float, rest: float) -> float:
    variance = np.var(predictor, ddof=1)
    return float(slope * np.sqrt(variance / (slope**2 * variance + rest)))


def stated(truth: Truth, panel: Panel) -> xr.Dataset:
    """Lay the truth into variables: one value for all, or one for care and one for mood."""
    values: dict[str, tuple[float, ...]] = {
        "level": (4.0,),
        "leader_on_level": (truth.distance_on_care, truth.distance_on_mood),
        "actor_on_level": (truth.age_on_care, truth.age_on_mood),
        "path_on_level": (truth.within,),
        "cluster_path_on_level": (truth.between,),
        "unit_sd": (truth.care_within_sd,),
        "unit_explained_sd": (truth.mood_within_sd,),
        "cluster_sd": (truth.care_between_sd,),
        "cluster_explained_sd": (truth.mood_between_sd,),
    }
    effects = [
        Effects(
            variable=name,
            reason="made up for this test",
            cells=tuple(
                Cell(at={} if len(one) == 1 else {"outcome": outcome}, value=value)
                for outcome, value in zip(("care", "mood"), one, strict=False)
            ),
        )
        for name, one in values.items()
    ]
    return truth_of(effects, FAMILY, panel)


def test_what_leaders_answer_and_predict_by_is_in_one_unit_and_predicts_members() -> None:
    study = study_of(
        {"clusters": True, "predictors": [{"name": "claim", "of": "leader", "scale": "sd"}]},
        leader="officer",
        waves={"w1": 0.0},
        scales={"claim": {"roles": ["officer"]}, "task": {}},
    )
    waves = waves_of(study, np.random.default_rng(1), clusters=3)
    panel = panel_from_waves(waves, study, "asked")
    with pytest.raises(InputError) as caught:
        mediated_designs(panel)
    text = str(caught.value)
    assert "'leader claim' predicts claim, which leaders answer with it" in text
    assert "outcomes among: task" in text
    assert "'leader claim' in standard deviations, and as an outcome in points" in text


@pytest.mark.slow
def test_indirect_effects_are_those_of_a_dense_twin() -> None:
    """Ten groups of four: what the priors and two levels leave uncertain is the same."""
    groups = groups_of(10, 4, Truth(), seed=3)
    found = posterior_of(groups, 1, 4000)
    twin = sampled(dense_twin(groups, 4), 2, 4000)
    indirect = found["indirect_on_level"].sel(role="soldier")
    pairs = {
        "leader distance via care to mood": twin["led"][..., 0] * twin["between"],
        "actor age via care to mood": twin["own"][..., 0] * twin["within"],
    }
    for label, expected in pairs.items():
        draws, dense = indirect.sel(indirect=label).values, expected.values
        spread = dense.std()
        assert abs(draws.mean() - dense.mean()) < 0.1 * spread, label
        assert draws.std() == pytest.approx(spread, rel=0.1), label
        limits = np.abs(np.quantile(draws, [0.05, 0.95]) - np.quantile(dense, [0.05, 0.95]))
        assert (limits < 0.15 * spread).all(), label


def observed_slope(groups: Groups) -> tuple[float, float]:
    """Regress observed group means of mood on those of care and the leader's distance.

    Returns
    -------
    (slope of care, its standard error)
    """
    count = groups.cluster.max() + 1
    sizes = np.bincount(groups.cluster)
    care, mood, distance, age = (
        np.bincount(groups.cluster, values) / sizes
        for values in (groups.score("care"), groups.score("mood"), groups.distance, groups.age)
    )
    design = np.column_stack([np.ones(count), care, distance, age])
    inverse = np.linalg.inv(design.T @ design)
    slopes = inverse @ design.T @ mood
    rest = mood - design @ slopes
    return float(slopes[1]), float(np.sqrt(inverse[1, 1] * rest @ rest / (count - 4)))


@pytest.mark.slow
def test_latent_group_means_undo_the_attenuation_of_observed_ones() -> None:
    """In groups of four the observed mean of care is two thirds noise of its members.

    The regression of observed means tends to a mixture of the two arrows by the share of the
    means' variance that groups share: Lüdtke et al. (2008), doi:10.1037/a0012869.
    """
    truth, size = Truth(), 4
    groups = groups_of(300, size, truth, seed=8)
    shared = truth.care_between_sd**2
    reliability = shared / (shared + truth.care_within_sd**2 / size)
    mixture = reliability * truth.between + (1 - reliability) * truth.within
    observed, error = observed_slope(groups)
    assert abs(observed - mixture) < 3 * error
    posterior = posterior_of(groups, 4, 1000)
    latent = posterior["cluster_path_on_level"].sel(cluster_path="care to mood", role="soldier")
    assert abs(float(latent.mean()) - truth.between) < 2 * float(latent.std())
    assert float((latent > observed).mean()) > 0.95
