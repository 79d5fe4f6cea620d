"""Indirect effects: what a predictor does to an outcome through others, arrow by arrow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from securebase.mediation.arrows import Arrows
from securebase.mediation.design import MediatedDesign
from securebase.names import PHASE, ROLE
from securebase.structure.cells import Placement, cell

SAMPLES = ("chain", "draw")


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
        values = values.assign({f"indirect_on_{part}": _array(chains, part, values)})
    return values


def _array(chains: Sequence[Chain], part: str, values: xr.Dataset) -> xr.DataArray:
    mine = {one.at: one for one in chains if one.part == part}
    dims = ("indirect", *((PHASE,) if len(next(iter(mine))) > 2 else ()), ROLE)
    # variables that share a dim share its labels
    known = {dim: values[dim].values.tolist() for dim in (PHASE, ROLE) if dim in values.coords}
    labels = [
        list(dict.fromkeys([*known.get(dim, ()), *(at[place] for at in mine)]))
        for place, dim in enumerate(dims)
    ]
    if "indirect" in values.coords:
        labels[0] = list(dict.fromkeys([*values["indirect"].values.tolist(), *labels[0]]))
    samples = [dim for dim in SAMPLES if dim in values.dims]
    array = np.full([*(values.sizes[dim] for dim in samples), *map(len, labels)], np.nan)
    for place in np.ndindex(*map(len, labels)):
        at = tuple(names[one] for names, one in zip(labels, place, strict=True))
        if at in mine:
            array[(..., *place)] = mine[at].value(values)
    coords = {dim: values[dim] for dim in samples} | dict(zip(dims, labels, strict=True))
    return xr.DataArray(array, coords=coords, dims=[*samples, *dims])


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
        outcomes = {outcome: wave for wave, _, outcome in leaders.growth.responses}
        for first in leaders.growth.coefficients:
            if not first.variable.startswith("leader_on_level"):
                continue
            mediator = first.at[-1]
            for last in members.growth.coefficients:
                source, _, part = last.variable.partition("_on_")
                if source != "leader" or last.at[0] != mediator or mediator not in outcomes:
                    continue
                label = f"leader {first.at[0]} via {mediator} to {last.at[-1]}"
                yield Chain(part, (label, *last.at[1:-1]), [first, last])
