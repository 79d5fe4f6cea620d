"""Drawings of a slope over its moderator, and where zero is left out (Johnson-Neyman)."""

from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from securebase.report import svg

REACH: Final = 2.0
POINTS: Final = 81


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


def slope_panel(
    places: NDArray[np.float64], limits: NDArray[np.float64], title: str, axis: str, colour: str
) -> Figure:
    """Draw a slope over its moderator; where zero lies outside of the 95 % ETI is tinted."""
    low, middle, high = limits
    clear = clear_of_zero(limits)
    with svg.drawing_style():
        figure = Figure(figsize=(svg.PANEL_INCHES, 2.1))
        axes = figure.add_axes((0.14, 0.22, 0.83, 0.62))
        bottom, top = min(low.min(), 0), max(high.max(), 0)
        for sign, tint in ((1, svg.CLAIMED), (-1, svg.OPPOSITE)):
            axes.fill_between(
                places, bottom, top, where=clear == sign, color=tint, alpha=0.1, linewidth=0
            )
        axes.axhline(0, color=svg.MUTED, linewidth=0.8)
        axes.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(places, middle, color=colour, linewidth=1.8)
        axes.set_xlim(-REACH, REACH)
        axes.set_ylim(bottom, top)
        axes.set_xlabel(axis, labelpad=2)
        axes.set_title(title, loc="left", fontsize=8.5, fontweight="bold", pad=4)
    return figure
