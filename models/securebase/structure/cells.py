"""Named numbers of a model: registered as one variable, laid into the matrices they move."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.likelihood import product
from securebase.names import SAMPLES

Array = NDArray[np.float64]
At = tuple[str, ...]


@dataclass(frozen=True)
class Placement:
    """One number of a variable, and where in a matrix it stands.

    Parameters
    ----------
    variable : str
        Posterior variable, such as "change" or "partner_on_change".
    at : tuple of str
        Its coordinates there.
    row, column : int
        Of the matrix.
    weight : float
        Factor it stands there with.
    """

    variable: str
    at: At
    row: int
    column: int
    weight: float = 1.0


@dataclass(frozen=True)
class Cells:
    """A variable: its name, dims, labels, and the cells that a design has.

    Parameters
    ----------
    name : str
    dims : tuple of str
    coords : tuple of list of str
        Labels of each dim.
    cells : list of tuple of str
        Coordinates that exist, in the order of the array.
    """

    name: str
    dims: tuple[str, ...]
    coords: tuple[list[str], ...]
    cells: list[At]

    @property
    def full(self) -> list[At]:
        """Every coordinate of the rectangular array."""
        grid = np.array(np.meshgrid(*self.coords, indexing="ij")).reshape(len(self.coords), -1)
        return [tuple(map(str, cell)) for cell in grid.T]

    def registered(self, mean: Array, sd: Array) -> TensorVariable:
        """Register normal parameters (cell,) in the current model.

        Cells that no design has are NaN and never sampled: a prior draw would pass for a
        result.
        """
        model = pm.modelcontext(None)
        labels = dict(zip(self.dims, self.coords, strict=True))
        model.add_coords({dim: one for dim, one in labels.items() if dim not in model.coords})
        shape = tuple(map(len, self.coords))
        if len(self.cells) == len(self.full):
            values = pm.Normal(self.name, mean.reshape(shape), sd.reshape(shape), dims=self.dims)
            return values.flatten()
        dim = f"{self.name}_cell"
        model.add_coords({dim: [" ".join(cell) for cell in self.cells]})
        free = pm.Normal(f"{self.name}_measured", mean, sd, dims=dim)
        places = {cell: place for place, cell in enumerate(self.cells)}
        index = np.array([places.get(cell, len(places)) for cell in self.full])
        padded = pt.concatenate([free, np.array([np.nan])])
        pm.Deterministic(self.name, padded[index].reshape(shape), dims=self.dims)
        return free


def cells_of(
    name: str, dims: Sequence[str], found: Iterable[At], labels: Mapping[str, Iterable[str]]
) -> Cells:
    """Make a variable of the cells that are found, in the order of the labels of its dims.

    Parameters
    ----------
    labels : mapping of str to iterable of str
        Every label of each dim: variables that share a dim share its labels, whichever of them
        the design has.
    """
    coords = tuple(list(labels[dim]) for dim in dims)
    known = set(found)
    blank = Cells(name, tuple(dims), coords, [])
    return Cells(name, tuple(dims), coords, [cell for cell in blank.full if cell in known])


def laid_out(
    placements: Sequence[Placement],
    values: Mapping[str, tuple[Sequence[At], TensorVariable]],
    shape: tuple[int, int],
) -> TensorVariable:
    """Lay numbers into a matrix.

    Parameters
    ----------
    placements : sequence of Placement
        Where each number stands.
    values : mapping of str to (cells, tensor (cell,))
        The numbers of each variable.
    shape : (int, int)

    Returns
    -------
    TensorVariable
        Of that shape, 0 where nothing stands.
    """
    terms = []
    for variable, (cells, numbers) in values.items():
        place = np.zeros((*shape, len(cells)))
        order = {cell: number for number, cell in enumerate(cells)}
        for one in placements:
            if one.variable == variable:
                place[one.row, one.column, order[one.at]] += one.weight
        if place.any():
            terms.append(product(place.reshape(-1, len(cells)), numbers[:, None]))
    # to join the numbers first would compile slower than to add up their placements
    return reduce(add, terms).reshape(shape) if terms else pt.constant(np.zeros(shape))


def laid_out_draws(
    placements: Sequence[Placement], posterior: xr.Dataset, shape: tuple[int, int]
) -> Array:
    """Lay draws into matrices (chain, draw, row, column), or a truth into one (row, column)."""
    samples = tuple(posterior.sizes[dim] for dim in SAMPLES if dim in posterior.dims)
    matrix = np.zeros((*samples, *shape))
    for one in placements:
        matrix[..., one.row, one.column] += one.weight * cell(posterior[one.variable], one.at)
    return matrix


def named_array(values: xr.Dataset, dims: Sequence[str], found: Mapping[At, Array]) -> xr.DataArray:
    """Lay numbers that follow from others into an array of their own.

    Parameters
    ----------
    values : xr.Dataset
        What they follow from: a posterior (chain, draw) or a truth. Variables that share a dim
        share its labels, so those that it has come first.
    dims : sequence of str
    found : mapping of tuple of str to ndarray
        Draws (chain, draw), or a number, by coordinates.

    Returns
    -------
    xr.DataArray
        Dims chain and draw where there are draws, then `dims`; NaN where nothing is found.
    """
    known = {dim: values[dim].values.tolist() for dim in dims if dim in values.coords}
    labels: dict[str, list[str]] = {
        dim: list(dict.fromkeys([*known.get(dim, ()), *(at[place] for at in found)]))
        for place, dim in enumerate(dims)
    }
    samples = [dim for dim in SAMPLES if dim in values.dims]
    shape = [*(values.sizes[dim] for dim in samples), *map(len, labels.values())]
    array = np.full(shape, np.nan)
    for at, numbers in found.items():
        pairs = zip(labels.values(), at, strict=True)
        place: list[Any] = [names.index(label) for names, label in pairs]
        array[(..., *place)] = numbers
    coords = {dim: values[dim] for dim in samples} | labels
    return xr.DataArray(array, coords=coords, dims=[*samples, *labels])


def cell(values: xr.DataArray, at: At) -> Array:
    """Value, or draws (chain, draw), of one number."""
    dims = [str(dim) for dim in values.dims if dim not in SAMPLES]
    return np.asarray(values.sel(dict(zip(dims, at, strict=True))).values)
