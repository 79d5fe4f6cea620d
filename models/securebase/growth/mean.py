"""From named coefficients to the mean of a unit: parameters laid into growth effects."""

from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.growth.design import GrowthDesign
from securebase.likelihood import product
from securebase.names import OUTCOME, PHASE, ROLE
from securebase.priors import Priors

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeanVariable:
    """One mean parameter: its name, dims, coordinates and the cells that exist.

    Parameters
    ----------
    name : str
        Such as "change" or "partner_on_change".
    dims : tuple of str
        The last is `outcome`.
    coords : tuple of list of str
        Labels of each dim.
    cells : list of tuple of str
        Coordinates that the design measures, in the order of the array.
    spread : ndarray (cell,)
        Standard deviation of the predictor column behind each cell; 1 for constants.
    """

    name: str
    dims: tuple[str, ...]
    coords: tuple[list[str], ...]
    cells: list[tuple[str, ...]]
    spread: Array

    @property
    def block(self) -> str:
        """Prior block: "level", "change", "on_level" or "on_change"."""
        source, found, part = self.name.partition("_on_")
        return f"on_{part}" if found else source

    @property
    def full(self) -> list[tuple[str, ...]]:
        """Every coordinate of the rectangular array."""
        grid = np.array(np.meshgrid(*self.coords, indexing="ij")).reshape(len(self.coords), -1)
        return [tuple(map(str, cell)) for cell in grid.T]


@dataclass(frozen=True)
class Coefficients:
    """The cells of one mean parameter in the current model.

    Parameters
    ----------
    variable : str
        Such as "change".
    cells : list of tuple of str
        Coordinates.
    values : TensorVariable (cell,)
    """

    variable: str
    cells: list[tuple[str, ...]]
    values: TensorVariable


def mean_variables(designs: list[GrowthDesign]) -> list[MeanVariable]:
    """List the mean parameters that designs share, rectangular over role and outcome."""
    found: dict[str, dict[tuple[str, ...], list[float]]] = {}
    for design in designs:
        spread = design.predictors(design.panel).std(axis=0)
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


def _dims(name: str, cell: tuple[str, ...]) -> tuple[str, ...]:
    source, predicted, _ = name.partition("_on_")
    dims = (f"{source}_predictor",) if predicted else ()
    return (*dims, *((PHASE,) if len(cell) > len(dims) + 2 else ()), ROLE, OUTCOME)


def _mean_variable(
    name: str, cells: dict[tuple[str, ...], list[float]], labels: dict[str, dict[str, None]]
) -> MeanVariable:
    dims = _dims(name, next(iter(cells)))
    # variables that share a dim share its labels, whichever of them the design measures
    coords = tuple(list(labels[dim]) for dim in dims)
    blank = MeanVariable(name, dims, coords, [], np.empty(0))
    ordered = [cell for cell in blank.full if cell in cells]
    spread = np.array([np.mean(cells[cell]) for cell in ordered])
    return MeanVariable(name, dims, coords, ordered, spread)


def mean_coefficients(designs: list[GrowthDesign], priors: Priors) -> list[Coefficients]:
    """Register the mean parameters in the current model."""
    return [
        Coefficients(variable.name, variable.cells, _register(variable, priors))
        for variable in mean_variables(designs)
    ]


def _register(variable: MeanVariable, priors: Priors) -> TensorVariable:
    model = pm.modelcontext(None)
    coords = dict(zip(variable.dims, variable.coords, strict=True))
    model.add_coords({dim: labels for dim, labels in coords.items() if dim not in model.coords})
    prior = priors[variable.block]
    outcomes = [cell[-1] for cell in variable.cells]
    mean, sd = prior.means(outcomes), prior.sds(outcomes) / variable.spread
    if len(variable.cells) == len(variable.full):
        shape = tuple(map(len, variable.coords))
        values = pm.Normal(
            variable.name, mean.reshape(shape), sd.reshape(shape), dims=variable.dims
        )
        return values.flatten()
    # cells that no design measures are NaN, never sampled: a prior draw would pass for a result
    dim = f"{variable.name}_cell"
    model.add_coords({dim: [" ".join(cell) for cell in variable.cells]})
    free = pm.Normal(f"{variable.name}_measured", mean, sd, dims=dim)
    places = {cell: place for place, cell in enumerate(variable.cells)}
    index = np.array([places.get(cell, len(places)) for cell in variable.full])
    padded = pt.concatenate([free, np.array([np.nan])])
    shape = tuple(map(len, variable.coords))
    pm.Deterministic(variable.name, padded[index].reshape(shape), dims=variable.dims)
    return free


def effect_regression(design: GrowthDesign, coefficients: list[Coefficients]) -> TensorVariable:
    """Regression of a unit's growth effects on its predictors (effect, column)."""
    shape = (len(design.effects), len(design.columns))
    terms = []
    for one in coefficients:
        place = np.zeros((*shape, len(one.cells)))
        for moved in design.coefficients:
            if moved.variable == one.variable:
                place[moved.effect, moved.column, one.cells.index(moved.at)] = 1.0
        terms.append(product(place.reshape(-1, len(one.cells)), one.values[:, None]))
    # to join the parameters first would compile slower than to add up their placements
    return reduce(add, terms).reshape(shape)
