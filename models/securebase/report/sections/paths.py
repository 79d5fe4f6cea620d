"""What leads to what: path diagrams of the arrows of a model."""

from collections.abc import Iterator
from typing import Final

import pandas as pd

from securebase.report.analysed import Analysed
from securebase.report.counting import lines_of, lines_or_none
from securebase.report.fit_tables import estimate_table
from securebase.report.path_figures import Arrow, path_diagram
from securebase.report.section import Block, Folded, Gallery, Note, Section, folded
from securebase.report.svg import Picture, inline_svg
from securebase.report.wording import Sentence, counted, fixed, listed, variable_words

_SHOWN: Final = 6
_READING: Final = (
    "Posterior medians, arrows from left to right; full lines where zero lies outside of the 95 % "
    "ETI (green above, purple below), dashes where it does not."
)


def section(one: Analysed) -> Section | None:
    """Draw the arrows; None where the model has none."""
    groups = dict(_groups(one.results.summary))
    if not groups:
        return None
    return Section("paths", "What leads to what", _sentence(one), tuple(_blocks(one, groups)))


def _groups(summary: pd.DataFrame) -> Iterator[tuple[str, list[Arrow]]]:
    """Arrows that belong into one diagram, by its title."""
    found: dict[str, list[Arrow]] = {}
    for row in summary.to_dict("records"):
        at = dict(pair.split("=", 1) for pair in str(row["coordinates"]).split(", ") if "=" in pair)
        path = _path(str(row["coordinates"]))
        if not path:
            continue
        others = [label for dim, label in at.items() if not dim.endswith("path")]
        title = ", ".join([variable_words(str(row["name"])), *others]).replace("_", " ")
        source, target = path.split(" to ", 1)
        values = (float(row[name]) for name in ("q2_5", "median", "q97_5"))
        found.setdefault(title, []).append(Arrow(source, target, *values))
    yield from found.items()


def _sentence(one: Analysed) -> Sentence:
    file, arrows = f"{one.name}/summary.csv", _arrows(one.results.summary)
    clear = arrows.index[(arrows["q2_5"] > 0) | (arrows["q97_5"] < 0)]
    return (
        *("Of ", lines_of(file, arrows.index, "arrow"), ", ", lines_or_none(file, clear)),
        " keep zero outside of their 95 % ETI.",
    )


def _arrows(summary: pd.DataFrame) -> pd.DataFrame:
    return summary[[bool(_path(str(at))) for at in summary["coordinates"]]]


def _blocks(one: Analysed, groups: dict[str, list[Arrow]]) -> Iterator[Block]:
    pictures = [
        _picture(one, number, title, arrows)
        for number, (title, arrows) in enumerate(groups.items())
    ]
    yield Gallery(pictures[:_SHOWN])
    if len(pictures) > _SHOWN:
        rest = pictures[_SHOWN:]
        yield Folded(f"{counted(len(rest), 'more diagram')}", (Gallery(rest),))
    yield Note((_READING,))
    rows = _arrows(one.results.summary)
    yield folded(estimate_table("All arrows", one.results, rows, one.labels))


def _path(coordinates: str) -> str:
    """Find the arrow among coordinates: "anxiety to avoidance"; empty where there is none."""
    pairs = (pair.partition("=") for pair in coordinates.split(", "))
    found = (label for dim, _, label in pairs if dim.endswith("path") and " to " in label)
    return next(found, "")


def _picture(one: Analysed, number: int, title: str, arrows: list[Arrow]) -> Picture:
    parts = [
        f"{two.source} to {two.target} {fixed(two.middle, 2)} "
        f"({fixed(two.low, 2)} to {fixed(two.high, 2)})".replace("_", " ")
        for two in arrows
    ]
    words = f"{title}: {listed(parts)}."
    drawing = path_diagram(arrows, one.labels, title)
    return Picture(inline_svg(drawing, f"{one.name}-paths-{number}", words), words)
