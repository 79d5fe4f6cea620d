"""What keeps a growth design from being fitted."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from securebase.faults import Fault, InputError
from securebase.growth.design import Column, GrowthDesign, column_name, composition_designs
from securebase.panel import Panel

Array = NDArray[np.float64]


def growth_designs(panel: Panel) -> list[GrowthDesign]:
    """Design of each composition that has units.

    Raises
    ------
    InputError
        For series whose waves do not identify the growth effects (or cannot tell random
        effects from the residual), and for predictors that predict nothing or do not vary.
    """
    designs = composition_designs(panel)
    faults = [fault for design in designs for fault in _series_faults(design)]
    faults += [*predictor_faults(designs), *varying_faults(panel)]
    if faults:
        raise InputError("dyadic growth", faults)
    return designs


def predictor_faults(designs: Sequence[GrowthDesign]) -> Iterator[Fault]:
    """List predictors that are the same in all units, predict twice, or predict in none."""
    predicting: set[tuple[str, str]] = set()
    for design in designs:
        yield from constant_faults(design.columns, design.predictors(design.panel))
        yield from _twice(design)
        predicting |= {part for column in design.columns for part in column}
    for predictor in designs[0].panel.analysis.predictors:
        labels = set(designs[0].labels_of(predictor))
        if not any(label in labels for label, _ in predicting):
            given = f"predictor '{predictor.term}' is known of no member whom it could predict"
            yield Fault("panel", given, "values of them", "see `of`, and the roles that have it")


def constant_faults(columns: Sequence[Column], values: Array) -> Iterator[Fault]:
    """List predictor columns, the constant aside, whose values (unit, column) are all the same."""
    for column, spread in zip(columns[1:], np.ptp(values[:, 1:], axis=0), strict=True):
        if not spread > 0:
            given = f"predictor '{column_name(column)}' is the same in all units"
            yield Fault("panel", given, "two values")


def varying_faults(panel: Panel) -> Iterator[Fault]:
    """List predictors that vary over waves, of which growth would take the mean alone."""
    for predictor in panel.analysis.predictors:
        if predictor.varying:
            given = f"'{predictor.term}' varies over waves"
            yield Fault("panel", given, "one value of each person", "leave `varying` out")


def _twice(design: GrowthDesign) -> Iterator[Fault]:
    """List terms that are the same column of the same effect: one of them, or neither, is told."""
    known: dict[tuple[int, int], str] = {}
    pairs: dict[tuple[str, str], None] = {}
    for one in (one for one in design.coefficients if one.column):
        term = f"{one.variable.partition('_on_')[0]} {one.at[0]}"
        first = known.setdefault((one.row, one.column), term)
        if first != term:
            pairs[first, term] = None
    for first, term in pairs:
        given = f"'{first}' and '{term}' are the same values for {design.composition.name}"
        yield Fault("panel", given, "one of them", "say which `outcomes` each predicts")


def _series_faults(design: GrowthDesign) -> Iterator[Fault]:
    for slot, outcome in design.series:
        waves = [wave for wave, *one in design.responses if one == [slot, outcome]]
        yield from _unidentified(design, f"{slot} {outcome}", waves)


def _unidentified(design: GrowthDesign, series: str, waves: list[str]) -> Iterator[Fault]:
    needed = len(design.growths)
    if design.panel.analysis.time.shape == "steps":
        given = f"{series} in steps, which leave no residual to tell from random effects"
        yield Fault("panel", given, "linear, piecewise or free", "or family: mediated_change")
        return
    if len(waves) <= needed:
        yield Fault(
            "panel",
            f"{series} is measured at {len(waves)} waves",
            f"more than {needed}, one for each growth effect and one over",
            "use a simpler time shape",
        )
        return
    ends = list(design.times)[:: len(design.times) - 1]
    if design.panel.analysis.time.shape == "free" and not set(ends) <= set(waves):
        yield Fault(
            "panel", f"{series} on a free path is not measured at both ends", " and ".join(ends)
        )
    elif np.linalg.matrix_rank([design.times[wave] for wave in waves]) < needed:
        given = f"{series} is measured at {', '.join(waves)} only, which misses a phase"
        yield Fault("panel", given, "waves in every phase", "use a simpler time shape")
