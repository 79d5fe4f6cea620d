"""Who answered at each wave, beside those who were due: one drawing."""

from collections.abc import Mapping
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from securebase.report import svg

_WIDEST_INCHES: Final = 7.2


def participation(
    persons: pd.DataFrame,
    due: pd.DataFrame,
    roles: Mapping[str, str],
    wave_labels: Mapping[str, str],
) -> Figure:
    """Draw how many persons answered at each wave, by role, beside those who were lost.

    Parameters
    ----------
    persons : pandas.DataFrame
        Counts of persons who answered, index wave, columns role.
    due : pandas.DataFrame
        Counts of persons who answered or were lost, likewise.
    roles, wave_labels : mapping
        Labels by level.
    """
    with svg.drawing_style():
        width = min(max(4.1, 0.55 * len(persons)), _WIDEST_INCHES)
        figure = Figure(figsize=(width, 0.5 + 0.42 * len(persons.columns)))
        axes = figure.add_axes((0.16, 0.02, 0.82, 0.76))
        for row, role in enumerate(persons.columns):
            for place, (count, most) in enumerate(zip(persons[role], due[role], strict=True)):
                if pd.notna(count):
                    _participation_cell(axes, place, -row, float(count), float(most))
        axes.set_xlim(-0.46, len(persons) - 0.5)
        axes.set_ylim(-len(persons.columns) + 0.45, 0.5)
        axes.set_yticks([-row for row in range(len(persons.columns))], roles.values())
        labels = [wave_labels.get(str(wave), str(wave)) for wave in persons.index]
        axes.set_xticks(range(len(persons)), labels)
        axes.xaxis.tick_top()
        axes.tick_params(length=0, labelcolor=svg.INK)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure


def _participation_cell(axes: Axes, place: int, row: int, count: float, most: float) -> None:
    left, width, height = place - 0.42, 0.84, 0.30
    axes.add_patch(Rectangle((left, row - 0.36), width, height, color=svg.ROPE, linewidth=0))
    filled = width * count / most
    axes.add_patch(Rectangle((left, row - 0.36), filled, height, color=svg.MUTED, linewidth=0))
    axes.text(left, row + 0.03, f"{int(count):,}", va="bottom", fontweight="bold")
