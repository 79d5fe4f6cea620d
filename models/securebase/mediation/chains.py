"""Indirect effects: what a predictor does to an outcome through others, arrow by arrow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from securebase.growth.design import GrowthDesign
from securebase.growth.time import LEVEL
from securebase.mediation.arrows import Arrows
from securebase.mediation.design import MediatedDesign
from securebase.names import PHASE, ROLE
from securebase.structure.cells import Placement, cell, named_array


@dataclass(frozen=True)
class Chain:
    """Coefficients whose product is one indirect effect.

    Parameters
    ----------
    part : str
        "level" or "change" of the outcome it ends in.
    at : tuple of str
        Label of the chain, phase where there are several, role.
    links : sequence of Placement
        First the predictor's coefficient, then the arrows.
    """

    part: str
    at: tuple[str, ...]
    links: Sequence[Placement]

    def value(self, values: xr.Dataset) -> np.ndarray:
        """Product of its links, of a truth or by draw."""
        return np.prod([cell(values[one.variable], one.at) for one in self.links], axis=0)


def with_indirect(values: xr.Dataset, designs: Sequence[MediatedDesign]) -> xr.Dataset:
    """Add `indirect_on_level` and `indirect_on_change` (indirect, [phase], role).

    The label of an indirect effect names the predictor, what it goes through and where it
    ends: "leader avoidance via availability to health". Its unit is the outcome's per unit
    of the predictor. Between clusters the arrows of the clusters are multiplied.
    """
    chains = [chain for design in designs for chain in _chains(design)]
    chains += _through_leaders(designs)
    for part in dict.fromkeys(one.part for one in chains):
        found = {one.at: one.value(values) for one in chains if one.part == part}
        phase = (PHASE,) if len(next(iter(found))) > 2 else ()
        array = named_array(values, ("indirect", *phase, ROLE), found)
        values = values.assign({f"indirect_on_{part}": array})
    return values


def _chains(design: MediatedDesign) -> Iterator[Chain]:
    for level in design.levels:
        arrows = level.placements
        for first in design.coefficients(level):
            if first.variable.partition("_on_")[1]:
                yield from _extended(level, arrows, [first])


def _extended(
    level: Arrows, arrows: Sequence[Placement], links: list[Placement]
) -> Iterator[Chain]:
    for arrow in arrows:
        if arrow.column == links[-1].row:
            grown = [*links, arrow]
            yield _chain(level, grown)
            yield from _extended(level, arrows, grown)


def _chain(level: Arrows, links: Sequence[Placement]) -> Chain:
    first, *arrows = links
    source = first.variable.partition("_on_")[0]
    slot = level.effects[arrows[-1].row][1]
    through = " and ".join(level.words(arrow.column, slot) for arrow in arrows)
    rest = arrows[-1].at[0].rpartition(" to ")[2]
    label = f"{source} {first.at[0]} via {through} to {rest}"
    part = arrows[-1].variable.rpartition("_on_")[2]
    return Chain(part, (label, *arrows[-1].at[1:]), links)


def _through_leaders(designs: Sequence[MediatedDesign]) -> Iterator[Chain]:
    """Chains that pass from what leads a leader to what the leader answers, and on to members."""
    for leaders, members in product(designs, designs):
        panel = leaders.growth.panel
        if leaders is members or leaders.growth.composition.slots != (panel.leader,):
            continue
        for first in leaders.growth.coefficients:
            if first.variable == f"leader_on_{LEVEL}":
                yield from _from_leader(first, members.growth)


def _from_leader(first: Placement, members: GrowthDesign) -> Iterator[Chain]:
    """Chains that go on from an outcome of leaders which predicts outcomes of members."""
    mediator = first.at[-1]
    for last in members.coefficients:
        source, _, part = last.variable.partition("_on_")
        if source == "leader" and last.at[0] == mediator:
            label = f"leader {first.at[0]} via {mediator} to {last.at[-1]}"
            yield Chain(part, (label, *last.at[1:-1]), [first, last])
