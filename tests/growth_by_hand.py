"""Examples of the growth family, and their moments written out by hand from its equations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import xarray as xr
from growth_examples import parameters

from securebase.families import load_family
from securebase.family import Built, build
from securebase.names import UNIT, WAVE
from securebase.panel import Composition, Panel

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
    "a curve by a moderator": example(
        {
            "predictors": [predictor("skill", "partner", scale="sd"), predictor("age", scale="sd")],
            "curves": [
                {
                    "name": "dose",
                    "of": "partner skill",
                    "by": "actor age",
                    "on": ["level", "change"],
                }
            ],
        },
        covariates={"age": {}, "skill": {}},
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
    for one in panel.analysis.curves:
        ((_, x),), ((_, m),) = columns[one.of], columns[one.by]
        products = {"square": x**2, "line_by": x * m, "square_by": x**2 * m}
        for name, both in products.items():
            total = total + shift(truth, "interaction", part, f"{one.name}_{name}", place, both)
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
