"""From named coefficients to the mean of a unit: parameters laid into growth effects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.growth.design import GrowthDesign
from securebase.names import OUTCOME, PHASE, ROLE
from securebase.priors import Priors
from securebase.structure.cells import At, Cells, cells_of, laid_out

Array = NDArray[np.float64]
Coefficients = dict[str, tuple[Sequence[At], TensorVariable]]
"""{variable: its cells, their numbers (cell,) in the current model}"""


@dataclass(frozen=True)
class MeanVariable:
    """One mean parameter.

    Parameters
    ----------
    cells : Cells
        Its name, such as "change" or "partner_on_change", dims (the last is `outcome`) and
        the coordinates that the design measures.
    spread : ndarray (cell,)
        Standard deviation of the predictor column behind each cell; 1 for constants.
    """

    cells: Cells
    spread: Array

    @property
    def name(self) -> str:
        """Name of the posterior variable."""
        return self.cells.name

    @property
    def block(self) -> str:
        """Prior block: "level", "change", "on_level" or "on_change"."""
        source, found, part = self.name.partition("_on_")
        return f"on_{part}" if found else source

    def registered(self, priors: Priors) -> TensorVariable:
        """Register it in the current model and return its numbers (cell,)."""
        prior = priors[self.block]
        # a cell is (predictor, phase, role, outcome), the first two where there are any
        places = [
            prior.place(cell[-3] if len(cell) > 2 else "", cell[-1]) for cell in self.cells.cells
        ]
        return self.cells.registered(prior.means(places), prior.sds(places) / self.spread)


def mean_variables(designs: Sequence[GrowthDesign]) -> list[MeanVariable]:
    """List the mean parameters that designs share, rectangular over role and outcome."""
    found: dict[str, dict[At, list[float]]] = {}
    for design in designs:
        spread = design.summary.sd
        for one in design.coefficients:
            cells = found.setdefault(one.variable, {})
            cells.setdefault(one.at, []).append(spread[one.column] if one.column else 1.0)
    labels: dict[str, dict[str, None]] = {
        OUTCOME: dict.fromkeys(designs[0].panel.analysis.outcomes)
    }
    for name, cells in found.items():
        for cell in cells:
            for dim, label in zip(_dims(name, cell), cell, strict=True):
                labels.setdefault(dim, {})[label] = None
    return [_mean_variable(name, cells, labels) for name, cells in found.items()]


def _dims(name: str, cell: At) -> tuple[str, ...]:
    source, predicted, _ = name.partition("_on_")
    dims = (f"{source}_predictor",) if predicted else ()
    return (*dims, *((PHASE,) if len(cell) > len(dims) + 2 else ()), ROLE, OUTCOME)


def _mean_variable(
    name: str, found: dict[At, list[float]], labels: dict[str, dict[str, None]]
) -> MeanVariable:
    cells = cells_of(name, _dims(name, next(iter(found))), found, labels)
    return MeanVariable(cells, np.array([np.mean(found[cell]) for cell in cells.cells]))


def mean_coefficients(designs: Sequence[GrowthDesign], priors: Priors) -> Coefficients:
    """Register the mean parameters in the current model."""
    return {one.name: (one.cells.cells, one.registered(priors)) for one in mean_variables(designs)}


def effect_regression(design: GrowthDesign, coefficients: Coefficients) -> TensorVariable:
    """Regression of a unit's growth effects on its predictors (effect, column)."""
    shape = (len(design.effects), len(design.columns))
    return laid_out(design.coefficients, coefficients, shape)
