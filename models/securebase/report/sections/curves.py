"""Whether more is better up to a point: effects that may turn, and where."""

from dataclasses import replace
from typing import Final

from securebase.report.analysed import Analysed
from securebase.report.curve_figures import curve_panel, effect_along
from securebase.report.figures import outcome_colour
from securebase.report.inputs import number_at
from securebase.report.section import Gallery, Note, Section, folded
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Cell, Table
from securebase.report.wording import Number, probability_text
from securebase.turning_points import Curve, curves_of

_READING: Final = (
    "How far the outcome moves from what it is at the lowest observed value of the predictor: "
    "posterior median and 95 % band. Below: where draws that turn inside the observed range do so."
)


def section(one: Analysed) -> Section | None:
    """Draw the curves; None where the model has none."""
    curves = list(curves_of(one.results.posterior["posterior"].to_dataset()))
    if not curves:
        return None
    parts: list[str | Number] = []
    for line, curve in zip(one.results.curves.index, curves, strict=True):
        parts += ["; " if parts else "", f"{curve.words}: ", _probability(one, int(line))]
    sentence = ("Probability that the effect turns inside the observed range: ", *parts, ".")
    pictures = [_picture(one, number, curve) for number, curve in enumerate(curves)]
    blocks = (Gallery(pictures), Note((_READING,)), folded(_table(one, curves)))
    return Section("curves", "Is there too much of it?", sentence, blocks)


def _probability(one: Analysed, line: int) -> Number:
    table = one.results.curves
    found = number_at(table, f"{one.name}/curves.csv", line, "p_turns")
    return replace(found, text=probability_text(found.value, float(str(table.at[line, "p_mcse"]))))


def _table(one: Analysed, curves: list[Curve]) -> Table:
    table, file = one.results.curves, f"{one.name}/curves.csv"
    lines = [int(line) for line in table.index]
    return Table(
        caption="Where draws turn, as a share of the observed range",
        columns=("effect of", "#P(turns inside)", "#MCSE", "#2.5 %", "#median", "#97.5 %"),
        rows=tuple(
            (
                curve.words,
                _probability(one, line),
                number_at(table, file, line, "p_mcse", 3),
                *(
                    _turn(number_at(table, file, line, f"turn_{name}", 2))
                    for name in ("q2_5", "median", "q97_5")
                ),
            )
            for line, curve in zip(lines, curves, strict=True)
        ),
        source=file,
    )


def _turn(number: Number) -> Cell:
    return number if number.available else "none turns"


def _picture(one: Analysed, number: int, curve: Curve) -> Picture:
    low, high, width = (each.ravel() for each in (curve.low, curve.high, curve.width))
    effects = effect_along(low, high, width)
    words = (
        f"Effect of {curve.words}: it turns inside the observed range with probability "
        f"{probability_text(curve.probability, 0.01)}."
    )
    table = one.results.parameters.set_index("name")
    unit = str(table.at[curve.name, "unit"]).partition(" per unit")[0]
    colour = outcome_colour(curve.outcome, number)
    drawing = curve_panel(effects, curve.turns, curve.words, unit, colour)
    return Picture(inline_svg(drawing, f"{one.name}-curve-{number}", words), words)
