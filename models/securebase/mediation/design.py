"""The design of mediated change: growth in steps, with arrows at one level or at two."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.terms import Predictor
from securebase.faults import Fault, InputError
from securebase.growth.design import GrowthDesign, composition_designs
from securebase.growth.identification import predictor_faults, varying_faults
from securebase.growth.time import CHANGE, LEVEL
from securebase.mediation.arrows import Arrows
from securebase.mediation.leaders import leader_faults
from securebase.panel import Panel
from securebase.structure.cells import Placement, laid_out_draws
from securebase.structure.totals import totals_of

Array = NDArray[np.float64]
BY_CLUSTER = ("leader", "group")


@dataclass(frozen=True)
class MediatedDesign:
    """Units of one composition: their growth in steps, and the arrows of each level.

    Parameters
    ----------
    growth : GrowthDesign
        Responses, effects and predictor columns.
    within : Arrows
        Among the effects of a unit.
    between : Arrows or None
        Among the effects of a cluster; None where units share none.
    """

    growth: GrowthDesign
    within: Arrows
    between: Arrows | None

    @property
    def levels(self) -> list[Arrows]:
        """Arrows of every level there is."""
        return [self.within, *((self.between,) if self.between else ())]

    @property
    def steps(self) -> list[str]:
        """Changes that are named by the wave they lead to; none where there is one change."""
        growths = dict.fromkeys(growth for growth, _, _ in self.growth.effects)
        return [growth for growth in growths if growth not in (LEVEL, CHANGE)]

    @cached_property
    def shared(self) -> Array:
        """From effects of a cluster to those of its units (effect, cluster_effect)."""
        between = [] if self.between is None else list(self.between.effects)
        place = np.zeros((len(self.growth.effects), len(between)))
        for row, (growth, slot, outcome) in enumerate(self.growth.effects):
            if between:
                label = self.growth.label_of_slot[slot]
                place[row, between.index((growth, label, outcome))] = 1.0
        return place

    def coefficients(self, level: Arrows | None) -> list[Placement]:
        """Coefficients of predictors that enter at a level; None: the constants.

        At the level of clusters what all its members share enters: leaders' values, group
        means and their products, once for each effect of the cluster.
        """
        found = [one for one in self.growth.coefficients if self._enters(one) is level]
        if level is None or level is self.within:
            return found
        rows = self.shared.argmax(axis=1)
        moved = {
            (one.variable, one.at, int(rows[one.row]), one.column): Placement(
                one.variable, one.at, int(rows[one.row]), one.column
            )
            for one in found
        }
        return list(moved.values())

    def _enters(self, one: Placement) -> Arrows | None:
        source, predicted, _ = one.variable.partition("_on_")
        if not predicted:
            return None
        if self.between is None:
            return self.within
        shared = source in BY_CLUSTER
        if source == "interaction":
            analysis = self.growth.panel.analysis
            by_term = {predictor.term: predictor for predictor in analysis.predictors}
            name = one.at[0].partition("[")[0]
            (product,) = (each for each in analysis.products if each.name == name)
            shared = all(_of_cluster(by_term[term]) for term in product.of)
        return self.between if shared else self.within

    def expected(self, values: xr.Dataset) -> Array:
        """Regression (…, effect, design) of the effects, from draws or from a truth."""
        shape = (len(self.growth.effects), len(self.growth.columns))
        total = laid_out_draws(self.coefficients(None), values, shape)
        for level in self.levels:
            size = len(level.effects)
            own = laid_out_draws(self.coefficients(level), values, (size, shape[1]))
            moved = totals_of_draws(laid_out_draws(level.placements, values, (size, size))) @ own
            total = total + (moved if level is self.within else self.shared @ moved)
        return total


def _of_cluster(predictor: Predictor) -> bool:
    return predictor.of in BY_CLUSTER


def totals_of_draws(arrows: Array) -> Array:
    """Total effects (…, target, source) along arrows (…, target, source), draw by draw."""
    flat = arrows.reshape(-1, *arrows.shape[-2:])
    return np.stack([totals_of(one) for one in flat]).reshape(arrows.shape)


def mediated_designs(panel: Panel) -> list[MediatedDesign]:
    """Design of each composition that has units.

    Raises
    ------
    InputError
        For paths that meet no effect or lead in a circle, for predictors that predict nothing
        or do not vary, and for what leaders answer and predict by in two units.
    """
    designs = [_design(growth) for growth in composition_designs(panel)]
    faults = [*_shape_faults(panel), *varying_faults(panel), *_idle_terms(panel)]
    answered = {outcome for one in designs for _, outcome in one.growth.series}
    for design in designs:
        faults += design.within.faults()
    growths = [one.growth for one in designs]
    faults += [*predictor_faults(growths), *leader_faults(panel, growths)]
    if not faults:
        faults += _strays(panel, designs, answered)
    if faults:
        raise InputError("mediated change", faults)
    return designs


def _design(growth: GrowthDesign) -> MediatedDesign:
    panel, composition = growth.panel, growth.composition
    suffix = f"_{composition.name}" if len(panel.compositions) > 1 else ""
    slots, labels = composition.slots, composition.labels
    here = {outcome for _, outcome in growth.series}
    paths = [one for one in panel.analysis.paths if {one.source, one.target} <= here]
    within = Arrows("", suffix, growth.effects, slots, labels, paths)
    if not panel.analysis.clusters or composition.slots == (panel.leader,):
        return MediatedDesign(growth, within, None)
    names = growth.label_of_slot
    shared = list(dict.fromkeys((g, names[slot], out) for g, slot, out in growth.effects))
    distinct = tuple(dict.fromkeys(labels))
    own = [one for one in paths if one.of == "actor" or len(distinct) > 1]
    return MediatedDesign(
        growth, within, Arrows("cluster_", suffix, shared, distinct, distinct, own)
    )


def _shape_faults(panel: Panel) -> Iterator[Fault]:
    shape = panel.analysis.time.shape
    if panel.data.sizes["wave"] > 1 and shape != "steps":
        yield Fault("panel", f"time of shape {shape}", "steps", "time: {shape: steps}")


def _idle_terms(panel: Panel) -> Iterator[Fault]:
    """List terms that predict a change alone where one wave is modelled."""
    analysis = panel.analysis
    terms = [(one.term, one.on) for one in analysis.predictors]
    terms += [(one.name, one.on) for one in analysis.products]
    for name, on in terms:
        if panel.data.sizes["wave"] == 1 and LEVEL not in on:
            given = f"'{name}' predicts the change, which one wave does not have"
            yield Fault("panel", given, "on: [level]", "or more `waves`")


def _strays(panel: Panel, designs: Sequence[MediatedDesign], answered: set[str]) -> Iterator[Fault]:
    """Report paths between outcomes that no unit has together."""
    together = [{outcome for _, outcome in one.growth.series} for one in designs]
    for path in panel.analysis.paths:
        ends = {path.source, path.target}
        if ends <= answered and not any(ends <= one for one in together):
            remedy = "what leaders answer reaches members as a predictor, `of: leader`"
            given = f"path '{path.name}' between outcomes of leaders and of members"
            yield Fault("panel", given, "outcomes of the same units", remedy)
