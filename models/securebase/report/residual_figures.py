"""Heat-maps of residual moments: where a model and what was observed disagree."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from securebase.report import svg
from securebase.report.wording import fixed

STRONGEST: Final = 0.3
"""A residual correlation drawn in full colour: half of a large one is hard to overlook."""
MEAN: Final = "mean"
LATER: Final = "next "
# in inches
_LARGEST_CELL: Final = 0.42
_LEFT, _RIGHT, _TOP, _BOTTOM = 1.16, 0.05, 0.3, 1.05
_LETTERS: Final = 18
_PRINTED_FROM: Final = 0.3


@dataclass(frozen=True)
class Measured:
    """What a row stands for: a series, at a wave where waves are told apart."""

    series: str
    wave: str = ""

    def __str__(self) -> str:
        """Name it: "partner avoidance, month 9"."""
        return f"{self.series}, {self.wave}" if self.wave else self.series


def residual_map(rows: pd.DataFrame, measured: Mapping[str, Measured], title: str) -> Figure:
    """Draw residual means and correlations: green where more was observed than implied.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns of, with, residual of one composition, as in ``residual_moments.csv``.
    measured : mapping of str to Measured
        What was observed, in the order to draw.
    title : str
        Of the composition.
    """
    later = [one for one in dict.fromkeys(rows["with"]) if one.startswith(LATER)]
    columns = [MEAN, *measured, *later]
    room = svg.PANEL_INCHES - _LEFT - _RIGHT
    cell = min(_LARGEST_CELL, room / len(columns))
    width, height = cell * len(columns), cell * len(measured)
    size = (svg.PANEL_INCHES, _BOTTOM + height + _TOP)
    with svg.drawing_style():
        figure = Figure(figsize=size)
        frame = (_LEFT / size[0], _BOTTOM / size[1], width / size[0], height / size[1])
        axes = figure.add_axes(frame)
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(measured) - 0.5, -0.5)
        for at, value, told in _cells(rows, measured, columns):
            _draw(axes, at, value, told, cell >= _PRINTED_FROM)
        _label(axes, list(measured.values()), [_column(one, measured) for one in columns])
        figure.text(0.01, 1 - 0.13 / size[1], title, fontsize=8.5, fontweight="bold", va="center")
    return figure


def _cells(
    rows: pd.DataFrame, measured: Mapping[str, Measured], columns: Sequence[str]
) -> Iterator[tuple[tuple[int, int], float, str]]:
    """Place each moment, what has no direction below the diagonal, and name it with its value."""
    heights = {one: place for place, one in enumerate(measured)}
    for row in rows.dropna(subset="residual").to_dict("records"):
        of, other, value = str(row["of"]), str(row["with"]), float(row["residual"])
        if other in heights and heights[other] > heights[of]:
            of, other = other, of
        told = f"{measured[of]}, {_with(other, measured)}: {fixed(value, 2)}"
        yield (columns.index(other), heights[of]), value, told


def _with(other: str, measured: Mapping[str, Measured]) -> str:
    if other == MEAN:
        return MEAN
    if other.startswith(LATER):
        return f"with {measured[other.removeprefix(LATER)]} one wave later"
    return f"with {measured[other]}"


def _column(name: str, measured: Mapping[str, Measured]) -> Measured:
    if name.startswith(LATER):
        return Measured(f"{measured[name.removeprefix(LATER)].series}, next wave")
    return measured.get(name, Measured(name))


def _draw(axes: Axes, at: tuple[int, int], value: float, told: str, printed: bool) -> None:
    corner = (at[0] - 0.47, at[1] - 0.47)
    axes.add_patch(Rectangle(corner, 0.94, 0.94, color=svg.ROPE, alpha=0.5, linewidth=0))
    colour = svg.CLAIMED if value > 0 else svg.OPPOSITE
    share = min(abs(value) / STRONGEST, 1.0)
    cell = Rectangle(corner, 0.94, 0.94, color=colour, alpha=share, linewidth=0)
    cell.set_gid(f"{svg.TIP}{told}")
    axes.add_patch(cell)
    if printed:
        axes.text(*at, fixed(value, 2), ha="center", va="center", fontsize=7)


def _label(axes: Axes, rows: Sequence[Measured], columns: Sequence[Measured]) -> None:
    """Name each block of waves once, and the waves in between by their last words."""
    axes.set_xticks(range(len(columns)), [_last_word(one.wave) for one in columns])
    axes.set_yticks(range(len(rows)), [_last_word(one.wave) for one in rows])
    axes.tick_params(length=0, pad=1.5, labelsize=6.8)
    for start, stop, series in _blocks(rows):
        axes.annotate(
            _wrapped(series), (0, (start + stop) / 2), (-14, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", fontsize=6.8, color=svg.MUTED,
        )  # fmt: skip
        axes.axhline(start - 0.5, color=svg.PAPER, linewidth=1.5)
    for start, stop, series in _blocks(columns):
        axes.annotate(
            _wrapped(series), ((start + stop) / 2, 0), (0, -10),
            xycoords=("data", "axes fraction"), textcoords="offset points", rotation=90,
            ha="center", va="top", fontsize=6.8, color=svg.MUTED,
        )  # fmt: skip
        axes.axvline(start - 0.5, color=svg.PAPER, linewidth=1.5)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _blocks(measured: Sequence[Measured]) -> Iterator[tuple[int, int, str]]:
    """First and last place of each series."""
    for series in dict.fromkeys(one.series for one in measured):
        places = [place for place, one in enumerate(measured) if one.series == series]
        yield places[0], places[-1], series


def _last_word(wave: str) -> str:
    return wave.rpartition(" ")[2]


def _wrapped(series: str) -> str:
    return textwrap.fill(series, _LETTERS, max_lines=2, placeholder="…")
