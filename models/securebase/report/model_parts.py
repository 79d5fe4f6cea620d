"""What an analysis is made of, read from the names of its quantities: spreads, effects, arrows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from securebase.panel import Composition, compositions_of, modelled_roles
from securebase.report.analysed import Analysed

CLUSTER, UNIT, PERSON, OCCASION = "cluster", "unit", "person", "occasion"

SPREADS: Final[Mapping[str, tuple[str, str]]] = {
    "cluster_informant": (CLUSTER, "view of an informant"),
    "cluster": (CLUSTER, ""),
    "informant": (PERSON, "view of an informant"),
    "unit": (PERSON, ""),
    "stable": (PERSON, "stable part"),
    "change": (PERSON, "change"),
    "first": (OCCASION, "first deviation"),
    "innovation": (OCCASION, "what is new at a wave"),
    "residual": (OCCASION, "residual"),
    "noise": (OCCASION, "noise of measurement"),
}
"""Level of a standard deviation, by how its name begins; what varies, where that is one thing."""

ARROWS: Final[Mapping[str, tuple[str, str]]] = {
    "path_on_level": (PERSON, ""),
    "path_on_change": (PERSON, "change"),
    "stable_path": (PERSON, ""),
    "stable_on_change": (PERSON, "change"),
    "baseline_on_change": (PERSON, "change"),
    "concurrent": (OCCASION, "at the same wave"),
    "path_on_moment": (OCCASION, "at the same wave"),
    "lagged": (OCCASION, "one step later"),
    "cluster_path_on_level": (CLUSTER, ""),
    "cluster_path_on_change": (CLUSTER, "change"),
}
"""Level of arrows between outcomes, by variable, and what of the target they lead to, or when."""

SOURCES: Final = ("actor", "partner", "unit", "leader", "group", "interaction")


@dataclass(frozen=True)
class Spread:
    """Something that varies at random.

    Parameters
    ----------
    level : str
        At which.
    block : str
        What is correlated with it, if anything is, has the same.
    slot : str
        Role of the person; "" where no role is told.
    kind : str
        Growth, slope or part, as in the label of the quantity.
    outcome : str
        Scale, or what several measure.
    """

    level: str
    block: str
    slot: str
    kind: str
    outcome: str


@dataclass(frozen=True)
class Effect:
    """A coefficient of a predictor: whose, on which part of which outcome of whom."""

    source: str
    part: str
    name: str
    slots: tuple[str, ...]
    outcome: str


@dataclass(frozen=True)
class Arrow:
    """An arrow from one outcome to another, at a level, in persons of some roles."""

    level: str
    source: str
    target: str
    when: str
    slots: tuple[str, ...]


@dataclass(frozen=True)
class ModelParts:
    """The parts of one analysis.

    Parameters
    ----------
    one : Analysed
        Its codebook, and ``summary.csv`` with a row per quantity.
    """

    one: Analysed

    @cached_property
    def slots(self) -> tuple[str, ...]:
        """Roles whose outcomes are modelled."""
        return modelled_roles(self.one.study, self.one.analysis)

    @cached_property
    def _compositions(self) -> tuple[Composition, ...]:
        return compositions_of(self.one.study, self.slots)

    @cached_property
    def slots_of(self) -> dict[str, tuple[str, ...]]:
        """Roles that a label of the parameters stands for; exchangeable members share theirs."""
        found: dict[str, tuple[str, ...]] = {}
        for one in self._compositions:
            for slot, label in zip(one.slots, one.labels, strict=True):
                found[label] = tuple(dict.fromkeys((*found.get(label, ()), slot)))
        return found

    @cached_property
    def spreads(self) -> list[Spread]:
        """Everything that varies at random."""
        found = (self._labelled(block, labels[0]) for block, labels in self._blocks("_sd"))
        return list(dict.fromkeys(found))

    @cached_property
    def ties(self) -> set[frozenset[Spread]]:
        """Pairs that are correlated."""
        return {
            frozenset(self._labelled(block, label) for label in labels)
            for block, labels in self._blocks("_corr")
        }

    def _blocks(self, ending: str) -> Iterator[tuple[str, list[str]]]:
        for name, labels in self._rows():
            block = name.removesuffix(ending)
            # sums and differences of exchangeable members are other words for their spreads
            if block != name and _beginning(block) and not block.endswith(("_sum", "_difference")):
                yield self._of_all(block), list(labels.values())

    def _of_all(self, block: str) -> str:
        """Name a block of one of several compositions as that of all: they are built alike."""
        ends = [f"_{one.name}" for one in self._compositions] if len(self._compositions) > 1 else []
        return next((block.removesuffix(end) for end in ends if block.endswith(end)), block)

    def _labelled(self, block: str, label: str) -> Spread:
        level, _ = SPREADS[_beginning(block)]
        rest, _, outcome = label.rpartition(" ")
        for words, slot in self._owners:
            if rest == words or rest.endswith(f" {words}"):
                return Spread(level, block, slot, rest.removesuffix(words).strip(), outcome)
        return Spread(level, block, self._answering(outcome), rest, outcome)

    @cached_property
    def _owners(self) -> list[tuple[str, str]]:
        """Words for a person in labels, the longest first, and the role of that person."""
        words = {label: slots[0] for label, slots in self.slots_of.items()}
        words |= {
            f"{label}'s partner": slots[1]
            for label, slots in self.slots_of.items()
            if len(slots) > 1
        }
        return sorted(words.items(), key=lambda pair: -len(pair[0]))

    def _answering(self, scale: str) -> str:
        declared = self.one.study.scales[scale].roles if scale in self.one.study.scales else None
        return next(slot for slot in self.slots if declared is None or slot in declared)

    @cached_property
    def effects(self) -> list[Effect]:
        """Every coefficient of a predictor."""
        found = []
        for name, at in self._rows():
            source, _, part = name.partition("_on_")
            if source in SOURCES and "outcome" in at:
                first = next(iter(at.values())).partition("[")[0]
                slots = self.slots_of[at["role"]]
                found.append(Effect(source, part, first, slots, at["outcome"]))
        return list(dict.fromkeys(found))

    @cached_property
    def arrows(self) -> list[Arrow]:
        """Every arrow between outcomes."""
        found = []
        for name, at in self._rows():
            if name in ARROWS:
                # a baseline leads to the change of the same outcome
                own = at.get("outcome")
                path = f"level {own} to {own}" if own else next(iter(at.values()))
                source, _, target = path.rpartition(" to ")
                level, when = ARROWS[name]
                found.append(Arrow(level, source, target, when, self.slots_of[at["role"]]))
        return list(dict.fromkeys(found))

    @cached_property
    def mediators(self) -> set[str]:
        """Outcomes that indirect effects lead through."""
        found = set()
        for name, at in self._rows():
            if name.startswith("indirect_"):
                through, _, target = next(iter(at.values())).partition(" via ")[2].partition(" to ")
                found |= {word for word in through.split(" ") if word != target}
        return found & set(self.one.analysis.latents)

    def _rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        table = self.one.results.summary
        for name, coordinates in zip(table["name"], table["coordinates"], strict=True):
            pairs = (part.partition("=") for part in str(coordinates).split(", ") if part)
            yield str(name), {key: value for key, _, value in pairs}


def _beginning(block: str) -> str:
    """How the name of a block of spreads begins, "" where it is none."""
    starts = (name for name in SPREADS if f"{block}_".startswith(f"{name}_"))
    return next(starts, "")


def noun(spread: Spread) -> str:
    """What varies, where its label does not say so: "residual"; "" where it does."""
    return SPREADS[_beginning(spread.block)][1]
