"""Arrows among the effects of a unit or of a cluster, and what they leave to vary together.

Declared paths say which effects come first. Every effect that comes later is regressed on
every one that comes earlier, those of the other member included: the covariance of the
effects is then as free as without arrows, and a path is a reading of it, not a restriction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError

import numpy as np

from securebase.codebook.terms import Path
from securebase.faults import Fault
from securebase.growth.time import CHANGE, LEVEL
from securebase.structure.blocks import Block
from securebase.structure.cells import Placement
from securebase.structure.covariance import MemberCovariance
from securebase.structure.ranks import explained, ranks_of

Effect = tuple[str, str, str]
"""Growth ("level", "change" or a step), member or role label, outcome."""


@dataclass(frozen=True)
class Arrows:
    """The effects of one level of a design, in their order of coming.

    Parameters
    ----------
    prefix : str
        "" within units, "cluster_" between clusters.
    suffix : str
        Of the names of covariances, where a study has several compositions.
    effects : sequence of Effect
    slots, labels : tuple of str
        Members, and the role label of each.
    paths : sequence of Path
        As declared.
    """

    prefix: str
    suffix: str
    effects: Sequence[Effect]
    slots: tuple[str, ...]
    labels: tuple[str, ...]
    paths: Sequence[Path]

    @cached_property
    def declared(self) -> list[tuple[int, int]]:
        """(source, target) of every declared arrow."""
        return [pair for path in self.paths for pair in self._pairs(path)]

    def _pairs(self, path: Path) -> list[tuple[int, int]]:
        return [
            (self.effects.index(source), self.effects.index(target))
            for target in self.effects
            for source in self.effects
            if target[2] == path.target
            and source[2] == path.source
            and _part(target) in path.on
            and _part(source) == path.source_part
            and (source[1] == target[1]) == (path.of == "actor")
            and source != target
        ]

    @cached_property
    def ranks(self) -> list[int]:
        """Length of the longest chain of declared arrows that ends in each effect."""
        return list(ranks_of(range(len(self.effects)), self.declared).values())

    @property
    def placements(self) -> list[Placement]:
        """Every arrow: row the target, column the source."""
        return [
            Placement(self.variable(target), self._at(source, target), target, source)
            for target, later in enumerate(self.ranks)
            for source, earlier in enumerate(self.ranks)
            if earlier < later
        ]

    @property
    def blocks(self) -> list[Block]:
        """What varies together: the effects of one rank."""
        return list(self._blocks())

    def variable(self, target: int) -> str:
        """Name of the variable that holds the arrows to an effect."""
        return f"{self.prefix}path_on_{_part(self.effects[target])}"

    def dims(self, target: int) -> tuple[str, ...]:
        """Dims of that variable."""
        phase = ("phase",) if self._phase(target) else ()
        return (f"{self.prefix}path", *phase, "role")

    def _at(self, source: int, target: int) -> tuple[str, ...]:
        _, slot, outcome = self.effects[target]
        label = dict(zip(self.slots, self.labels, strict=True))[slot]
        return (f"{self.words(source, slot)} to {outcome}", *self._phase(target), label)

    def words(self, effect: int, slot: str) -> str:
        """Name an effect as seen by a member: "partner change anxiety"."""
        growth, owner, outcome = self.effects[effect]
        alone = sum(one[1:] == (owner, outcome) for one in self.effects) == 1
        whose = "" if owner == slot else "partner "
        return whose + (outcome if alone else f"{growth} {outcome}")

    def _phase(self, effect: int) -> tuple[str, ...]:
        growth = self.effects[effect][0]
        return () if growth in (LEVEL, CHANGE) else (growth,)

    def _blocks(self) -> Iterator[Block]:
        kind = "cluster" if self.prefix else "unit"
        for rank in range(max(self.ranks) + 1):
            rows = np.flatnonzero(np.array(self.ranks) == rank).tolist()
            end = f"{explained(rank)}{self.suffix}"
            dim = f"{self.prefix}effect{end}"
            name = f"{kind}{end}"
            effects = [self.effects[row] for row in rows]
            yield Block(MemberCovariance(name, dim, effects, self.slots, self.labels), rows)

    def faults(self) -> Iterator[Fault]:
        """List paths that meet no effect, and those that lead back to where they started."""
        known = ", ".join(dict.fromkeys(f"{_part(one)} of {one[2]}" for one in self.effects))
        for path in self.paths:
            if not self._pairs(path):
                given = f"path '{path.name}' from the {path.source_part} of {path.source} to the "
                given += f"{' or '.join(path.on)} of {path.target} joins nothing here"
                remedy = "see `from_part` and `on`; `of: partner` needs two members"
                yield Fault("panel", given, f"parts among: {known}", remedy)
        try:
            _ = self.ranks
        except CycleError as error:
            circle = " to ".join(" ".join(self.effects[one]) for one in error.args[1])
            yield Fault("panel", f"paths lead in a circle: {circle}", "causes before effects")


def _part(effect: Effect) -> str:
    return LEVEL if effect[0] == LEVEL else CHANGE
