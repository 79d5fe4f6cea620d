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
    near = cell.measured_from(cell.mean)
    indicators = _indicators(near, [*_coded(cell, grids)])
    sums = {tuple(np.round(one, 9)) for one in _lonely_sums(near.crossproducts, indicators)}
    if not sums:
        return none_claimed(NAME, cell.columns)
    return Claims(NAME, cell.columns, np.array(sorted(sums)) + cell.mean)


def _coded(cell: Cell, grids: Mapping[str, Grid]) -> Iterator[Floats]:
    """Weights on [1, z - mean] that count the steps of each column from its origin."""
    for place, name in enumerate(cell.columns):
        if name in grids:
            weights = np.zeros(len(cell.columns) + 1)
            weights[0] = cell.mean[place] - grids[name].origin
            weights[place + 1] = 1.0
            yield weights / grids[name].steps[0]


def _indicators(near: Cell, coded: list[Floats]) -> list[Floats]:
    """Columns of 0s and 1s, of both some: those whose sum is their square sum."""
    total = near.crossproducts
    sums = [(total[0] @ one, one @ total @ one) for one in coded]
    return [
        one
        for one, (count, square) in zip(coded, sums, strict=True)
        if abs(count - square) < _NEAR and _NEAR < count < near.n - _NEAR
    ]


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
