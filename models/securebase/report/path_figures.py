"""Path diagrams: from where arrows start to where they end, each with its estimate."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from securebase.report import svg
from securebase.report.figures import outcome_colour
from securebase.report.wording import fixed

# in inches
_ROW: Final = 0.42
_LETTERS: Final = 19
# where along arrows that cross their estimates stand: not over each other
_CROSSING: Final = (0.2, 0.36, 0.28, 0.44)


@dataclass(frozen=True)
class Arrow:
    """An arrow: its ends, posterior median and 95 % ETI.

    Parameters
    ----------
    source, target : str
        What it leads from and to, as variables name them: "partner anxiety", "anxiety".
    low, middle, high : float
    """

    source: str
    target: str
    low: float
    middle: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether zero lies outside of its interval."""
        return self.low > 0 or self.high < 0


def path_diagram(arrows: Sequence[Arrow], labels: Mapping[str, str], title: str) -> Figure:
    """Draw arrows from left to right.

    Full lines where zero lies outside of the 95 % ETI, thin dashes where it lies inside; the
    thicker, the larger the median.

    Parameters
    ----------
    arrows : sequence of Arrow
    labels : mapping of str to str
        Of outcomes.
    title : str
    """
    sources = list(dict.fromkeys(one.source for one in arrows))
    targets = list(dict.fromkeys(one.target for one in arrows))
    rows = max(len(sources), len(targets))
    with svg.drawing_style():
        height = _ROW * rows + 0.42
        figure = Figure(figsize=(svg.PANEL_INCHES, height))
        axes = figure.add_axes((0.0, 0.0, 1.0, (height - 0.26) / height))
        axes.set_xlim(0, 1)
        axes.set_ylim(-rows + 0.4, 0.6)
        axes.axis("off")
        left, right = _heights(sources, rows), _heights(targets, rows)
        largest = max(abs(one.middle) for one in arrows) or 1.0
        for place, one in enumerate(arrows):
            ends = (left[one.source], right[one.target])
            share = abs(one.middle) / largest
            _arrow(axes, one, ends, share, _place(place, len(left), len(right)))
        for heights, at, side in ((left, 0.33, "right"), (right, 0.69, "left")):
            for name, y in heights.items():
                colour = outcome_colour(name, 1) if _attachment(name) else svg.INK
                words = _words(name, labels)
                axes.text(at, y, words, ha=side, va="center", fontsize=7.5, color=colour)
        figure.text(0.01, 1 - 0.15 / height, title, fontsize=8.5, fontweight="bold", va="center")
    return figure


def _heights(names: Sequence[str], rows: int) -> dict[str, float]:
    step = (rows - 1) / max(len(names) - 1, 1)
    start = 0.0 if len(names) > 1 else -(rows - 1) / 2
    return {name: start - step * place for place, name in enumerate(names)}


def _attachment(name: str) -> bool:
    return "anxi" in name or "avoid" in name


def _words(name: str, labels: Mapping[str, str]) -> str:
    words = " ".join(labels.get(part, part.replace("_", " ")) for part in name.split(" "))
    return textwrap.fill(words, _LETTERS, max_lines=2, placeholder="…")


def _place(number: int, sources: int, targets: int) -> float:
    """Say where along an arrow its estimate stands: towards the side where arrows lie apart."""
    if sources == targets:
        return _CROSSING[number % len(_CROSSING)]
    return 0.7 if sources < targets else 0.3


def _arrow(axes: Axes, one: Arrow, ends: tuple[float, float], share: float, place: float) -> None:
    start, stop = (0.35, ends[0]), (0.67, ends[1])
    colour = svg.MUTED if not one.clear else svg.CLAIMED if one.middle > 0 else svg.OPPOSITE
    axes.add_patch(
        FancyArrowPatch(
            start,
            stop,
            arrowstyle="-|>",
            mutation_scale=7,
            shrinkA=0,
            shrinkB=0,
            color=colour,
            linewidth=0.7 + 1.8 * share,
            linestyle="-" if one.clear else (0, (3, 2)),
        )
    )
    x, y = (a + place * (b - a) for a, b in zip(start, stop, strict=True))
    axes.text(
        x, y, fixed(one.middle, 2), ha="center", va="center", fontsize=7, color=svg.INK,
        bbox={"facecolor": svg.PAPER, "edgecolor": "none", "pad": 0.8},
    )  # fmt: skip
