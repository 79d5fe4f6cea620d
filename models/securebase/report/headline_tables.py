"""Tables of the headline's page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from securebase.codebook.claim import Term
from securebase.report.tables import Cell, Table
from securebase.report.wording import (
    VERDICTS,
    Number,
    fixed,
    probability_text,
    short,
    variable_words,
)
from securebase.synthesis.contributions import Contributed
from securebase.synthesis.settings import Contribution, Side

_WORDS = {
    "difference": "anxiety minus avoidance",
    "anxiety": "effect on anxiety",
    "avoidance": "effect on avoidance",
}


@dataclass(frozen=True)
class SensitivityLine:
    """The headline under one choice."""

    choice: str
    cells: tuple[Cell, ...]
    verdict: str

    @property
    def sign(self) -> str:
        """The verdict as a sign."""
        return VERDICTS[self.verdict]


def pooled_table(summary: pd.DataFrame) -> Table:
    """Tabulate means over studies, what differs between studies, and a new study."""
    columns = ("#mean over studies", "#95 % ETI", "#sd between studies", "#95 % ETI of it",
               "#new study, 95 %")  # fmt: skip
    rows = summary.to_dict("records") if "median" in summary else []
    return Table(
        caption="Over all studies, in baseline sds",
        columns=("quantity", *columns),
        rows=tuple(_pooled_row({str(key): value for key, value in one.items()}) for one in rows),
        source="headline/headline.csv",
    )


def _pooled_row(row: dict[str, object]) -> tuple[Cell, ...]:
    def at(column: str) -> Number:
        value = float(str(row[column]))
        return Number(value, fixed(value, 2), f"headline/headline.csv#{row['quantity']}.{column}")

    return (
        _WORDS[str(row["quantity"])],
        at("median"),
        (at("q2_5"), " to ", at("q97_5")),
        at("between_median"),
        (at("between_q2_5"), " to ", at("between_q97_5")),
        (at("new_q2_5"), " to ", at("new_q97_5")),
    )


def study_table(studies: pd.DataFrame) -> Table:
    """Tabulate what each study says, alone and in the light of the others."""
    used = studies[studies["used"]]
    return Table(
        caption="Study by study, in baseline sds",
        columns=(
            *("study", "quantity", "#alone: mean", "#95 % ETI", "#with the others", "#95 % ETI"),
            *("#share of the mean", "#skewness", "#share of its prior"),
        ),
        rows=tuple(_study_row(used, int(str(line))) for line in used.index),
        source="headline/studies.csv",
    )


def _study_row(studies: pd.DataFrame, line: int) -> tuple[Cell, ...]:
    study, quantity = (str(studies.at[line, name]) for name in ("study", "quantity"))
    place = f"{study}.{quantity}"

    def at(column: str) -> Number:
        value = float(str(studies.at[line, column]))
        return Number(value, fixed(value, 2), f"headline/studies.csv#{place}.{column}")

    def percent(column: str) -> Number:
        value = float(str(studies.at[line, column]))
        return Number(value, f"{100 * value:.0f} %", f"headline/studies.csv#{place}.{column}")

    return (
        study,
        _WORDS[quantity],
        at("mean"),
        (at("q2_5"), " to ", at("q97_5")),
        at("shrunken_mean"),
        (at("shrunken_q2_5"), " to ", at("shrunken_q97_5")),
        percent("share"),
        at("skewness"),
        percent("prior_share"),
    )


def contribution_table(contributions: Sequence[Contributed]) -> Table:
    """Tabulate what each study was asked for, used or not."""
    return Table(
        caption="What each study contributes",
        columns=("study", "the effect", "per", "brought to the common scale by", "used"),
        rows=tuple(
            (
                f"{one.contribution.study}, analysis {one.contribution.analysis}",
                one.contribution.sentence,
                one.contribution.predictor,
                "; ".join(_scale_words(one.contribution)),
                f"no: {one.reason}" if one.reason else "yes",
            )
            for one in contributions
        ),
        source="config/synthesis.yaml",
    )


def _scale_words(contribution: Contribution) -> Iterator[str]:
    if contribution.multiply is not None:
        yield f"times {short(contribution.multiply.by)}: {contribution.multiply.reason}"
    if contribution.secure == "positive":
        yield "sign turned, since above zero is more secure there"
    sides = (contribution.anxiety, contribution.avoidance)
    spreads = " and ".join(_spread_words(side) for side in sides)
    reasons = "; ".join(dict.fromkeys(side.baseline_sd.reason for side in sides))
    yield f"divided by {spreads}: {reasons}"


def _spread_words(side: Side) -> str:
    if side.baseline_sd.value is not None:
        return short(side.baseline_sd.value)
    return " + ".join(_term_words(term) for term in side.baseline_sd.terms)


def _term_words(term: Term) -> str:
    at = ", ".join(label.replace("_", " ") for label in term.at.values())
    return f"the {variable_words(term.variable)}" + (f" ({at})" if at else "")


def sensitivity_lines(sensitivity: pd.DataFrame) -> list[SensitivityLine]:
    """Say the headline under each choice."""
    return [
        SensitivityLine(
            str(row["choice"]),
            tuple(_sensitivity_cells({str(key): value for key, value in row.items()})),
            str(row["verdict"]),
        )
        for row in sensitivity.to_dict("records")
    ]


def _sensitivity_cells(row: dict[str, object]) -> Iterator[Cell]:
    def at(column: str) -> Number:
        value = float(str(row[column]))
        text = probability_text(value, 0.001) if column == "p_claim" else fixed(value, 2)
        return Number(value, text, f"headline/sensitivity.csv#{row['choice']}.{column}")

    yield at("median")
    yield (at("q2_5"), " to ", at("q97_5"))
    yield at("between_median")
    yield at("p_claim")
