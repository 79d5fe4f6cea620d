"""The lattice attack: every raw value from the exact moments of a small cell.

Scores lie on a known grid, so that in steps of it they are whole numbers, and n, means and
scatter give the exact whole-number inner products of the columns [1, z]. These columns span a
lattice in the n-dimensional grid of all whole numbers. A vector of it of length 1 is the axis of
one unit, and its inner products with the columns are that unit's record. With about as many
columns as units the lattice is the whole grid, and its reduced basis is all axes.
"""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from securebase.disclosure.attacks.claims import Claims, none_claimed
from securebase.disclosure.attacks.reduction import Lattice, NotAGramMatrixError
from securebase.disclosure.cells import Cell
from securebase.disclosure.grids import Grid
from securebase.moments import Floats

NAME = "lattice attack"

# how near to a whole number sums of whole numbers come
_NEAR = 1e-3


def lattice_attack(cell: Cell, grids: Mapping[str, Grid]) -> Claims:
    """Recover records from the moments of a cell.

    Parameters
    ----------
    cell : Cell
    grids : mapping of str to Grid
        Of the columns whose scoring rule is known; nothing is said of other columns.

    Returns
    -------
    Claims
        In no order of the units. A lattice whose reduced basis is all axes, or axes of groups of
        units with equal records, gives every record; others those with an axis of their own.
    """
    steps, origins, names = _fitting_grids(cell, grids)
    if not names:
        return none_claimed(NAME, cell.columns)
    # means near 0 keep the numbers small
    mean = cell.marginal(names).mean
    origins = origins + steps * np.rint((mean - origins) / steps)
    gram = _whole(_in_steps(cell.marginal(names), steps, origins))
    if gram is None:
        return none_claimed(NAME, cell.columns)
    try:
        lattice = Lattice(gram)
    except NotAGramMatrixError:
        return none_claimed(NAME, cell.columns)
    found = np.array(_records(lattice, gram), dtype=float).reshape(-1, len(names))
    records = np.full((len(found), len(cell.columns)), np.nan)
    records[:, [cell.columns.index(name) for name in names]] = origins + steps * found
    return Claims(NAME, cell.columns, records)


def _fitting_grids(cell: Cell, grids: Mapping[str, Grid]) -> tuple[Floats, Floats, list[str]]:
    """Step and origin of the columns whose sum and square sum lie on a grid."""
    steps, origins, names = [], [], []
    for name, grid in grids.items():
        if name not in cell.columns:
            continue
        for step in grid.steps:
            alone = _in_steps(cell.marginal([name]), np.array([step]), np.array([grid.origin]))
            if _whole(alone) is not None:
                steps.append(step)
                origins.append(grid.origin)
                names.append(name)
                break
    return np.array(steps), np.array(origins), names


def _in_steps(cell: Cell, steps: Floats, origins: Floats) -> Floats:
    """Cross-products of the columns [1, z], in steps from an origin."""
    scale = np.concatenate([[1.0], 1 / steps])
    return cell.measured_from(origins).crossproducts * np.outer(scale, scale)


def _whole(products: Floats) -> list[list[int]] | None:
    """Round to whole numbers, if that is what they are."""
    nearest = np.rint(products)
    if np.abs(products - nearest).max() > _NEAR:
        return None
    return [[int(value) for value in row] for row in nearest]


def _records(lattice: Lattice, gram: list[list[int]]) -> list[list[int]]:
    """Records (record, column) in steps that the short vectors of the basis give away."""
    groups = []
    for norm, products in zip(lattice.norms(), lattice.products, strict=True):
        # its sum over the units is its squared length: it holds 0s and 1s only
        if abs(products[0]) == norm:
            groups.append((norm, [one * products[0] // norm for one in products]))
    left = [
        own[column] - sum(Fraction(sums[column] ** 2, size) for size, sums in groups)
        for column, own in enumerate(gram)
    ]
    # units of a group are equal where the sums of the groups leave nothing to explain
    if not any(left):
        return [[total // size for total in sums[1:]] for size, sums in groups for _ in range(size)]
    return [sums[1:] for size, sums in groups if size == 1]
