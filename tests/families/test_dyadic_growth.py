"""The growth family against moments written out by hand from its equations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytensor
import pytest
import xarray as xr
from growth_examples import growth_panel, growth_study, parameters, wave_table
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from securebase.codebook.loading import load_study
from securebase.config import Sampling
from securebase.families import load_family
from securebase.family import Built, build
from securebase.faults import InputError
from securebase.names import OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Composition, Panel, panel_from_waves
from securebase.sampling import posterior_draws
from securebase.summaries import describe
from securebase.waves.clean import clean

FAMILY = load_family("dyadic_growth")
FIVE = {"w1": 0.0, "w2": 0.3, "w3": 1.0, "w4": 1.4, "w5": 2.5}
ARM = {"type": "categorical", "levels": {"1": "control", "2": "therapy", "3": "other"}}


@dataclass(frozen=True)
class Example:
    """An analysis of a made-up study."""

    analysis: Mapping[str, Any]
    study: Mapping[str, Any]
    waves: Mapping[str, Any]


def example(
    analysis: Mapping[str, Any] | None = None, *, units: int = 12, clusters: int = 0, **study: Any
) -> Example:
    settings = {"units": units, "clusters": clusters}
    return Example({**(analysis or {}), "clusters": clusters > 0}, study, settings)


def predictor(name: str, of: str = "actor", **more: Any) -> dict[str, Any]:
    return {"name": name, "of": of, **more}


EXAMPLES = {
    "linear": example(),
    "linear from a later wave": example({"time": {"origin": "w3"}}),
    "piecewise": example(
        {"time": {"shape": "piecewise", "knots": ["w2", "w4"], "phases": ["early", "mid", "late"]}},
        waves=FIVE,
    ),
    "piecewise from a later wave": example(
        {"time": {"shape": "piecewise", "knots": ["w3"], "origin": "w4"}}, waves=FIVE
    ),
    "free": example({"time": {"shape": "free"}}),
    "free, an inner wave not asked": example(
        {"time": {"shape": "free"}},
        waves=FIVE,
        scales={"anxiety": {}, "avoidance": {"waves": ["w1", "w3", "w4", "w5"]}},
    ),
    "one role": example(roles=("soldier",), scales={"readiness": {}}),
    "an outcome in one role only": example(
        scales={"anxiety": {}, "depression": {"roles": ["partner"]}}
    ),
    "actor and partner": example(
        {"predictors": [predictor("age"), predictor("age", "partner")]}, covariates={"age": {}}
    ),
    "the partner of the only role modelled": example(
        {"roles": ["patient"], "predictors": [predictor("age", "partner")]}, covariates={"age": {}}
    ),
    "a predictor of one role only": example(
        {"predictors": [predictor("skill"), predictor("skill", "partner", on=["change"])]},
        covariates={"skill": {"roles": ["partner"]}},
    ),
    "of the unit": example(
        {"predictors": [predictor("years", "unit", scale="sd")]},
        covariates={"years": {"of": "unit"}},
    ),
    "categorical": example(
        {"predictors": [predictor("arm", "unit", reference="therapy")]},
        covariates={"arm": {"of": "unit", **ARM}},
        units=20,
    ),
    "others on level than on change": example(
        {"predictors": [predictor("age", on=["level"]), predictor("skill", on=["change"])]},
        covariates={"age": {}, "skill": {}},
    ),
    "predictors of one outcome": example(
        {
            "predictors": [
                predictor("age", outcomes=["avoidance"]),
                predictor("skill", "partner", outcomes=["anxiety"]),
            ]
        },
        covariates={"age": {}, "skill": {}},
    ),
    "interactions": example(
        {
            "predictors": [
                predictor("age"),
                predictor("skill", "partner"),
                predictor("arm", "unit"),
            ],
            "interactions": [
                {"name": "fit", "of": ["actor age", "partner skill"], "on": ["level", "change"]},
                {"name": "gain", "of": ["actor age", "unit arm"], "outcomes": ["anxiety"]},
            ],
        },
        covariates={"age": {}, "skill": {}, "arm": {"of": "unit", **ARM}},
        units=40,
    ),
    "piecewise with predictors": example(
        {
            "time": {"shape": "piecewise", "knots": ["w3"]},
            "predictors": [predictor("age", "partner")],
        },
        waves=FIVE,
        covariates={"age": {}},
    ),
    "exchangeable": example(exchangeable=True),
    "exchangeable with predictors": example(
        {
            "predictors": [predictor("age"), predictor("age", "partner")],
            "interactions": [{"name": "both", "of": ["actor age", "partner age"]}],
        },
        covariates={"age": {}},
        exchangeable=True,
    ),
    "mixed compositions": example(
        {"predictors": [predictor("age")]},
        covariates={"age": {}},
        compositions={"mixed": {}, "other": {}, "same": {"exchangeable": True}},
        units=45,
    ),
    "clusters": example({"predictors": [predictor("age")]}, covariates={"age": {}}, clusters=3),
    "clusters of one role": example(roles=("soldier",), scales={"readiness": {}}, clusters=4),
    "clusters of exchangeable members": example(exchangeable=True, clusters=4),
}


@dataclass(frozen=True)
class Evaluated:
    """A model at one value of its parameters."""

    panel: Panel
    built: Built
    truth: xr.Dataset
    means: list[np.ndarray]
    covariances: list[np.ndarray]
    logliks: list[float]


def compiled(built: Built) -> Callable[..., list[np.ndarray]]:
    outputs = [
        *built.model.deterministics,
        *(part.mean for part in built.parts),
        *(part.effects.cov for part in built.parts),
        *built.model.potentials,
    ]
    return pytensor.function(
        built.model.free_RVs, outputs, mode="FAST_COMPILE", on_unused_input="ignore"
    )


def named(model: pm.Model, values: Mapping[str, np.ndarray]) -> xr.Dataset:
    dims = model.named_vars_to_dims
    used = {dim for name in values for dim in dims.get(name, ())}
    return xr.Dataset(
        {name: (dims[name], value) for name, value in values.items() if name in dims},
        coords={dim: list(model.coords[dim]) for dim in used},
    )


def evaluated(panel: Panel, priors: Mapping[str, Any], rng: np.random.Generator) -> Evaluated:
    built = build(FAMILY, panel, priors)
    values = parameters(built.model, rng)
    found = compiled(built)(*values)
    names = [one.name for one in built.model.free_RVs + built.model.deterministics]
    fixed, parts = len(built.model.deterministics), len(built.parts)
    truth = named(built.model, dict(zip(names, [*values, *found[:fixed]], strict=True)))
    means, covariances = found[fixed : fixed + parts], found[fixed + parts : fixed + 2 * parts]
    logliks = [float(one) for one in found[fixed + 2 * parts :]]
    return Evaluated(panel, built, truth, means, covariances, logliks)


@pytest.fixture(scope="module")
def at() -> Callable[[str], Evaluated]:
    """Evaluate an example once for all tests of this module."""
    known: dict[str, Evaluated] = {}

    def find(name: str) -> Evaluated:
        if name not in known:
            one, rng = EXAMPLES[name], np.random.default_rng(7)
            panel, priors = growth_panel(growth_study(one.analysis, **one.study), rng, **one.waves)
            known[name] = evaluated(panel, priors, rng)
        return known[name]

    return find


# --- the equations by hand -----------------------------------------------------------------


def growth_values(panel: Panel, truth: xr.Dataset, wave: str, outcome: str) -> dict[str, float]:
    """Say what each growth effect is multiplied with at a wave: 1, and time (per phase)."""
    shape = panel.analysis.time
    times = dict(zip(map(str, panel.data[WAVE].values), panel.data["time"].values, strict=True))
    names = list(times)
    start = times[shape.origin] if shape.origin else times[names[0]]
    now = times[wave]
    if shape.shape == "piecewise":
        phases = shape.phases or [f"phase_{n + 1}" for n in range(len(shape.knots) + 1)]
        edges = [times[knot] for knot in shape.knots]
        values = {"level": 1.0}
        for number, phase in enumerate(phases):
            low = edges[number - 1] if number > 0 else -1e9
            high = edges[number] if number < len(edges) else 1e9
            begin, end = sorted((start, now))
            spent = max(0.0, min(end, high) - max(begin, low))
            values[phase] = spent if now >= start else -spent
        return values
    if shape.shape == "free" and wave not in (names[0], names[-1]):
        loading = float(truth["loading"].sel(outcome=outcome, inner_wave=wave))
        return {"level": 1.0, "change": loading}
    return {"level": 1.0, "change": now - start}


def effect_mean(
    panel: Panel, truth: xr.Dataset, growth: str, slot: str, label: str, outcome: str
) -> np.ndarray:
    """Sum the mean of an effect (unit,) over its constant and its predictors."""
    part = "level" if growth == "level" else "change"
    place = {"role": label, "outcome": outcome}
    if part == "change" and panel.analysis.time.shape == "piecewise":
        place["phase"] = growth
    total = np.full(panel.data.sizes[UNIT], float(truth[part].sel(place)))
    owners = list(map(str, panel.data["owner"].values))
    whose = {
        "actor": slot,
        "partner": next((one for one in owners if one != slot), ""),
        "unit": owners[0],
    }
    values = panel.data["predictor_value"]
    columns: dict[str, list[tuple[str, np.ndarray]]] = {}
    for one in panel.analysis.predictors:
        columns[one.term] = []
        for measure in map(str, values["measure"].values):
            if measure == one.name or measure.startswith(f"{one.name}["):
                x = values.sel(measure=measure, owner=whose[one.of]).values
                columns[one.term].append((measure, x))
                if part in one.on and outcome in (one.outcomes or panel.analysis.outcomes):
                    total = total + shift(truth, one.of, part, measure, place, x)
    for one in panel.analysis.interactions:
        if part not in one.on or outcome not in (one.outcomes or panel.analysis.outcomes):
            continue
        products: list[tuple[list[str], np.ndarray]] = [([], np.ones(len(total)))]
        for term in one.of:
            products = [
                ([*inside, *([m.split("[")[1][:-1]] if "[" in m else [])], product * x)
                for inside, product in products
                for m, x in columns[term]
            ]
        for inside, product in products:
            name = one.name + (f"[{','.join(inside)}]" if inside else "")
            total = total + shift(truth, "interaction", part, name, place, product)
    return total


def shift(
    truth: xr.Dataset, source: str, part: str, name: str, place: Mapping[str, str], x: np.ndarray
) -> np.ndarray:
    if np.isnan(x).all():
        return np.zeros(len(x))
    coefficient = truth[f"{source}_on_{part}"].sel({f"{source}_predictor": name, **place})
    assert not np.isnan(coefficient)
    return float(coefficient) * x


def correlation(partial: np.ndarray, size: int) -> np.ndarray:
    """Correlations from canonical partial correlations, by the recursion in the textbooks."""
    pairs = [(i, j) for i in range(1, size) for j in range(i)]
    known = {pair: 2 * value - 1 for pair, value in zip(pairs, partial, strict=True)}
    corr = np.eye(size)
    for (i, j), value in known.items():
        for k in range(j - 1, -1, -1):
            # from given 0..k to given 0..k-1
            a, b = known[i, k], known[j, k]
            value = value * np.sqrt((1 - a**2) * (1 - b**2)) + a * b
        corr[i, j] = corr[j, i] = value
    return corr


def own_covariance(truth: xr.Dataset, name: str) -> np.ndarray:
    sd = np.copysign(truth[f"{name}_sd"].values, truth[f"{name}_signed"].values)
    corr = correlation(truth[f"{name}_vine"].values, len(sd)) if len(sd) > 1 else np.eye(1)
    return np.diag(sd) @ corr @ np.diag(sd)


def covariance_of(
    truth: xr.Dataset, name: str, dim: str, composition: Composition
) -> Callable[[tuple[str, ...], tuple[str, ...]], float]:
    """Give the covariance of two quantities (kind, slot, outcome) of the members of a unit."""
    label = dict(zip(composition.slots, composition.labels, strict=True))

    def row(coords: list[str], quantity: tuple[str, ...]) -> int:
        kind, slot, outcome = quantity
        return coords.index(f"{kind} {label[slot]} {outcome}".strip())

    if len(set(composition.labels)) == len(composition.labels):
        cov, coords = own_covariance(truth, name), list(truth[dim].values)
        return lambda one, two: cov[row(coords, one), row(coords, two)]
    coords = list(truth[f"{dim}_sum"].values)
    of_sum = own_covariance(truth, f"{name}_sum")
    of_difference = own_covariance(truth, f"{name}_difference")

    def between(one: tuple[str, ...], two: tuple[str, ...]) -> float:
        # a = (s + d) / √2 and b = (s - d) / √2, s and d independent
        place = row(coords, one), row(coords, two)
        sign = 1 if one[1] == two[1] else -1
        return (of_sum[place] + sign * of_difference[place]) / 2

    return between


def hand_moments(
    one: Evaluated, composition: Composition, cells: list[tuple[str, str, str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (unit, cell) and covariance (cell, cell) of a unit's scores, from the docstring."""
    panel, truth = one.panel.units_of(composition), one.truth
    label = dict(zip(composition.slots, composition.labels, strict=True))
    several = len(panel.compositions) > 1
    suffix = f"_{composition.name}" if several else ""
    unit = covariance_of(truth, f"unit{suffix}", f"effect{suffix}", composition)
    residual = covariance_of(truth, f"residual{suffix}", f"series{suffix}", composition)
    mean = np.zeros((panel.data.sizes[UNIT], len(cells)))
    cov = np.zeros((len(cells), len(cells)))
    times = [growth_values(panel, truth, wave, outcome) for wave, _, outcome in cells]
    for a, (wave, slot, outcome) in enumerate(cells):
        for growth, x in times[a].items():
            mean[:, a] += x * effect_mean(panel, truth, growth, slot, label[slot], outcome)
        for b, (wave_b, slot_b, outcome_b) in enumerate(cells):
            for growth, x in times[a].items():
                for growth_b, x_b in times[b].items():
                    both = (growth, slot, outcome), (growth_b, slot_b, outcome_b)
                    cov[a, b] += x * x_b * unit(*both)
            if wave == wave_b:
                cov[a, b] += residual(("", slot, outcome), ("", slot_b, outcome_b))
    return mean, cov


