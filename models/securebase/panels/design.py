"""The design of a panel in one composition: which effects drive which responses.

A unit's *parts* are what its scores are made of: stable parts, or levels and changes, of each
series; states (deviations or scores) at each occasion; what informants always add. Arrows
lead from part to part, loadings from parts to responses.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from securebase.codebook.analysis import Analysis
from securebase.codebook.terms import Dynamics, Interaction, Predictor
from securebase.growth.design import GrowthDesign
from securebase.growth.time import CHANGE, LEVEL
from securebase.names import WAVE
from securebase.panel import Composition, Panel
from securebase.panels.grid import Grid
from securebase.panels.series import Series
from securebase.structure.cells import Placement

Array = NDArray[np.float64]
PartOf = tuple[str, str, str, int]
"""(kind, slot, outcome, occasion), the occasion 0 where there is none."""

STABLE: Final = "stable"
STATE: Final = "state"
INFORMANT: Final = "informant"


@dataclass(frozen=True)
class PanelDesign:
    """Responses, parts and predictor columns of the units of one composition.

    Parameters
    ----------
    measured : GrowthDesign
        Responses: what is measured, and when.
    series : list of Series
    grid : Grid
        Of all compositions.
    """

    measured: GrowthDesign
    series: list[Series]
    grid: Grid

    @property
    def panel(self) -> Panel:
        """Panel of all compositions."""
        return self.measured.panel

    @property
    def composition(self) -> Composition:
        """Whose units these are."""
        return self.measured.composition

    @property
    def responses(self) -> list[tuple[str, str, str]]:
        """(wave, slot, scale) of each response."""
        return self.measured.responses

    @property
    def dynamics(self) -> Dynamics:
        """How the panel moves."""
        return dynamics_of(self.panel.analysis)

    @property
    def scores(self) -> bool:
        """Whether scores, not deviations, drive each other."""
        return self.dynamics.kind == "scores"

    def label(self, slot: str) -> str:
        """Role label of a member."""
        return self.measured.label_of_slot[slot]

    def first(self, one: Series) -> int:
        """Occasion at which a moving series starts."""
        return self.grid.occasion[one.waves[0]]

    @property
    def moving(self) -> list[Series]:
        """Series that have states."""
        return [one for one in self.series if one.moving]

    @property
    def still(self) -> list[Series]:
        """Series measured twice: a level and a change."""
        return [one for one in self.series if not one.moving]

    @cached_property
    def parts(self) -> list[PartOf]:
        """Every part: between persons first, then states by occasion, then informants."""
        return [*self.between, *self._states, *self._informants]

    @cached_property
    def between(self) -> list[PartOf]:
        """Parts that a person has once: of each series, the changes last."""
        firsts = [(STABLE if self._stable(one) else LEVEL, one) for one in self.series]
        changes = [(CHANGE, one) for one in self.series if not self._stable(one)]
        return [(kind, one.slot, one.outcome, 0) for kind, one in (*firsts, *changes)]

    def _stable(self, one: Series) -> bool:
        return one.moving and not self.scores

    @property
    def _states(self) -> list[PartOf]:
        return [
            (STATE, one.slot, one.outcome, occasion)
            for occasion in range(self.grid.size)
            for one in self.moving
            if occasion >= self.first(one)
        ]

    @property
    def _informants(self) -> list[PartOf]:
        return [(INFORMANT, *reporter, 0) for reporter in self.reporters]

    @property
    def reporters(self) -> list[tuple[str, str]]:
        """(slot, scale) of each informant's series."""
        return [who for one in self.series if len(one.reporters) > 1 for who in one.reporters]

    @property
    def size(self) -> int:
        """Number of parts and, last, the constant that means are multiplied with."""
        return len(self.parts) + 1

    def row(self, kind: str, one: Series, occasion: int = 0) -> int:
        """Position of a part of a series."""
        return self.parts.index((kind, one.slot, one.outcome, occasion))

    def once(self, one: Series) -> int:
        """Position of what a person always has of a series: its stable part or its level."""
        return self.row(STABLE if self._stable(one) else LEVEL, one)

    @cached_property
    def answers(self) -> list[tuple[Series, int]]:
        """Series of each response, and which of its reporters answers."""
        of = {who: (one, place) for one in self.series for place, who in enumerate(one.reporters)}
        return [of[slot, scale] for _, slot, scale in self.responses]

    def loadings(self) -> tuple[Array, list[Placement]]:
        """Loadings (response, part): fixed ones, and those of later informants."""
        fixed, free = np.zeros((len(self.responses), self.size)), []
        for row, ((wave, slot, scale), (one, place)) in enumerate(
            zip(self.responses, self.answers, strict=True)
        ):
            for column, weight in self._made_of(one, wave):
                if place == 0:
                    fixed[row, column] = weight
                else:
                    at = (f"{self.label(slot)} {scale}",)
                    free.append(Placement("loading", at, row, column, weight))
            if len(one.reporters) > 1:
                fixed[row, self.parts.index((INFORMANT, slot, scale, 0))] = 1.0
        return fixed, free

    def _made_of(self, one: Series, wave: str) -> Iterator[tuple[int, float]]:
        """Parts that a series is the sum of at a wave, with their weights."""
        if not one.moving:
            yield self.row(LEVEL, one), 1.0
            yield self.row(CHANGE, one), self.since_first(one, wave)
            return
        yield self.row(STATE, one, self.grid.occasion[wave]), 1.0
        if not self.scores:
            yield self.row(STABLE, one), 1.0

    def since_first(self, one: Series, wave: str) -> float:
        """Time from the first wave of a series."""
        time = self.panel.data["time"]
        return float(time.sel({WAVE: wave}) - time.sel({WAVE: one.waves[0]}))

    def means(self) -> list[Placement]:
        """Means of scores (response, part), in the column after the parts.

        A mean of each wave, or a level and a change; none where scores drive each other,
        since their levels and changes are means of parts.
        """
        last = len(self.parts)
        return [
            Placement(variable, at, row, last, weight)
            for row in range(len(self.responses))
            for variable, at, weight in self._mean_of(row)
        ]

    def _mean_of(self, row: int) -> Iterator[tuple[str, tuple[str, ...], float]]:
        (wave, slot, scale), (one, _) = self.responses[row], self.answers[row]
        at = (self.label(slot), scale)
        if one.moving and not self.scores:
            yield "mean", (wave, *at), 1.0
        elif not one.moving:
            yield LEVEL, at, 1.0
            yield CHANGE, at, self.since_first(one, wave)

    @cached_property
    def predicted(self) -> GrowthDesign:
        """Levels and changes of the series as predictors see them."""
        analysis = self.panel.analysis
        panel = replace(self.panel, analysis=_of_latents(analysis))
        responses = [(wave, one.slot, one.outcome) for one in self.series for wave in one.waves]
        return GrowthDesign(panel, self.composition, responses, (LEVEL, CHANGE), {})

    def regressions(self) -> list[Placement]:
        """Effects of predictors on parts, by row of `parts` and predictor column."""
        rows = {(kind, *rest): row for row, (kind, *rest, _) in enumerate(self.between)}
        found = []
        for one in self.predicted.coefficients:
            growth, *series = self.predicted.effects[one.row]
            kinds = (STABLE, LEVEL) if growth == LEVEL else (CHANGE,)
            places = [rows[kind, *series] for kind in kinds if (kind, *series) in rows]
            if "_on_" in one.variable:
                found += [replace(one, row=place) for place in places]
        return found


def dynamics_of(analysis: Analysis) -> Dynamics:
    """How a panel moves: as declared, or the defaults."""
    return analysis.dynamics or Dynamics.model_validate({})


def _of_latents(analysis: Analysis) -> Analysis:
    """The same analysis with what informants report in the place of their scales."""

    def renamed[Term: (Predictor, Interaction)](term: Term) -> Term:
        names = tuple(dict.fromkeys(map(analysis.latent_of, term.outcomes or ())))
        return term.model_copy(update={"outcomes": names or None})

    return analysis.model_copy(
        update={
            "outcomes": analysis.latents,
            "predictors": tuple(map(renamed, analysis.predictors)),
            "interactions": tuple(map(renamed, analysis.interactions)),
        }
    )
