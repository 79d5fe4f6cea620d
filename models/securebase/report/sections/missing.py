"""Whether those who left could change a verdict, as a page says it."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from securebase.names import EVERYONE
from securebase.report.analysed import Analysed
from securebase.report.claim_counts import verdicts_kept
from securebase.report.claims import ClaimResult
from securebase.report.counting import summed
from securebase.report.departure_figures import departure_panel
from securebase.report.inputs import AnalysisResults
from securebase.report.section import Block, Folded, Gallery, Note, Section
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Cell, Table, probability_range
from securebase.report.wording import Sentence, listed, short

_ASSUMED: Final = (
    "Answers after a person's last one are taken for what the other answers foretell (missing at "
    "random); nothing else was tried in this run (dropout.refits)."
)
_UNSHIFTED: Final = (
    "Nothing is claimed, nobody left for good, or people answered on dates of their own, so that "
    "no time is known for what they did not answer: nothing was shifted."
)
_HOW: Final = (
    "Scores after a person's last answer are taken for what the other answers foretell. Here they "
    "are drawn so ({times} times), shifted, and the analysis is fitted again: of one outcome or "
    "all, of everyone who left or, in couples, of those who left together (all members at the "
    "same wave) or alone."
)


def section(one: Analysed) -> Section:
    """Say what missing answers are taken for, and what else would change a verdict."""
    title = "Would those who left change it?"
    return Section("missing", title, sentence(one), tuple(_blocks(one)))


def sentence(one: Analysed) -> Sentence:
    """Say what missing answers are taken for, and whether another fate would change a verdict."""
    table = one.results.dropout
    if table is None:
        return (_ASSUMED,)
    return (_UNSHIFTED,) if table.empty else _kept(one, table)


def _blocks(one: Analysed) -> Iterator[Block]:
    table = dropout_table(one.results, one.claims, one.labels)
    if table:
        yield table
        needed = one.rules.decision.probability
        panels = dropout_panels(one.results, one.claims, one.labels, needed)
        yield Folded("Probability of each claim over the shift", (Gallery(panels),))
    if one.results.dropout is not None:
        times = one.rules.dropout.imputations
        yield Note((_HOW.format(times=times),))


def dropout_table(
    analysis: AnalysisResults, claims: Sequence[ClaimResult], labels: Mapping[str, str]
) -> Table | None:
    """Tabulate, for each claim, what those who left would have to be like to change it."""
    if analysis.dropout is None or analysis.dropout.empty:
        return None
    shown = [one for one in claims if not one.withheld]
    return Table(
        caption="Every claim again if those who left differ",
        columns=(
            "claim",
            "#P(claim), lowest",
            "#no shift",
            "#highest",
            "another verdict if of those who left",
        ),
        rows=tuple(_row(analysis, analysis.dropout, one, labels) for one in shown),
        source=f"{analysis.name}/dropout.csv",
    )


def _row(
    analysis: AnalysisResults,
    dropout: pd.DataFrame,
    result: ClaimResult,
    labels: Mapping[str, str],
) -> tuple[Cell, ...]:
    part, column = _of_claim(dropout, result), result.claimed_column
    still, file = part[part["shift"] == 0.0], f"{analysis.name}/dropout.csv"
    turns = "; ".join(_turns(part, labels)) or "nothing within these shifts"
    return (result.claim.id, *probability_range(dropout, file, part, column, still), turns)


def _of_claim(dropout: pd.DataFrame, result: ClaimResult) -> pd.DataFrame:
    return dropout[(dropout["claim"] == result.claim.id) & (dropout["imputations"] > 0)]


def _turns(part: pd.DataFrame, labels: Mapping[str, str]) -> Iterator[str]:
    """Say the smallest shifts, up and down, that bring another verdict: by outcome and way."""
    still = part.loc[part["shift"] == 0.0, "verdict"]
    if still.empty:
        yield "the re-fits without a shift failed"
        return
    changed = part[part["verdict"] != still.iloc[0]]
    nearest = changed.assign(size=changed["shift"].abs(), up=changed["shift"] > 0)
    nearest = nearest.sort_values("size", kind="stable").drop_duplicates(["outcome", "who", "up"])
    for other, rows in nearest.sort_index().groupby("verdict", sort=False):
        yield f"{other}: {', '.join(_shift(row, labels) for row in rows.to_dict('records'))}"


def _shift(row: Mapping[Hashable, Any], labels: Mapping[str, str]) -> str:
    what = labels.get(str(row["outcome"]), str(row["outcome"]))
    who = "" if row["who"] == EVERYONE else f" of those who left {row['who']}"
    return f"{what}{who} {short(row['size'])} sd {'higher' if row['up'] else 'lower'}"


def _kept(one: Analysed, dropout: pd.DataFrame) -> Sentence:
    """Say how many verdicts hold, whatever those who left were like."""
    fitted = dropout[dropout["imputations"] > 0]
    lost = dropout.drop_duplicates(["outcome", "who", "shift"])
    lost = lost[lost["failures"] > 0]
    failed = summed(lost, f"{one.name}/dropout.csv", lost.index, "failures", "re-fit")
    return (
        *verdicts_kept(one.claims, fitted),
        " keep their verdict whatever those who left were like, up to ",
        f"{short(fitted['shift'].abs().max())} sd either way.",
        *((" ", failed, " failed.") if len(lost) else ()),
    )


def dropout_panels(
    analysis: AnalysisResults,
    claims: Sequence[ClaimResult],
    labels: Mapping[str, str],
    needed: float,
) -> list[Picture]:
    """Draw the probability of each claim over the shift of those who left."""
    if analysis.dropout is None or analysis.dropout.empty:
        return []
    pictures = []
    for result in claims:
        if result.withheld:
            continue
        part = _of_claim(analysis.dropout, result)
        figure = departure_panel(part, result.claimed_column, result.claim.id, labels, needed)
        turns = list(_turns(part, labels))
        sentence = (
            f"{result.claim.id}, probability by the shift of those who left: "
            f"{listed(turns) if turns else 'the verdict holds'}."
        )
        name = f"{analysis.name}-dropout-{result.claim.id}"
        pictures.append(Picture(inline_svg(figure, name, sentence), sentence))
    return pictures
