"""Indirect effects over two steps: products of lagged effects along a chain.

What moves x now moves m at the next occasion, and m moves y at the one after (Cole & Maxwell
2003, doi:10.1037/0021-843X.112.4.558).
"""

from collections.abc import Iterator, Sequence
from itertools import permutations

import xarray as xr

from securebase.names import ROLE
from securebase.panels.arrows import LAGGED, arrows, lagged_of
from securebase.panels.design import PanelDesign
from securebase.panels.series import Series, ends
from securebase.structure.cells import At, cell, named_array

INDIRECT = "indirect"
INDIRECT_LAGGED = "indirect_lagged"
Link = tuple[Series, Series, At]
"""Source, target, and the coordinates of the effect in `lagged`."""
Chain = tuple[At, At, At]
"""(label, role of the target) of a chain, and the coordinates of its two effects."""


def with_indirect(values: xr.Dataset, designs: Sequence[PanelDesign]) -> xr.Dataset:
    """Add `indirect_lagged` (indirect, role): points per point, two steps later.

    One for every chain of two lagged paths between three series, "competence via self_model to
    anxiety"; who is not the member of the outcome is called the partner. None where each step
    has effects of its own: there are as many products as pairs of steps.

    Parameters
    ----------
    values : xr.Dataset
        Draws (chain, draw) or a truth, with `lagged`.
    """
    if designs[0].dynamics.effects == "by_step":
        return values
    chains = list(dict.fromkeys(one for design in designs for one in _chains(design)))
    if not chains:
        return values
    found = {
        at: cell(values[LAGGED], first) * cell(values[LAGGED], second)
        for at, first, second in chains
    }
    return values.assign({INDIRECT_LAGGED: named_array(values, (INDIRECT, ROLE), found)})


def _chains(design: PanelDesign) -> Iterator[Chain]:
    links = list(_links(design))
    for (source, through, first), (middle, target, second) in permutations(links, 2):
        if through == middle and source != target:
            label = f"{_seen(source, target)} via {_seen(through, target)} to {target.outcome}"
            yield (label, design.label(target.slot)), first, second


def _links(design: PanelDesign) -> Iterator[Link]:
    """Lagged effects from one series to another."""
    estimated = {one.at for one in arrows(design) if one.variable == LAGGED}
    for path in lagged_of(design):
        for source, target in ends(design.moving, path):
            at = (path.name, design.label(target.slot))
            if source != target and at in estimated:
                yield source, target, at


def _seen(one: Series, target: Series) -> str:
    return one.outcome if one.slot == target.slot else f"partner {one.outcome}"
