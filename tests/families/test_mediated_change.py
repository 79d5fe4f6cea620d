"""Mediated change against dense normals written out from its equations."""

from dataclasses import dataclass

import numpy as np
import pytensor
import pytest
import xarray as xr
from growth_examples import parameters
from mediation_by_hand import ByHand, study_of, waves_of
from mediation_examples import EXAMPLES, ONE, TWO, Example, path
from scipy.stats import multivariate_normal

from securebase.families import load_family
from securebase.family import Built, build
from securebase.faults import InputError
from securebase.mediation.design import mediated_designs
from securebase.panel import Panel, panel_from_waves

FAMILY = load_family("mediated_change")


@dataclass(frozen=True)
class Drawn:
    """A model at one draw of its free variables."""

    panel: Panel
    built: Built
    point: list[np.ndarray]
    values: xr.Dataset


@pytest.fixture(scope="module", params=EXAMPLES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def drawn(name: str) -> Drawn:
    return drawn_of(EXAMPLES[name], 7)


def drawn_of(example: Example, seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    waves = waves_of(example.study, rng, clusters=example.clusters)
    panel = panel_from_waves(waves, example.study, "asked")
    built = build(FAMILY, panel, FAMILY.default_priors(panel))
    point = parameters(built.model, rng)
    model = built.model
    outputs = [*model.free_RVs, *model.deterministics]
    function = pytensor.function(model.free_RVs, outputs, mode="FAST_COMPILE")
    dims = model.named_vars_to_dims
    raw = xr.Dataset(
        {
            one.name: (("chain", "draw", *dims.get(one.name, ())), np.asarray(value)[None, None])
            for one, value in zip(outputs, function(*point), strict=True)
        },
        coords={dim: list(labels) for dim, labels in model.coords.items()},
    )
    return Drawn(panel, built, point, FAMILY.derived(raw, panel).isel(chain=0, draw=0))


def loglik(drawn: Drawn) -> float:
    model = drawn.built.model
    terms = pytensor.function(
        model.free_RVs, list(model.potentials), mode="FAST_COMPILE", on_unused_input="ignore"
    )
    return float(sum(terms(*drawn.point)))


def by_hand(example: Example, panel: Panel, values: xr.Dataset) -> float:
    total = 0.0
    for composition, order in example.order.items():
        slots = tuple(dict.fromkeys(slot for group in order for _, slot, _ in group))
        one = ByHand(panel, values, slots, composition)
        assert {effect for group in order for effect in group} == set(one.effects)
        score, mean, cov = one.moments(order)
        total += float(multivariate_normal.logpdf(score, mean, cov, allow_singular=False))
    return total


def test_density_is_that_of_the_equations(name: str, drawn: Drawn) -> None:
    expected = by_hand(EXAMPLES[name], drawn.panel, drawn.values)
    assert loglik(drawn) == pytest.approx(expected, abs=1e-8)


def test_simulated_moments_are_those_of_the_equations(name: str) -> None:
    """Simulated scores differ from their expectation as the covariance says, over many studies."""
    example = EXAMPLES[name]
    drawn = drawn_of(example, 3)
    composition, order = next(iter(example.order.items()))
    slots = tuple(dict.fromkeys(slot for group in order for _, slot, _ in group))
    _, mean, cov = ByHand(drawn.panel, drawn.values, slots, composition).moments(order)
    rng = np.random.default_rng(5)
    white, root = [], np.linalg.cholesky(cov)
    for _ in range(400):
        panel = FAMILY.simulate(rng, drawn.values, drawn.panel)
        one = ByHand(panel, drawn.values, slots, composition)
        score = np.array([row[2] for row in one._rows(_units(one), _names(order))])
        white.append(np.linalg.solve(root, score - mean))
    white = np.array(white)
    # standard normals: means have sd 1/20, entries of the covariance 1/20, on the diagonal more
    assert np.abs(white.mean(axis=0)).max() < 5 / 20
    assert np.abs(np.cov(white.T) - np.eye(len(mean))).max() < 5 * np.sqrt(2) / 20


def _units(one: ByHand) -> list[str]:
    return [str(unit) for unit in one.data["unit"].values]


def _names(order: list[list[tuple[str, str, str]]]) -> list[tuple[str, str, str]]:
    return [effect for group in order for effect in group]


def test_trajectories_are_expectations_at_average_predictors(name: str, drawn: Drawn) -> None:
    paths = FAMILY.trajectories(drawn.values.expand_dims(["chain", "draw"]), drawn.panel)
    measured = drawn.panel.data["score"].notnull().any("unit") & drawn.panel.data["asked"]
    # answers of everybody to all that is asked: then the mean expectation is that at the mean
    score = drawn.panel.data["score"].fillna(0.0).where(measured)
    full = drawn.panel.with_scores(score)
    for composition, order in EXAMPLES[name].order.items():
        slots = tuple(dict.fromkeys(slot for group in order for _, slot, _ in group))
        one = ByHand(full, drawn.values, slots, composition)
        _, mean, _ = one.moments(order)
        expected = mean.reshape(len(_units(one)), -1).mean(axis=0)
        keys = [
            (wave, one.role_of(slot), outcome)
            for slot in slots
            for outcome in full.analysis.outcomes
            for wave in one.measured(slot, outcome)
        ]
        for wave, role, outcome in dict.fromkeys(keys):
            here = [value for key, value in zip(keys, expected, strict=True)
                    if key == (wave, role, outcome)]  # fmt: skip
            found = paths.sel(wave=wave, role=role, outcome=outcome).item()
            assert found == pytest.approx(np.mean(here), abs=1e-10)


def test_indirect_effects_are_products_along_arrows() -> None:
    drawn = drawn_of(EXAMPLES["2-1-1"], 11)
    values = drawn.values
    leader = values["leader_on_level"].sel(leader_predictor="distance", role="soldier")
    arrows = values["cluster_path_on_level"].sel(role="soldier")
    found = values["indirect_on_level"].sel(role="soldier")
    for via in ("care", "help"):
        for end in ("task", "mood"):
            label = f"leader distance via {via} to {end}"
            expected = leader.sel(outcome=via) * arrows.sel(cluster_path=f"{via} to {end}")
            assert found.sel(indirect=label).item() == pytest.approx(expected.item(), abs=1e-12)
    own = values["actor_on_level"].sel(actor_predictor="age", role="soldier", outcome="help")
    arrow = values["path_on_level"].sel(path="help to mood", role="soldier")
    label = "actor age via help to mood"
    assert found.sel(indirect=label).item() == pytest.approx((own * arrow).item(), abs=1e-12)


def test_indirect_effect_through_what_the_leader_answers() -> None:
    values = drawn_of(EXAMPLES["2-2-1"], 11).values
    first = values["leader_on_level"].sel(
        leader_predictor="distance", role="officer", outcome="claim"
    )
    second = values["leader_on_level"].sel(leader_predictor="claim", role="soldier", outcome="task")
    found = values["indirect_on_level"].sel(
        indirect="leader distance via claim to task", role="soldier"
    )
    assert found.item() == pytest.approx((first * second).item(), abs=1e-12)


def test_chain_of_three_has_every_indirect_effect() -> None:
    example = study_of(
        {
            "paths": [path("x", "m"), path("m", "y")],
            "predictors": [{"name": "age", "of": "actor", "outcomes": ["x"]}],
        },
        waves=ONE,
        scales={"x": {}, "m": {}, "y": {}},
        covariates=("age",),
    )
    panel = panel_from_waves(waves_of(example, np.random.default_rng(1)), example, "asked")
    values = xr.Dataset(
        {
            "level": (("role", "outcome"), [[4.0, 4.0, 4.0]]),
            "actor_on_level": (("actor_predictor", "role", "outcome"), [[[0.5, np.nan, np.nan]]]),
            "path_on_level": (("path", "role"), [[0.2], [0.3], [0.7]]),
        },
        coords={
            "role": ["soldier"], "outcome": ["x", "m", "y"], "actor_predictor": ["age"],
            "path": ["x to m", "x to y", "m to y"],
        },
    )  # fmt: skip
    found = FAMILY.implied(values, panel)["indirect_on_level"].sel(role="soldier")
    assert found.sel(indirect="actor age via x to m").item() == pytest.approx(0.5 * 0.2)
    assert found.sel(indirect="actor age via x to y").item() == pytest.approx(0.5 * 0.3)
    label = "actor age via x and m to y"
    assert found.sel(indirect=label).item() == pytest.approx(0.5 * 0.2 * 0.7)


def test_arrows_restrict_nothing() -> None:
    """Any covariance of the effects can be had with arrows: as many numbers, and one to one."""
    drawn = drawn_of(EXAMPLES["latent change of couples"], 7)
    (design,) = mediated_designs(drawn.panel)
    size = len(design.within.effects)
    free = len(design.within.placements) + sum(
        len(block.rows) * (len(block.rows) + 1) // 2 for block in design.within.blocks
    )
    assert free == size * (size + 1) // 2


def test_swapping_exchangeable_members_changes_nothing() -> None:
    example = EXAMPLES["exchangeable couples"]
    drawn = drawn_of(example, 7)
    waves = waves_of(example.study, np.random.default_rng(7))
    turned = waves.assign(role=waves["role"].map({"a": "b", "b": "a"}))
    panel = panel_from_waves(turned, example.study, "asked")
    other = Drawn(
        panel, build(FAMILY, panel, FAMILY.default_priors(panel)), drawn.point, drawn.values
    )
    assert loglik(other) == pytest.approx(loglik(drawn), abs=1e-8)


def test_gradient_is_that_of_the_density(drawn: Drawn) -> None:
    model = drawn.built.model
    total = model.logp()
    function = model.compile_fn([total, model.dlogp()], mode="FAST_COMPILE")
    point = model.initial_point()
    _, gradient = function(point)
    keys = [one.name for one in model.value_vars]
    place = 0
    for key in keys:
        flat = np.asarray(point[key], float)
        for cell in list(np.ndindex(flat.shape))[:3]:
            ends = []
            for step in (1e-5, -1e-5):
                moved = flat.copy()
                moved[cell] += step
                ends.append(float(function({**point, key: moved})[0]))
            slope = (ends[0] - ends[1]) / 2e-5
            at = place + (np.ravel_multi_index(cell, flat.shape) if flat.shape else 0)
            assert gradient[at] == pytest.approx(slope, rel=1e-4, abs=1e-3)
        place += flat.size


def test_faults_are_listed_together() -> None:
    study = study_of(
        {
            "paths": [
                path("x", "y"), path("y", "x"), path("x", "y", of="partner", on=["change"]),
            ],
            "predictors": [{"name": "age", "of": "actor"}],
        },
        waves=ONE,
        scales={"x": {}, "y": {}},
        covariates=("age",),
    )  # fmt: skip
    waves = waves_of(study, np.random.default_rng(1)).assign(age=3.0)
    panel = panel_from_waves(waves, study, "asked")
    with pytest.raises(InputError) as caught:
        mediated_designs(panel)
    text = str(caught.value)
    assert "paths lead in a circle: level soldier" in text
    assert "path 'partner x to y' from the level of x to the change of y joins nothing here" in text
    assert "predictor 'age soldier' is the same in all units" in text


def test_one_wave_has_no_change_to_predict() -> None:
    study = study_of(
        {
            "predictors": [{"name": "age", "of": "actor"}],
            "interactions": [{"name": "bend", "of": ["actor age", "actor age"]}],
        },
        waves=ONE,
        scales={"x": {}},
        covariates=("age",),
    )
    panel = panel_from_waves(waves_of(study, np.random.default_rng(1)), study, "asked")
    with pytest.raises(InputError, match="'bend' predicts the change, which one wave does not"):
        mediated_designs(panel)


def test_several_waves_ask_for_steps() -> None:
    study = study_of({}, waves=TWO, scales={"x": {}})
    panel = panel_from_waves(waves_of(study, np.random.default_rng(1)), study, "asked")
    with pytest.raises(InputError, match=r"time of shape linear; expected steps"):
        mediated_designs(panel)


def test_what_leaders_answer_is_no_path() -> None:
    study = study_of(
        {"clusters": True, "paths": [path("claim", "task")]},
        leader="officer",
        waves=ONE,
        scales={"claim": {"roles": ["officer"]}, "task": {}},
    )
    panel = panel_from_waves(waves_of(study, np.random.default_rng(1), clusters=3), study, "asked")
    with pytest.raises(InputError, match="reaches members as a predictor"):
        mediated_designs(panel)
