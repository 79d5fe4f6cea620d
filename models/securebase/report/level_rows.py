"""Rows of a box of a level diagram: predictors, outcomes, random effects, arrows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from securebase.report.analysed import Analysed
from securebase.report.level_words import (
    kind_words,
    measure_words,
    of_outcomes,
    product_words,
    term_words,
)
from securebase.report.model_parts import (
    CLUSTER,
    OCCASION,
    PERSON,
    UNIT,
    Arrow,
    Effect,
    ModelParts,
    Spread,
    noun,
)
from securebase.report.tables import wave_labels
from securebase.report.wording import listed

OBSERVED, RANDOM, ARROW = "observed", "random", "arrow"
_BY_CLUSTER: Final = ("leader", "group")
_PLURAL: Final = {"": "random effects", "what is new at a wave": "what is new at a wave"}


@dataclass(frozen=True)
class Chip:
    """One thing that lives at a level.

    Parameters
    ----------
    kind : str
        `OBSERVED` (square), `RANDOM` (round) or `ARROW`.
    words : str
        What it is.
    detail : str
        What it leads to, or what it is of.
    """

    kind: str
    words: str
    detail: str = ""

    @property
    def told(self) -> str:
        """All of it, as words."""
        return f"{self.words} {self.detail}".strip()


@dataclass(frozen=True)
class Row:
    """Things of one sort at one level; a note says which of them vary together."""

    label: str
    chips: tuple[Chip, ...]
    note: str = ""

    @property
    def told(self) -> str:
        """The row, as words."""
        note = f" ({self.note})" if self.note else ""
        return f"{self.label}: {listed(chip.told for chip in self.chips)}{note}"


def rows_at(parts: ModelParts, level: str, slot: str = "") -> tuple[Row, ...]:
    """List what lives at a level, for one role where it is a level of persons.

    Parameters
    ----------
    parts : ModelParts
    level : str
        "cluster", "unit", "person" or "occasion".
    slot : str
        The role; "" at the levels of clusters and units.
    """
    rows = [
        Row("predictors", tuple(_predictors(parts, level, slot))),
        Row("moderation", tuple(_products(parts, level, slot))),
        Row("outcomes", tuple(_outcomes(parts, slot)) if level == OCCASION else ()),
        *_random(parts, level, slot),
        *_arrows(parts, level, slot),
    ]
    return tuple(row for row in rows if row.chips)


def _predictors(parts: ModelParts, level: str, slot: str) -> Iterator[Chip]:
    one = parts.one
    if level == OCCASION and slot in parts.slots and _has_time(parts):
        yield Chip(OBSERVED, f"time ({one.study.waves.time_unit})", "→ change")
    effects = [each for each in parts.effects if each.source != "interaction"]
    here = [each for each in effects if _lives(parts, each, slot) == level]
    for source, name in dict.fromkeys((each.source, each.name) for each in here):
        leads = [each for each in here if (each.source, each.name) == (source, name)]
        words = measure_words(one, name)
        if source == "group":
            words = term_words(one, f"{source} {name}")
        elif _varies(one, source, name):
            words = f"mean of {words}" if level == PERSON else f"{words}, deviation from own mean"
        yield Chip(OBSERVED, words, _leads(parts, source, leads))


def _has_time(parts: ModelParts) -> bool:
    """Whether the change is one per unit of time, around which answers scatter."""
    names = set(parts.one.results.summary["name"])
    return "change" in names and any(noun(each) == "residual" for each in parts.spreads)


def _varies(one: Analysed, source: str, name: str) -> bool:
    return any(each.varying for each in one.analysis.predictors if each.term == f"{source} {name}")


def _lives(parts: ModelParts, effect: Effect, slot: str) -> str:
    """Level at which the predictor of an effect lives; "" where that is in nobody of this role."""
    if effect.source == "leader":
        return PERSON if slot == parts.one.study.roles.leader else ""
    if effect.source in ("group", "unit"):
        return CLUSTER if effect.source == "group" else UNIT
    members = parts.one.study.roles.members
    others = [role for role in members for target in effect.slots if role != target]
    owners = effect.slots if effect.source == "actor" else tuple(others)
    if slot not in owners:
        return ""
    return OCCASION if effect.part == "moment" else PERSON


def _leads(parts: ModelParts, source: str, effects: Sequence[Effect]) -> str:
    one, leader = parts.one, parts.one.study.roles.leader
    targets = dict.fromkeys(each.part for each in effects)
    words = listed({"moment": "answer"}.get(part, part) for part in targets)
    whose = "partner's " if source == "partner" else ""
    if source == "leader":
        own = ["own"] if any(leader in each.slots for each in effects) else []
        led = any(leader not in each.slots for each in effects)
        whose = listed([*own, *([f"{one.study.unit}s'"] if led else [])]) + " "
    meant = (each.outcome for each in effects)
    return f"→ {whose}{words}{of_outcomes(one, meant, _answered_by(parts, effects))}"


def _answered_by(parts: ModelParts, effects: Sequence[Effect]) -> set[str]:
    """Outcomes of those whom effects reach."""
    slots = {slot for each in effects for slot in each.slots}
    return {
        outcome
        for outcome in parts.one.analysis.outcomes
        if slots & set(parts.one.study.scales[outcome].roles or slots)
    }


def _products(parts: ModelParts, level: str, slot: str) -> Iterator[Chip]:
    effects = [each for each in parts.effects if each.source == "interaction"]
    for name in dict.fromkeys(each.name for each in effects):
        own = [each for each in effects if each.name == name]
        if _level_of_product(parts, name, own) == level and (
            not slot or any(slot in each.slots for each in own)
        ):
            words = product_words(parts.one, name)
            yield Chip(OBSERVED, words, _leads(parts, "interaction", own))


def _level_of_product(parts: ModelParts, name: str, effects: Sequence[Effect]) -> str:
    """Say where a product lives: where the lowest of its factors does."""
    if any(each.part == "moment" for each in effects):
        return OCCASION
    factors = next(each.of for each in parts.one.analysis.products if each.name == name)
    sources = {term.partition(" ")[0] for term in factors}
    if sources <= set(_BY_CLUSTER):
        return CLUSTER
    return UNIT if sources <= {"unit", *_BY_CLUSTER} else PERSON


def _outcomes(parts: ModelParts, slot: str) -> Iterator[Chip]:
    one = parts.one
    labels = wave_labels(one.study)
    waves = [wave for wave in labels if wave in (one.analysis.waves or labels)]
    for outcome in one.analysis.outcomes:
        scale = one.study.scales[outcome]
        asked = [wave for wave in waves if scale.asked(slot, wave)]
        if not asked or slot not in parts.slots:
            continue
        told = [f"only {listed(labels[wave] for wave in asked)}"] if _seldom(asked, waves) else []
        latent = one.analysis.latent_of(outcome)
        if latent != outcome:
            told.append(f"measures {measure_words(one, latent)}")
        if latent in parts.mediators:
            told.append("mediator")
        yield Chip(OBSERVED, measure_words(one, outcome), ", ".join(told))


def _seldom(asked: Sequence[str], waves: Sequence[str]) -> bool:
    return len(asked) < len(waves) and len(asked) <= 2


def _random(parts: ModelParts, level: str, slot: str) -> Iterator[Row]:
    here = [each for each in parts.spreads if each.level == level and slot in ("", each.slot)]
    steps = parts.one.analysis.time.shape == "steps"
    if level == OCCASION and slot in parts.slots and steps and not here:
        yield Row("random", (Chip(ARROW, "no residual: each wave has a change of its own"),))
    for block in dict.fromkeys(each.block for each in here):
        own = [each for each in here if each.block == block]
        label = "random effects" if level in (CLUSTER, PERSON) else "random"
        if "_explained" in block:
            label = "random, beyond arrows"
        yield Row(label, tuple(_pills(parts, own)), _tied(parts, own))


def _pills(parts: ModelParts, spreads: Sequence[Spread]) -> Iterator[Chip]:
    one = parts.one
    first = spreads[0]
    alike = [each for each in parts.spreads if (each.level, each.slot) == (first.level, first.slot)]
    for kind in dict.fromkeys(each.kind for each in spreads):
        own = [each for each in spreads if each.kind == kind]
        words = kind_words(one, kind) if kind else noun(own[0])
        detail = of_outcomes(one, (each.outcome for each in own), {each.outcome for each in alike})
        yield Chip(RANDOM, words, detail.strip())


def _tied(parts: ModelParts, spreads: Sequence[Spread]) -> str:
    """Say whether what varies at a level in one role is correlated."""
    pairs = [pair for pair in parts.ties if pair <= set(spreads) and len(pair) == 2]
    most = len(spreads) * (len(spreads) - 1) // 2
    if not most:
        return ""
    return (
        "↔ all correlated"
        if len(pairs) == most
        else "↔ some correlated"
        if pairs
        else "independent"
    )


def ties_between(parts: ModelParts, slots: Sequence[str]) -> tuple[str, ...]:
    """Name what is correlated between the persons of a unit."""
    found: dict[str, None] = {}
    for each in parts.spreads:
        across = any(
            each in pair and len({other.slot for other in pair} & set(slots)) == 2
            for pair in parts.ties
            if each.level != CLUSTER
        )
        if across:
            word = noun(each)
            found[_PLURAL.get(word, f"{word}s")] = None
    return tuple(found)


def _arrows(parts: ModelParts, level: str, slot: str) -> Iterator[Row]:
    """List arrows between outcomes, those of one time together."""
    own = [each for each in parts.arrows if each.level == level and slot in ("", *each.slots)]
    for when in dict.fromkeys(each.when for each in own):
        here = [each for each in own if each.when == when]
        label = f"arrows, {when}" if when else "arrows"
        yield Row(label, tuple(_chips_of_arrows(parts.one, here)))


def _chips_of_arrows(one: Analysed, arrows: Sequence[Arrow]) -> Iterator[Chip]:
    itself = [each for each in arrows if each.source == each.target]
    if len(itself) > 1:
        yield Chip(ARROW, "each → itself" if _are_all(one, itself) else "some → themselves")
    others = [each for each in arrows if each not in itself] if len(itself) > 1 else arrows
    for source in dict.fromkeys(each.source for each in others):
        targets = (measure_words(one, each.target) for each in others if each.source == source)
        yield Chip(ARROW, f"{term_words(one, source)} → {listed(dict.fromkeys(targets))}")


def _are_all(one: Analysed, arrows: Sequence[Arrow]) -> bool:
    return {each.target for each in arrows} >= set(one.analysis.latents)
