"""Drawings of the headline: what each study says, what all say, what a new one may say."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from securebase.codebook.claim import Claim
from securebase.report import svg
from securebase.report.wording import fixed

# in inches
_LINE: Final = 0.17
_BAR: Final = 0.16
_GAP: Final = 0.15
_WIDTH: Final = 4.6
_TITLE_LETTERS: Final = 39
_SIDES: Final = {"anxiety": svg.ANXIETY, "avoidance": svg.AVOIDANCE}


@dataclass(frozen=True)
class Bar:
    """An interval with its middle."""

    low: float
    middle: float
    high: float

    def __str__(self) -> str:
        """Say it in numbers: "−0.20 (−0.46 to 0.05)"."""
        low, middle, high = (fixed(value, 2) for value in (self.low, self.middle, self.high))
        return f"{middle} ({low} to {high})"


@dataclass(frozen=True)
class StudyRow:
    """A study of a forest.

    Parameters
    ----------
    title : str
    own, shrunken : Bar
        What it says alone, and in the light of the others.
    share : float
        Its weight in the mean: the larger, the larger the dot.
    """

    title: str
    own: Bar
    shrunken: Bar
    share: float


@dataclass(frozen=True)
class EffectsRow:
    """A study of a forest, or all of them: effects on anxiety and on avoidance."""

    title: str
    anxiety: Bar
    avoidance: Bar
    pooled: bool = False


def headline_forest(rows: Sequence[StudyRow], mean: Bar, new: Bar, claim: Claim) -> Figure:
    """Draw the difference of effects in each study, its mean over studies, and in a new study.

    The region the claim names is tinted, its ROPE is grey.
    """
    bars = [bar for row in rows for bar in (row.own, row.shrunken)]
    titles = [_wrapped(row.title) for row in rows]
    titles += [["Mean over studies"], ["A new study like these"]]
    figure, axes, tops = _canvas(titles, [2 * _BAR] * len(rows) + [1.5 * _BAR, _BAR])
    axes.set_xlim(*_limits([*bars, mean, new], (claim.rope.low, claim.rope.high)))
    _regions(axes, claim)
    for row, lines, top in zip(rows, titles, tops, strict=False):
        _title(axes, lines, top, numbers=row.own)
        middle = top - _LINE * len(lines) - _BAR * 0.8
        _zero(axes, middle + _BAR / 2, middle - _BAR * 1.35)
        _interval(axes, row.own, middle, svg.INK, size=3.0 + 6.0 * row.share**0.5)
        _interval(axes, row.shrunken, middle - _BAR * 0.85, svg.MUTED, size=3.0, width=1.0)
    axes.plot([0, 1], [tops[-2] + 0.04] * 2, color=svg.MUTED, linewidth=0.6,
              transform=axes.get_yaxis_transform())  # fmt: skip
    _title(axes, titles[-2], tops[-2], bold=True, numbers=mean)
    middle = tops[-2] - _LINE - _BAR * 0.85
    _zero(axes, middle + _BAR / 2, middle - _BAR / 2)
    _diamond(axes, mean, middle, svg.INK)
    _title(axes, titles[-1], tops[-1], numbers=new)
    middle = tops[-1] - _LINE - _BAR * 0.7
    _zero(axes, middle + _BAR / 2, middle - _BAR / 2)
    _interval(axes, new, middle, svg.INK, dashed=True)
    axes.set_xlabel("effect on anxiety minus effect on avoidance, baseline sds")
    _directions(figure, axes, "anxiety gives way more", "avoidance gives way more")
    return figure


def effects_forest(rows: Sequence[EffectsRow]) -> Figure:
    """Draw the effects on anxiety and on avoidance, study by study; diamonds are all of them."""
    titles = [_wrapped(row.title) for row in rows]
    figure, axes, tops = _canvas(titles, [2 * _BAR] * len(rows))
    axes.set_xlim(*_limits([bar for row in rows for bar in (row.anxiety, row.avoidance)], ()))
    for row, lines, top in zip(rows, titles, tops, strict=True):
        _title(axes, lines, top, bold=row.pooled)
        middle = top - _LINE * len(lines) - _BAR * 0.7
        _zero(axes, middle + _BAR / 2, middle - _BAR * 1.5)
        for place, (name, colour) in enumerate(_SIDES.items()):
            bar, height = getattr(row, name), middle - place * _BAR
            if row.pooled:
                _diamond(axes, bar, height, colour, half=0.06)
            else:
                _interval(axes, bar, height, colour)
    axes.set_xlabel("effect over the study, baseline sds")
    _directions(figure, axes, "more secure", "less secure")
    return figure


def _wrapped(title: str) -> list[str]:
    return textwrap.wrap(title, _TITLE_LETTERS)


def _canvas(
    titles: Sequence[Sequence[str]], bars: Sequence[float]
) -> tuple[Figure, Axes, list[float]]:
    heights = [
        _LINE * len(lines) + bar + _GAP for lines, bar in zip(titles, bars, strict=True)
    ]  # fmt: skip
    total = sum(heights) + 0.75
    with svg.drawing_style():
        figure = Figure(figsize=(_WIDTH, total))
        axes = figure.add_axes((0.03, 0.62 / total, 0.94, (total - 0.66) / total))
        axes.set_ylim(-sum(heights), 0.06)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    tops = [-float(height) for height in np.cumsum([0.0, *heights[:-1]])]
    return figure, axes, tops


def _limits(bars: Sequence[Bar], also: Sequence[float]) -> tuple[float, float]:
    edges = [0.0, *also, *(edge for bar in bars for edge in (bar.low, bar.high))]
    margin = 0.06 * (max(edges) - min(edges))
    return min(edges) - margin, max(edges) + margin


def _regions(axes: Axes, claim: Claim) -> None:
    left, right = axes.get_xlim()
    low, high = claim.rope.low, claim.rope.high
    claimed = {"negative": (left, low), "positive": (high, right), "zero": (low, high)}
    if claim.direction != "zero":
        axes.axvspan(low, high, color=svg.ROPE, linewidth=0, zorder=-3)
    axes.axvspan(*claimed[claim.direction], color=svg.CLAIMED, alpha=0.13, linewidth=0, zorder=-3)


def _zero(axes: Axes, top: float, bottom: float) -> None:
    # beside the bars only: a line through the words would make them hard to read
    axes.plot([0, 0], [bottom, top], color=svg.MUTED, linewidth=0.7, zorder=-1)


def _title(
    axes: Axes,
    lines: Sequence[str],
    top: float,
    bold: bool = False,
    numbers: Bar | None = None,
) -> None:
    weight, across = "bold" if bold else "normal", axes.get_yaxis_transform()
    for number, line in enumerate(lines, 1):
        axes.text(
            0.015, top - _LINE * number, line, transform=across, va="baseline", fontweight=weight
        )
    if numbers is not None:
        axes.text(
            0.985, top - _LINE * len(lines), str(numbers),
            transform=across, va="baseline", ha="right", fontweight=weight,
        )  # fmt: skip


def _interval(
    axes: Axes,
    bar: Bar,
    height: float,
    colour: str,
    size: float = 5.0,
    width: float = 1.7,
    dashed: bool = False,
) -> None:
    style = (0, (4, 2)) if dashed else "solid"
    axes.plot([bar.low, bar.high], [height] * 2, color=colour, linewidth=width, linestyle=style)
    if not dashed:
        axes.plot([bar.middle], [height], "o", color=colour, markersize=size)


def _diamond(axes: Axes, bar: Bar, height: float, colour: str, half: float = 0.085) -> None:
    corners = [
        (bar.low, height), (bar.middle, height + half),
        (bar.high, height), (bar.middle, height - half),
    ]  # fmt: skip
    axes.add_patch(Polygon(corners, closed=True, facecolor=colour, edgecolor=colour, linewidth=0.8))


def _directions(figure: Figure, axes: Axes, below: str, above: str) -> None:
    """Say under the ends of the axis what either side of zero means."""
    offset = -0.56 / (figure.get_size_inches()[1] * axes.get_position().height)
    ends = ((0.0, "left", f"\N{LEFTWARDS ARROW} {below}"),
            (1.0, "right", f"{above} \N{RIGHTWARDS ARROW}"))  # fmt: skip
    for place, side, words in ends:
        axes.text(
            place, offset, words, transform=axes.transAxes, ha=side, va="bottom",
            color=svg.MUTED,
        )  # fmt: skip
