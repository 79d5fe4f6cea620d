"""Tamperings with moments: such as no records have, and such as tell records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.audit.moments_read import FILE, grids_of, released_parts
from securebase.audit.opened import Opened
from securebase.selftest.changes import Tampering, inner, tree_of
from securebase.selftest.of_draws import values

Array = NDArray[Any]
_SEED = 20261127


def moments(change: Callable[[xr.Dataset], xr.Dataset]) -> Tampering:
    """Change the moments of the first part."""

    def tampering(folder: Path) -> None:
        with tree_of(inner(folder, FILE)) as tree:
            part = next(iter(tree.children))
            tree[part] = xr.DataTree(change(tree[part].to_dataset()))

    return tampering


def scatter(row: int, column: int, factor: float) -> Tampering:
    """Make a cross-product of the first cell a multiple of a sum of squares."""

    def change(found: Array) -> Array:
        edited = found.copy()
        edited[0, row, column] = edited[0, column, row] = factor * edited[0, row, row]
        return edited

    return moments(values("scatter", change))


def mean_plus(shift: float) -> Tampering:
    """Move the first mean of the first cell."""

    def change(found: Array) -> Array:
        edited = found.copy()
        edited[0, 0] += shift
        return edited

    return moments(values("mean", change))


def fewer_units(found: xr.Dataset) -> xr.Dataset:
    """Say that the first cell, or all clusters together, are of three units less."""
    if "within_n" in found:
        return found.assign(within_n=found["within_n"] - 3)
    return found.assign(n=found["n"] - 3 * (np.arange(found.sizes["cell"]) == 0))


def small_cell(units: int, width: int) -> Tampering:
    """Add a cell of invented scores, of fewer units than measures: the gate was not asked."""

    def tampering(folder: Path) -> None:
        opened = Opened(folder)
        analysis = opened.about.analyses[0]
        first = released_parts(opened, analysis)[0].cells[0]
        grids = grids_of(opened, first)
        names = list(first.responses[:width])
        steps = np.array([grids[name].steps[-1] for name in names])
        origins = np.array([grids[name].origin for name in names])
        y = origins + steps * np.random.default_rng(_SEED).integers(0, 80, (units, len(names)))
        moments(lambda part: _with_cell(part, y, names))(folder)

    return tampering


def without_one(records: Array) -> Tampering:
    """Add a sample of all units but the last.

    Parameters
    ----------
    records : float (unit, column)
        Of the first cell, in its order of columns.
    """

    def tampering(folder: Path) -> None:
        with tree_of(inner(folder, FILE)) as tree:
            part = tree[next(iter(tree.children))].to_dataset().isel(cell=[0])
            tree["fold"] = xr.DataTree(_of_records(part, records[:-1]))

    return tampering


def _of_records(part: xr.Dataset, records: Array) -> xr.Dataset:
    away = records - records.mean(axis=0)
    changed = part.assign(n=("cell", [len(records)]))
    changed["mean"] = part["mean"].copy(data=records.mean(axis=0)[None])
    changed["scatter"] = part["scatter"].copy(data=(away.T @ away)[None])
    return changed


def _with_cell(found: xr.Dataset, y: Array, names: list[str]) -> xr.Dataset:
    """Add the moments of records that observe some columns."""
    columns = found["column"].values.astype(str).tolist()
    at = [columns.index(name) for name in names]
    mean, product = np.full(len(columns), np.nan), np.full((len(columns),) * 2, np.nan)
    away = y - y.mean(axis=0)
    mean[at], product[np.ix_(at, at)] = y.mean(axis=0), away.T @ away
    by_cell = [name for name in found.data_vars if "cell" in found[name].dims]
    small = found[by_cell].isel(cell=[0]).assign_coords(cell=[f"cell {found.sizes['cell'] + 1}"])
    small = small.assign(n=("cell", [len(y)]), mean=(("cell", "column"), mean[None]))
    small = small.assign(scatter=(("cell", "column", "column_bis"), product[None]))
    whole = xr.concat([found[by_cell], small], dim="cell")
    return found.drop_vars([*by_cell, "cell"]).assign(whole.data_vars).assign_attrs(found.attrs)
