"""Tables of a fit: estimates, checks, what the model replicates, how it was made."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pandas as pd

from securebase.report.counting import lines_of
from securebase.report.inputs import AnalysisResults, number_at
from securebase.report.result_tables import FAIL, PASS, WARN
from securebase.report.tables import Cell, Light, Table
from securebase.report.wording import (
    Number,
    Sentence,
    check_name,
    check_value,
    counted,
    decimals,
    decimals_of_estimate,
    place_words,
    strung,
    variable_words,
)

_PRIOR_COLUMNS: Final = ("block", "outcome", "density", "unit", "reason")


def change_table(analysis: AnalysisResults, labels: Mapping[str, str]) -> Table | None:
    """Tabulate the estimated change of each outcome in each role (and phase), if there is one."""
    rows = analysis.summary[analysis.summary["name"] == "change"]
    if rows.empty:
        return None
    return estimate_table("Estimated change", analysis, rows, labels, named=False)


def parameter_table(analysis: AnalysisResults, labels: Mapping[str, str]) -> Table:
    """Tabulate every estimated parameter of an analysis."""
    caption = f"All {counted(len(analysis.summary), 'estimated quantity', 'estimated quantities')}"
    return estimate_table(caption, analysis, analysis.summary, labels)


def estimate_table(
    caption: str,
    analysis: AnalysisResults,
    rows: pd.DataFrame,
    labels: Mapping[str, str],
    named: bool = True,
) -> Table:
    """Tabulate rows of ``summary.csv``, with or without the name of their variable."""
    columns = ("of", "#mean", "#sd", "#95 % ETI", "unit", "#MCSE", "#ESS bulk, tail", "#R-hat")
    return Table(
        caption=caption,
        columns=(("quantity", *columns) if named else columns),
        rows=tuple(_estimate_row(analysis, line, labels, named) for line in rows.index),
        source=f"{analysis.name}/summary.csv",
    )


def _estimate_row(
    analysis: AnalysisResults, line: int, labels: Mapping[str, str], named: bool
) -> tuple[Cell, ...]:
    row = {str(name): value for name, value in analysis.summary.loc[line].items()}
    key = f"{row['name']}[{row['coordinates']}]"

    def cell(column: str, places: int) -> Number:
        return number_at(
            analysis.summary, f"{analysis.name}/summary.csv", line, column, places, key
        )

    places = decimals_of_estimate(row)
    name = (variable_words(str(row["name"])),) if named else ()
    return (
        *(*name, coordinate_words(str(row["coordinates"]), labels)),
        *(cell("mean", places), cell("sd", places)),
        (cell("q2_5", places), " to ", cell("q97_5", places)),
        str(row["unit"]),
        cell("mcse_mean", decimals(float(str(row["mcse_mean"]))) + 1),
        (cell("ess_bulk", 0), ", ", cell("ess_tail", 0)),
        cell("r_hat", 3),
    )


def coordinate_words(coordinates: str, labels: Mapping[str, str]) -> str:
    """Say coordinates by their labels: "role=partner, outcome=anxiety" is "partner, anxiety"."""
    parts = [part.partition("=")[2] or part for part in coordinates.split(", ")]
    return ", ".join(labels.get(part, part.replace("_", " ")) for part in parts)


def check_table(analysis: AnalysisResults) -> Table:
    """Tabulate the checks of an analysis, the worst first."""
    lights = analysis.checks["passed"]
    return Table(
        caption=f"Checks of analysis {analysis.name}",
        columns=("result", "check", "worst at", "#value", "#required", "what it says"),
        rows=tuple(
            _check_row(analysis, line)
            for light in (FAIL, WARN, PASS)
            for line in analysis.checks.index[lights == light]
        ),
        source=f"{analysis.name}/checks.tsv",
    )


def _check_row(analysis: AnalysisResults, line: int) -> tuple[Cell, ...]:
    checks, file = analysis.checks, f"{analysis.name}/checks.tsv"
    text = {str(name): str(value) for name, value in checks.loc[line].items()}
    value = number_at(checks, file, line, "value")
    return (
        Light(text["passed"]),
        check_name(text["check"]),
        place_words(text["what"]),
        replace(value, text=check_value(value.value)),
        (f"{_comparison(text['comparison'])} ", number_at(checks, file, line, "threshold")),
        text["explanation"],
    )


def _comparison(sign: str) -> str:
    signs = {"<=": "\N{LESS-THAN OR EQUAL TO}", ">=": "\N{GREATER-THAN OR EQUAL TO}"}
    return signs.get(sign, sign)


def prior_table(analysis: AnalysisResults) -> Table | None:
    """Tabulate the priors in force, each with its reason."""
    if analysis.priors is None:
        return None
    columns = [name for name in analysis.priors.columns if name in _PRIOR_COLUMNS]
    return Table(
        caption="Priors, each with its reason",
        columns=tuple(columns),
        rows=tuple(
            tuple(
                variable_words(str(row[name])) if name == "block" else str(row[name])
                for name in columns
            )
            for row in analysis.priors.to_dict("records")
        ),
        source=f"{analysis.name}/priors.csv",
    )


def left_out_note(analysis: AnalysisResults, unit: str) -> Sentence:
    """Say how many units an analysis could not use, and why; empty where it used all."""
    if analysis.left_out is None or analysis.left_out.empty:
        return ()
    file, groups = f"{analysis.name}/left_out.csv", analysis.left_out.groupby("reason", sort=False)
    parts = [(lines_of(file, rows.index, unit), f" ({reason})") for reason, rows in groups]
    return ("Left out of this analysis: ", *strung(parts), ".")


def provenance_table(analysis: AnalysisResults) -> Table:
    """Tabulate how a posterior was made: what its file says of itself."""
    sizes = analysis.posterior["posterior"].sizes
    rows = [("draws", f"{sizes['chain']} chains of {sizes['draw']:,} draws")]
    rows += sorted((str(key), str(value)) for key, value in analysis.posterior.attrs.items())
    return Table(
        caption="What the file of draws says of itself",
        columns=("what", "value"),
        rows=tuple((key.replace("_", " "), value) for key, value in rows),
        source=f"{analysis.name}/posterior.nc",
        quotes=True,
    )
