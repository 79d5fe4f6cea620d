"""The singleton attack: the record of who is alone with a level of an indicator.

The cross-product of an indicator with the other columns sums the records of those who have its
level. Sums and differences of two indicators and the constant isolate who is alone with a
combination of levels.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations, product

import numpy as np

from securebase.disclosure.attacks.claims import Claims, none_claimed
from securebase.disclosure.cells import Cell
from securebase.disclosure.grids import Grid
from securebase.moments import Floats

NAME = "singleton attack"
_NEAR = 1e-6


def singleton_attack(cell: Cell, grids: Mapping[str, Grid]) -> Claims:
    """Recover records from the cross-products with indicator columns.

    Parameters
    ----------
    cell : Cell
    grids : mapping of str to Grid
        Tells which columns may be indicators, and how they are coded.

    Returns
    -------
    Claims
    """
    total = cell.crossproducts
    sums = {tuple(np.round(one, 9)) for one in _lonely_sums(total, _indicators(cell, grids))}
    if not sums:
        return none_claimed(NAME, cell.columns)
    return Claims(NAME, cell.columns, np.array(sorted(sums)))


def _indicators(cell: Cell, grids: Mapping[str, Grid]) -> list[Floats]:
    """Weights on [1, z] that make columns of 0s and 1s: those whose sum is their square sum."""
    found = []
    for place, name in enumerate(cell.columns, 1):
        if name not in grids:
            continue
        weights = np.zeros(len(cell.columns) + 1)
        step, origin = grids[name].steps[0], grids[name].origin
        weights[[0, place]] = -origin / step, 1 / step
        count, square = (cell.crossproducts[0] @ weights, weights @ cell.crossproducts @ weights)
        if abs(count - square) < _NEAR and _NEAR < count < cell.n - _NEAR:
            found.append(weights)
    return found


def _lonely_sums(total: Floats, indicators: list[Floats]) -> Iterator[Floats]:
    """Sums over combinations of levels that one unit has, which are that unit's record."""
    constant = np.eye(len(total))[0]
    nothing = np.zeros(len(total))
    for first, second in combinations([*indicators, nothing], 2):
        for signs in product((-1, 0, 1), repeat=3):
            weights = signs[0] * constant + signs[1] * first + signs[2] * second
            # 0, 1 or -1 everywhere, for a square sum of 1: one unit has it
            if abs(weights @ total @ weights - 1) < _NEAR:
                sums = total @ weights
                yield (sums * np.sign(sums[0]))[1:]
