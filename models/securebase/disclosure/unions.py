"""Cells put together: what anybody can add up who has them."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from securebase.disclosure.cells import Cell
from securebase.moments import Floats


def choices[T](cells: Sequence[T]) -> list[tuple[T, ...]]:
    """Every cell, every pair of them, and the whole."""
    whole = [tuple(cells)] if len(cells) > 2 else []
    return [*((one,) for one in cells), *combinations(cells, 2), *whole]


def shared_columns(cells: Sequence[Cell]) -> list[str]:
    """Columns that all cells have."""
    return [name for name in cells[0].columns if all(name in one.columns for one in cells)]


def unions(cells: Sequence[Cell]) -> list[Cell]:
    """Moments of each choice of cells, on the columns that they share, if any."""
    return [union(some) for some in choices(cells) if shared_columns(some)]


def union(cells: Sequence[Cell]) -> Cell:
    """Moments of the units of several cells, on the columns that they share."""
    columns = shared_columns(cells)
    parts = [one.marginal(columns) for one in cells]
    origin = parts[0].mean
    products = np.sum([one.measured_from(origin).crossproducts for one in parts], axis=0)
    whole = from_products(products, columns, cells[0].noun).measured_from(-origin)
    return whole.called(" with ".join(one.name for one in cells))


def difference(one: Cell, other: Cell) -> Floats:
    """Cross-products of [1, z] of the larger cell without the smaller, z from the mean of `one`."""
    rest = one.measured_from(one.mean).crossproducts - other.measured_from(one.mean).crossproducts
    return rest if one.n >= other.n else -rest


def from_products(products: Floats, columns: Sequence[str], noun: str = "unit") -> Cell:
    """Read a cell from its cross-products of [1, z]."""
    n = round(products[0, 0])
    mean = products[0, 1:] / n
    scatter = products[1:, 1:] - n * np.outer(mean, mean)
    return Cell("", tuple(columns), (), n, mean, scatter, noun)
