"""Masking: cells that are too small join others, by values that are treated as missing.

Valid as missing values are: where what is masked does not depend on what it was. It depends on
the pattern of answers only. What drop-out depends on may be among what is masked; so answers are
masked from the last, and the refit of a release is held against that of all data.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.disclosure.cells import CellRecords, cell_of, cells_of
from securebase.disclosure.limits import LIMITS, Limits
from securebase.disclosure.patternsets import Bits, bits_of, nested, pattern_of, targets
from securebase.disclosure.rules import admissible
from securebase.disclosure.sample import Sample

KEPT, MASKED, MERGED, WITHHELD = "kept", "masked", "merged", "withheld"


@dataclass(frozen=True, eq=False)
class Masked:
    """A sample of which every cell is admissible, and what that cost.

    Parameters
    ----------
    sample : Sample or None
        Without the values that were masked and the units that were withheld; None where all were.
    cells : list of CellRecords
        All of them admissible.
    actions : pd.DataFrame
        A row for each cell of the original sample. Columns cell, units, responses, action
        (kept, masked: joined an admissible cell or gave up answers alone, merged: with other
        cells that were too small, withheld), to (the cell of `cells`, "" where withheld),
        kept_responses, values_lost. For the author: it counts small cells.
    withheld : int
        Units of which nothing is released.
    """

    sample: Sample | None
    cells: list[CellRecords]
    actions: pd.DataFrame
    withheld: int

    @property
    def values_lost(self) -> int:
        """Observed values that are not released."""
        return int(self.actions["values_lost"].sum())


def mask(sample: Sample, limits: Limits = LIMITS) -> Masked:
    """Mask a sample until each of its cells keeps R1 to R4.

    Parameters
    ----------
    sample : Sample
    limits : Limits

    Returns
    -------
    Masked
        The same whatever the order of the units. Cells that keep the rules are left as they
        are. Of the ways for those that do not, the one that loses the fewest values is taken,
        and all is looked at again, until nothing more can be saved.
    """
    plan = _Plan(sample, limits)
    while plan.step():
        pass
    return plan.carried_out()


@dataclass(frozen=True)
class _Move:
    """Cells that are to observe less: their losses, and where they go."""

    loss: int
    to: Bits
    movers: tuple[Bits, ...]


class _Plan:
    """Which pattern the units of each original cell are to have."""

    def __init__(self, sample: Sample, limits: Limits) -> None:
        self.sample, self.limits = sample, limits
        self.width = len(sample.responses)
        own = np.array([bits_of(row) for row in sample.observed], dtype=object)
        self.rows: dict[Bits, NDArray[Any]] = {
            bits: np.flatnonzero(own == bits) for bits in sorted(set(own.tolist()), reverse=True)
        }
        # current pattern: the original ones that it holds
        self.groups: dict[Bits, frozenset[Bits]] = {bits: frozenset([bits]) for bits in self.rows}
        self.judged: dict[tuple[Bits, frozenset[Bits]], bool] = {}

    @cached_property
    def targets(self) -> list[Bits]:
        return targets(self.rows)

    def size(self, group: frozenset[Bits]) -> int:
        return sum(len(self.rows[bits]) for bits in group)

    def ok(self, pattern: Bits, group: frozenset[Bits]) -> bool:
        """Whether these units, with this pattern, are an admissible cell."""
        key = pattern, group
        if key not in self.judged:
            columns = pattern.bit_count() + len(self.sample.predictors)
            enough = self.size(group) >= self.limits.needed(columns)
            self.judged[key] = enough and admissible(self.formed(pattern, group), self.limits)
        return self.judged[key]

    def formed(self, pattern: Bits, group: frozenset[Bits]) -> CellRecords:
        rows = np.sort(np.concatenate([self.rows[bits] for bits in group]))
        return cell_of(self.sample, rows, pattern_of(pattern, self.width), "")

    def failing(self) -> list[Bits]:
        """Cells that break a rule, the smallest first."""
        found = [bits for bits, group in self.groups.items() if not self.ok(bits, group)]
        return sorted(found, key=lambda bits: (self.size(self.groups[bits]), bits))

    def loss(self, pattern: Bits, to: Bits) -> int:
        return self.size(self.groups[pattern]) * (pattern.bit_count() - to.bit_count())

    def joined(self, to: Bits, movers: tuple[Bits, ...]) -> frozenset[Bits]:
        """Original cells that a pattern holds after a move."""
        return frozenset().union(
            self.groups.get(to, frozenset()), *(self.groups[one] for one in movers)
        )

    def alone(self, pattern: Bits) -> _Move | None:
        """Cheapest move of one cell by itself."""
        for to in self.targets:
            possible = to != pattern and nested(to, pattern)
            if possible and self.ok(to, self.joined(to, (pattern,))):
                # targets are listed by how much they keep
                return _Move(self.loss(pattern, to), to, (pattern,))
        return None

    def step(self) -> bool:
        """Take the best move, if there is one."""
        failing = self.failing()
        alone = {pattern: self.alone(pattern) for pattern in failing}
        move = self.together(alone)
        if move is None:
            move = next((one for one in alone.values() if one is not None), None)
        if move is None:
            return False
        group = self.joined(move.to, move.movers)
        for pattern in move.movers:
            del self.groups[pattern]
        self.groups[move.to] = group
        return True

    def together(self, alone: dict[Bits, _Move | None]) -> _Move | None:
        """Move several failing cells to what they share, where that beats each one's own way."""
        best, most = None, 0
        costs = {
            pattern: self.loss(pattern, 0) if move is None else move.loss
            for pattern, move in alone.items()
        }
        for to in self.targets:
            gains = {
                pattern: gain
                for pattern, cost in costs.items()
                if nested(to, pattern) and (gain := cost - self.loss(pattern, to)) > 0
            }
            movers = tuple(pattern for pattern in gains if pattern != to)
            gain = sum(gains.values())
            if movers and gain > most and self.ok(to, self.joined(to, movers)):
                best, most = _Move(0, to, movers), gain
        return best

    def carried_out(self) -> Masked:
        """Mask the records as planned; what still fails is withheld."""
        kept = {bits: group for bits, group in self.groups.items() if self.ok(bits, group)}
        place = {origin: bits for bits, group in kept.items() for origin in group}
        y = self.sample.y.copy()
        released = np.zeros(len(y), dtype=bool)
        for origin, bits in place.items():
            unseen = ~np.array(pattern_of(bits, self.width))
            y[np.ix_(self.rows[origin], np.flatnonzero(unseen))] = np.nan
            released[self.rows[origin]] = True
        sample, cells = None, []
        if released.any():
            sample = replace(self.sample, y=y).only(released)
            cells = cells_of(sample)
        names = dict(zip(sorted(kept, reverse=True), (one.cell.name for one in cells), strict=True))
        rows = [self._told(number, bits, place, names) for number, bits in enumerate(self.rows, 1)]
        return Masked(sample, cells, pd.DataFrame(rows), int((~released).sum()))

    def _told(
        self, number: int, origin: Bits, place: dict[Bits, Bits], names: dict[Bits, str]
    ) -> dict[str, Any]:
        to = place.get(origin, 0)
        if not to:
            action = WITHHELD
        elif to == origin:
            action = KEPT
        else:
            action = MASKED if self.stood(to) else MERGED
        return {
            "cell": f"cell {number}",
            "units": len(self.rows[origin]),
            "responses": origin.bit_count(),
            "action": action,
            "to": names.get(to, ""),
            "kept_responses": to.bit_count(),
            "values_lost": len(self.rows[origin]) * (origin.bit_count() - to.bit_count()),
        }

    def stood(self, pattern: Bits) -> bool:
        """Whether a cell was admissible before others joined it, or stands alone."""
        group = self.groups[pattern]
        own = frozenset([pattern])
        return len(group) == 1 or (pattern in group and self.ok(pattern, own))
