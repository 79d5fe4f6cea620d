"""What is nested in what, and what lives where: the levels of an analysis as nested boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from securebase.report.analysed import Analysed
from securebase.report.counting import summed
from securebase.report.level_rows import ARROW, Chip, Row, rows_at, ties_between
from securebase.report.model_parts import CLUSTER, OCCASION, PERSON, UNIT, ModelParts
from securebase.report.tables import wave_labels
from securebase.report.wording import Sentence, listed, plain

_FEW_WAVES: Final = 5


@dataclass(frozen=True)
class LevelBox:
    """A level, what lives there, and the boxes nested in it.

    Parameters
    ----------
    title : str
        Of whom or what one is.
    size : Sentence
        How many there are.
    rows : tuple of Row
        Predictors, outcomes, random effects, arrows.
    boxes : tuple of LevelBox
        One level down.
    ties : tuple of str
        What is correlated between these.
    beside : bool
        Whether they stand side by side: persons of a unit.
    """

    title: str
    size: Sentence
    rows: tuple[Row, ...] = ()
    boxes: tuple["LevelBox", ...] = ()
    ties: tuple[str, ...] = ()
    beside: bool = False


@dataclass(frozen=True)
class LevelDiagram:
    """The levels of an analysis, outermost first, and one sentence that says the same."""

    box: LevelBox
    sentence: str
    source: str
    kind: ClassVar[str] = "levels"


def level_diagram(one: Analysed) -> LevelDiagram:
    """Draw up the levels of an analysis from its codebook and the names of its quantities.

    Parameters
    ----------
    one : Analysed
        An analysis of any family.
    """
    parts = ModelParts(one)
    box = _unit_box(parts)
    if _has_clusters(one):
        leader = one.study.roles.leader
        led = leader is not None and (leader in parts.slots or rows_at(parts, PERSON, leader))
        leaders = [_person_box(parts, leader)] if leader and led else []
        box = LevelBox("clusters", _size(one, CLUSTER), rows_at(parts, CLUSTER), (*leaders, box))
    sentence = "; ".join(_told(box)).replace("→", "to").replace("↔ ", "")
    return LevelDiagram(box, f"{sentence}.", f"{one.name}/summary.csv, levels.csv")


def _has_clusters(one: Analysed) -> bool:
    shared = any(each.of in ("leader", "group") for each in one.analysis.predictors)
    return one.analysis.clusters or shared


def _unit_box(parts: ModelParts) -> LevelBox:
    """Box of the units; where a unit has one member, that person is the unit."""
    one = parts.one
    title, size = f"{one.study.unit}s", _size(one, UNIT)
    members = [slot for slot in parts.slots if slot in one.study.roles.members]
    # whoever only predicts is there too
    members += [
        role
        for role in one.study.roles.members
        if role not in members and rows_at(parts, PERSON, role)
    ]
    boxes = tuple(_person_box(parts, slot) for slot in members)
    if len(one.study.roles.members) == 1:
        (person,) = boxes
        rows = (*rows_at(parts, UNIT), *person.rows)
        return LevelBox(title, size, rows, person.boxes)
    if one.study.roles.exchangeable and len(boxes) > 1:
        first, second = boxes
        alike = Row("", (Chip(ARROW, f"as {first.title}: the same parameters"),))
        boxes = (first, replace(second, rows=(alike,), boxes=()))
    return LevelBox(title, size, rows_at(parts, UNIT), boxes, ties_between(parts, members), True)


def _person_box(parts: ModelParts, slot: str) -> LevelBox:
    one = parts.one
    label = one.labels[slot]
    size: Sentence = () if slot not in parts.slots else _size(one, PERSON, slot)
    rows = rows_at(parts, PERSON, slot)
    waves = waves_of(one, slot)
    if len(waves) < 2:
        # one wave: no occasions within a person
        return LevelBox(label, size, (*rows, *rows_at(parts, OCCASION, slot)))
    size_of_waves = (f"{_waves_told(one, waves)}: ", *_size(one, OCCASION, slot, "answer"))
    occasion = LevelBox("waves", size_of_waves, rows_at(parts, OCCASION, slot))
    return LevelBox(label, size, rows, (occasion,))


def waves_of(one: Analysed, slot: str) -> list[str]:
    """Waves of an analysis that ask a role for an outcome."""
    scales = [one.study.scales[outcome] for outcome in one.analysis.outcomes]
    return [
        wave
        for wave in one.analysis.waves or one.study.waves.levels
        if slot in one.results.levels["role"].to_numpy()
        and any(scale.asked(slot, wave) for scale in scales)
    ]


def _waves_told(one: Analysed, waves: Sequence[str]) -> str:
    labels = [wave_labels(one.study)[wave] for wave in waves]
    return listed(labels) if len(labels) <= _FEW_WAVES else f"{labels[0]} to {labels[-1]}"


def _size(one: Analysed, level: str, role: str = "", word: str = "") -> Sentence:
    """Say how many there are, and how many each of the level above has."""
    table, file = one.results.levels, f"{one.name}/levels.csv"
    lines = table.index[(table["level"] == level) & (table["role"] == role)]
    if lines.empty:
        return ()
    number = summed(table, file, lines, "number", word)
    ends = table.loc[lines[0], ["fewest", "most"]]
    if ends.isna().any() or (ends == 1).all():
        return (number,)
    fewest, most = (summed(table, file, lines, name) for name in ("fewest", "most"))
    above = "person" if level == OCCASION else "cluster"
    return (number, ", ", fewest, *((" to ", most) if fewest.value < most.value else ()),
            f" in each {above}")  # fmt: skip


def _told(box: LevelBox) -> Iterator[str]:
    size = f" ({plain(box.size)})" if box.size else ""
    inside = f" hold {listed(inner.title for inner in box.boxes)}" if box.boxes else ""
    rows = ", ".join(row.told for row in box.rows).removeprefix(": ")
    yield f"{box.title}{size}{inside}" + (f"; {rows}" if rows else "")
    for inner in box.boxes:
        yield from _told(inner)
    if box.ties:
        yield f"correlated between {listed(inner.title for inner in box.boxes)}: {listed(box.ties)}"
