"""How well chains have mixed, by what is reported of a posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import arviz_stats as az
import numpy as np
import xarray as xr

from securebase.names import SAMPLES

if TYPE_CHECKING:
    from securebase.family import Family


def mixing(draws: xr.Dataset) -> tuple[float, float]:
    """Largest R-hat and smallest effective sample size, bulk or tail, over all variables."""
    known = (az.ess(draws, method=kind).to_array().min() for kind in ("bulk", "tail"))
    return float(az.rhat(draws, method="rank").to_array().max()), min(map(float, known))


def reported_mixing(posterior: xr.Dataset, family: Family) -> tuple[float, float]:
    """Give the same over every number of a posterior that a reader is shown."""
    cells = reported_cells(posterior, family)
    return mixing(xr.concat(cells.values(), dim="cell").to_dataset(name="reported"))


def reported_cells(posterior: xr.Dataset, family: Family) -> dict[tuple[str, str], xr.DataArray]:
    """Collect the draws of each number a reader is shown.

    Correlations appear once, cells that the design does not measure not at all.

    Returns
    -------
    dict
        (variable, "role=patient, outcome=anxiety") to draws (chain, draw).
    """
    names = [str(name) for name in posterior.data_vars if family.parameter(str(name))]
    cells = {}
    for name in names:
        values = posterior[name]
        dims = [str(dim) for dim in values.dims if dim not in SAMPLES]
        for place in np.ndindex(*(values.sizes[dim] for dim in dims)):
            if f"{dims[0]}_bis" in dims and place[0] >= place[1]:
                continue
            draws = values.isel(dict(zip(dims, place, strict=True)))
            at = ", ".join(f"{dim}={draws[dim].item()}" for dim in dims)
            if not bool(draws.isnull().all()):
                cells[name, at] = draws.drop_vars(dims)
    return cells
