"""Drawings of claims: their intervals side by side, and the posterior of each."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from securebase.codebook.claim import Claim
from securebase.report import svg

_VERDICT_COLOURS: Final = {
    "supported": svg.CLAIMED,
    "contradicted": svg.OPPOSITE,
    "practically zero": svg.MUTED,
    "undecided": svg.INK,
}
# of a forest, in inches
_LINE: Final = 0.17
_BAR: Final = 0.26
_TITLE_LETTERS: Final = 52


@dataclass(frozen=True)
class ClaimInterval:
    """One row of a forest: a claim, its posterior median, 95 % ETI and verdict."""

    claim: Claim
    low: float
    median: float
    high: float
    verdict: str


def claims_forest(intervals: Sequence[ClaimInterval], unit: str) -> Figure:
    """Draw claims that share a unit, in declared order: medians, 95 % ETIs, ROPEs.

    The region a claim names is tinted, its ROPE is grey, what neither covers speaks against it.
    """
    titles = [textwrap.wrap(row.claim.sentence, _TITLE_LETTERS) for row in intervals]
    heights = [_LINE * len(lines) + _BAR + 0.16 for lines in titles]
    total = sum(heights) + 0.5
    with svg.drawing_style():
        figure = Figure(figsize=(4.1, total))
        axes = figure.add_axes((0.03, 0.42 / total, 0.94, (total - 0.46) / total))
        limits = _forest_limits(intervals)
        axes.set_xlim(*limits)
        axes.set_ylim(-sum(heights), 0.04)
        top = 0.0
        for row, lines, height in zip(intervals, titles, heights, strict=True):
            _forest_title(axes, row.claim.id, lines, top)
            _forest_bar(axes, row, top - _LINE * len(lines) - 0.06, limits)
            top -= height
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(unit)
    return figure


def _forest_limits(intervals: Sequence[ClaimInterval]) -> tuple[float, float]:
    edges = [0.0]
    for row in intervals:
        edges += [row.low, row.high, row.claim.rope.low, row.claim.rope.high]
    finite = [edge for edge in edges if np.isfinite(edge)]
    margin = 0.08 * (max(finite) - min(finite))
    return min(finite) - margin, max(finite) + margin


def _forest_title(axes: Axes, name: str, lines: Sequence[str], top: float) -> None:
    across = axes.get_yaxis_transform()
    indent = 0.023 * len(name) + 0.018
    axes.text(0, top - _LINE, name, transform=across, fontweight="bold", va="baseline")
    for number, line in enumerate(lines, 1):
        axes.text(indent, top - _LINE * number, line, transform=across, va="baseline")


def _forest_bar(axes: Axes, row: ClaimInterval, top: float, limits: tuple[float, float]) -> None:
    low, high = row.claim.rope.low, row.claim.rope.high
    bottom, middle = top - _BAR, top - _BAR / 2
    claimed = {"negative": (limits[0], low), "positive": (high, limits[1]), "zero": (low, high)}
    left, right = claimed[row.claim.direction]
    if row.claim.direction != "zero":
        axes.add_patch(Rectangle((low, bottom), high - low, _BAR, color=svg.ROPE, linewidth=0))
    axes.add_patch(
        Rectangle((left, bottom), right - left, _BAR, color=svg.CLAIMED, alpha=0.16, linewidth=0)
    )
    axes.plot([0, 0], [bottom, top], color=svg.MUTED, linewidth=0.7)
    if not np.isfinite(row.median):
        axes.text(limits[0], middle, "  not assessable: withheld", va="center", color=svg.MUTED)
        return
    colour = _VERDICT_COLOURS.get(row.verdict, svg.INK)
    axes.plot([row.low, row.high], [middle, middle], color=colour, linewidth=1.7)
    axes.plot(
        [row.median], [middle], "o",
        color=colour, markersize=6, markeredgewidth=1.4,
        markerfacecolor=svg.PAPER if row.verdict == "undecided" else colour,
    )  # fmt: skip


def contrast_density(
    draws: NDArray[np.float64],
    claim: Claim,
    unit: str,
    prior: NDArray[np.float64] | None = None,
) -> Figure:
    """Draw the posterior of a claim's quantity, its area split at the limits of the ROPE.

    Parameters
    ----------
    draws : numpy.ndarray
        Posterior draws of the estimand (draw,), in `unit`.
    claim : Claim
        Whose ROPE and direction colour the area.
    unit : str
        Written under the axis.
    prior : numpy.ndarray, optional
        Draws of the same quantity before the data (draw,): a dotted line.
    """
    with svg.drawing_style():
        figure = Figure(figsize=(svg.PANEL_INCHES, 1.7))
        axes = figure.add_axes((0.04, 0.27, 0.92, 0.60))
        low, high = claim.rope.low, claim.rope.high
        grid = _density_grid(draws, low, high)
        density = gaussian_kde(draws)(grid)
        for (left, right), colour in _regions(claim, grid):
            inside = (grid >= left) & (grid <= right)
            axes.fill_between(grid[inside], density[inside], color=colour, alpha=0.85, linewidth=0)
        axes.plot(grid, density, color=svg.INK, linewidth=0.9)
        if prior is not None:
            axes.plot(grid, gaussian_kde(prior)(grid), color=svg.INK, linewidth=1.0, linestyle=":")
        axes.axvspan(low, high, color=svg.ROPE, alpha=0.6, linewidth=0, zorder=-2)
        axes.axvline(0, color=svg.MUTED, linewidth=0.7, zorder=-1)
        _draw_interval(axes, draws, float(density.max()))
        axes.set_xlim(grid[0], grid[-1])
        axes.set_ylim(-0.14 * density.max(), 1.08 * density.max())
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(unit, labelpad=2)
        axes.set_title(claim.id, loc="left", fontsize=9.5, fontweight="bold", pad=4)
    return figure


def _density_grid(draws: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    edges = [draws.min(), draws.max(), low, high, 0.0]
    margin = 0.04 * (max(edges) - min(edges))
    inner = np.linspace(min(edges) - margin, max(edges) + margin, 257)
    # the limits of the ROPE are grid points, so that the colours meet there
    return np.unique(np.concatenate([inner, [low, high]]))


def _regions(
    claim: Claim, grid: NDArray[np.float64]
) -> tuple[tuple[tuple[float, float], str], ...]:
    low, high = claim.rope.low, claim.rope.high
    colours = {
        "negative": (svg.CLAIMED, svg.MUTED, svg.OPPOSITE),
        "positive": (svg.OPPOSITE, svg.MUTED, svg.CLAIMED),
        "zero": (svg.OPPOSITE, svg.CLAIMED, svg.OPPOSITE),
    }[claim.direction]
    parts = ((float(grid[0]), low), (low, high), (high, float(grid[-1])))
    return tuple(zip(parts, colours, strict=True))


def _draw_interval(axes: Axes, draws: NDArray[np.float64], peak: float) -> None:
    left, middle, right = np.quantile(draws, [0.025, 0.5, 0.975])
    height = -0.07 * peak
    axes.plot([left, right], [height, height], color=svg.INK, linewidth=1.6)
    axes.plot([middle], [height], "o", color=svg.INK, markersize=4.5)
