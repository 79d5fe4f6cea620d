"""The page of the headline: one answer over studies, and what it rests on."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from securebase.codebook.claim import Claim, Term
from securebase.config import Decision
from securebase.report.headline_forest import (
    Bar,
    EffectsRow,
    StudyRow,
    effects_forest,
    headline_forest,
)
from securebase.report.headline_tables import (
    contribution_table,
    pooled_table,
    sensitivity_lines,
    study_table,
)
from securebase.report.svg import Picture, inline_svg
from securebase.report.wording import (
    NOT_ASSESSABLE,
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
from securebase.synthesis.contributions import QUANTITIES, Contributed
from securebase.synthesis.headline import Headline
from securebase.synthesis.settings import Synthesis

_UNIT = "baseline sds"


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
    page = render_headline(synthesis, contributions, headline, decision)
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = destination.with_name(f".{destination.name}.partial")
    partial.write_text(page, encoding="utf-8", newline="\n")
    os.replace(partial, destination)


def render_headline(
    synthesis: Synthesis,
    contributions: Sequence[Contributed],
    headline: Headline,
    decision: Decision,
) -> str:
    """Render the page of the headline as HTML."""
    environment = Environment(
        loader=PackageLoader("securebase.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    used = [one for one in contributions if one.draws is not None]
    row = headline.summary.iloc[0].to_dict()
    verdict, claim = str(row["verdict"]), claim_of(synthesis)
    pictures = _pictures(synthesis, used, headline) if used else {}
    return environment.get_template("headline.html.j2").render(
        synthesis=synthesis,
        verdict=verdict,
        sign=VERDICTS[verdict],
        sentence=verdict_sentence(row, claim, decision),
        simulated=[one for one in used if one.study is not None and one.study.simulated],
        used=used,
        withheld=[one for one in contributions if one.draws is None and one.study is not None],
        missing=[one for one in contributions if one.study is None],
        pictures=pictures,
        regions={
            "p_below": f"below {short(claim.rope.low)}",
            "p_rope": rope_region(claim),
            "p_above": f"above {short(claim.rope.high)}",
        },
        pooled=pooled_table(headline.summary),
        studies=study_table(headline.studies),
        contributed=contribution_table(contributions),
        sensitivity=sensitivity_lines(headline.sensitivity),
        short=short,
        decision=decision,
    )


def claim_of(synthesis: Synthesis) -> Claim:
    """Give the claim of the headline as claims of studies are declared."""
    return Claim(
        id="headline",
        sentence=synthesis.claim.sentence,
        analysis="headline",
        estimand=(Term(variable="anxiety"), Term(variable="avoidance", weight=-1.0)),
        unit=_UNIT,
        direction=synthesis.claim.direction,
        rope=synthesis.claim.rope,
        declared=synthesis.claim.declared,
    )


def verdict_sentence(row: dict[object, object], claim: Claim, decision: Decision) -> Sentence:
    """Say the verdict on the headline and what it rests on."""
    verdict = str(row["verdict"])
    if verdict == NOT_ASSESSABLE:
        return ("No verdict and no numbers: no study of this run can be used.",)
    estimate: Sentence = (
        *(" Its median is ", _number(row, "median").stressed(), f" {_UNIT}"),
        *(" (95 % ETI ", _number(row, "q2_5"), " to ", _number(row, "q97_5"), ")."),
    )
    below, inside, above = (_probability(row, name) for name in ("p_below", "p_rope", "p_above"))
    if verdict == "undecided":
        low, high = short(claim.rope.low), short(claim.rope.high)
        needed = f"No answer reaches probability {short(decision.probability)}: "
        answers = (below, f" below {low}, ", inside, f" {rope_region(claim)}, ", above)
        return (needed, *answers, f" above {high}.", *estimate)
    if verdict == "contradicted" and claim.direction == "zero":
        only = f" only the mean difference over studies is {rope_region(claim)} {_UNIT}."
        return ("With probability ", inside.stressed(), only, *estimate)
    sides = {"negative": (below, above), "positive": (above, below), "zero": (inside, inside)}
    chosen, region = {
        "supported": (sides[claim.direction][0], claimed_region(claim)),
        "contradicted": (sides[claim.direction][1], opposite_region(claim)),
        "practically zero": (inside, rope_region(claim)),
    }[verdict]
    where = f" the mean difference over studies is {region} {_UNIT}."
    return ("With probability ", chosen.stressed(), where, *estimate)


def _number(row: dict[object, object], column: str) -> Number:
    value = float(str(row[column]))
    return Number(value, fixed(value, 2), f"headline.csv#difference.{column}")


def _probability(row: dict[object, object], column: str) -> Number:
    value = float(str(row[column]))
    return Number(value, probability_text(value, 0.001), f"headline.csv#difference.{column}")


def _pictures(
    synthesis: Synthesis, used: Sequence[Contributed], headline: Headline
) -> dict[str, Picture]:
    titles = [f"{one.contribution.study}: {one.contribution.sentence}" for one in used]
    studies = headline.studies[headline.studies["used"]]
    of = {name: studies[studies["quantity"] == name] for name in QUANTITIES}
    means = dict(zip(QUANTITIES, _bars(headline.summary, "median"), strict=True))
    new = _bars(headline.summary, "median", "new_")[0]
    rows = [
        StudyRow(*row)
        for row in zip(
            titles,
            _bars(of["difference"], "mean"),
            _bars(of["difference"], "mean", "shrunken_"),
            of["difference"]["share"],
            strict=True,
        )
    ]
    both = (_bars(of[name], "mean") for name in ("anxiety", "avoidance"))
    effects = [EffectsRow(*row) for row in zip(titles, *both, strict=True)]
    effects.append(EffectsRow("Mean over studies", means["anxiety"], means["avoidance"], True))
    forest = headline_forest(rows, means["difference"], new, claim_of(synthesis))
    told = "Effects on anxiety and on avoidance of each study, and their means over studies."
    return {
        "forest": _picture(forest, "forest", _told(rows, means["difference"])),
        "effects": _picture(effects_forest(effects), "effects", told),
    }


def _bars(table: pd.DataFrame, middle: str, prefix: str = "") -> list[Bar]:
    columns = (table[f"{prefix}{name}"].astype(float) for name in ("q2_5", middle, "q97_5"))
    return [Bar(*row) for row in zip(*columns, strict=True)]


def _picture(figure: Figure, name: str, label: str) -> Picture:
    return Picture(inline_svg(figure, name, label), label)


def _told(rows: Sequence[StudyRow], mean: Bar) -> str:
    parts = [f"{row.title}: {row.own}." for row in rows]
    return f"Difference by study, baseline sds. {' '.join(parts)} Mean over studies: {mean}."
