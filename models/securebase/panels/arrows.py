"""Arrows between the parts of a unit, and the ranks they give to what varies."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from securebase.codebook.terms import Path
from securebase.growth.time import CHANGE, LEVEL
from securebase.panels.design import STATE, PanelDesign
from securebase.panels.series import Series, ends, lagged_paths
from securebase.structure.cells import Placement

Array = NDArray[np.float64]
Pair = tuple[Series, Series]
LAGGED: Final = "lagged"
CONCURRENT: Final = "concurrent"
STABLE_PATH: Final = "stable_path"
STABLE_ON_CHANGE: Final = "stable_on_change"
BASELINE_ON_CHANGE: Final = "baseline_on_change"


def lagged_of(design: PanelDesign) -> list[Path]:
    """Paths from each wave to the next."""
    return lagged_paths(design.panel.analysis, len(design.composition.slots) > 1)


def concurrent_of(design: PanelDesign) -> list[Path]:
    """Paths within a wave, and without waves."""
    return [one for one in design.panel.analysis.paths if one.lag == 0]


def arrows(design: PanelDesign) -> list[Placement]:
    """Every arrow that is estimated (target part, source part)."""
    return [*_lagged(design), *_concurrent(design), *_between(design)]


def fixed_arrows(design: PanelDesign) -> Array:
    """Arrows (target part, source part) that are known: scores start at a level and go on."""
    known = np.zeros((design.size, design.size))
    if design.scores:
        for one in design.moving:
            first = design.first(one)
            known[design.row(STATE, one, first), design.row(LEVEL, one)] = 1.0
            for occasion in range(first + 1, design.grid.size):
                known[design.row(STATE, one, occasion), design.row(CHANGE, one)] = 1.0
    return known


def _lagged(design: PanelDesign) -> Iterator[Placement]:
    by_step = design.dynamics.effects == "by_step"
    for path in lagged_of(design):
        for source, target in ends(design.moving, path):
            label = design.label(target.slot)
            start = max(design.first(target), design.first(source)) + 1
            for occasion in range(start, design.grid.size):
                step = (design.grid.step_label(occasion),) if by_step else ()
                yield Placement(
                    LAGGED, (path.name, *step, label),
                    design.row(STATE, target, occasion), design.row(STATE, source, occasion - 1),
                )  # fmt: skip


def _concurrent(design: PanelDesign) -> Iterator[Placement]:
    for path in concurrent_of(design):
        for source, target in ends(design.moving, path):
            at = (path.name, design.label(target.slot))
            start = max(design.first(target), design.first(source))
            for occasion in range(start, design.grid.size):
                rows = design.row(STATE, target, occasion), design.row(STATE, source, occasion)
                yield Placement(CONCURRENT, at, *rows)


def _between(design: PanelDesign) -> Iterator[Placement]:
    for path in concurrent_of(design):
        for source, target in ends(design.series, path):
            at = (path.name, design.label(target.slot))
            if target.moving or LEVEL in path.on:
                yield Placement(STABLE_PATH, at, design.once(target), design.once(source))
            if not target.moving and CHANGE in path.on:
                yield Placement(
                    STABLE_ON_CHANGE, at, design.row(CHANGE, target), design.once(source)
                )
    for one in design.still:
        at = (design.label(one.slot), one.outcome)
        yield Placement(BASELINE_ON_CHANGE, at, design.row(CHANGE, one), design.row(LEVEL, one))


def stable_pairs(design: PanelDesign) -> list[Pair]:
    """Source and target of each path between stable parts."""
    return [
        (source, target)
        for path in concurrent_of(design)
        for source, target in ends(design.series, path)
        if target.moving or LEVEL in path.on
    ]


def state_pairs(design: PanelDesign, starting: bool = False) -> list[Pair]:
    """Source and target of each path within a wave; starting: that are there when they start."""
    return [
        (source, target)
        for path in concurrent_of(design)
        for source, target in ends(design.moving, path)
        if not starting or design.first(source) <= design.first(target)
    ]