def hand_cluster(one: Evaluated, cells: list[tuple[str, str, str]]) -> np.ndarray:
    """Covariance (cell, cell) of the scores of two units of a cluster."""
    composition = one.panel.compositions[0]
    label = dict(zip(composition.slots, composition.labels, strict=True))
    names = list(one.truth["cluster_effect"].values)
    cov = own_covariance(one.truth, "cluster")
    times = [growth_values(one.panel, one.truth, wave, outcome) for wave, _, outcome in cells]
    reach = np.zeros((len(cells), len(names)))
    for a, (_, slot, outcome) in enumerate(cells):
        for growth, x in times[a].items():
            reach[a, names.index(f"{growth} {label[slot]} {outcome}")] = x
    return reach @ cov @ reach.T


def cells_of(one: Evaluated) -> list[list[tuple[str, str, str]]]:
    return [[tuple(name.split(" ")) for name in part.responses] for part in one.built.parts]


def used(one: Evaluated) -> list[Composition]:
    by_name = {composition.name: composition for composition in one.panel.compositions}
    return [by_name[part.name] for part in one.built.parts]


@pytest.mark.parametrize("name", EXAMPLES)
def test_moments_are_those_written_out_by_hand(name: str, at: Callable[[str], Evaluated]) -> None:
    one = at(name)
    for number, (part, cells) in enumerate(zip(one.built.parts, cells_of(one), strict=True)):
        mean, cov = hand_moments(one, used(one)[number], cells)
        np.testing.assert_allclose(part.predictors @ one.means[number].T, mean, atol=1e-10)
        np.testing.assert_allclose(one.covariances[number], cov, atol=1e-10)


