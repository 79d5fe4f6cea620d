"""Diaries to test with, and their density written out by hand from the equation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor
import xarray as xr
from growth_by_hand import covariance_of, named
from growth_examples import growth_study, parameters, random_waves
from scipy.stats import multivariate_normal

from securebase.codebook.loading import Study
from securebase.families import load_family
from securebase.family import Built, Family, build
from securebase.names import OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Composition, Panel, panel_from_waves

FAMILY = load_family("momentary_buffering")
VARYING = ("tension", "safe")


def varying(name: str, of: str = "actor", **more: Any) -> dict[str, Any]:
    return {"name": name, "of": of, "varying": True, **more}


def diary_study(
    analysis: Mapping[str, Any],
    days: int = 6,
    outcomes: tuple[str, ...] = ("anxious", "strain"),
    roles: tuple[str, ...] = ("a", "b"),
    **study: Any,
) -> Study:
    """Make the codebook of a diary: outcomes, predictors that vary, and age."""
    waves = {f"d{day}": float(day) for day in range(1, days + 1)}
    settings = {"family": "momentary_buffering", "outcomes": list(outcomes), **analysis}
    return growth_study(
        settings,
        roles=roles,
        waves=waves,
        scales={name: {} for name in (*outcomes, *VARYING)},
        covariates={"age": {}},
        **study,
    )


def diary_panel(study: Study, rng: np.random.Generator, **settings: Any) -> Panel:
    return panel_from_waves(random_waves(study, rng, **settings), study, "growth")


@dataclass(frozen=True)
class Point:
    """A model at one value of its parameters."""

    panel: Panel
    built: Built
    truth: xr.Dataset
    values: list[np.ndarray]
    loglik: float


def at_a_point(family: Family, panel: Panel, rng: np.random.Generator) -> Point:
    """Build a model and evaluate it where nothing is zero."""
    built = build(family, panel, family.default_priors(panel))
    values = parameters(built.model, rng)
    outputs = [*built.model.deterministics, *built.model.potentials]
    function = pytensor.function(
        built.model.free_RVs, outputs, mode="FAST_COMPILE", on_unused_input="ignore"
    )
    found = function(*values)
    names = [one.name for one in built.model.free_RVs + built.model.deterministics]
    fixed = len(built.model.deterministics)
    truth = named(built.model, dict(zip(names, [*values, *found[:fixed]], strict=True)))
    return Point(panel, built, truth, values, float(sum(found[fixed:])))


def described(family: Family, point: Point) -> xr.Dataset:
    """Every variable of a posterior at the point, without chain and draw."""
    return family.derived(point.truth.expand_dims(("chain", "draw")), point.panel).isel(
        chain=0, draw=0
    )


# --- the equation by hand ------------------------------------------------------------------


@dataclass(frozen=True)
class Hand:
    """The equation of a diary for the units of a composition."""

    panel: Panel
    truth: xr.Dataset
    composition: Composition

    @property
    def slots(self) -> tuple[str, ...]:
        return self.composition.slots

    def role(self, slot: str) -> str:
        return dict(zip(self.slots, self.composition.labels, strict=True))[slot]

    def other(self, slot: str) -> str:
        return next(one for one in self.slots if one != slot)

    def owner(self, of: str, slot: str) -> str:
        return slot if of == "actor" else self.other(slot)

    def seen(self, unit: int, wave: str, term: str, slot: str) -> tuple[bool, float]:
        """Whether a predictor varies, and its deviation or value."""
        of, name = term.split(" ")
        one = next(one for one in self.panel.analysis.predictors if one.term == term)
        data = self.panel.data.isel({UNIT: unit})
        at = {"owner": self.owner(of, slot), "measure": name}
        if one.varying:
            return True, float(data["deviation"].sel({WAVE: wave, **at}))
        return False, float(data["predictor_value"].sel(at))

    def answer(self, unit: int, wave: str, slot: str, outcome: str) -> float:
        own = self.panel.data["score"].isel({UNIT: unit}).sel({ROLE: slot, OUTCOME: outcome})
        return float(own.sel({WAVE: wave}) - own.mean())

    def slopes(self, slot: str, outcome: str) -> list[tuple[str, str, str]]:
        """Effects (kind, slot, outcome) in which units differ."""
        found = [("level", slot, outcome)]
        for one in self.panel.analysis.predictors:
            if one.varying and outcome in (one.outcomes or self.panel.analysis.outcomes):
                found.append((one.term, slot, outcome))
        for path in self.panel.analysis.paths:
            if path.target == outcome:
                whose = "own" if path.of == "actor" else "partner's"
                found.append((f"{whose} {path.source}", slot, outcome))
        return found

    def multiplied(self, unit: int, wave: str, effect: tuple[str, str, str]) -> float:
        """What an effect of a unit is multiplied with at an occasion."""
        kind, slot, _ = effect
        if kind == "level":
            return 1.0
        whose, source = kind.split(" ")
        if whose in ("own", "partner's"):
            owner = slot if whose == "own" else self.other(slot)
            return self.answer(unit, wave, owner, source)
        return self.seen(unit, wave, kind, slot)[1]

    def mean(self, unit: int, wave: str, slot: str, outcome: str) -> float:
        """Expected score, given answers to the sources of paths."""
        analysis, truth = self.panel.analysis, self.truth
        at = {ROLE: self.role(slot), OUTCOME: outcome}
        total = float(truth["level"].sel(at))
        if "time" in analysis.model_fields_set:
            time = self.panel.data["time"]
            total += float(truth["change"].sel(at)) * float(time.sel({WAVE: wave}) - time[0])
        for one in analysis.predictors:
            if outcome not in (one.outcomes or analysis.outcomes):
                continue
            place = {"owner": self.owner(one.of, slot), "measure": one.name}
            value = float(self.panel.data["predictor_value"].isel({UNIT: unit}).sel(place))
            level = truth[f"{one.of}_on_level"].sel({f"{one.of}_predictor": one.name, **at})
            total += float(level) * value
            if one.varying:
                moment = truth[f"{one.of}_on_moment"].sel({f"{one.of}_moment": one.name, **at})
                total += float(moment) * self.seen(unit, wave, one.term, slot)[1]
        for product in analysis.interactions:
            if outcome not in (product.outcomes or analysis.outcomes):
                continue
            found = [self.seen(unit, wave, term, slot) for term in product.of]
            name, dim = (
                ("interaction_on_moment", "interaction_moment")
                if any(moves for moves, _ in found)
                else ("interaction_on_level", "interaction_predictor")
            )
            coefficient = truth[name].sel({dim: product.name, **at})
            total += float(coefficient) * float(np.prod([value for _, value in found]))
        for path in analysis.paths:
            if path.target == outcome:
                own = truth["path_on_moment"].sel(moment_path=path.name, role=self.role(slot))
                source = self.answer(unit, wave, self.owner(path.of, slot), path.source)
                total += float(own) * source
        return total


Cell = tuple[str, str, str]
"""Wave, member, outcome."""


def hand_covariance(hand: Hand, unit: int, cells: Sequence[Cell]) -> np.ndarray:
    """Covariance of what the equation leaves to chance, given answers to sources of paths."""
    panel, several = hand.panel, len(hand.panel.compositions) > 1
    suffix = f"_{hand.composition.name}" if several else ""
    late = [path.target for path in panel.analysis.paths]
    own = covariance_of(hand.truth, f"unit{suffix}", f"effect{suffix}", hand.composition)
    noise = {
        end: covariance_of(
            hand.truth, f"residual{end}{suffix}", f"series{end}{suffix}", hand.composition
        )
        for end in ("", *(("_explained",) if late else ()))
    }
    cov = np.zeros((len(cells), len(cells)))
    for i, (wave, slot, outcome) in enumerate(cells):
        for j, (wave_j, slot_j, outcome_j) in enumerate(cells):
            for one in hand.slopes(slot, outcome):
                for two in hand.slopes(slot_j, outcome_j):
                    x = hand.multiplied(unit, wave, one) * hand.multiplied(unit, wave_j, two)
                    cov[i, j] += x * own(one, two)
            if wave == wave_j and (outcome in late) == (outcome_j in late):
                end = "_explained" if outcome in late else ""
                cov[i, j] += noise[end](("", slot, outcome), ("", slot_j, outcome_j))
    return cov


def hand_loglik(point: Point, composition: Composition) -> float:
    """Log-density of the units of a composition: one dense normal each, of what can be used."""
    panel = point.panel.units_of(composition)
    hand = Hand(panel, point.truth, composition)
    total = 0.0
    for unit in range(panel.data.sizes[UNIT]):
        score = panel.data["score"].isel({UNIT: unit})
        residual: dict[Cell, float] = {}
        for wave in map(str, panel.data[WAVE].values):
            for slot in hand.slots:
                for outcome in panel.analysis.outcomes:
                    y = float(score.sel({WAVE: wave, ROLE: slot, OUTCOME: outcome}))
                    rest = y - hand.mean(unit, wave, slot, outcome)
                    if not np.isnan(rest):
                        residual[wave, slot, outcome] = rest
        y = np.array(list(residual.values()))
        if len(y):
            cov = hand_covariance(hand, unit, list(residual))
            total += multivariate_normal.logpdf(y, np.zeros(len(y)), cov)
    return total
