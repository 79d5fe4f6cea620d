"""The page of the headline: one answer over studies, and what it rests on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from securebase.codebook.claim import Claim
from securebase.config import Decision
from securebase.names import NOT_ASSESSABLE
from securebase.report.headline_pictures import headline_pictures
from securebase.report.headline_tables import (
    contribution_table,
    pooled_table,
    sensitivity_lines,
    study_table,
)
from securebase.report.rendering import rendered, write_page
from securebase.report.wording import (
    VERDICTS,
    Number,
    Sentence,
    claimed_region,
    fixed,
    opposite_region,
    probability_text,
    rope_region,
    short,
)
from securebase.synthesis.contributions import Contributed
from securebase.synthesis.headline import Headline
from securebase.synthesis.settings import UNIT, Synthesis

_ROW: Final = "headline/headline.csv#difference"


def write_headline(
    synthesis: Synthesis,
    contributions: Sequence[Contributed],
    headline: Headline,
    destination: Path,
    decision: Decision,
) -> None:
    """Write the page of the headline: one HTML file without script or external address.

    Parameters
    ----------
    synthesis : Synthesis
        As declared.
    contributions : sequence of Contributed
        What became of each contribution.
    headline : Headline
        The tables the page prints from.
    destination : pathlib.Path
        The file to write. It appears whole or not at all.
    decision : Decision
        The rule of verdicts.
    """
    write_page(render_headline(synthesis, contributions, headline, decision), destination)


def render_headline(
    synthesis: Synthesis,
    contributions: Sequence[Contributed],
    headline: Headline,
    decision: Decision,
) -> str:
    """Render the page of the headline as HTML."""
    used = [one for one in contributions if one.draws is not None]
    row = headline.summary.iloc[0].to_dict()
    verdict, claim = str(row["verdict"]), synthesis.as_claim()
    return rendered(
        "headline.html.j2",
        synthesis=synthesis,
        verdict=verdict,
        sign=VERDICTS[verdict],
        sentence=verdict_sentence(row, claim, decision),
        simulated=[one for one in used if one.study is not None and one.study.simulated],
        used=used,
        withheld=[one for one in contributions if one.draws is None and one.study is not None],
        missing=[one for one in contributions if one.study is None],
        pictures=headline_pictures(synthesis, headline),
        regions={
            "p_below": f"below {short(claim.rope.low)}",
            "p_rope": rope_region(claim),
            "p_above": f"above {short(claim.rope.high)}",
        },
        pooled=pooled_table(headline.summary),
        studies=study_table(headline.studies),
        contributed=contribution_table(contributions),
        sensitivity=sensitivity_lines(headline.sensitivity),
        decision=decision,
    )


def verdict_sentence(row: dict[object, object], claim: Claim, decision: Decision) -> Sentence:
    """Say the verdict on the headline and what it rests on."""
    verdict = str(row["verdict"])
    if verdict == NOT_ASSESSABLE:
        return ("No verdict and no numbers: no study of this run can be used.",)
    estimate: Sentence = (
        *(" Its median is ", _number(row, "median").stressed(), f" {UNIT}"),
        *(" (95 % ETI ", _number(row, "q2_5"), " to ", _number(row, "q97_5"), ")."),
    )
    below, inside, above = (_probability(row, name) for name in ("p_below", "p_rope", "p_above"))
    if verdict == "undecided":
        low, high = short(claim.rope.low), short(claim.rope.high)
        needed = f"No answer reaches probability {short(decision.probability)}: "
        answers = (below, f" below {low}, ", inside, f" {rope_region(claim)}, ", above)
        return (needed, *answers, f" above {high}.", *estimate)
    if verdict == "contradicted" and claim.direction == "zero":
        only = f" only the mean difference over studies is {rope_region(claim)} {UNIT}."
        return ("With probability ", inside.stressed(), only, *estimate)
    sides = {"negative": (below, above), "positive": (above, below), "zero": (inside, inside)}
    chosen, region = {
        "supported": (sides[claim.direction][0], claimed_region(claim)),
        "contradicted": (sides[claim.direction][1], opposite_region(claim)),
        "practically zero": (inside, rope_region(claim)),
    }[verdict]
    where = f" the mean difference over studies is {region} {UNIT}."
    return ("With probability ", chosen.stressed(), where, *estimate)


def _number(row: dict[object, object], column: str) -> Number:
    value = float(str(row[column]))
    return Number(value, fixed(value, 2), f"{_ROW}.{column}")


def _probability(row: dict[object, object], column: str) -> Number:
    value = float(str(row[column]))
    return Number(value, probability_text(value, 0.001), f"{_ROW}.{column}")
