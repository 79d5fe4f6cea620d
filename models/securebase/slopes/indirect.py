"""Mediation at the occasion: from a predictor through one outcome to another.

The slopes of a person on the way, a to the mediator and b from it, may go together: the
average of their product is a · b + cov(a, b) (Kenny, Korchmaros & Bolger 2003,
doi:10.1037/1082-989X.8.2.115; Bauer, Preacher & Gil 2006, doi:10.1037/1082-989X.11.2.142).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import xarray as xr

from securebase.codebook.terms import Path
from securebase.names import ROLE
from securebase.slopes.diary import owner_of, slope_name, unit_covariance
from securebase.slopes.occasions import OccasionDesign
from securebase.structure.cells import At, Placement, cell, named_array

INDIRECT = "indirect"


def with_indirect(values: xr.Dataset, designs: Sequence[OccasionDesign]) -> xr.Dataset:
    """Add `indirect_on_moment` (indirect, role): points of the target per unit of the predictor.

    Parameters
    ----------
    values : xr.Dataset
        Draws (chain, draw) or a truth, with `unit_sd` and `unit_corr`.
    """
    found = dict(item for design in designs for item in _indirect(values, design))
    if not found:
        return values
    return values.assign(indirect_on_moment=named_array(values, (INDIRECT, ROLE), found))


def _indirect(values: xr.Dataset, design: OccasionDesign) -> Iterator[tuple[At, Any]]:
    for path in design.panel.analysis.paths:
        for last in _slopes_along(design, path):
            slot = design.effects[last.row].slot
            owner = owner_of(path, slot, design.growth.composition.slots)
            for first in _slopes_to(design, path.source, owner):
                word = _seen_from(slot, design, first)
                label = f"{word} through {_words(path)} to {path.target}"
                product = cell(values[first.variable], first.at) * cell(
                    values[last.variable], last.at
                )
                yield (label, last.at[1]), product + _shared(values, design, first.row, last.row)


def _slopes_along(design: OccasionDesign, path: Path) -> list[Placement]:
    return [
        one
        for one in design.placements
        if one.variable == "path_on_moment"
        and one.at[0] == path.name
        and design.effects[one.row].kind == slope_name(path)
    ]


def _slopes_to(design: OccasionDesign, outcome: str, owner: str | None) -> list[Placement]:
    """Main effects of what varies on an outcome of a member."""
    return [
        one
        for one in design.placements
        if one.variable in ("actor_on_moment", "partner_on_moment")
        and (design.effects[one.row].slot, design.effects[one.row].outcome) == (owner, outcome)
    ]


def _seen_from(slot: str, design: OccasionDesign, first: Placement) -> str:
    """Name the predictor as the member does whose outcome the path leads to."""
    _, name, owner = design.effects[first.row].factors[0]
    return f"{'actor' if owner == slot else 'partner'} {name}"


def _words(path: Path) -> str:
    return path.source if path.of == "actor" else f"partner {path.source}"


def _shared(values: xr.Dataset, design: OccasionDesign, first: int, last: int) -> Any:
    """Covariance of two slopes."""
    block = unit_covariance(design)
    one, two = (block.covariance.rows[block.rows.index(row)] for row in (first, last))
    sd, corr = values[f"unit{design.suffix}_sd"], values[f"unit{design.suffix}_corr"]
    return cell(corr, (one, two)) * cell(sd, (one,)) * cell(sd, (two,))
