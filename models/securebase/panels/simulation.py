"""Panels as they come about: wave after wave, from what is stable and what is new."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.correlation import normal_rows
from securebase.growth.time import CHANGE, LEVEL
from securebase.names import COMPOSITION
from securebase.panel import Composition, Panel
from securebase.panels.arrows import concurrent_of, lagged_of
from securebase.panels.design import PanelDesign
from securebase.panels.series import Series, ends
from securebase.panels.spreads import spreads
from securebase.responses import with_drawn
from securebase.structure.cells import cell

Array = NDArray[np.float64]
Key = tuple[str, str, str]
"""(kind, slot, outcome)"""


def simulated(
    rng: np.random.Generator, truth: xr.Dataset, panel: Panel, designs: Sequence[PanelDesign]
) -> Panel:
    """Draw new scores for the units of a panel; see the families."""
    return with_drawn(panel, (_drawn(rng, truth, design) for design in designs))


def _drawn(
    rng: np.random.Generator, truth: xr.Dataset, design: PanelDesign
) -> tuple[Composition, list[Key], Array]:
    """Scores (unit, response) of a composition."""
    count = int((design.panel.data[COMPOSITION].values == design.composition.name).sum())
    scores = _Life(rng, truth, design, count).scores()
    return design.composition, list(scores), np.column_stack(list(scores.values()))


@dataclass(frozen=True)
class _Life:
    """Units of one composition as they live through their occasions."""

    rng: np.random.Generator
    truth: xr.Dataset
    design: PanelDesign
    count: int

    def scores(self) -> dict[Key, Array]:
        """Scores (unit,) of each (wave, slot, scale)."""
        design = self.design
        persons = self._persons()
        states = self._states(persons)
        biases = {who: self._informant(who) for who in design.reporters}
        found = {}
        for response, (one, place) in zip(design.responses, design.answers, strict=True):
            wave, slot, scale = response
            latent = self._latent(one, wave, persons, states)
            label = f"{design.label(slot)} {scale}"
            if place:
                latent = float(self.truth["loading"].sel(informant=label)) * latent
            if (slot, scale) in biases:
                latent = latent + biases[slot, scale]
            if (slot, scale) in biases or design.scores:
                latent = latent + float(self.truth["noise_sd"].sel(series=label)) * self._normal()
            found[response] = latent + self._mean(one, response)
        return found

    def _normal(self) -> Array:
        return np.asarray(self.rng.standard_normal(self.count))

    def _informant(self, who: tuple[str, str]) -> Array:
        label = f"{self.design.label(who[0])} {who[1]}"
        return float(self.truth["informant_sd"].sel(series=label)) * self._normal()

    def _mean(self, one: Series, response: Key) -> float:
        wave, slot, scale = response
        at = (self.design.label(slot), scale)
        if self.design.scores:
            return 0.0
        if one.moving:
            return float(cell(self.truth["mean"], (wave, *at)))
        level, change = (float(cell(self.truth[name], at)) for name in (LEVEL, CHANGE))
        return level + change * self.design.since_first(one, wave)

    def _drawn(self, name: str, occasion: int | None = None) -> dict[Key, Array]:
        """Draw {(kind, slot, outcome): (unit,)} of every covariance of a name, at an occasion."""
        found: dict[Key, Array] = {}
        stated = {str(variable): values for variable, values in self.truth.data_vars.items()}
        for one in spreads(self.design):
            if one.name == name and (occasion is None or occasion in one.occasions):
                rows = normal_rows(self.rng, one.covariance.stated(stated), self.count)
                found |= dict(zip(one.covariance.quantities, rows.T, strict=True))
        return found

    def _predicted(self, kind: str, slot: str, outcome: str) -> Array:
        """What predictors add to a level (or stable part) or a change."""
        terms = self.design.predicted
        values = terms.predictors(self.design.panel)
        total = np.zeros(self.count)
        for one in terms.coefficients:
            growth, *series = terms.effects[one.row]
            if "_on_" in one.variable and (growth, *series) == (kind, slot, outcome):
                total += float(cell(self.truth[one.variable], one.at)) * values[:, one.column]
        return total

    def _persons(self) -> dict[Key, Array]:
        """What each person always has: by "level" (or stable part) and "change"."""
        if self.design.scores:
            return {
                (kind, slot, out): own
                + self._predicted(kind, slot, out)
                + float(cell(self.truth[kind], (self.design.label(slot), out)))
                for (kind, slot, out), own in self._drawn("unit").items()
            }
        own = self._drawn("stable")
        found: dict[Key, Array] = {}
        waiting = list(self.design.series)
        while waiting:
            one = waiting.pop(0)
            arriving = self._arriving(one, "stable_path") if one.moving else self._to_level(one)
            if any((LEVEL, source.slot, source.outcome) not in found for source, _ in arriving):
                waiting.append(one)
                continue
            kind = "" if one.moving else LEVEL
            total = own[kind, one.slot, one.outcome] + self._predicted(LEVEL, one.slot, one.outcome)
            for source, effect in arriving:
                total = total + effect * found[LEVEL, source.slot, source.outcome]
            found[LEVEL, one.slot, one.outcome] = total
        return found | self._changes(found)

    def _to_level(self, one: Series) -> list[tuple[Series, float]]:
        return self._arriving(one, "stable_path", LEVEL)

    def _arriving(self, target: Series, variable: str, on: str = "") -> list[tuple[Series, float]]:
        """Sources of a series' paths of lag 0 (on its level or change), each with its effect."""
        among = self.design.moving if variable == "concurrent" else self.design.series
        label = self.design.label(target.slot)
        return [
            (source, float(cell(self.truth[variable], (path.name, label))))
            for path in concurrent_of(self.design)
            if not on or on in path.on
            for source, end in ends(among, path)
            if end == target
        ]

    def _changes(self, levels: dict[Key, Array]) -> dict[Key, Array]:
        own = self._drawn("change")
        found = {}
        for one in self.design.still:
            at = (self.design.label(one.slot), one.outcome)
            baseline = float(cell(self.truth["baseline_on_change"], at))
            total = own["", one.slot, one.outcome] + self._predicted(CHANGE, one.slot, one.outcome)
            total = total + baseline * levels[LEVEL, one.slot, one.outcome]
            for source, effect in self._arriving(one, "stable_on_change", CHANGE):
                total = total + effect * levels[LEVEL, source.slot, source.outcome]
            found[CHANGE, one.slot, one.outcome] = total
        return found

    def _states(self, persons: dict[Key, Array]) -> list[dict[Series, Array]]:
        """Deviations, or scores, of each occasion."""
        design, first = self.design, self._drawn("first")
        found: list[dict[Series, Array]] = []
        for occasion in range(design.grid.size):
            new = self._drawn("innovation", occasion)
            here: dict[Series, Array] = {}
            waiting = [one for one in design.moving if occasion >= design.first(one)]
            while waiting:
                one = waiting.pop(0)
                starts = occasion == design.first(one)
                now = [] if design.scores else self._within(one, occasion)
                if any(source not in here for source, _ in now):
                    waiting.append(one)
                    continue
                key = (one.slot, one.outcome)
                if design.scores:
                    total = persons[LEVEL if starts else CHANGE, *key]
                    total = total if starts else total + new["", *key]
                else:
                    total = (first if starts else new)["", *key]
                before = {} if starts else found[-1]
                for source, effect in self._lagged(one, occasion, before):
                    total = total + effect * before[source]
                for source, effect in now:
                    total = total + effect * here[source]
                here[one] = total
            found.append(here)
        return found

    def _within(self, one: Series, occasion: int) -> list[tuple[Series, float]]:
        every = self._arriving(one, "concurrent")
        return [pair for pair in every if occasion >= self.design.first(pair[0])]

    def _lagged(
        self, target: Series, occasion: int, before: dict[Series, Array]
    ) -> list[tuple[Series, float]]:
        by_step = self.design.dynamics.effects == "by_step"
        step = (self.design.grid.step_label(occasion),) if by_step and occasion else ()
        label = self.design.label(target.slot)
        return [
            (source, float(cell(self.truth["lagged"], (path.name, *step, label))))
            for path in lagged_of(self.design)
            for source, end in ends(self.design.moving, path)
            if end == target and source in before
        ]

    def _latent(
        self, one: Series, wave: str, persons: dict[Key, Array], states: list[dict[Series, Array]]
    ) -> Array:
        level = persons[LEVEL, one.slot, one.outcome]
        if not one.moving:
            change = persons[CHANGE, one.slot, one.outcome]
            return np.asarray(level + change * self.design.since_first(one, wave))
        state = states[self.design.grid.occasion[wave]][one]
        return state if self.design.scores else np.asarray(level + state)
