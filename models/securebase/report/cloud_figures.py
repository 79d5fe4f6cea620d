"""Clouds of changes: how the changes of two outcomes, or of two members, lie over people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from securebase.report import svg

Array = NDArray[np.float64]

# radius of the ellipse that holds a share of a bivariate normal: sqrt(-2 log(1 - share))
_SHARES: Final = (0.5, 0.95)
_CORNERS: Final = 61
_DRAWN: Final = 20


@dataclass(frozen=True)
class Cloud:
    """Two changes that vary over units, as draws of a posterior say.

    Parameters
    ----------
    mean : ndarray (draw, 2)
        Expected changes.
    sd : ndarray (draw, 2)
        Their standard deviations over units.
    correlation : ndarray (draw,)
    """

    mean: Array
    sd: Array
    correlation: Array

    def ellipse(self, place: int | None, share: float) -> Array:
        """Outline (corner, 2) of what holds a share of the units, at a draw or at the medians."""
        take = np.median if place is None else (lambda values, axis: values[place])
        mean, sd = (np.asarray(take(values, axis=0)) for values in (self.mean, self.sd))
        correlation = float(np.asarray(take(self.correlation, axis=0)))
        turn = np.linspace(0, 2 * np.pi, _CORNERS)
        first = np.cos(turn)
        second = correlation * first + np.sqrt(1 - correlation**2) * np.sin(turn)
        radius = np.sqrt(-2 * np.log(1 - share))
        return np.asarray(mean + radius * sd * np.column_stack([first, second]))


def cloud_panel(cloud: Cloud, axes_words: Sequence[str], title: str, colour: str) -> Figure:
    """Draw where half and 95 % of the units lie, and how sure that is.

    No unit is drawn: outlines come from means, standard deviations and correlations.

    Parameters
    ----------
    cloud : Cloud
    axes_words : sequence of str
        What the two axes count.
    title : str
    colour : str
        One of `securebase.report.svg.COLOURS`.
    """
    with svg.drawing_style():
        figure = Figure(figsize=(svg.PANEL_INCHES, 3.1))
        axes = figure.add_axes((0.16, 0.16, 0.68, 0.72))
        axes.axhline(0, color=svg.LINE, linewidth=0.8)
        axes.axvline(0, color=svg.LINE, linewidth=0.8)
        widest = max(_SHARES)
        for place in np.linspace(0, len(cloud.mean) - 1, _DRAWN).astype(int):
            axes.plot(*cloud.ellipse(place, widest).T, color=colour, alpha=0.22, linewidth=0.6)
        for share in _SHARES:
            axes.fill(*cloud.ellipse(None, share).T, color=colour, alpha=0.16, linewidth=0)
        axes.plot(*np.median(cloud.mean, axis=0), "+", color=svg.INK, markersize=8)
        _square(axes, cloud)
        axes.set_xlabel(axes_words[0], fontsize=7.5)
        axes.set_ylabel(axes_words[1], fontsize=7.5)
        axes.set_title(title, loc="left", fontsize=8, fontweight="bold", pad=4)
    return figure


def _square(axes: Axes, cloud: Cloud) -> None:
    """Give both axes the same span, so that a round cloud looks round."""
    outlines = [cloud.ellipse(place, 0.95) for place in range(0, len(cloud.mean), 50)]
    corners = np.concatenate(outlines)
    low, high = np.quantile(corners, [0.005, 0.995], axis=0)
    middle, half = (low + high) / 2, 0.55 * float((high - low).max())
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)
    axes.set_box_aspect(1)
