"""Where the moments that a model implies and those observed lie apart."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from securebase.report.analysed import Analysed
from securebase.report.inputs import number_at
from securebase.report.residual_figures import LATER, MEAN, STRONGEST, Measured, residual_map
from securebase.report.section import Block, Gallery, Note, folded
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Cell, Table, wave_labels
from securebase.report.wording import Sentence, fixed, short

_LARGEST: Final = 10


def moment_sentence(one: Analysed) -> Sentence:
    """Say the moment PPP of each composition."""
    table, file = one.results.moment_fit, f"{one.name}/moment_fit.csv"
    parts: list[Cell | str] = []
    for line in table.index:
        of = _apart(one, str(table.at[line, "composition"])).removeprefix(", ")
        share = number_at(table, file, line, "ppp", 2)
        parts += ["; " if parts else "Moment PPP: ", share, f" ({of})" if of else ""]
    return (*parts, ".")  # type: ignore[arg-type]


def moment_blocks(one: Analysed) -> Iterator[Block]:
    """Tabulate and draw how far observed moments lie from the implied ones."""
    yield _fit_table(one)
    residual = one.results.residual_moments
    pictures = [
        _picture(one, number, str(name), part)
        for number, (name, part) in enumerate(residual.groupby("composition", sort=False))
    ]
    yield Gallery(pictures)
    yield Note((_reading(one),))
    yield folded(_largest(one))


def _reading(one: Analysed) -> str:
    return (
        "Observed minus implied, averaged over posterior draws: means in standard deviations, the "
        f"rest as correlations; green: more than implied, purple: less, in full from {STRONGEST}; "
        "rows and columns in the same order. "
        "What was not observed is filled in by the model, so that those who left do not look like "
        "misfit. SRMR: the root mean square of all of these at a draw. Moment PPP: the share of "
        "studies replicated from the model that lie as far from it; near 0.5 where the model is "
        f"right, below {short(one.rules.thresholds.moment_ppp)} a warning "
        "(doi:10.1080/10705511.2011.607723)."
    )


def _fit_table(one: Analysed) -> Table:
    table, file = one.results.moment_fit, f"{one.name}/moment_fit.csv"
    return Table(
        caption="Observed and replicated studies beside the moments implied",
        columns=("of", "#moments", "#SRMR observed", "#SRMR replicated", "#moment PPP"),
        rows=tuple(
            (
                _words(table.at[line, "composition"]),
                number_at(table, file, line, "moments", 0),
                *(number_at(table, file, line, name, 3) for name in ("observed", "replicated")),
                number_at(table, file, line, "ppp", 2),
            )
            for line in table.index
        ),
        source=file,
    )


def _picture(one: Analysed, number: int, name: str, rows: pd.DataFrame) -> Picture:
    words = _summary(one, name, rows)
    drawing = residual_map(rows, _measured(one, rows), f"Residual moments{_apart(one, name)}")
    return Picture(inline_svg(drawing, f"{one.name}-residual-{number}", words), words)


def _summary(one: Analysed, name: str, rows: pd.DataFrame) -> str:
    largest = rows.iloc[int(np.nanargmax(rows["residual"].abs().to_numpy()))]
    return (
        f"Residual moments{_apart(one, name)}: the largest is {fixed(largest['residual'], 2)}, "
        f"{_pair(one, largest)}."
    )


def _apart(one: Analysed, name: str) -> str:
    """Name a composition where there are several."""
    return f", {_words(name)}" if len(one.results.moment_fit) > 1 else ""


def _pair(one: Analysed, row: pd.Series) -> str:
    of, other = str(row["of"]), str(row["with"])
    labels, waves = one.labels, wave_labels(one.study)
    first, second = (_what(name.removeprefix(LATER), labels, waves) for name in (of, other))
    if other == MEAN:
        return f"the mean of {first}"
    if of == other:
        return f"the variance of {first}"
    later = " one wave later" if other.startswith(LATER) else ""
    return f"{first} with {second}{later}"


def _measured(one: Analysed, rows: pd.DataFrame) -> dict[str, Measured]:
    """Say what each row stands for: series by series, each in the order of its waves."""
    labels, waves = one.labels, wave_labels(one.study)
    found = {
        name: _what(name, labels, waves) for name in dict.fromkeys(str(of) for of in rows["of"])
    }
    series = list(dict.fromkeys(what.series for what in found.values()))
    return dict(sorted(found.items(), key=lambda pair: series.index(pair[1].series)))


def _what(name: str, labels: Mapping[str, str], waves: Mapping[str, str]) -> Measured:
    """Read the name of a response, "m9 partner avoidance", or of a series."""
    wave, _, rest = name.partition(" ")
    series = rest if wave in waves else name
    words = " ".join(labels.get(part, part.replace("_", " ")) for part in series.split(" "))
    return Measured(words, waves.get(wave, ""))


def _largest(one: Analysed) -> Table:
    table, file = one.results.residual_moments, f"{one.name}/residual_moments.csv"
    lines = table["residual"].abs().sort_values(ascending=False, kind="stable").index[:_LARGEST]
    return Table(
        caption=f"The {_LARGEST} largest residual moments",
        columns=("of", "which", "#residual"),
        rows=tuple(
            (
                _words(table.at[line, "composition"]),
                _pair(one, table.loc[line]),
                number_at(table, file, int(line), "residual", 2),
            )
            for line in lines
        ),
        source=file,
    )


def _words(composition: object) -> str:
    return str(composition).replace("_", " ")
