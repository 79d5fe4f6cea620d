"""Examples of the panel family, and their moments written out from its equations, name by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from growth_by_hand import compiled, covariance_of, named, shift
from growth_examples import growth_study, parameters, random_waves

from securebase.families import load_family
from securebase.family import Built, build
from securebase.names import UNIT
from securebase.panel import Composition, Panel, panel_from_waves

FAMILY = load_family("dyadic_panel")
EQUAL = {"w1": 0.0, "w2": 1.0, "w3": 2.0, "w4": 3.0}
UNEQUAL = {"w1": 0.0, "w2": 0.5, "w3": 1.5, "w4": 2.0, "w5": 2.5}
Arrow = tuple[str, str, str]
"""(source, target, "actor" or "partner")"""


@dataclass(frozen=True)
class Example:
    """An analysis, and what its equations are made of, said outright.

    Parameters
    ----------
    grid : mapping of str to int
        Occasion of each wave.
    lagged, within : tuple of Arrow
    starts : mapping of str to int
        Occasion of the first deviation, where it is not 0.
    given : mapping of str to set of str
        Outcomes whose stable parts, first deviations, innovations follow on others'.
    twice : mapping of str to (str, str)
        The two waves of outcomes that have no more.
    on_change : tuple of Arrow
        From stable parts to changes.
    reported : mapping of str to list of (str, str)
        Who answers which scale of what informants report.
    """

    analysis: Mapping[str, Any]
    study: Mapping[str, Any]
    grid: Mapping[str, int]
    lagged: tuple[Arrow, ...] = ()
    within: tuple[Arrow, ...] = ()
    starts: Mapping[str, int] = field(default_factory=dict)
    given: Mapping[str, set[str]] = field(default_factory=dict)
    twice: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    on_change: tuple[Arrow, ...] = ()
    reported: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def scores(self) -> bool:
        return self.analysis.get("dynamics", {}).get("kind") == "scores"

    @property
    def by_wave(self) -> bool:
        return self.analysis.get("dynamics", {}).get("innovations") == "by_wave"

    @property
    def by_step(self) -> bool:
        return self.analysis.get("dynamics", {}).get("effects") == "by_step"


def own(*outcomes: str) -> tuple[Arrow, ...]:
    return tuple((one, one, "actor") for one in outcomes)


def both(*outcomes: str) -> tuple[Arrow, ...]:
    return own(*outcomes) + tuple((one, one, "partner") for one in outcomes)


def path(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"from": source, "to": target, **more}


AGE: dict[str, Any] = {"covariates": {"age": {}}}
PREDICTED: dict[str, Any] = {
    "predictors": [{"name": "age", "of": "actor"}, {"name": "age", "of": "partner"}]
}
FOUR = {"w1": 0, "w2": 1, "w3": 3, "w4": 4}
STEADY = {"w1": 0, "w2": 1, "w3": 2, "w4": 3}
PAIR = ("anxiety", "avoidance")

EXAMPLES = {
    "one member": Example(
        {}, {"roles": ("soldier",), "scales": {"readiness": {}}, "waves": EQUAL}, STEADY,
        own("readiness"),
    ),
    "two members": Example({**PREDICTED}, {"waves": EQUAL, **AGE}, STEADY, both(*PAIR)),
    "unequal steps": Example({}, {}, FOUR, both(*PAIR)),
    "a step of its own choice": Example(
        {"dynamics": {"step": 0.25}}, {}, {"w1": 0, "w2": 2, "w3": 6, "w4": 8}, both(*PAIR)
    ),
    "exchangeable": Example({**PREDICTED}, {"exchangeable": True, **AGE}, FOUR, both(*PAIR)),
    "mixed": Example(
        {}, {"compositions": {"mf": {}, "ff": {"exchangeable": True}}}, FOUR, both(*PAIR)
    ),
    "paths across outcomes and partners": Example(
        {"paths": [path("anxiety", "avoidance", lag=1),
                   path("avoidance", "anxiety", lag=1, of="partner")]},
        {"waves": EQUAL}, STEADY,
        (*own(*PAIR), ("anxiety", "avoidance", "actor"), ("avoidance", "anxiety", "partner")),
    ),
    "each step its own": Example(
        {"dynamics": {"effects": "by_step"}}, {"waves": EQUAL}, STEADY, both(*PAIR)
    ),
    "each wave its own innovations": Example(
        {"dynamics": {"innovations": "by_wave"}}, {"waves": EQUAL}, STEADY, both(*PAIR)
    ),
    "innovations of waves, in a chain of a late start": Example(
        {"dynamics": {"innovations": "by_wave"}, "paths": [path("base", "anger")]},
        {"scales": {"base": {"waves": ["w2", "w3", "w4"]}, "anger": {}}, "exchangeable": True,
         "waves": EQUAL},
        STEADY, both("base", "anger"), (("base", "anger", "actor"),), {"base": 1},
        {"stable": {"anger"}, "innovation": {"anger"}},
    ),
    "within a wave, in a chain": Example(
        {"paths": [path("base", "anger"), path("anger", "blues"), path("blues", "base", lag=1)],
         "predictors": [{"name": "age", "of": "actor", "on": ["level"], "outcomes": ["base"]}]},
        {"roles": ("client",), "scales": {"base": {}, "anger": {}, "blues": {}}, **AGE},
        FOUR, (*own("base", "anger", "blues"), ("blues", "base", "actor")),
        (("base", "anger", "actor"), ("anger", "blues", "actor")),
        given={"stable": {"anger", "blues"}, "first": {"anger", "blues"},
               "innovation": {"anger", "blues"}},
    ),
    "within a wave, of the partner": Example(
        {"paths": [path("base", "anger", of="partner")]},
        {"scales": {"base": {"waves": ["w2", "w3", "w4"]}, "anger": {}}, "exchangeable": True},
        FOUR, both("base", "anger"), (("base", "anger", "partner"),), {"base": 1},
        {"stable": {"anger"}, "innovation": {"anger"}},
    ),
    "measured twice": Example(
        {"paths": [path("base", "anxiety", on=["change"]), path("anxiety", "anger"),
                   path("base", "avoidance", of="partner")],
         "predictors": [{"name": "age", "of": "actor"}]},
        {"scales": {"base": {}, "anger": {}, "anxiety": {"waves": ["w1", "w4"]},
                    "avoidance": {"waves": ["w2", "w4"]}}, **AGE},
        FOUR, both("base", "anger"), (("anxiety", "anger", "actor"),
                                      ("base", "avoidance", "partner")),
        given={"stable": {"anger", "avoidance"}},
        twice={"anxiety": ("w1", "w4"), "avoidance": ("w2", "w4")},
        on_change=(("base", "anxiety", "actor"), ("base", "avoidance", "partner"),
                   ("anxiety", "anger", "actor")),
    ),
    "two informants": Example(
        {"outcomes": ["anger", "sb_self", "sb_staff", "anxiety"],
         "informants": {"secure_base": ["sb_self", "sb_staff"]},
         "paths": [path("secure_base", "anger"), path("secure_base", "anxiety", on=["change"])]},
        {"roles": ("youth", "staff"),
         "scales": {"anger": {"roles": ["youth"]},
                    "sb_self": {"roles": ["youth"], "waves": ["w2", "w3", "w4", "w5"]},
                    "sb_staff": {"roles": ["staff"], "waves": ["w2", "w3", "w5"]},
                    "anxiety": {"roles": ["youth"], "waves": ["w1", "w5"]}},
         "waves": UNEQUAL},
        {"w1": 0, "w2": 1, "w3": 3, "w4": 4, "w5": 5},
        own("anger", "secure_base"), (("secure_base", "anger", "actor"),), {"secure_base": 1},
        {"stable": {"anger"}, "innovation": {"anger"}}, {"anxiety": ("w1", "w5")},
        (("secure_base", "anxiety", "actor"),),
        {"secure_base": [("youth", "sb_self"), ("staff", "sb_staff")]},
    ),
    "scores": Example(
        {"dynamics": {"kind": "scores"}, **PREDICTED}, {**AGE, "waves": EQUAL}, STEADY, both(*PAIR)
    ),
    "scores of exchangeable members at unequal steps": Example(
        {"dynamics": {"kind": "scores"}, "paths": [path("anxiety", "avoidance", lag=1)]},
        {"exchangeable": True}, FOUR, (*own(*PAIR), ("anxiety", "avoidance", "actor")),
    ),
    "scores, each step its own": Example(
        {"dynamics": {"kind": "scores", "effects": "by_step"}},
        {"roles": ("soldier",), "scales": {"readiness": {}}, "waves": EQUAL}, STEADY,
        own("readiness"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Evaluated:
    """A model at one value of its parameters."""

    panel: Panel
    built: Built
    values: list[np.ndarray]
    truth: xr.Dataset
    means: list[np.ndarray]
    covariances: list[np.ndarray]
    logliks: list[float]


def example_panel(name: str, rng: np.random.Generator, units: int, missing: float) -> Panel:
    one = EXAMPLES[name]
    study = growth_study({"family": "dyadic_panel", **one.analysis}, **one.study)
    return panel_from_waves(random_waves(study, rng, units, missing), study, "growth")


def evaluated(panel: Panel, rng: np.random.Generator) -> Evaluated:
    """Build a model and evaluate it where nothing is zero."""
    built = build(FAMILY, panel, FAMILY.default_priors(panel))
    values = parameters(built.model, rng)
    found = compiled(built)(*values)
    names = [one.name for one in built.model.free_RVs + built.model.deterministics]
    fixed, parts = len(built.model.deterministics), len(built.parts)
    truth = named(built.model, dict(zip(names, [*values, *found[:fixed]], strict=True)))
    moments = found[fixed : fixed + parts], found[fixed + parts : fixed + 2 * parts]
    logliks = [float(one) for one in found[fixed + 2 * parts :]]
    return Evaluated(panel, built, values, truth, *moments, logliks)


def described(one: Evaluated) -> xr.Dataset:
    """Say the same values as a truth, without chain and draw."""
    drawn = one.truth.expand_dims(chain=1, draw=1)
    return FAMILY.derived(drawn, one.panel).isel(chain=0, draw=0)


# --- the equations by hand -----------------------------------------------------------------

Shock = tuple[str, tuple[str, str, str], int]
"""(covariance, (kind, slot, outcome), occasion)"""


@dataclass(frozen=True)
class Sum:
    """A known mean (unit,), and shocks with their weights."""

    mean: np.ndarray
    shocks: Mapping[Shock, float]

    def __add__(self, other: "Sum") -> "Sum":
        keys = dict.fromkeys((*self.shocks, *other.shocks))
        shocks = {key: self.shocks.get(key, 0.0) + other.shocks.get(key, 0.0) for key in keys}
        return Sum(self.mean + other.mean, shocks)

    def __rmul__(self, weight: float) -> "Sum":
        return Sum(weight * self.mean, {key: weight * one for key, one in self.shocks.items()})


@dataclass(frozen=True)
class ByHand:
    """Scores of the units of one composition as sums of shocks."""

    example: Example
    panel: Panel
    truth: xr.Dataset
    composition: Composition

    @property
    def label(self) -> dict[str, str]:
        return dict(zip(self.composition.slots, self.composition.labels, strict=True))

    def value(self, variable: str, **at: str) -> float:
        found = float(self.truth[variable].sel(at))
        assert not np.isnan(found), (variable, at)
        return found

    def shock(self, name: str, kind: str, slot: str, outcome: str, occasion: int = 0) -> Sum:
        order = ("base", "anger", "blues").index(outcome) if outcome == "blues" else 1
        rank = (
            ("", "_explained", "_explained_2")[order]
            if outcome in self.example.given.get(name, ())
            else ""
        )
        mean = np.zeros(self.panel.data.sizes[UNIT])
        return Sum(mean, {(name + rank, (kind, slot, outcome), occasion): 1.0})

    def constant(self, value: float) -> Sum:
        return Sum(np.full(self.panel.data.sizes[UNIT], value), {})

    def other(self, slot: str, of: str) -> str:
        return slot if of == "actor" else next(one for one in self.composition.slots if one != slot)

    def predicted(self, part: str, slot: str, outcome: str) -> Sum:
        total = np.zeros(self.panel.data.sizes[UNIT])
        at = {"role": self.label[slot], "outcome": outcome}
        owners = list(map(str, self.panel.data["owner"].values))
        for one in self.panel.analysis.predictors:
            if part in one.on and outcome in (one.outcomes or self.panel.analysis.outcomes):
                who = slot if one.of == "actor" else next(o for o in owners if o != slot)
                x = self.panel.data["predictor_value"].sel(measure=one.name, owner=who).values
                total = total + shift(self.truth, one.of, part, one.name, at, x)
        return Sum(total, {})

    def arriving(self, arrows: tuple[Arrow, ...], slot: str, outcome: str) -> list[tuple[str, ...]]:
        """(source slot, source, path) of each arrow that ends here."""
        return [
            (self.other(slot, of), source, f"{'partner ' * (of == 'partner')}{source} to {outcome}")
            for source, target, of in arrows
            if target == outcome
        ]

    def once(self, slot: str, outcome: str) -> Sum:
        """Stable part, or level without its mean."""
        kind = "level" if outcome in self.example.twice else ""
        total = self.shock("stable", kind, slot, outcome) + self.predicted("level", slot, outcome)
        for who, source, name in self.arriving(self.example.within, slot, outcome):
            weight = self.value("stable_path", path=name, role=self.label[slot])
            total = total + weight * self.once(who, source)
        return total

    def change(self, slot: str, outcome: str) -> Sum:
        at = {"role": self.label[slot], "outcome": outcome}
        total = self.shock("change", "", slot, outcome) + self.predicted("change", slot, outcome)
        total = total + self.value("baseline_on_change", **at) * self.once(slot, outcome)
        for who, source, name in self.arriving(self.example.on_change, slot, outcome):
            weight = self.value("stable_on_change", path=name, role=self.label[slot])
            total = total + weight * self.once(who, source)
        return total

    def unit(self, kind: str, slot: str, outcome: str) -> Sum:
        """Level or constant change of scores."""
        mean = self.value(kind, role=self.label[slot], outcome=outcome)
        return (
            self.shock("unit", kind, slot, outcome)
            + self.constant(mean)
            + self.predicted(kind, slot, outcome)
        )

    def state(self, slot: str, outcome: str, occasion: int) -> Sum:
        start = self.example.starts.get(outcome, 0)
        if occasion == start:
            if self.example.scores:
                return self.unit("level", slot, outcome)
            total = self.shock("first", "", slot, outcome)
        else:
            total = self.shock("innovation", "", slot, outcome, occasion)
            if self.example.scores:
                total = total + self.unit("change", slot, outcome)
            for who, source, name in self.arriving(self.example.lagged, slot, outcome):
                if occasion - 1 >= self.example.starts.get(source, 0):
                    step = (
                        {"step": f"w{occasion} to w{occasion + 1}"} if self.example.by_step else {}
                    )
                    weight = self.value("lagged", path=name, role=self.label[slot], **step)
                    total = total + weight * self.state(who, source, occasion - 1)
        for who, source, name in self.arriving(self.example.within, slot, outcome):
            if source not in self.example.twice and occasion >= self.example.starts.get(source, 0):
                weight = self.value("concurrent", path=name, role=self.label[slot])
                total = total + weight * self.state(who, source, occasion)
        return total

    def score(self, wave: str, slot: str, scale: str) -> Sum:
        at = {"role": self.label[slot], "outcome": scale}
        if scale in self.example.twice:
            first, _ = self.example.twice[scale]
            time = self.panel.data["time"]
            since = float(time.sel(wave=wave) - time.sel(wave=first))
            level = self.constant(self.value("level", **at)) + self.once(slot, scale)
            change = self.constant(self.value("change", **at)) + self.change(slot, scale)
            return level + since * change
        occasion = self.example.grid[wave]
        if self.example.scores:
            return self.state(slot, scale, occasion) + self.shock(
                "noise", "", slot, scale, occasion
            )
        mean = self.constant(self.value("mean", wave=wave, **at))
        for latent, reporters in self.example.reported.items():
            if (slot, scale) in reporters:
                who = reporters[0][0]
                label = f"{self.label[slot]} {scale}"
                loading = 1.0
                if (slot, scale) != reporters[0]:
                    loading = self.value("loading", informant=label)
                seen = self.once(who, latent) + self.state(who, latent, occasion)
                noise = self.shock("noise", "", slot, scale, occasion)
                return mean + loading * seen + self.shock("informant", "", slot, scale) + noise
        return mean + self.once(slot, scale) + self.state(slot, scale, occasion)

    def between(self, one: Shock, two: Shock) -> float:
        """Covariance of two shocks."""
        if (one[0], one[2]) != (two[0], two[2]):
            return 0.0
        name, (_, slot, scale), occasion = one
        if name in ("noise", "informant"):
            label = f"{self.label[slot]} {scale}"
            return self.value(f"{name}_sd", series=label) ** 2 if one == two else 0.0
        several = len(self.panel.compositions) > 1
        suffix = f"_{self.composition.name}" if several else ""
        base, found, rank = name.partition("_explained")
        if base == "innovation" and self.example.by_wave:
            wave = next(key for key, place in self.example.grid.items() if place == occasion)
            base, name = f"innovation_series_{wave}", f"innovation_{wave}{found}{rank}"
            of = covariance_of(
                self.truth, f"{name}{suffix}", f"{base}{found}{rank}{suffix}", self.composition
            )
            return of(one[1], two[1])
        dim = ("effect" if base == "unit" else f"{base}_series") + found + rank + suffix
        of = covariance_of(self.truth, f"{name}{suffix}", dim, self.composition)
        return of(one[1], two[1])


def hand_moments(
    name: str, one: Evaluated, composition: Composition, cells: list[tuple[str, str, str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (unit, cell) and covariance (cell, cell) of a unit's scores."""
    hand = ByHand(EXAMPLES[name], one.panel.units_of(composition), one.truth, composition)
    sums = [hand.score(*cell) for cell in cells]
    shocks = list(dict.fromkeys(shock for each in sums for shock in each.shocks))
    cov = np.array([[hand.between(a, b) for b in shocks] for a in shocks])
    reach = np.array([[each.shocks.get(shock, 0.0) for shock in shocks] for each in sums])
    return np.stack([each.mean for each in sums], axis=-1), reach @ cov @ reach.T
