"""For whom: slopes over their moderators, with the region where zero is left out."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.report.analysed import Analysed
from securebase.report.figures import outcome_colour
from securebase.report.inputs import number_at
from securebase.report.section import Block, Folded, Gallery, Note, Section, folded
from securebase.report.slope_figures import slope_panel
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Cell, Table
from securebase.report.wording import counted, fixed
from securebase.simple_slopes import REACH, Slope, clear_of_zero, slopes_along, slopes_of

_SHOWN: Final = 6
_READING: Final = (
    "Effect of the predictor over its moderator, counted from the moderator's mean: posterior "
    "median and 95 % band; tinted where zero lies outside of it (Johnson–Neyman regions)."
)


def section(one: Analysed) -> Section | None:
    """Draw the slopes; None where nothing is moderated by an observed predictor."""
    slopes = list(slopes_of(one.analysis, one.results.posterior["posterior"].to_dataset()))
    if not slopes:
        return None
    found = [_drawn(one, number, slope) for number, slope in enumerate(slopes)]
    pictures = [picture for picture, _ in found]
    clear = sum(somewhere for _, somewhere in found)
    words = (
        f"Of {counted(len(slopes), 'moderated effect')}, {clear} keep zero outside of the 95 % ETI "
        f"somewhere within {fixed(REACH, 0)} units of the moderator's mean."
    )
    blocks: list[Block] = [Gallery(pictures[:_SHOWN])]
    if pictures[_SHOWN:]:
        title = f"{counted(len(pictures) - _SHOWN, 'more drawing')}"
        blocks.append(Folded(title, (Gallery(pictures[_SHOWN:]),)))
    blocks += [Note((_READING,)), folded(_simple_slopes(one))]
    return Section("moderation", "For whom?", (words,), tuple(blocks))


def _simple_slopes(one: Analysed) -> Table:
    table, file = one.results.slopes, f"{one.name}/slopes.csv"
    return Table(
        caption="Simple slopes: the effect at values of the moderator",
        columns=("effect of", "on", "moderator", "#at", "#median", "#95 % ETI"),
        rows=tuple(_slope_row(table, file, int(line)) for line in table.index),
        source=file,
    )


def _slope_row(table: pd.DataFrame, file: str, line: int) -> tuple[Cell, ...]:
    low, middle, high = (number_at(table, file, line, q, 2) for q in ("q2_5", "median", "q97_5"))
    words = (str(table.at[line, name]) for name in ("of", "on", "by"))
    return (*words, number_at(table, file, line, "at"), middle, (low, " to ", high))


def _drawn(one: Analysed, number: int, slope: Slope) -> tuple[Picture, bool]:
    places, limits = slopes_along(slope.main, slope.product)
    clear = clear_of_zero(limits)
    words = f"Effect of {slope.of} on {slope.on}: {_regions(places, clear, slope.by)}."
    colour = outcome_colour(slope.outcome, 1)
    drawing = slope_panel(places, limits, f"{slope.of} on {slope.on}", slope.axis, colour)
    return Picture(inline_svg(drawing, f"{one.name}-slope-{number}", words), words), bool(
        clear.any()
    )


def _regions(places: NDArray[np.float64], clear: NDArray[np.int64], by: str) -> str:
    parts = []
    for sign, word in ((1, "above"), (-1, "below")):
        inside = places[clear == sign]
        if len(inside):
            low, high = fixed(inside.min(), 1), fixed(inside.max(), 1)
            parts.append(f"clearly {word} zero where {by} is from {low} to {high}")
    return ", ".join(parts) or "zero is nowhere left out"
