"""Whether more is better up to a point: effects that may turn, and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from securebase.names import SAMPLES
from securebase.report.analysed import Analysed
from securebase.report.curve_figures import curve_panel, effect_along
from securebase.report.figures import outcome_colour
from securebase.report.section import Gallery, Note, Section
from securebase.report.svg import Picture, inline_svg
from securebase.report.wording import listed, probability_text

_SLOPES: Final = ("curve_slope_on_level", "curve_slope_on_change")
_READING: Final = (
    "How far the outcome moves from what it is at the lowest observed value of the predictor: "
    "posterior median and 95 % band. Below: where draws that turn inside the observed range do so."
)


@dataclass(frozen=True)
class Curve:
    """A square effect of a predictor.

    Parameters
    ----------
    of : str
        Predictor, its moderator's value, member and outcome.
    outcome : str
    unit : str
        Of the outcome.
    low, high, width : ndarray (sample,)
        Slopes at both ends of the observed range, and its length.
    """

    of: str
    outcome: str
    unit: str
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    width: NDArray[np.float64]

    @property
    def turns(self) -> NDArray[np.float64]:
        """Where draws turn, as a share of the observed range: those that turn inside it."""
        inside = np.sign(self.low) != np.sign(self.high)
        low, high = self.low[inside], self.high[inside]
        return low / (low - high)

    @property
    def probability(self) -> float:
        """Posterior probability that it turns inside the observed range."""
        return len(self.turns) / len(self.low)


def section(one: Analysed) -> Section | None:
    """Draw the curves; None where the model has none."""
    curves = list(_curves(one))
    if not curves:
        return None
    parts = [f"{curve.of}: {probability_text(curve.probability, 0.01)}" for curve in curves]
    words = f"Probability that the effect turns inside the observed range: {listed(parts)}."
    pictures = [_picture(one, number, curve) for number, curve in enumerate(curves)]
    blocks = (Gallery(pictures), Note((_READING,)))
    return Section("curves", "Is there too much of it?", (words,), blocks)


def _curves(one: Analysed) -> Iterator[Curve]:
    posterior = one.results.posterior["posterior"].to_dataset()
    for name in _SLOPES:
        if name not in posterior:
            continue
        table = one.results.parameters.set_index("name")
        unit = str(table.at[name, "unit"]).partition(" per unit")[0]
        slopes = posterior[name].stack(sample=SAMPLES)
        bends = posterior[name.replace("slope", "bend")].stack(sample=SAMPLES)
        dims = [str(dim) for dim in bends.dims if dim != "sample"]
        for at in product(*(bends[dim].values for dim in dims)):
            labels = dict(zip(dims, at, strict=True))
            own, bend = slopes.sel(labels), bends.sel(labels).values
            low, high = (own.sel(end=end).values for end in ("low", "high"))
            if np.isnan(bend).all():
                continue
            words = [str(label).replace("_", " ") for label in labels.values()]
            outcome = str(labels.get("outcome", ""))
            yield Curve(", ".join(words), outcome, unit, low, high, (high - low) / bend)


def _picture(one: Analysed, number: int, curve: Curve) -> Picture:
    effects = effect_along(curve.low, curve.high, curve.width)
    words = (
        f"Effect of {curve.of}: it turns inside the observed range with probability "
        f"{probability_text(curve.probability, 0.01)}."
    )
    colour = outcome_colour(curve.outcome, number)
    drawing = curve_panel(effects, curve.turns, curve.of, curve.unit, colour)
    return Picture(inline_svg(drawing, f"{one.name}-curve-{number}", words), words)
