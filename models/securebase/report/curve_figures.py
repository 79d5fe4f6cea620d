"""Drawings of effects that may turn within the observed range of their predictor."""

from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from securebase.report import svg

POINTS: Final = 41


def effect_along(
    low: NDArray[np.float64], high: NDArray[np.float64], width: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Follow a square effect from the lowest to the highest observed value.

    Parameters
    ----------
    low, high : ndarray (sample,)
        Slope at the lowest and at the highest observed value.
    width : ndarray (sample,)
        Distance of the two.

    Returns
    -------
    ndarray (sample, point)
        Difference to the lowest, at `POINTS` places evenly apart.
    """
    share = np.linspace(0, 1, POINTS)
    bent = 0.5 * (high - low)[:, None] * share**2
    return width[:, None] * (low[:, None] * share + bent)


def curve_panel(
    effects: NDArray[np.float64], turns: NDArray[np.float64], title: str, unit: str, colour: str
) -> Figure:
    """Draw an effect with its band, and below it where it turns.

    Parameters
    ----------
    effects : ndarray (sample, point)
        See `effect_along`.
    turns : ndarray (turn,)
        Where draws turn, as a share of the observed range; draws that do not turn in it left out.
    title, unit : str
    colour : str
    """
    share = np.linspace(0, 1, effects.shape[1])
    low, middle, high = np.quantile(effects, [0.025, 0.5, 0.975], axis=0)
    with svg.drawing_style():
        figure = Figure(figsize=(svg.PANEL_INCHES, 2.4))
        axes = figure.add_axes((0.14, 0.32, 0.83, 0.5))
        axes.axhline(0, color=svg.LINE, linewidth=0.8, zorder=0)
        axes.fill_between(share, low, high, color=colour, alpha=0.17, linewidth=0)
        axes.plot(share, middle, color=colour, linewidth=1.8)
        axes.set_xticks([])
        axes.set_xlim(0, 1)
        axes.text(0, 1.03, unit, transform=axes.transAxes, fontsize=7.5, color=svg.MUTED)
        axes.set_title(title, loc="left", fontsize=8.5, fontweight="bold", pad=13)
        strip = figure.add_axes((0.14, 0.13, 0.83, 0.17))
        counts, edges = np.histogram(turns, bins=POINTS, range=(0, 1))
        strip.stairs(counts, edges, fill=True, color=svg.MUTED, linewidth=0)
        strip.set_xlim(0, 1)
        strip.set_yticks([])
        strip.spines["left"].set_visible(False)
        strip.set_xticks([0, 0.5, 1], ["lowest seen", "where it turns", "highest seen"])
        strip.tick_params(axis="x", length=0)
        left, _, right = strip.get_xticklabels()
        left.set_horizontalalignment("left")
        right.set_horizontalalignment("right")
    return figure
