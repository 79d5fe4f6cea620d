"""For whom: slopes over their moderators, with the region where zero is left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.terms import Interaction, Predictor
from securebase.names import SAMPLES
from securebase.report.analysed import Analysed
from securebase.report.figures import outcome_colour
from securebase.report.section import Block, Folded, Gallery, Note, Section
from securebase.report.slope_figures import REACH, clear_of_zero, slope_panel, slopes_along
from securebase.report.svg import Picture, inline_svg
from securebase.report.wording import counted, fixed

_SHOWN: Final = 6
_READING: Final = (
    "Effect of the predictor over its moderator, counted from the moderator's mean: posterior "
    "median and 95 % band; tinted where zero lies outside of it (Johnson–Neyman regions)."
)


@dataclass(frozen=True)
class Slope:
    """An effect that depends on a moderator.

    Parameters
    ----------
    of, on, by : str
        Predictor, outcome and member, moderator, in words.
    outcome, axis : str
        Outcome; moderator with its unit.
    main, product : ndarray (sample,)
    """

    of: str
    on: str
    by: str
    outcome: str
    axis: str
    main: NDArray[np.float64]
    product: NDArray[np.float64]


def section(one: Analysed) -> Section | None:
    """Draw the slopes; None where nothing is moderated by an observed predictor."""
    slopes = list(_slopes(one))
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
    return Section("moderation", "For whom?", (words,), (*blocks, Note((_READING,))))


def _slopes(one: Analysed) -> Iterator[Slope]:
    posterior = one.results.posterior["posterior"].to_dataset()
    known = {predictor.term: predictor for predictor in one.analysis.predictors}
    for declared in one.analysis.interactions:
        if len(declared.of) == 2 and set(declared.of) <= set(known):
            predictor, moderator = (known[term] for term in declared.of)
            for part in declared.on:
                yield from _of_part(posterior, declared, predictor, moderator, part)


def _of_part(
    posterior: xr.Dataset, declared: Interaction, predictor: Predictor, moderator: Predictor,
    part: str,
) -> Iterator[Slope]:  # fmt: skip
    names = f"{predictor.of}_on_{part}", f"interaction_on_{part}"
    if any(name not in posterior for name in names):
        return
    at = {f"{predictor.of}_predictor": predictor.name}, {"interaction_predictor": declared.name}
    try:
        main, products = (posterior[name].sel(own) for name, own in zip(names, at, strict=True))
    except KeyError:
        # what varies over moments is labelled otherwise, and drawn with its own model
        return
    dims = [str(dim) for dim in products.dims if dim not in SAMPLES]
    for labels in product(*(products[dim].values for dim in dims)):
        cell = dict(zip(dims, labels, strict=True))
        own, by = (values.sel(cell).values.ravel() for values in (main, products))
        if np.isnan(own).all() or np.isnan(by).all():
            continue
        unit = "sd" if moderator.scale == "sd" else "its own unit"
        yield Slope(
            of=predictor.term.replace("_", " "),
            on=", ".join(str(label).replace("_", " ") for label in labels),
            by=moderator.term.replace("_", " "),
            outcome=str(cell.get("outcome", "")),
            axis=f"{moderator.term.replace('_', ' ')}, {unit}",
            main=own,
            product=by,
        )


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
