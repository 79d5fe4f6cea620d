"""Cells: what a release tells of the units that answered the same questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from securebase.disclosure.grids import Grid
from securebase.disclosure.sample import Sample
from securebase.moments import Floats
from securebase.moments.statistics import distinct_patterns

type Pattern = tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Cell:
    """Exact moments of units: how many, means and scatter.

    Parameters
    ----------
    name : str
        What messages call it: "cell 3".
    responses, predictors : tuple of str
        Columns: the observed responses, then the predictors.
    n : int
        Number of units.
    mean : float (column,)
    scatter : float (column, column)
        Centred cross-products, Σ (z - mean)(z - mean)'.
    noun : str
        What a unit is: "couple".
    size : int
        Members of each unit that the columns are means over: followers of a cluster.
    """

    name: str
    responses: tuple[str, ...]
    predictors: tuple[str, ...]
    n: int
    mean: Floats
    scatter: Floats
    noun: str = "unit"
    size: int = 1

    @property
    def counted(self) -> str:
        """Number of units, in words: "62 couples"."""
        return counted(self.n, self.noun)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the d columns."""
        return (*self.responses, *self.predictors)

    @property
    def crossproducts(self) -> Floats:
        """Sums of [1, z][1, z]' (1 + column, 1 + column)."""
        ones = np.concatenate([[1.0], self.mean])
        total = self.n * np.outer(ones, ones)
        total[1:, 1:] += self.scatter
        return total

    def called(self, name: str) -> Self:
        """The same cell by another name."""
        return replace(self, name=name)

    def measured_from(self, origin: Floats) -> Self:
        """The same units, columns counted from an origin (column,): near it, no digits cancel."""
        return replace(self, mean=self.mean - origin)

    def marginal(self, columns: Sequence[str]) -> Self:
        """The same units, fewer columns."""
        place = [self.columns.index(name) for name in columns]
        return replace(
            self,
            responses=tuple(name for name in columns if name in self.responses),
            predictors=tuple(name for name in columns if name in self.predictors),
            mean=self.mean[place],
            scatter=self.scatter[np.ix_(place, place)],
        )


def counted(number: int, noun: str) -> str:
    """Put a number before its noun: "1 couple", "2 couples"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


@dataclass(frozen=True, eq=False)
class CellRecords:
    """A cell with the records behind it, which only the author has.

    Parameters
    ----------
    cell : Cell
        What is released.
    units : (unit,)
        Labels of the units.
    rows : float (unit, column)
        Their records.
    grids : mapping of str to Grid
        Of the columns that lie on one.
    """

    cell: Cell
    units: NDArray[Any]
    rows: Floats
    grids: dict[str, Grid] = field(default_factory=dict)

    @property
    def max_leverage(self) -> float:
        """Largest leverage of a record, see `leverages`."""
        return float(leverages(self.rows).max())


def leverages(rows: Floats) -> Floats:
    """How far each record determines its own fitted value: diag(X (X'X)⁻ X') with X = [1, z].

    Parameters
    ----------
    rows : float (unit, column)

    Returns
    -------
    float (unit,)
        Between 1/n and 1; their sum is the rank of X.
    """
    centred = rows - rows.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    varying = spread > 1e-9 * np.maximum(np.abs(rows).max(axis=0), 1e-300)
    left, lengths, _ = np.linalg.svd(centred[:, varying] / spread[varying], full_matrices=False)
    independent = lengths > 1e-9
    return 1 / len(rows) + (left[:, independent] ** 2).sum(axis=1)


def cells_of(sample: Sample) -> list[CellRecords]:
    """Form the cells of a sample: one for each pattern of observed responses.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    list of CellRecords
        In the order of `moments`: the most complete beginnings first.
    """
    patterns, place = distinct_patterns(sample.observed)
    return [
        cell_of(sample, place == number, tuple(pattern.tolist()), f"cell {number + 1}")
        for number, pattern in enumerate(patterns)
    ]


def cell_of(sample: Sample, members: NDArray[Any], pattern: Pattern, name: str) -> CellRecords:
    """Form one cell of some units, of the responses that a pattern observes."""
    responses = tuple(one for one, seen in zip(sample.responses, pattern, strict=True) if seen)
    rows = np.hstack([sample.y[members][:, list(pattern)], sample.x[members]])
    # in an order that is the records' own: what is summed does not depend on that of a file
    order = np.lexsort(rows.T[::-1])
    rows, units = rows[order], sample.units[members][order]
    columns = (*responses, *sample.predictors)
    grids = {one: grid for one, grid in sample.grids.items() if one in columns}
    cell = cell_of_rows(rows, responses, sample.predictors, name, sample.noun)
    return CellRecords(cell, units, rows, grids)


def cell_of_rows(
    rows: Floats, responses: tuple[str, ...], predictors: tuple[str, ...], name: str, noun: str
) -> Cell:
    """Moments of complete records (unit, column)."""
    mean = rows.mean(axis=0)
    centred = rows - mean
    return Cell(name, responses, predictors, len(rows), mean, centred.T @ centred, noun)
