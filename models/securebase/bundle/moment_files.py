"""Moments in files: a group for each part, and the same numbers as a long table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.bundle.release import MaskedPart
from securebase.deposit.moments_csv import PartMoments, moments_csv
from securebase.disclosure import Cell, Masked, moments_of_cells, moments_of_clusters
from securebase.disclosure.clustered import Within
from securebase.faults import Fault, InputError
from securebase.likelihood import kernel_arrays, moments_of_arrays, with_designs
from securebase.moments import Moments
from securebase.part import Part

type Arrays = Mapping[str, NDArray[Any]]

CELL, COLUMN, COLUMN_BIS = "cell", "column", "column_bis"
CELLS: Final = "cells"
CLUSTERS: Final = "clusters of one size"
EXACT: Final = "exact"
BY_UNIT: Final = "sums by unit"


def dataset_of(part: MaskedPart) -> xr.Dataset:
    """Arrange the moments of a part that are for the public.

    Returns
    -------
    xr.Dataset
        `n` (cell), `mean` (cell, column), `scatter` (cell, column, column_bis): centred
        cross-products, NaN of what a cell does not observe. Columns are the responses, then the
        predictors; `response` (column) says which. Of clusters also `size` (cell), followers of
        each cluster, over whom the columns are means, and what differs within clusters:
        `within_scatter` (column, column_bis), `within_n`, `within_clusters`.
    """
    responses, predictors = part.sample.responses, part.sample.predictors
    columns = [*responses, *predictors]
    if isinstance(part.masked, Masked):
        data = _of_cells([one.cell for one in part.masked.cells], columns)
        kind = CELLS
    else:
        release, kind = part.masked.release, CLUSTERS
        cells = [one.records.cell for one in release.between]
        data = _of_cells(cells, columns).assign(
            size=(CELL, np.array([cell.size for cell in cells], dtype=np.int64)),
            within_scatter=(
                (COLUMN, COLUMN_BIS),
                _placed(release.within.scatter, release.within.columns, columns),
            ),
            within_n=release.within.n,
            within_clusters=release.within.clusters,
        )
    data = data.assign(response=(COLUMN, np.arange(len(columns)) < len(responses)))
    return data.assign_attrs(kind=kind, counted=part.sample.noun)


def _of_cells(cells: Sequence[Cell], columns: Sequence[str]) -> xr.Dataset:
    mean = np.full((len(cells), len(columns)), np.nan)
    for row, cell in enumerate(cells):
        mean[row, [columns.index(name) for name in cell.columns]] = cell.mean
    scatter = np.stack([_placed(cell.scatter, cell.columns, columns) for cell in cells])
    return xr.Dataset(
        {
            "n": (CELL, np.array([cell.n for cell in cells], dtype=np.int64)),
            "mean": ((CELL, COLUMN), mean),
            "scatter": ((CELL, COLUMN, COLUMN_BIS), scatter),
        },
        coords={
            CELL: [cell.name for cell in cells],
            COLUMN: list(columns),
            COLUMN_BIS: list(columns),
        },
    )


def _placed(
    scatter: NDArray[np.float64], own: Sequence[str], columns: Sequence[str]
) -> NDArray[np.float64]:
    found = np.full((len(columns), len(columns)), np.nan)
    place = [columns.index(name) for name in own]
    found[np.ix_(place, place)] = scatter
    return found


def exact_dataset(part: Part) -> xr.Dataset:
    """Arrange the exact arrays that the likelihood takes of a part: under agreement only.

    Returns
    -------
    xr.Dataset
        A variable for each array, its dims numbered: ``rows`` (rows_0, rows_1).
    """
    arrays = part.arrays(part.score)
    kind = EXACT if part.effects.unit_basis is None else BY_UNIT
    found = {
        name: (tuple(f"{name}_{axis}" for axis in range(array.ndim)), array)
        for name, array in arrays.items()
    }
    return xr.Dataset(found).assign_attrs(kind=kind, columns=list(part.columns))


def write_moments(parts: Mapping[str, xr.Dataset], path: Path) -> None:
    """Write a group for each part; the same moments give the same bytes."""
    tree = xr.DataTree.from_dict(dict(parts))
    tree.to_netcdf(path, engine="netcdf4", format="NETCDF4")


def read_moments(path: Path) -> dict[str, xr.Dataset]:
    """Read what `write_moments` wrote."""
    with xr.open_datatree(path, engine="netcdf4") as tree:
        return {name: group.to_dataset().load() for name, group in tree.children.items()}


def arrays_of(data: xr.Dataset, part: Part) -> Arrays:
    """Give the likelihood of a part the moments that were written.

    Raises
    ------
    InputError
        See `moments_for`.
    """
    kind = data.attrs["kind"]
    if kind == BY_UNIT or (kind == EXACT and columns_of(data, part) == part.columns):
        return _arrays_in(data)
    return kernel_arrays(moments_for(data, part))


def _arrays_in(data: xr.Dataset) -> Arrays:
    return {str(name): one.values for name, one in data.data_vars.items()}


def columns_of(data: xr.Dataset, part: Part) -> tuple[str, ...]:
    """Design columns that the moments of a file are of, those of a part if it does not say."""
    if data.attrs["kind"] == EXACT:
        return tuple(map(str, np.atleast_1d(data.attrs.get("columns", part.columns))))
    predictors = data[COLUMN].values[~data["response"].values.astype(bool)]
    return (part.columns[0], *predictors.astype(str).tolist())


def moments_for(data: xr.Dataset, part: Part) -> Moments:
    """Read moments of the responses of a part, and of its design columns alone.

    Raises
    ------
    InputError
        Sums by unit, of whom no moments are sufficient.
    """
    if data.attrs["kind"] == BY_UNIT:
        given = "units measured at times of their own"
        raise InputError("moments", [Fault(part.name, given, "planned waves: see docs/bundle.md")])
    names = columns_of(data, part)
    if data.attrs["kind"] == EXACT:
        found = moments_of_arrays(_arrays_in(data), part.responses, names)
    else:
        found = replace(moments_in(data, part.responses), design_names=names)
    return with_designs(found, part.columns)


def moments_in(data: xr.Dataset, responses: Sequence[str]) -> Moments:
    """Put the moments of `dataset_of` together."""
    cells = [_cell(data.isel({CELL: row})) for row in range(data.sizes[CELL])]
    if data.attrs["kind"] == CELLS:
        return moments_of_cells(cells, responses)
    return moments_of_clusters(_within(data), cells, responses)


def _within(data: xr.Dataset) -> Within:
    seen = data["within_scatter"].notnull().any(COLUMN_BIS).values
    own, predictors = _names(data, seen)
    return Within(
        own, predictors, int(data["within_n"]), int(data["within_clusters"]),
        data["within_scatter"].values[np.ix_(seen, seen)],
    )  # fmt: skip


def _names(data: xr.Dataset, seen: NDArray[np.bool_]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the observed responses, and of the predictors."""
    answers = data["response"].values.astype(bool)
    names = data[COLUMN].values.astype(str)
    return tuple(names[seen & answers].tolist()), tuple(names[seen & ~answers].tolist())


def _cell(one: xr.Dataset) -> Cell:
    seen = one["mean"].notnull().values
    return Cell(
        str(one[CELL].values), *_names(one, seen), int(one["n"]), one["mean"].values[seen],
        one["scatter"].values[np.ix_(seen, seen)], size=int(one["size"]) if "size" in one else 1,
    )  # fmt: skip


def moments_table(analysis: str, parts: Mapping[str, xr.Dataset]) -> str:
    """Write the same numbers row by row, as `deposit.moments_csv` has them."""
    return moments_csv(analysis, {name: _part_moments(data) for name, data in parts.items()})


def _part_moments(data: xr.Dataset) -> PartMoments:
    cells = [_cell(data.isel({CELL: row})) for row in range(data.sizes[CELL])]
    return PartMoments(cells, _within(data) if data.attrs["kind"] == CLUSTERS else None)
