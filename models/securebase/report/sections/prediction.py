"""How well the model foretells whom it has not seen, beside its rivals."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pandas as pd

from securebase.names import AS_DECLARED
from securebase.report.analysed import Analysed
from securebase.report.inputs import PREDICTION_FILE, number_at
from securebase.report.section import Block, Note, Section
from securebase.report.tables import Cell, Table
from securebase.report.wording import Number, Sentence, counted, fixed

# below it a difference is too small to tell models apart, and its standard error too optimistic
SMALL: Final = 4.0
"""Sivula, Magnusson, Matamoros & Vehtari (2025), arXiv:2008.10296."""

_READING: Final = (
    "Of whoever is left out, random effects are integrated out: they are new people to the model. "
    "Difference: what the analysis gains over the rival, with the standard error over those left "
    f"out; below {fixed(SMALL, 0)}, or two standard errors, models cannot be told apart. k: beyond "
    "its limit importance weights cannot be trusted; a fit without whoever is left out takes their "
    "place, as far as the last column goes."
)


def section(one: Analysed) -> Section:
    """Say whether any rival foretells better, and which of its densities are to be doubted."""
    title = "Does it foretell whom it has not seen?"
    return Section("prediction", title, sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Name the rivals that foretell better or worse, and those that cannot be told apart."""
    table = one.results.prediction
    if table is None:
        return ("Nobody was left out of the fit in this run (prediction.compare).",)
    line = int(table.index[table["model"] == AS_DECLARED][0])
    file = f"{one.name}/{PREDICTION_FILE}"
    many = number_at(table, file, line, "count")
    whom = replace(many, text=counted(int(many.value), str(table.at[line, "left_out"])))
    density, error = (number_at(table, file, line, name, 1) for name in ("elpd", "se"))
    head = ("Leaving out one of ", whom, " at a time, its log predictive density is ")
    rivals = [int(other) for other in table.index if other != line]
    told = [piece for other in rivals for piece in _comparison(table, file, other)]
    end = told or [" The codebook declares no rival."]
    return (*head, density, " (se ", error, ").", *end)


def _comparison(table: pd.DataFrame, file: str, line: int) -> Sentence:
    difference, error = (
        number_at(table, file, line, name, 1) for name in ("difference", "difference_se")
    )
    name = str(table.at[line, "model"]).replace("_", " ")
    verdict = "foretells worse" if difference.value > 0 else "foretells better"
    if abs(difference.value) < max(SMALL, 2 * error.value):
        verdict = "cannot be told from it"
    return (f" Rival “{name}” {verdict} (", difference, ", se ", error, ").")


def _blocks(one: Analysed) -> Iterator[Block]:
    table = one.results.prediction
    if table is None:
        return
    yield _table(one, table)
    yield Note((_READING,))


def _table(one: Analysed, table: pd.DataFrame) -> Table:
    file = f"{one.name}/{PREDICTION_FILE}"

    def row(line: int) -> tuple[Cell, ...]:
        def cell(column: str, places: int) -> Number:
            return number_at(table, file, line, column, places)

        declared = table.at[line, "model"] == AS_DECLARED
        return (
            "the analysis" if declared else str(table.at[line, "model"]).replace("_", " "),
            str(table.at[line, "reason"]),
            cell("elpd", 1),
            cell("se", 1),
            "" if declared else cell("difference", 1),
            "" if declared else cell("difference_se", 1),
            (cell("k_worst", 2), " of ", cell("k_limit", 2)),
            cell("k_bad", 0),
            cell("refits", 0),
        )

    return Table(
        caption="Log predictive density of who is left out",
        columns=(
            *("model", "what it says", "#sum", "#se", "#difference", "#se", "#worst k of limit"),
            *("#beyond", "#fitted without"),
        ),
        rows=tuple(row(int(str(line))) for line in table.index),
        source=file,
    )