@pytest.mark.parametrize("name", EXAMPLES)
def test_scores_enter_in_the_places_of_their_moments(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    seen = 0
    for composition, part, cells in zip(used(one), one.built.parts, cells_of(one), strict=True):
        score = one.panel.units_of(composition).data["score"]
        for column, (wave, slot, outcome) in enumerate(cells):
            own = score.sel({WAVE: wave, ROLE: slot, OUTCOME: outcome}).values
            np.testing.assert_array_equal(part.score[:, column], own)
        seen += np.isfinite(part.score).sum()
    assert seen == int(one.panel.data["score"].notnull().sum())


@pytest.mark.parametrize("name", [n for n, one in EXAMPLES.items() if not one.waves["clusters"]])
def test_log_likelihood_is_that_of_each_unit_s_observed_scores(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    for number, (part, cells) in enumerate(zip(one.built.parts, cells_of(one), strict=True)):
        mean, cov = hand_moments(one, used(one)[number], cells)
        total = 0.0
        for score, expected in zip(part.score, mean, strict=True):
            seen = np.isfinite(score)
            density = multivariate_normal(expected[seen], cov[np.ix_(seen, seen)])
            total += density.logpdf(score[seen])
        assert one.logliks[number] == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("name", [n for n, one in EXAMPLES.items() if one.waves["clusters"]])
def test_log_likelihood_of_a_cluster_is_one_dense_normal(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    (part,), (cells,) = one.built.parts, cells_of(one)
    mean, cov = hand_moments(one, used(one)[0], cells)
    shared = hand_cluster(one, cells)
    total = 0.0
    for cluster in np.unique(one.panel.data["cluster"].values):
        rows = np.flatnonzero(one.panel.data["cluster"].values == cluster)
        whole = np.kron(np.eye(len(rows)), cov) + np.kron(np.ones((len(rows),) * 2), shared)
        score = part.score[rows].ravel()
        seen = np.isfinite(score)
        density = multivariate_normal(mean[rows].ravel()[seen], whole[np.ix_(seen, seen)])
        total += density.logpdf(score[seen])
    assert one.logliks[0] == pytest.approx(total, rel=1e-10)


def test_joint_density_is_priors_times_likelihood(rng: np.random.Generator) -> None:
    panel, priors = growth_panel(growth_study(roles=("soldier",)), rng, units=6)
    model = build(FAMILY, panel, priors).model
    point = model.initial_point()
    joint = model.compile_logp(mode="FAST_COMPILE")(point)
    prior = model.compile_logp(vars=model.free_RVs, mode="FAST_COMPILE")(point)
    loglik = model.compile_logp(vars=model.potentials, mode="FAST_COMPILE")(point)
    assert joint == pytest.approx(prior + loglik, rel=1e-12)


# --- exchangeable members ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exchangeable", "exchangeable with predictors"])
def test_swapping_labels_of_exchangeable_members_changes_nothing(
    name: str, at: Callable[[str], Evaluated], rng: np.random.Generator
) -> None:
    one = at(name)
    swapped = one.panel.data.copy(deep=True)
    turned = rng.random(swapped.sizes[UNIT]) < 0.5
    assert 0 < turned.sum() < len(turned)
    swapped["score"].values[turned] = swapped["score"].values[turned][:, :, ::-1]
    swapped["predictor_value"].values[turned] = swapped["predictor_value"].values[turned][:, ::-1]
    panel = Panel(
        swapped, one.panel.analysis, one.panel.compositions, one.panel.ranges, "year",
        one.panel.left_out,
    )  # fmt: skip
    other = build(FAMILY, panel, FAMILY.default_priors(panel))
    values = [one.truth[variable.name].values for variable in other.model.free_RVs]
    loglik = float(compiled(other)(*values)[-1])
    assert not np.array_equal(other.parts[0].score, one.built.parts[0].score, equal_nan=True)
    assert loglik == pytest.approx(one.logliks[0], abs=1e-8)
    draws = FAMILY.derived(one.truth.expand_dims(("chain", "draw")), one.panel)
    paths = FAMILY.trajectories(draws, one.panel)
    np.testing.assert_allclose(FAMILY.trajectories(draws, panel), paths, atol=1e-10)


def test_swapping_labels_of_distinguishable_members_matters(
    at: Callable[[str], Evaluated],
) -> None:
    one = at("linear")
    values = [one.truth[variable.name].values for variable in one.built.model.free_RVs]
    score = one.panel.data["score"]
    panel = one.panel.with_scores(score.copy(data=score.values[:, :, ::-1]))
    other = build(FAMILY, panel, FAMILY.default_priors(panel))
    assert abs(float(compiled(other)(*values)[-1]) - one.logliks[0]) > 0.1


@pytest.mark.parametrize("name", ["linear", "exchangeable", "mixed compositions", "clusters"])
def test_derived_deviations_and_correlations_describe_the_covariances(
    name: str, at: Callable[[str], Evaluated]
) -> None:
    one = at(name)
    derived = FAMILY.derived(one.truth.expand_dims(("chain", "draw")), one.panel).isel(
        chain=0, draw=0
    )
    for composition in used(one):
        suffix = f"_{composition.name}" if len(one.panel.compositions) > 1 else ""
        word = dict(zip(composition.slots, composition.labels, strict=True))
        if composition.exchangeable:
            word[composition.slots[1]] = f"{composition.labels[1]}'s partner"
        for prefix, dim, kinds in (
            ("unit", "effect", ("level", "change")),
            ("residual", "series", ("",)),
        ):
            between = covariance_of(one.truth, prefix + suffix, dim + suffix, composition)
            sd = derived[f"{prefix}{suffix}_sd"]
            corr = derived[f"{prefix}{suffix}_corr"]
            rows = [
                (kind, slot, outcome)
                for kind in kinds
                for slot in composition.slots
                for outcome in one.panel.analysis.outcomes
            ]
            labels = [f"{kind} {word[slot]} {out}".strip() for kind, slot, out in rows]
            for a, first in zip(rows, labels, strict=True):
                own = float(sd.sel({dim + suffix: first}))
                assert own == pytest.approx(np.sqrt(between(a, a)))
                for b, second in zip(rows, labels, strict=True):
                    expected = between(a, b) / np.sqrt(between(a, a) * between(b, b))
                    place = {dim + suffix: first, f"{dim}{suffix}_bis": second}
                    assert float(corr.sel(place)) == pytest.approx(expected, abs=1e-10)


def test_prior_spread_of_exchangeable_members_is_that_of_distinguishable_ones(
    rng: np.random.Generator,
) -> None:
    # variance of a member = (of the sum + of the difference) / 2, each HalfNormal(s): mean s²
    panel, priors = growth_panel(growth_study(exchangeable=True), rng)
    model = build(FAMILY, panel, priors).model
    draws = 4000
    of_sum, of_difference = pm.draw(
        [model["unit_sum_sd"], model["unit_difference_sd"]],
        draws=draws, random_seed=3, mode="FAST_COMPILE",
    )  # fmt: skip
    variance = (of_sum**2 + of_difference**2) / 2
    spread = np.array([0.25 * 6, 0.25 * 6, 0.25 * 6 / 2, 0.25 * 6 / 2])
    # HalfNormal(s): E x² = s², var x² = 2 s⁴; half the sum of two has variance s⁴
    error = spread**2 / np.sqrt(draws)
    assert np.all(np.abs(variance.mean(axis=0) - spread**2) < 4 * error)


# --- trajectories --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "linear",
        "piecewise from a later wave",
        "free",
        "interactions",
        "an outcome in one role only",
    ],
)
def test_trajectories_are_the_mean_over_units(name: str, at: Callable[[str], Evaluated]) -> None:
    one = at(name)
    draws = one.truth.expand_dims(("chain", "draw"))
    paths = FAMILY.trajectories(draws, one.panel).isel(chain=0, draw=0)
    (cells,) = cells_of(one)
    mean, _ = hand_moments(one, used(one)[0], cells)
    for column, (wave, slot, outcome) in enumerate(cells):
        found = float(paths.sel(wave=wave, role=slot, outcome=outcome))
        assert found == pytest.approx(mean[:, column].mean())
    assert int(paths.notnull().sum()) == len(cells)


# --- simulated scores ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["linear", "free", "exchangeable", "clusters of exchangeable members", "one role"],
)
def test_simulated_scores_have_the_implied_moments(
    name: str, at: Callable[[str], Evaluated], rng: np.random.Generator
) -> None:
    one = at(name)
    (cells,) = cells_of(one)
    truth = FAMILY.derived(one.truth.expand_dims(("chain", "draw")), one.panel)
    truth = truth.isel(chain=0, draw=0)
    # many units who answer everything they are asked, each a cluster of its own
    many = 20_000
    data = one.panel.data.isel({UNIT: np.zeros(many, dtype=int)}).copy(deep=True)
    data = data.assign_coords({UNIT: [f"u{n}" for n in range(many)]})
    data["score"][:] = 4.0
    data["cluster"] = (UNIT, [f"c{n}" for n in range(many)])
    panel = Panel(
        data, one.panel.analysis, one.panel.compositions, one.panel.ranges, "year",
        one.panel.left_out,
    )  # fmt: skip
    # what is asked of nobody stays out of the design
    panel = panel.with_scores(
        panel.data["score"].where(one.panel.data["score"].notnull().any(UNIT))
    )
    new = FAMILY.simulate(rng, truth, panel).data["score"]
    columns = [new.sel(wave=w, role=r, outcome=o).values for w, r, o in cells]
    scores = np.stack(columns, axis=1)
    mean, cov = hand_moments(one, used(one)[0], cells)
    if one.panel.analysis.clusters:
        cov = cov + hand_cluster(one, cells)
    # standard errors of a mean, √(var / n), and of a covariance, √((vᵢvⱼ + c²) / n)
    variance = np.diag(cov)
    worst = np.abs(scores.mean(axis=0) - mean[0]) / np.sqrt(variance / many)
    assert worst.max() < 4.5
    error = np.sqrt((np.outer(variance, variance) + cov**2) / many)
    assert (np.abs(np.cov(scores.T) - cov) / error).max() < 4.5


