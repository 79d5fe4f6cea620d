"""The design of growth in one composition: constants that place parameters into moments.

A unit's responses are wave × member × outcome. Each member and outcome (a *series*) has
growth effects: its level and its change, one change per phase. The *basis* turns effects
into expected responses; *coefficients* say which parameter moves which effect through
which predictor column.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.terms import Interaction, Predictor
from securebase.columns import ColumnSummary, column_summary
from securebase.growth.time import CHANGE, LEVEL, growth_at, growth_functions, growth_names
from securebase.names import CLUSTER, MEASURE, OUTCOME, OWNER, RESPONSE, ROLE, UNIT, WAVE
from securebase.panel import Composition, Panel
from securebase.predictors import owners_of
from securebase.structure.cells import Placement

Array = NDArray[np.float64]
Column = tuple[tuple[str, str], ...]
"""A predictor column: the (measure, owner) pairs it is the product of; () is the constant."""


def predictor_columns(panel: Panel, columns: Sequence[Column]) -> Array:
    """Value of each predictor column (unit, column) for the units of a panel."""
    measure = panel.data["predictor_value"]
    values = np.ones((measure.sizes[UNIT], len(columns)))
    for place, column in enumerate(columns):
        for name, owner in column:
            values[:, place] *= measure.sel({MEASURE: name, OWNER: owner}).values
    return values


def column_name(column: Column) -> str:
    """Name a predictor column: "age patient x skill patient"; "1" is the constant."""
    return " x ".join(" ".join(pair) for pair in column) or "1"


@dataclass(frozen=True)
class GrowthDesign:
    """Responses, effects and predictor columns of the units of one composition.

    Parameters
    ----------
    composition : Composition
        Whose units.
    responses : list of (wave, slot, outcome)
        Everything the design measures in a unit.
    growths : tuple of str
        "level", then "change" or the names of the phases.
    times : ndarray (wave, growth)
        Value of each growth function at each wave; zero where `free`.
    free : bool
        Whether the change's loadings are estimated.
    """

    panel: Panel
    composition: Composition
    responses: list[tuple[str, str, str]]
    growths: tuple[str, ...]
    times: dict[str, Array]

    @cached_property
    def series(self) -> list[tuple[str, str]]:
        """Member and outcome of each series, outcomes of a member together."""
        return list(dict.fromkeys((slot, outcome) for _, slot, outcome in self.responses))

    @cached_property
    def effects(self) -> list[tuple[str, str, str]]:
        """Growth, member and outcome of each effect: all levels, then the changes.

        In steps a series has the changes to the waves after its own first.
        """
        every = [(growth, *series) for growth, series in product(self.growths, self.series)]
        if self.panel.analysis.time.shape != "steps":
            return every
        reached = {
            (self.growths[int(np.flatnonzero(self.times[wave])[-1])], slot, outcome)
            for wave, slot, outcome in self.responses
            if wave != self.first_wave(slot, outcome)
        }
        return [one for one in every if one[0] == LEVEL or one in reached]

    def first_wave(self, slot: str, outcome: str) -> str:
        """First wave that measures a series."""
        return next(wave for wave, *one in self.responses if one == [slot, outcome])

    @property
    def series_of_response(self) -> NDArray[np.int64]:
        """Position in `series` of each response."""
        return np.array([self.series.index((slot, out)) for _, slot, out in self.responses])

    @property
    def wave_of_response(self) -> list[str]:
        """Wave of each response."""
        return [wave for wave, _, _ in self.responses]

    @property
    def label_of_slot(self) -> dict[str, str]:
        """Role label of the parameters for each member."""
        return dict(zip(self.composition.slots, self.composition.labels, strict=True))

    @property
    def basis(self) -> Array:
        """Constant part of the basis (response, effect)."""
        basis = np.zeros((len(self.responses), len(self.effects)))
        places = {effect: place for place, effect in enumerate(self.effects)}
        for row, (wave, slot, outcome) in enumerate(self.responses):
            for growth, value in zip(
                self.growths, self._times_of(wave, slot, outcome), strict=True
            ):
                if (growth, slot, outcome) in places:
                    basis[row, places[growth, slot, outcome]] = value
        return basis

    def _times_of(self, wave: str, slot: str, outcome: str) -> Array:
        """Value of each growth function at a wave; steps count from the series' own first wave."""
        times = self.times[wave]
        if self.panel.analysis.time.shape != "steps":
            return times
        first = self.times[self.first_wave(slot, outcome)]
        return np.array([1.0, *np.where(times[1:] != 0, times[1:] - first[1:].sum(), 0.0)])

    @property
    def unit_basis(self) -> Array | None:
        """Basis of each unit (unit, response, effect) where units have times of their own."""
        data = self.panel.units_of(self.composition).data
        if "unit_time" not in data:
            return None
        basis = np.zeros((data.sizes[UNIT], len(self.responses), len(self.effects)))
        for row, (wave, slot, outcome) in enumerate(self.responses):
            own = growth_at(self.panel, data["unit_time"].sel({WAVE: wave, ROLE: slot}).values)
            for place, value in enumerate(own.T):
                effect = place * len(self.series) + self.series.index((slot, outcome))
                basis[:, row, effect] = value
        return basis

    @cached_property
    def coefficients(self) -> list[Placement]:
        """Every number of the mean parameters, with its place."""
        return list(self._coefficients())

    @cached_property
    def columns(self) -> list[Column]:
        """Columns of what predicts an outcome here, the constant first."""
        return list(
            dict.fromkeys(
                [
                    (),
                    *(
                        column
                        for _, _, _, outcomes, slot, column in self._terms()
                        if any((slot, outcome) in self.series for outcome in outcomes)
                    ),
                ]
            )
        )

    def score(self, panel: Panel) -> Array:
        """Responses (unit, response) of this composition's units in a panel."""
        score = panel.units_of(self.composition).data["score"]
        wave, slot, outcome = (list(names) for names in zip(*self.responses, strict=True))
        at = {
            dim: xr.DataArray(names, dims=RESPONSE)
            for dim, names in ((WAVE, wave), (ROLE, slot), (OUTCOME, outcome))
        }
        return np.asarray(score.sel(at).transpose(UNIT, RESPONSE).values)

    def predictors(self, panel: Panel) -> Array:
        """Predictor columns (unit, column) of this composition's units."""
        return predictor_columns(panel.units_of(self.composition), self.columns)

    @cached_property
    def summary(self) -> ColumnSummary:
        """Predictor columns of this composition's units, summed up."""
        names = [column_name(column) for column in self.columns]
        told = self.panel.told.get(self.composition.name)
        if told is not None:
            return told.only(names)
        return column_summary(self.predictors(self.panel), names, self.cluster(self.panel))

    def cluster(self, panel: Panel) -> NDArray[np.int64] | None:
        """Cluster number of each unit, None where the analysis has no clusters."""
        if not panel.analysis.clusters:
            return None
        names = panel.units_of(self.composition).data[CLUSTER].values
        return np.unique(names, return_inverse=True)[1]

    def _coefficients(self) -> Iterator[Placement]:
        for effect, (growth, slot, outcome) in enumerate(self.effects):
            label = self.label_of_slot[slot]
            part = LEVEL if growth == LEVEL else CHANGE
            at = (label, outcome) if growth in (LEVEL, CHANGE) else (growth, label, outcome)
            yield Placement(part, at, effect, 0)
            for source, term, on, outcomes, owner, column in self._terms():
                if owner == slot and part in on and outcome in outcomes:
                    place = self.columns.index(column)
                    yield Placement(f"{source}_on_{part}", (term, *at), effect, place)

    def _terms(self) -> Iterator[tuple[str, str, tuple[str, ...], tuple[str, ...], str, Column]]:
        """(source, label, on, outcomes, slot, column) of each predictor for each member."""
        analysis = self.panel.analysis
        by_term = {predictor.term: predictor for predictor in analysis.predictors}
        for slot in self.composition.slots:
            for predictor in analysis.predictors:
                for label in self.labels_of(predictor):
                    column: Column = self._owned((predictor,), (label,), slot)
                    outcomes = _outcomes(self, predictor)
                    if self._known(column):
                        yield predictor.of, label, predictor.on, outcomes, slot, column
            for interaction in analysis.products:
                parts = [by_term[term] for term in interaction.of]
                for labels in product(*(self.labels_of(part) for part in parts)):
                    levels = [label.partition("[")[2].rstrip("]") for label in labels]
                    inside = ",".join(level for level in levels if level)
                    name = f"{interaction.name}[{inside}]" if inside else interaction.name
                    column = self._owned(parts, labels, slot)
                    outcomes = _outcomes(self, interaction)
                    if self._known(column):
                        yield "interaction", name, interaction.on, outcomes, slot, column

    def labels_of(self, predictor: Predictor) -> list[str]:
        """Measures of a predictor: itself, or one per contrasted level."""
        measures = map(str, self.panel.data[MEASURE].values)
        return [name for name in measures if name.partition("[")[0] == predictor.name]

    def _owned(self, parts: Sequence[Predictor], labels: Sequence[str], slot: str) -> Column:
        roles = [str(role) for role in self.panel.data[OWNER].values]
        owners = [owners_of(part, slot, roles, self.panel.leader) for part in parts]
        pairs = zip(labels, owners, strict=True)
        return tuple(sorted((label, owner) for label, found in pairs for owner in found))

    def _known(self, column: Column) -> bool:
        """Whether those whose values a column is made of give any: else it predicts nothing."""
        known = self.panel.data["predictor_value"].notnull().any(UNIT)
        return bool(column) and all(known.sel({MEASURE: m, OWNER: o}) for m, o in column)


