"""The design of a diary: what happens at an occasion moves the outcomes of that occasion."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError

import numpy as np

from securebase.codebook.terms import Path
from securebase.faults import Fault, InputError
from securebase.growth.design import Column, GrowthDesign, composition_designs
from securebase.growth.identification import constant_faults
from securebase.growth.time import CHANGE, LEVEL
from securebase.panel import Panel
from securebase.slopes.occasions import TIME, Effect, Factor, OccasionDesign, has_trend
from securebase.slopes.terms import Term, terms_of
from securebase.structure.blocks import Block
from securebase.structure.cells import Placement
from securebase.structure.covariance import MemberCovariance
from securebase.structure.ranks import explained, ranks_of


def diary_designs(panel: Panel) -> list[OccasionDesign]:
    """Design of each composition that has units.

    Raises
    ------
    InputError
        With everything that keeps the designs from being fitted.
    """
    faults = list(_faults_of_analysis(panel))
    if faults:
        raise InputError("momentary buffering", faults)
    designs = [_design(growth) for growth in composition_designs(panel)]
    faults = [fault for design in designs for fault in _faults_of_design(design)]
    if faults:
        raise InputError("momentary buffering", faults)
    return designs


def owner_of(path: Path, slot: str, slots: Sequence[str]) -> str | None:
    """Whose source a path starts from that leads to an outcome of the member `slot`."""
    if path.of == "actor":
        return slot
    return next((one for one in slots if one != slot), None)


def slope_name(path: Path) -> str:
    """Name of the slope along a path among the effects of a unit."""
    return f"{'own' if path.of == 'actor' else "partner's"} {path.source}"


def outcome_ranks(panel: Panel) -> dict[str, int]:
    """Length of the longest chain of paths that ends in each outcome."""
    paths = panel.analysis.paths
    return ranks_of(panel.analysis.outcomes, [(path.source, path.target) for path in paths])


def unit_covariance(design: OccasionDesign) -> Block:
    """Levels and slopes of a unit, all correlated."""
    composition, suffix = design.growth.composition, design.suffix
    quantities = [design.effects[place].quantity for place in design.varying]
    covariance = MemberCovariance(
        f"unit{suffix}", f"effect{suffix}", quantities, composition.slots, composition.labels
    )
    return Block(covariance, design.varying)


def residual_covariances(design: OccasionDesign) -> list[Block]:
    """Residuals of an occasion: correlated among outcomes that come equally late.

    A path explains its target by the answer to its source at the same occasion, which
    leaves nothing for their residuals to share.
    """
    composition, ranks = design.growth.composition, outcome_ranks(design.panel)
    blocks = []
    for rank in sorted({ranks[outcome] for _, outcome in design.growth.series}):
        rows = [row for row, (_, out) in enumerate(design.growth.series) if ranks[out] == rank]
        quantities = [("", *design.growth.series[row]) for row in rows]
        end = f"{explained(rank)}{design.suffix}"
        covariance = MemberCovariance(
            f"residual{end}", f"series{end}", quantities, composition.slots, composition.labels
        )
        blocks.append(Block(covariance, rows))
    return blocks


@dataclass
class _Gathering:
    """Effects, columns and placements while they are found."""

    growth: GrowthDesign
    effects: list[Effect] = field(default_factory=list)
    columns: list[Column] = field(default_factory=lambda: [()])
    placements: list[Placement] = field(default_factory=list)

    def effect(self, one: Effect) -> int:
        """Place of an effect, or of the one that is multiplied with the same."""
        for place, other in enumerate(self.effects):
            if (one.slot, one.outcome, one.factors) == (other.slot, other.outcome, other.factors):
                return place
        self.effects.append(one)
        return len(self.effects) - 1

    def column(self, one: Column) -> int:
        if one not in self.columns:
            self.columns.append(one)
        return self.columns.index(one)

    def place(self, variable: str, at: Sequence[str], effect: Effect, column: Column = ()) -> None:
        cell = Placement(variable, tuple(at), self.effect(effect), self.column(column))
        self.placements.append(cell)


def _design(growth: GrowthDesign) -> OccasionDesign:
    found = _Gathering(growth)
    terms = list(terms_of(growth))
    for slot, outcome in growth.series:
        at = (growth.label_of_slot[slot], outcome)
        found.place(LEVEL, at, Effect(LEVEL, slot, outcome))
    if has_trend(growth.panel):
        for slot, outcome in growth.series:
            at = (growth.label_of_slot[slot], outcome)
            found.place(CHANGE, at, Effect(CHANGE, slot, outcome, (TIME,), varies=False))
    # what units differ in comes first: a product may be that of a slope and a static predictor
    for term in sorted(terms, key=lambda one: (not one.varying, one.source == "interaction")):
        _place_term(found, term)
    for path in growth.panel.analysis.paths:
        _place_path(found, path)
    order = sorted(range(len(found.effects)), key=lambda row: not found.effects[row].varies)
    placements = [
        Placement(one.variable, one.at, order.index(one.row), one.column)
        for one in found.placements
    ]
    effects = [found.effects[row] for row in order]
    return OccasionDesign(growth, effects, placements, found.columns)


def _place_term(found: _Gathering, term: Term) -> None:
    series = [(slot, out) for slot, out in found.growth.series if slot == term.slot]
    alone = term.source != "interaction"
    kind = f"{term.source} {term.label}" if alone else term.label
    factors: tuple[Factor, ...] = tuple(("deviation", *pair) for pair in term.varying)
    part = "moment" if term.varying else LEVEL
    for slot, outcome in series:
        if outcome in term.outcomes:
            effect = Effect(kind, slot, outcome, factors, varies=alone)
            at = (term.label, found.growth.label_of_slot[slot], outcome)
            found.place(f"{term.source}_on_{part}", at, effect, term.static)


def _place_path(found: _Gathering, path: Path) -> None:
    growth = found.growth
    for slot, outcome in growth.series:
        owner = owner_of(path, slot, growth.composition.slots)
        if outcome == path.target and (owner, path.source) in growth.series:
            factors: tuple[Factor, ...] = (("answer", path.source, str(owner)),)
            at = (path.name, growth.label_of_slot[slot])
            found.place("path_on_moment", at, Effect(slope_name(path), slot, outcome, factors))


def _faults_of_analysis(panel: Panel) -> Iterator[Fault]:
    analysis = panel.analysis
    if analysis.time.shape != "linear" or analysis.time.measured_by != "wave":
        given = f"time of shape {analysis.time.shape}, by {analysis.time.measured_by}"
        yield Fault("panel", given, "linear, by wave", "leave `time` out: no trend")
    if not analysis.paths and not any(one.varying for one in analysis.predictors):
        given = "nothing that varies from occasion to occasion predicts"
        yield Fault("panel", given, "a predictor with `varying: true`", "or family: dyadic_growth")
    for one in analysis.predictors:
        if one.varying and one.of not in ("actor", "partner"):
            given = f"varying predictor '{one.term}'"
            yield Fault("panel", given, "of: actor or partner", "or leave `varying` out")
        if not one.varying and "level" not in one.on:
            given = f"predictor '{one.term}' on {', '.join(one.on)}"
            yield Fault("panel", given, "on: [level]", "a change over time is the same for all")
    for path in analysis.paths:
        if path.lag:
            given = f"path '{path.name}' with a lag"
            yield Fault("panel", given, "lag: 0", "family: dyadic_panel goes from wave to wave")
    try:
        outcome_ranks(panel)
    except CycleError as error:
        given = f"paths lead in a circle: {' to '.join(error.args[1])}"
        yield Fault("panel", given, "causes before effects")


def _faults_of_design(design: OccasionDesign) -> Iterator[Fault]:
    panel = design.panel
    yield from constant_faults(design.columns, design.predictors(panel))
    for place, effect in enumerate(design.effects):
        if effect.factors and not np.nan_to_num(design.basis[:, :, place]).any():
            given = f"{effect.kind} is the same at every occasion at which {effect.slot} answers"
            expected = f"values that vary, for {effect.outcome}"
            yield Fault("panel", given, expected, "leave it out, or `varying: false`")
    used = {at.at[0] for at in design.placements if len(at.at) == 3 or "path" in at.variable}
    for predictor in panel.analysis.predictors:
        if not used & set(design.growth.labels_of(predictor)):
            given = f"predictor '{predictor.term}' is known of no member whom it could predict"
            yield Fault("panel", given, "values of them", "see `of`, and the roles that have it")
    for path in panel.analysis.paths:
        if path.name not in used:
            given = f"path '{path.name}' finds no member with both outcomes"
            yield Fault("panel", given, "see `of`, and who answers the outcomes")
    yield from _too_few(design)


def _too_few(design: OccasionDesign) -> Iterator[Fault]:
    """Report series whose residual nothing tells from the effects of a unit."""
    for slot, outcome in design.growth.series:
        here = [(slot, outcome) == response[1:] for response in design.growth.responses]
        needed = sum(
            (slot, outcome) == (design.effects[row].slot, design.effects[row].outcome)
            for row in design.varying
        )
        most = int((~np.isnan(design.score(design.panel)[:, here])).sum(axis=1).max())
        if most <= needed:
            given = f"{slot} {outcome} is answered by nobody more than {most} times"
            remedy = "fewer varying predictors"
            yield Fault("panel", given, f"more than {needed}, one for each effect", remedy)
