"""Named numbers of a panel: means, paths, loadings and effects of predictors, as variables."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.growth.time import CHANGE, LEVEL
from securebase.names import OUTCOME, ROLE, WAVE
from securebase.panel import Panel
from securebase.panels.arrows import (
    BASELINE_ON_CHANGE,
    CONCURRENT,
    LAGGED,
    STABLE_ON_CHANGE,
    STABLE_PATH,
    arrows,
    concurrent_of,
    lagged_of,
)
from securebase.panels.design import PanelDesign
from securebase.priors import Priors
from securebase.structure.cells import At, Cells, Placement, cells_of

Array = NDArray[np.float64]
Numbers = dict[str, tuple[Sequence[At], TensorVariable]]
"""{variable: its cells, their numbers (cell,) in the current model}"""

DIMS: Final[dict[str, tuple[str, ...]]] = {
    "mean": (WAVE, ROLE, OUTCOME),
    LEVEL: (ROLE, OUTCOME),
    CHANGE: (ROLE, OUTCOME),
    LAGGED: ("path", ROLE),
    CONCURRENT: ("path", ROLE),
    STABLE_PATH: ("path", ROLE),
    STABLE_ON_CHANGE: ("path", ROLE),
    BASELINE_ON_CHANGE: (ROLE, OUTCOME),
    "loading": ("informant",),
}


def numbers_of(design: PanelDesign) -> list[Placement]:
    """Every number of a design, wherever it stands; row and column are of several matrices."""
    return [*design.means(), *part_means(design), *arrows(design), *design.loadings()[1]]


def part_means(design: PanelDesign) -> list[Placement]:
    """What moves the means of parts (part, predictor column)."""
    levels = [
        Placement(kind, (design.label(slot), outcome), row, 0)
        for row, (kind, slot, outcome, _) in enumerate(design.between)
    ]
    return [*(levels if design.scores else ()), *design.regressions()]


def variables(designs: Sequence[PanelDesign]) -> list[Cells]:
    """Every variable of normal numbers, rectangular over the labels of its dims."""
    found: dict[str, dict[At, None]] = {}
    for design in designs:
        for one in numbers_of(design):
            found.setdefault(one.variable, {})[one.at] = None
    labels = _labels(designs, found)
    return [cells_of(name, dims_of(name, next(iter(at))), at, labels) for name, at in found.items()]


def dims_of(name: str, at: At) -> tuple[str, ...]:
    """Dims of a variable, with `step` where paths have effects of their own at each."""
    if name in DIMS:
        own = DIMS[name]
        return own if len(own) == len(at) else (own[0], "step", *own[1:])
    return (f"{name.partition('_on_')[0]}_predictor", ROLE, OUTCOME)


def _labels(
    designs: Sequence[PanelDesign], found: dict[str, dict[At, None]]
) -> dict[str, dict[str, None]]:
    first = designs[0]
    analysis, grid = first.panel.analysis, first.grid
    used = {
        at[0] for name, cells in found.items() if DIMS.get(name, ("",))[0] == "path" for at in cells
    }
    paths = [one for one in _path_outcomes(designs) if one in used]
    labels: dict[str, dict[str, None]] = {
        WAVE: dict.fromkeys(map(str, first.panel.data[WAVE].values)),
        OUTCOME: dict.fromkeys((*analysis.outcomes, *analysis.latents)),
        "path": dict.fromkeys(paths),
    }
    if first.dynamics.effects == "by_step":
        labels["step"] = dict.fromkeys(map(grid.step_label, range(1, grid.size)))
    for name, cells in found.items():
        for at in cells:
            for dim, label in zip(dims_of(name, at), at, strict=True):
                labels.setdefault(dim, {})[label] = None
    return labels


def registered(designs: Sequence[PanelDesign], priors: Priors) -> Numbers:
    """Register the numbers in the current model."""
    found: Numbers = {}
    for one in variables(designs):
        mean, sd = zip(*_normal(designs, one, priors), strict=True)
        found[one.name] = (one.cells, one.registered(np.array(mean), np.array(sd)))
    return found


def _normal(
    designs: Sequence[PanelDesign], variable: Cells, priors: Priors
) -> Iterator[tuple[float, float]]:
    """Prior mean and sd of each cell of a variable."""
    _, predicted, part = variable.name.partition("_on_")
    if predicted and variable.name not in DIMS:
        prior, spread = priors[f"on_{part}"], _column_spreads(designs)
    else:
        prior, spread = priors[variable.name], {}
    outcomes = _path_outcomes(designs) if variable.dims[0] == "path" else {}
    scale_of = {label: label.partition(" ")[2] for label in _firsts(variable)}
    for at in variable.cells:
        origin, target = outcomes.get(at[0], (None, at[-1]))
        target = scale_of[at[0]] if variable.name == "loading" else target
        mean, sd = prior.means([target])[0], prior.sds([target])[0]
        if origin is not None:
            sd = sd * _width(designs[0].panel, target) / _width(designs[0].panel, origin)
            # the mean is of own effects: other paths are centred at none
            mean = mean if at[0] == f"{target} to {target}" else 0.0
        yield mean, sd / spread.get((variable.name, at), 1.0)


def _firsts(variable: Cells) -> list[str]:
    return [at[0] for at in variable.cells] if variable.name == "loading" else []


def _path_outcomes(designs: Sequence[PanelDesign]) -> dict[str, tuple[str | None, str]]:
    """Source and target of each path."""
    paths = [one for design in designs for one in (*lagged_of(design), *concurrent_of(design))]
    return {one.name: (one.source, one.target) for one in paths}


def _column_spreads(designs: Sequence[PanelDesign]) -> dict[tuple[str, At], float]:
    """Standard deviation of the predictor column behind each effect, averaged over designs."""
    found: dict[tuple[str, At], list[float]] = {}
    for design in designs:
        spread = design.predicted.summary.sd
        for one in design.regressions():
            found.setdefault((one.variable, one.at), []).append(float(spread[one.column]))
    return {key: float(np.mean(own)) for key, own in found.items()}


def _width(panel: Panel, outcome: str) -> float:
    return range_of(panel, outcome)[1] - range_of(panel, outcome)[0]


def range_of(panel: Panel, outcome: str) -> tuple[float, float]:
    """Range of an outcome, or of its first informant."""
    return panel.ranges[panel.analysis.informants.get(outcome, (outcome,))[0]]