def _outcomes(design: GrowthDesign, term: Predictor | Interaction) -> tuple[str, ...]:
    return term.outcomes or design.panel.analysis.outcomes


def composition_designs(panel: Panel) -> list[GrowthDesign]:
    """Design of each composition that has units, whether or not it can be fitted."""
    growths = growth_names(panel)
    present = set(panel.data["composition"].values)
    return [
        GrowthDesign(panel, one, _responses(panel, one), growths, growth_functions(panel))
        for one in panel.compositions
        if one.name in present
    ]


def _responses(panel: Panel, composition: Composition) -> list[tuple[str, str, str]]:
    data = panel.units_of(composition).data
    measured = data["score"].notnull().any(UNIT) & data["asked"]
    if composition.exchangeable:
        # labels carry no meaning: what one member answers, the other might have
        measured = measured | measured.any(ROLE)
    series = [
        (slot, outcome)
        for slot in composition.slots
        for outcome in panel.analysis.outcomes
        if bool(measured.sel({ROLE: slot, OUTCOME: outcome}).any())
    ]
    return [
        (str(wave), slot, outcome)
        for wave in data[WAVE].values
        for slot, outcome in series
        if bool(measured.sel({WAVE: wave, ROLE: slot, OUTCOME: outcome}))
    ]
