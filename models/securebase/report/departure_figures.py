"""Drawings of claims over the shift of those who left."""

from collections.abc import Mapping
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from securebase.names import EVERY_OUTCOME, EVERYONE
from securebase.report import svg
from securebase.report.figures import outcome_colour

_DASHES: Final = {"alone": (0, (1, 1.5)), "together": (0, (4, 2))}


def departure_panel(
    rows: pd.DataFrame, column: str, name: str, labels: Mapping[str, str], needed: float
) -> Figure:
    """Draw the probability of a claim over the shift, a line per outcome and way of leaving.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of ``dropout.csv`` of one claim; the one without shift belongs to every line.
    column : str
        Of the claim's probability.
    name : str
        Of the claim.
    labels : mapping of str to str
        Of outcomes.
    needed : float
        Probability a verdict needs.
    """
    still = rows[rows["shift"] == 0.0]
    lines = rows[rows["shift"] != 0.0].groupby(["outcome", "who"], sort=False)
    with svg.drawing_style():
        figure = Figure(figsize=(svg.PANEL_INCHES, 2.2))
        axes = figure.add_axes((0.11, 0.2, 0.55, 0.66))
        axes.axhspan(needed, 1.04, color=svg.CLAIMED, alpha=0.12, linewidth=0)
        axes.axhspan(-0.04, 1 - needed, color=svg.OPPOSITE, alpha=0.1, linewidth=0)
        axes.axvline(0, color=svg.LINE, linewidth=0.8, zorder=0)
        ends = []
        for position, ((outcome, who), part) in enumerate(lines):
            line = pd.concat([part, still]).sort_values("shift")
            colour = svg.INK if outcome == EVERY_OUTCOME else outcome_colour(str(outcome), position)
            style = _DASHES.get(str(who), "-")
            axes.plot(line["shift"], line[column], color=colour, linestyle=style, linewidth=1.5)
            what = labels.get(str(outcome), str(outcome)) if who == EVERYONE else f"left {who}"
            ends.append((float(line[column].iloc[-1]), what, colour))
        _label(axes, ends)
        axes.set_ylim(-0.04, 1.04)
        axes.set_yticks([0, 0.5, 1])
        axes.set_xlabel("sd that those who left lie higher", labelpad=2)
        axes.set_title(name, loc="left", fontsize=9.5, fontweight="bold", pad=4)
    return figure


def _label(axes: Axes, ends: list[tuple[float, str, str]], apart: float = 0.13) -> None:
    """Name the lines at their right ends, none over another."""
    height = -1.0
    room = 1.04 - apart * len(ends)
    for place, (end, words, colour) in enumerate(sorted(ends)):
        height = max(min(end, room + apart * place), height + apart if place else -0.02)
        axes.text(
            1.03, (height + 0.04) / 1.08, words,
            transform=axes.transAxes, color=colour, va="center", fontsize=7.5,
        )  # fmt: skip
