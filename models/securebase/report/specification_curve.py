"""The specification curve: a claim under every declared specification, and what each decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import shorten, wrap
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from securebase.codebook.claim import Claim, claimed_column
from securebase.codebook.multiverse import Choice
from securebase.codebook.specifications import ASSUMPTION, DECLARED
from securebase.report import svg

WIDTH: Final = 4.1
_LEFT: Final = 0.34
_ROW: Final = 0.135
_LINE: Final = 0.17
_LETTERS: Final = 25
_TITLE_LETTERS: Final = 60
_COLOURS: Final = {
    "supported": svg.CLAIMED,
    "contradicted": svg.OPPOSITE,
    "practically zero": svg.THIRD,
}
_MARKS: Final = {"supported": "o", "contradicted": "X", "practically zero": "s"}
# between the specifications that count and those that test, in specifications
_GAP: Final = 0.06


@dataclass(frozen=True)
class Curve:
    """What is drawn of a claim.

    Parameters
    ----------
    claim : Claim
    fits : pandas.DataFrame
        Its rows of ``multiverse.parquet``.
    choices : mapping of str to Choice
        As declared.
    probability : float
        That a verdict needs.
    unit : str
        Of the estimand.
    """

    claim: Claim
    fits: pd.DataFrame
    choices: Mapping[str, Choice]
    probability: float
    unit: str

    @property
    def column(self) -> str:
        """Column of the probability of the claimed region."""
        return claimed_column(self.claim.direction)

    def placed(self) -> pd.DataFrame:
        """Fitted rows by kind and probability, with the place `x` of each; tests stand apart.

        Estimates are rounded to a tenth of the declared posterior's standard deviation: exact ones
        of samples that differ in few units would give their records away.
        """
        rows = self.fits[self.fits["failure"] == ""]
        tests = rows["kind"] == ASSUMPTION
        order = rows.assign(tests=tests).sort_values(["tests", self.column, "median"])
        gap = max(1.0, _GAP * len(order)) * order["tests"]
        placed = order.assign(x=np.arange(len(order)) + gap)
        step = float(placed.loc[placed["kind"] == DECLARED, "sd"].max()) / 10
        for name in ("q2_5", "median", "q97_5") if step > 0 else ():
            placed[name] = (placed[name] / step).round() * step
        return placed

    def concerning(self) -> dict[str, list[str]]:
        """Choices that concern the analysis of the claim, with the options that were taken."""
        taken = {name: set(self.fits[f"choice_{name}"]) for name in self.choices}
        options = {
            name: [option for option in choice.options if option in taken[name]]
            for name, choice in self.choices.items()
        }
        return {name: listed for name, listed in options.items() if listed}


def specification_curve(curve: Curve) -> Figure:
    """Draw estimates and probabilities, and below each what its specification decided."""
    placed = curve.placed()
    lines = sum(1 + len(options) for options in curve.concerning().values())
    heights = {"estimate": 1.5, "probability": 1.0, "choices": _ROW * lines}
    title = wrap(f"{curve.claim.id}  {curve.claim.sentence}", _TITLE_LETTERS)
    head = _LINE * len(title) + 0.3
    total = sum(heights.values()) + head + 0.64
    with svg.drawing_style():
        figure = Figure(figsize=(WIDTH, total))
        figure.text(0.005, 1.0, "\n".join(title), va="top", linespacing=1.3)
        top, panels = total - head, {}
        for name, height in heights.items():
            place = (_LEFT, (top - height) / total, 0.98 - _LEFT, height / total)
            panels[name] = figure.add_axes(place)
            panels[name].set_xlim(-1.0, float(placed["x"].max()) + 1.0)
            panels[name].set_xticks([])
            top -= height + 0.2
        _estimates(panels["estimate"], curve, placed)
        _families(panels["estimate"], placed)
        _probabilities(panels["probability"], curve, placed)
        _decided(panels["choices"], curve, placed)
    return figure


def _families(axes: Axes, placed: pd.DataFrame) -> None:
    """Name the two families above their columns, and part them by a line."""
    for tests, words in ((False, "equivalent"), (True, "tests of assumptions")):
        x = placed.loc[placed["tests"] == tests, "x"]
        if not x.empty:
            axes.annotate(
                f"{words} ({len(x)})", (float(x.mean()), 1.0), (0, 3),
                xycoords=axes.get_xaxis_transform(), textcoords="offset points",
                ha="center", fontsize=7.5, color=svg.MUTED,
            )  # fmt: skip


def _estimates(axes: Axes, curve: Curve, placed: pd.DataFrame) -> None:
    low, high = curve.claim.rope.low, curve.claim.rope.high
    axes.axhspan(low, high, color=svg.ROPE, linewidth=0, zorder=0)
    for verdict, rows in placed.groupby("verdict", sort=False):
        colour = _COLOURS.get(str(verdict), svg.MUTED)
        _bars(axes, rows["x"], rows["q2_5"], rows["q97_5"], colour)
    axes.plot(
        placed["x"],
        placed["median"],
        ".",
        color=svg.INK,
        markersize=float(np.clip(150 / len(placed), 1.6, 4.0)),
    )
    declared = placed[placed["kind"] == DECLARED]
    axes.plot(
        declared["x"], declared["q97_5"], marker=7, color=svg.INK, markersize=5, linestyle="none",
        clip_on=False, zorder=5,
    )  # fmt: skip
    _side(axes, f"median,\n95 % ETI\n{curve.unit}".rstrip())
    axes.margins(y=0.08)


def _probabilities(axes: Axes, curve: Curve, placed: pd.DataFrame) -> None:
    axes.axhline(curve.probability, color=svg.INK, linewidth=0.8, linestyle=(0, (3, 2)))
    size = float(np.clip(250 / len(placed), 2.4, 4.5))
    for verdict, rows in placed.groupby("verdict", sort=False):
        colour = _COLOURS.get(str(verdict), svg.MUTED)
        filled = colour if str(verdict) in _MARKS else "none"
        axes.plot(
            rows["x"], rows[curve.column].round(2), _MARKS.get(str(verdict), "o"), markersize=size,
            markerfacecolor=filled, markeredgecolor=colour, markeredgewidth=0.6, clip_on=False,
        )  # fmt: skip
    lowest = min(curve.probability - 0.06, float(placed[curve.column].min()) - 0.03)
    bottom = max(0.0, np.floor(lowest * 10) / 10)
    axes.set_ylim(bottom, 1.0 + 0.03 * (1.0 - bottom))
    ticks = [*np.arange(bottom, curve.probability - 0.08, 0.5 if bottom < 0.2 else 0.2)]
    ticks.append(curve.probability)
    axes.set_yticks(ticks, [f"{tick:.2g}" for tick in ticks])
    _side(axes, "P(claim)")


def _decided(axes: Axes, curve: Curve, placed: pd.DataFrame) -> None:
    """A line per option under the name of its choice, with a mark where it was taken."""
    line = 0.0
    labels: list[tuple[float, str, bool]] = []
    for name, options in curve.concerning().items():
        choice = curve.choices[name]
        labels.append((line, choice.label or name, True))
        line -= 1
        for option in options:
            x = placed.loc[placed[f"choice_{name}"] == option, "x"]
            colour = svg.INK if choice.kind != ASSUMPTION else svg.AVOIDANCE
            axes.axhline(line, color=svg.LINE, linewidth=0.5, zorder=0)
            _bars(axes, x, line - 0.34 + 0 * x, line + 0.34 + 0 * x, colour)
            words = choice.options[option].label or option.replace("_", " ")
            labels.append((line, words, False))
            line -= 1
    axes.set_ylim(line + 0.4, 0.6)
    axes.set_axis_off()
    edge = -_LEFT / (0.98 - _LEFT)
    for y, words, heading in labels:
        # a heading has its line to itself and may run on
        told = words if heading else shorten(words, _LETTERS, placeholder="…")
        axes.annotate(
            told, (edge if heading else 0, y), (2 if heading else -5, 0), va="center",
            ha="left" if heading else "right", xycoords=axes.get_yaxis_transform(),
            textcoords="offset points", fontsize=7, color=svg.INK if heading else svg.MUTED,
        )  # fmt: skip


def _bars(axes: Axes, x: pd.Series, low: pd.Series, high: pd.Series, colour: str) -> None:
    """Upright bars as one line with gaps: one element of the drawing however many there are."""
    gaps = np.full(len(x), np.nan)
    along = np.column_stack([x, x, gaps]).ravel()
    up = np.column_stack([low, high, gaps]).ravel()
    start, end = axes.get_xlim()
    points = 72.0 * WIDTH * (0.98 - _LEFT) / (end - start)
    width = float(np.clip(0.6 * points, 0.4, 1.4))
    axes.plot(along, up, color=colour, linewidth=width, solid_capstyle="butt")


def _side(axes: Axes, words: str) -> None:
    axes.annotate(
        words, (0, 0.5), (-33, 0), xycoords="axes fraction", textcoords="offset points",
        ha="right", va="center", fontsize=7.5, color=svg.MUTED,
    )  # fmt: skip
