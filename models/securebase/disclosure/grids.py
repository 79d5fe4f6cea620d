"""Grids: the values that a column can take, as who reads the codebook knows them."""

from dataclasses import dataclass
from math import lcm

import numpy as np
from numpy.typing import ArrayLike

from securebase.codebook.scale import Scale

# more steps than this between lowest and highest value: nobody's scoring rule, only digits
_MOST_STEPS = 100_000
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Grid:
    """Values origin + step × whole number.

    Parameters
    ----------
    steps : tuple of float
        Possible steps, the coarsest first, each a whole multiple of the last: a mean of 18
        items lies on eighteenths, or on finer steps where some items were left out.
    origin : float
        One of the values.
    """

    steps: tuple[float, ...]
    origin: float = 0.0


def grid_of_scale(scale: Scale) -> Grid | None:
    """Tell where the scores of a scale lie.

    Parameters
    ----------
    scale : Scale

    Returns
    -------
    Grid or None
        A mean of k items lies on 1/k of the distance of two answers, a sum on that distance;
        where fewer answered items make a score, on steps that all of their numbers divide.
        None where answers may be any number.
    """
    if scale.step is None:
        return None
    items = len(scale.items)
    factor = items if scale.score == "sum" else 1
    coarse = factor * scale.step / items
    common = factor * scale.step / lcm(*range(scale.needed_items, items + 1))
    steps = (coarse,) if scale.needed_items == items else (coarse, common)
    return Grid(steps, scale.score_range[0])


def grid_of_values(values: ArrayLike) -> Grid | None:
    """Find the coarsest grid that holds all values, if it is coarse enough to be one.

    Centred and scaled measures keep their grid: only its origin and its step move.

    Parameters
    ----------
    values : float (unit,)
        NaN where missing.

    Returns
    -------
    Grid or None
        None where there are too many steps, or a single value.
    """
    given = np.asarray(values, dtype=float)
    known = np.unique(given[~np.isnan(given)])
    gaps = np.unique(np.diff(known))
    if not len(gaps):
        return None
    width = float(known[-1] - known[0])
    step = float(gaps[0])
    for gap in gaps[1:]:
        step = _common_step(float(gap), step, _TOLERANCE * width)
        if step * _MOST_STEPS < width:
            return None
    # the widest distance tells the step best
    return Grid((width / round(width / step),), float(known[0]))


def _common_step(larger: float, smaller: float, tolerance: float) -> float:
    """Euclid's algorithm on distances that rounding has touched."""
    while smaller > tolerance:
        rest = larger - smaller * round(larger / smaller)
        larger, smaller = smaller, abs(rest)
    return larger