@pytest.mark.parametrize("name", ["interactions", "mixed compositions", "clusters"])
def test_simulated_scores_are_missing_where_the_panel_s_are(
    name: str, at: Callable[[str], Evaluated], rng: np.random.Generator
) -> None:
    one = at(name)
    truth = FAMILY.derived(one.truth.expand_dims(("chain", "draw")), one.panel)
    new = FAMILY.simulate(rng, truth.isel(chain=0, draw=0), one.panel)
    old = one.panel.data["score"]
    assert bool((new.data["score"].isnull() == old.isnull()).all())
    assert not bool((new.data["score"] == old).any())


# --- what is refused -----------------------------------------------------------------------


def test_clusters_with_mixed_compositions_are_refused(rng: np.random.Generator) -> None:
    study = growth_study(
        {"clusters": True}, compositions={"mixed": {}, "same": {"exchangeable": True}}
    )
    panel, priors = growth_panel(study, rng, clusters=3, units=20)
    with pytest.raises(InputError, match="clusters together with mixed compositions"):
        build(FAMILY, panel, priors)


# --- real data -----------------------------------------------------------------------------


def maximised(panel: Panel) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:
    """Maximise the likelihood: estimates, covariance of the mean parameters, their names."""
    built = build(FAMILY, panel, FAMILY.default_priors(panel))
    variables, loglik = built.model.free_RVs, built.model.potentials[0]
    function = pytensor.function(
        variables, [loglik, *pytensor.grad(loglik, variables)], mode="FAST_COMPILE"
    )
    shapes = [tuple(one.shape.eval()) for one in variables]
    limits, start = [], []
    for one, shape in zip(variables, shapes, strict=True):
        size = int(np.prod(shape))
        kind = one.name.rpartition("_")[2]
        limits += [
            {"signed": (1e-3, 10.0), "vine": (1e-4, 1 - 1e-4)}.get(kind, (-20.0, 20.0))
        ] * size
        start += [
            {"signed": 0.5, "vine": 0.5}.get(kind, 3.0 if one.name == "level" else 0.0)
        ] * size

    def minus(vector: np.ndarray) -> tuple[float, np.ndarray]:
        pieces = np.split(vector, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
        found = function(*(one.reshape(shape) for one, shape in zip(pieces, shapes, strict=True)))
        return -float(found[0]), -np.concatenate([np.ravel(one) for one in found[1:]])

    best = minimize(
        minus, start, jac=True, bounds=limits, method="L-BFGS-B",
        options={"maxiter": 5000, "maxfun": 10000, "ftol": 1e-13, "gtol": 1e-5, "maxcor": 40},
    )  # fmt: skip
    inside = (best.x > np.array(limits)[:, 0]) & (best.x < np.array(limits)[:, 1])
    assert np.abs(best.jac[inside]).max() < 0.05
    pieces = np.split(best.x, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
    values = {
        one.name: piece.reshape(shape)
        for one, piece, shape in zip(variables, pieces, shapes, strict=True)
    }
    fixed = built.model.deterministics
    derive = pytensor.function(variables, fixed, mode="FAST_COMPILE", on_unused_input="ignore")
    found = derive(*values.values())
    values |= {one.name: value for one, value in zip(fixed, found, strict=True)}
    # the score is linear in the means, so that differences give their block of the information
    # exactly; the block alone is the whole but for what missing scores couple to covariances
    means = [n for n, one in enumerate(variables) if one.name in ("level", "change")]
    places = np.concatenate(
        [
            np.flatnonzero(np.repeat(np.arange(len(pieces)), list(map(len, pieces))) == n)
            for n in means
        ]
    )
    steps = np.eye(len(best.x))[places]
    information = np.stack([(minus(best.x + one)[1] - minus(best.x)[1])[places] for one in steps])
    return values, np.linalg.inv(information), [variables[n].name for n in means]


@pytest.fixture(scope="module")
def couples(root: Path) -> Panel:
    """Clean the real couples as the workflow does."""
    raw_root = root.parent / "shared" / "data"
    if not (raw_root / "couples_ecr").is_dir():
        pytest.skip("the real couples are not beside this checkout (../shared/data)")
    study = load_study(root / "config" / "studies" / "couples_ecr.yaml")
    return panel_from_waves(clean(study, raw_root).waves, study, "growth")


def test_real_couples_maximised_likelihood_is_the_reference_s(couples: Panel) -> None:
    # lavaan, full-information maximum likelihood, four-process latent growth
    values, cov, names = maximised(couples)
    assert names == ["level", "change"]
    change = values["change"]
    contrast = change[:, 0] - change[:, 1]
    assert list(couples.data[ROLE].values) == ["patient", "partner"]
    assert list(couples.data[OUTCOME].values) == ["anxiety", "avoidance"]
    assert contrast == pytest.approx([-0.343, -0.231], abs=0.005)
    assert contrast.mean() == pytest.approx(-0.287, abs=0.005)
    weights = np.array([0, 0, 0, 0, 1, -1, 0, 0]), np.array([0, 0, 0, 0, 0, 0, 1, -1])
    errors = [np.sqrt(one @ cov @ one) for one in (*weights, (weights[0] + weights[1]) / 2)]
    assert errors == pytest.approx([0.088, 0.091, 0.067], rel=0.08)


@pytest.mark.slow
def test_real_couples_posterior_is_the_reference_s(couples: Panel) -> None:
    built = build(FAMILY, couples, FAMILY.default_priors(couples))
    posterior, stats = posterior_draws(built.model, Sampling(), 1, 2)
    change = posterior["change"]
    contrast = change.sel(outcome="anxiety") - change.sel(outcome="avoidance")
    mean = contrast.mean("role")
    assert float(mean.mean()) == pytest.approx(-0.287, abs=0.02)
    assert 0.060 <= float(mean.std()) <= 0.075
    assert float(contrast.sel(role="patient").mean()) == pytest.approx(-0.343, abs=0.03)
    assert float(contrast.sel(role="partner").mean()) == pytest.approx(-0.231, abs=0.03)
    # nlme, restricted maximum likelihood, each outcome on its own
    for outcome, role, slope in (
        ("anxiety", "patient", -0.162), ("anxiety", "partner", -0.017),
        ("avoidance", "patient", 0.181), ("avoidance", "partner", 0.198),
    ):  # fmt: skip
        draws = change.sel(outcome=outcome, role=role)
        assert abs(float(draws.mean()) - slope) < 0.25 * float(draws.std())
    assert int(stats["diverging"].sum()) == 0
    quality = describe(
        xr.concat([mean, *(contrast.sel(role=r, drop=True) for r in contrast["role"])], "cell")
    )
    assert quality["r_hat"].max() <= 1.01
    assert quality[["ess_bulk", "ess_tail"]].min().min() >= 1000


@pytest.fixture(scope="module")
def soldiers(root: Path) -> Panel:
    """Arrange the real soldiers in their companies."""
    path = root.parent / "shared" / "data" / "univbct" / "univbct_soldiers_3wave.csv"
    if not path.is_file():
        pytest.skip("the real soldiers are not beside this checkout (../shared/data)")
    study = growth_study(
        {"clusters": True}, roles=("soldier",), scales={"readiness": {"range": [1, 5]}},
        waves={"t0": 0.0, "t1": 1.0, "t2": 2.0},
    )  # fmt: skip
    table = pd.read_csv(path)
    rows = [
        {
            "unit": f"s{row.soldier_id}", "role": "soldier", "wave": f"t{row.time}",
            "cluster": row.company_id, "readiness": row.readiness,
        }
        for row in table.itertuples()
    ]  # fmt: skip
    return panel_from_waves(wave_table(rows, study), study, "growth")


def test_real_soldiers_maximised_likelihood_is_the_reference_s(soldiers: Panel) -> None:
    # lme4, restricted maximum likelihood, soldiers in 43 companies
    values, cov, names = maximised(soldiers)
    assert names == ["level", "change"]
    assert len(np.unique(soldiers.data["cluster"].values)) == 43
    assert values["change"].item() == pytest.approx(0.0985, abs=0.002)
    assert values["level"].item() == pytest.approx(3.025, abs=0.005)
    assert np.sqrt(np.diag(cov)) == pytest.approx([0.0551, 0.0233], rel=0.05)
    assert values["residual_sd"].item() == pytest.approx(0.529, abs=0.01)
    assert values["unit_sd"] == pytest.approx([0.621, 0.236], abs=0.01)


@pytest.mark.slow
def test_real_soldiers_posterior_is_the_reference_s(soldiers: Panel) -> None:
    built = build(FAMILY, soldiers, FAMILY.default_priors(soldiers))
    change = posterior_draws(built.model, Sampling(), 1, 2)[0]["change"]
    assert abs(float(change.mean()) - 0.0985) < 0.2 * float(change.std())
    assert float(change.std()) == pytest.approx(0.0233, rel=0.15)
