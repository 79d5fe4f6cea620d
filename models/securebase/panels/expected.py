"""Expected scores of a panel at each wave, from draws."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.panels.arrows import arrows, fixed_arrows
from securebase.panels.design import STATE, PanelDesign
from securebase.panels.variables import part_means
from securebase.responses import paths_of_roles
from securebase.structure.cells import Placement, laid_out_draws

Array = NDArray[np.float64]


def expected_scores(posterior: xr.Dataset, designs: Sequence[PanelDesign]) -> xr.DataArray:
    """Expected score (chain, draw, role, outcome, wave) at average predictors, of each role.

    Roles that several compositions or members share get the average of theirs.
    """
    return paths_of_roles(
        designs[0].panel,
        ((one.composition, one.responses, _scores(one, posterior)) for one in designs),
    )


def _scores(design: PanelDesign, posterior: xr.Dataset) -> Array:
    """Expected scores (chain, draw, response) of a composition."""
    shape = (len(design.responses), design.size)
    scores = laid_out_draws(design.means(), posterior, shape)[..., -1]
    moved = part_means(design)
    if not moved:
        return scores
    average = design.predicted.summary.mean
    # deviations are 0 on average, and nothing leads from them to what a person always has
    kept = [row for row, part in enumerate(design.parts) if design.scores or part[0] != STATE]
    direct = laid_out_draws(moved, posterior, (design.size, len(average))) @ average
    fixed, free = design.loadings()
    loading = fixed[:, kept] + laid_out_draws(
        _among(free, None, kept), posterior, (len(fixed), len(kept))
    )
    known = fixed_arrows(design)[np.ix_(kept, kept)]
    among = laid_out_draws(_among(arrows(design), kept, kept), posterior, known.shape)
    total = np.linalg.solve(np.eye(len(kept)) - known - among, direct[..., kept, None])
    return np.asarray(scores + (loading @ total)[..., 0])


def _among(
    placements: Sequence[Placement], rows: list[int] | None, columns: list[int]
) -> list[Placement]:
    """Placements within some rows (all, if None) and columns, counted among these."""
    return [
        Placement(
            one.variable, one.at, one.row if rows is None else rows.index(one.row),
            columns.index(one.column), one.weight,
        )
        for one in placements
        if one.column in columns and (rows is None or one.row in rows)
    ]  # fmt: skip
