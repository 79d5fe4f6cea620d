"""Simulated records of questionnaires for the tests of disclosure."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from securebase.disclosure import Grid, Sample, grid_of_values

type Floats = NDArray[np.float64]

ITEMS = 18
EIGHTEENTHS = Grid((1 / ITEMS,), 1.0)


def scores(rng: np.random.Generator, n: int, d: int) -> Floats:
    """Mean scores of 18 items from 1 to 7, correlated (unit, response)."""
    own = rng.normal(scale=0.25, size=(d, d))
    cov = own @ own.T + 0.3 + 0.25 * np.eye(d)
    drawn = rng.multivariate_normal(np.full(d, 3.2), cov, size=n)
    return np.clip(np.round(drawn * ITEMS), ITEMS, 7 * ITEMS) / ITEMS


def sample(y: Floats, x: Floats | None = None, noun: str = "couple") -> Sample:
    """Name the columns y0, y1, ... and x0, x1, ..., as anybody would read the codebook."""
    x = np.empty((len(y), 0)) if x is None else x
    responses = tuple(f"y{number}" for number in range(y.shape[1]))
    predictors = tuple(f"x{number}" for number in range(x.shape[1]))
    grids = dict.fromkeys(responses, EIGHTEENTHS)
    found = {name: grid_of_values(own) for name, own in zip(predictors, x.T, strict=True)}
    grids |= {name: grid for name, grid in found.items() if grid is not None}
    return Sample(np.arange(len(y)), y, x, responses, predictors, grids, noun)


def with_patterns(y: Floats, counts: Iterable[tuple[int, Iterable[int]]]) -> Floats:
    """Keep only some columns of the first units, of the next ones, and so on."""
    holes = np.full(y.shape, np.nan)
    start = 0
    for count, columns in counts:
        kept = list(columns)
        holes[start : start + count, kept] = y[start : start + count, kept]
        start += count
    return holes[:start]
