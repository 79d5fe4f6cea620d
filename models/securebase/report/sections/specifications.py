"""Whether a claim holds however the analysis is done, as a study's page of claims says it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pandas as pd

from securebase.codebook.multiverse import Choice
from securebase.codebook.specifications import ASSUMPTION
from securebase.multiverse.gathering import NO_RESULT
from securebase.report.claims import ClaimResult
from securebase.report.inputs import SPECS_FILE
from securebase.report.section import Block, Folded, Gallery, Note, Section, folded
from securebase.report.specification_curve import Curve, specification_curve
from securebase.report.specified import ClaimSpecified, Specified, number
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Cell, Table
from securebase.report.wording import Sentence, counted, listed, plain, short
from securebase.robustness import FRAGILE, MIXED, ROBUST

_READING: Final = (
    "Each column is a specification: above the median and the 95 % ETI (grey: the ROPE), in the "
    "middle the probability of the claim (dashed: what a verdict needs), below what was decided. "
    "The arrow marks the one declared. Estimates are rounded to a tenth of their standard "
    "deviation, so that nobody's record follows from specifications that differ in few units."
)


def standings(
    multiverse: Specified | None, claims: Sequence[ClaimResult]
) -> Mapping[str, Sentence]:
    """Say of each claim, by its id, how its verdict stands; empty where nothing was fitted."""
    return {one.result.claim.id: one.brief for one in _known(multiverse, claims)}


def _known(multiverse: Specified | None, claims: Sequence[ClaimResult]) -> list[ClaimSpecified]:
    if multiverse is None:
        return []
    return [one for result in claims if (one := multiverse.of(result)) is not None]


def sections(multiverse: Specified | None, claims: Sequence[ClaimResult]) -> Iterator[Section]:
    """Give the section, where specifications were fitted."""
    known = _known(multiverse, claims)
    if multiverse is not None and known:
        title = "Would another way of doing it change it?"
        blocks = tuple(_blocks(multiverse, known))
        yield Section("specifications", title, _summary(multiverse, known), blocks)


def _summary(multiverse: Specified, known: Sequence[ClaimSpecified]) -> Sentence:
    keys = ["analysis", "specification"]
    lost = multiverse.specs[multiverse.specs["verdict"] == NO_RESULT].set_index(keys).index
    specs = multiverse.specs.drop_duplicates(keys)
    there = specs[~specs.set_index(keys).index.isin(lost)]
    tests = specs[specs["kind"] == ASSUMPTION]
    grades = [one.grade for one in known]
    words = [f"{grades.count(one)} {one}" for one in (ROBUST, MIXED, FRAGILE) if one in grades]
    verdicts = counted(len(known), "verdict")
    return (
        *(number(there.index), " of ", number(specs.index), " declared specifications have "),
        *("results, ", number(tests.index), " of them tests of an assumption. "),
        f"Of {verdicts}, {listed(words)} over the equivalent ones.",
    )


def _blocks(multiverse: Specified, known: Sequence[ClaimSpecified]) -> Iterator[Block]:
    if multiverse.fits is not None:
        yield from _drawn(known)
    share = multiverse.decision
    yield Note(
        (
            f"Robust: the same verdict in {short(100 * share.robust_share)} % of the equivalent "
            f"ones or more; fragile: in less than {short(100 * share.fragile_share)} %, or the "
            "opposite in any; else mixed. Tests of an assumption do not count.",
        )
    )
    if any(not one.testing.empty for one in known):
        yield _tests(multiverse, known)
    yield folded(_choices(multiverse.declared.choices))


def _drawn(known: Sequence[ClaimSpecified]) -> Iterator[Block]:
    """Draw the curve of each claim, the first one open."""
    first, *others = (
        _picture(one, fits, place)
        for place, one in enumerate(known)
        if (fits := one.whole.drawn(one.result)) is not None
    )
    yield Gallery((first,))
    if others:
        yield Folded("The same of every other claim", (Gallery(others),))
    yield Note((_READING,))


def _picture(one: ClaimSpecified, fits: pd.DataFrame, place: int) -> Picture:
    claim, multiverse, unit = one.result.claim, one.whole, one.result.unit
    drawn = Curve(claim, fits, multiverse.declared.choices, multiverse.decision.probability, unit)
    words = f"{claim.id} {one.result.verdict}: {plain(one.sentence)}."
    svg = inline_svg(specification_curve(drawn), f"specifications{place}", words)
    return Picture(svg, words)


def _tests(multiverse: Specified, known: Sequence[ClaimSpecified]) -> Table:
    """Tabulate what becomes of each verdict where an assumption is another."""
    tested = [
        (name, option)
        for name, choice in multiverse.declared.choices.items()
        for option in choice.options
        if choice.kind == ASSUMPTION and option != choice.declared
    ]
    named = [_name_of(multiverse.declared.choices, *one) for one in tested]
    return Table(
        caption="Verdicts where an assumption is another: the same in how many specifications",
        columns=("claim, verdict", *(f"#{words}" for words in named)),
        rows=tuple(
            (f"{one.result.claim.id} {one.result.verdict}", *(_same(one, *two) for two in tested))
            for one in known
        ),
        source=SPECS_FILE,
    )


def _same(one: ClaimSpecified, choice: str, option: str) -> Cell:
    rows = one.testing
    tokens = rows["specification"].str.split(", ")
    mine = rows[[f"{choice}={option}" in token for token in tokens]]
    return (one.same(mine), " of ", number(mine.index)) if len(mine) else "not its own"


def _name_of(choices: Mapping[str, Choice], choice: str, option: str) -> str:
    one = choices[choice]
    return f"{one.label or choice}: {one.options[option].label or option.replace('_', ' ')}"


def _choices(choices: Mapping[str, Choice]) -> Table:
    rows = [
        (
            (choice.label or name.replace("_", " ")) if place == 0 else "",
            choice.kind if place == 0 else "",
            one.label or option.replace("_", " "),
            one.reason,
        )
        for name, choice in choices.items()
        for place, (option, one) in enumerate(choice.options.items())
    ]
    return Table(
        caption="What was declared, and why; the first option of each is that of the study",
        columns=("choice", "kind", "option", "reason"),
        rows=tuple(rows),
        source="codebook",
        quotes=True,
    )
