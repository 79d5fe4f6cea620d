"""Effects over their moderators: simple slopes, and where zero is left out (Johnson-Neyman)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.analysis import Analysis
from securebase.codebook.terms import Interaction, Predictor
from securebase.names import SAMPLES

REACH: Final = 2.0
POINTS: Final = 81
AT: Final = (-1.0, 0.0, 1.0)


def slopes_along(
    main: NDArray[np.float64], product: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Follow a slope over its moderator.

    Parameters
    ----------
    main, product : ndarray (sample,)
        Effect of the predictor at the moderator's origin, and of their product.

    Returns
    -------
    (places, limits) : ndarray (point,), ndarray (3, point)
        Values of the moderator from -`REACH` to `REACH`; 2.5 % quantile, median and 97.5 %
        quantile of the slope there.
    """
    places = np.linspace(-REACH, REACH, POINTS)
    slopes = main[:, None] + product[:, None] * places
    return places, np.quantile(slopes, [0.025, 0.5, 0.975], axis=0)


def clear_of_zero(limits: NDArray[np.float64]) -> NDArray[np.int64]:
    """Say where a slope is clearly above zero (1), below it (-1) or neither (0).

    Johnson-Neyman regions, of posterior intervals: Bauer & Curran (2005),
    doi:10.1207/s15327906mbr4003_5.
    """
    low, _, high = limits
    return np.where(low > 0, 1, np.where(high < 0, -1, 0))


@dataclass(frozen=True)
class Slope:
    """An effect that depends on a moderator.

    Parameters
    ----------
    of, on, by : str
        Predictor, outcome and member, moderator, in words.
    outcome, axis : str
        Outcome; moderator with its unit.
    main, product : ndarray (sample,)
    """

    of: str
    on: str
    by: str
    outcome: str
    axis: str
    main: NDArray[np.float64]
    product: NDArray[np.float64]


def slopes_of(analysis: Analysis, posterior: xr.Dataset) -> Iterator[Slope]:
    """Find the effects that an observed predictor moderates.

    Parameters
    ----------
    analysis : Analysis
        Which predictors and interactions are declared.
    posterior : xr.Dataset
        Dims chain, draw and more.
    """
    known = {predictor.term: predictor for predictor in analysis.predictors}
    for declared in analysis.interactions:
        if len(declared.of) == 2 and set(declared.of) <= set(known):
            predictor, moderator = (known[term] for term in declared.of)
            for part in declared.on:
                yield from _of_part(posterior, declared, predictor, moderator, part)


def _of_part(
    posterior: xr.Dataset, declared: Interaction, predictor: Predictor, moderator: Predictor,
    part: str,
) -> Iterator[Slope]:  # fmt: skip
    names = f"{predictor.of}_on_{part}", f"interaction_on_{part}"
    if any(name not in posterior for name in names):
        return
    at = {f"{predictor.of}_predictor": predictor.name}, {"interaction_predictor": declared.name}
    try:
        main, products = (posterior[name].sel(own) for name, own in zip(names, at, strict=True))
    except KeyError:
        # what varies over moments is labelled otherwise, and drawn with its own model
        return
    dims = [str(dim) for dim in products.dims if dim not in SAMPLES]
    for labels in product(*(products[dim].values for dim in dims)):
        cell = dict(zip(dims, labels, strict=True))
        own, by = (values.sel(cell).values.ravel() for values in (main, products))
        if np.isnan(own).all() or np.isnan(by).all():
            continue
        unit = "sd" if moderator.scale == "sd" else "its own unit"
        yield Slope(
            of=predictor.term.replace("_", " "),
            on=", ".join(str(label).replace("_", " ") for label in labels),
            by=moderator.term.replace("_", " "),
            outcome=str(cell.get("outcome", "")),
            axis=f"{moderator.term.replace('_', ' ')}, {unit}",
            main=own,
            product=by,
        )


def slope_table(analysis: Analysis, posterior: xr.Dataset) -> pd.DataFrame:
    """Tabulate simple slopes, one unit below the moderator's mean, at it and above it.

    Returns
    -------
    pd.DataFrame
        Columns of, on, by (predictor, outcome and member, moderator), at, q2_5, median, q97_5.
    """
    rows = [
        (slope.of, slope.on, slope.by, at, *np.quantile(values, [0.025, 0.5, 0.975]))
        for slope in slopes_of(analysis, posterior)
        for at in AT
        for values in (slope.main + at * slope.product,)
    ]
    return pd.DataFrame(rows, columns=["of", "on", "by", "at", "q2_5", "median", "q97_5"])
