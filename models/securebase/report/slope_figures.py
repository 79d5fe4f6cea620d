"""Drawings of a slope over its moderator."""

import textwrap
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from securebase.report import svg
from securebase.simple_slopes import REACH, clear_of_zero

_TITLE_LETTERS: Final = 40
# in inches: all but the title, and each line of it
_PLOT: Final = 1.9
_LINE: Final = 0.16


def slope_panel(
    places: NDArray[np.float64], limits: NDArray[np.float64], title: str, axis: str, colour: str
) -> Figure:
    """Draw a slope over its moderator; where zero lies outside of the 95 % ETI is tinted."""
    low, middle, high = limits
    clear = clear_of_zero(limits)
    lines = textwrap.wrap(title, _TITLE_LETTERS)
    height = _PLOT + _LINE * len(lines)
    with svg.drawing_style():
        figure = Figure(figsize=(svg.PANEL_INCHES, height))
        axes = figure.add_axes((0.14, 0.46 / height, 0.83, 1.3 / height))
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
        axes.set_title("\n".join(lines), loc="left", fontsize=8.5, fontweight="bold", pad=4)
    return figure
