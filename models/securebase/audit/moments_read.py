"""Moments of a bundle, read as cells: what everybody can add up who has the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import xarray as xr

from securebase.audit.opened import Opened
from securebase.disclosure import Cell, Grid, grid_of_scale
from securebase.disclosure.clustered import Within
from securebase.disclosure.unions import from_products
from securebase.faults import Fault, InputError
from securebase.moments import Floats

FILE: Final = "moments.nc"
# kinds of groups: cells of units by what they answered, cells of clusters by their size
CELLS, CLUSTERS = "cells", "clusters of one size"
_WANTED: Final = ("cell", "column", "n", "mean", "scatter", "response")
_OF_CLUSTERS: Final = ("size", "within_scatter", "within_n", "within_clusters")


@dataclass(frozen=True, eq=False)
class ReleasedPart:
    """Moments of one composition of units.

    Parameters
    ----------
    name : str
    cells : tuple of Cell
        Of units by pattern; of clusters by size, where units share clusters.
    within : Within or None
        What differs within clusters, where units share some.
    """

    name: str
    cells: tuple[Cell, ...]
    within: Within | None = None

    @property
    def units(self) -> int:
        """Number of units in the moments."""
        return self.within.n if self.within else sum(one.n for one in self.cells)

    @property
    def everybody(self) -> Iterator[Cell]:
        """Cells of units: of clustered ones the one that their statistics add up to."""
        if self.within is None:
            yield from self.cells
        else:
            yield _total(self.cells, self.within)


def no_moments(opened: Opened, analysis: str) -> str:
    """Say why an analysis has no cells of moments; empty where it has."""
    why = opened.about.without_moments.get(analysis)
    if why:
        return f"{analysis}: no moments are released: {why}."
    tree = opened.tree(opened.file(analysis, FILE))
    kinds = {str(node.attrs.get("kind")) for node in tree.children.values()}
    if opened.about.tier == "controlled" and not kinds & {CELLS, CLUSTERS}:
        return f"{analysis}: the controlled tier has exact arrays, not cells."
    return ""


def released_parts(opened: Opened, analysis: str) -> tuple[ReleasedPart, ...]:
    """Read the moments of an analysis.

    Parameters
    ----------
    opened : Opened
    analysis : str

    Returns
    -------
    tuple of ReleasedPart
        Empty where there are none to be read: see `no_moments`.

    Raises
    ------
    InputError
        Variables that are missing, or a cell of nobody.
    """
    if no_moments(opened, analysis):
        return ()
    file = opened.file(analysis, FILE)
    return opened.once("moments", file, lambda: tuple(_parts(opened.tree(file), file)))


def _parts(tree: xr.DataTree, file: str) -> Iterator[ReleasedPart]:
    for name, node in tree.children.items():
        found, place = node.to_dataset(), f"{file}, {name}"
        clustered = found.attrs.get("kind") == CLUSTERS
        wanted = (*_WANTED, *(_OF_CLUSTERS if clustered else ()))
        faults = [Fault(place, "no such variable", one) for one in wanted if one not in found]
        if not faults and (found["n"].values < 1).any():
            faults.append(Fault(place, "a cell of nobody", "at least one unit in each"))
        if faults:
            raise InputError(f"moments of {name}", faults)
        noun = "cluster" if clustered else str(found.attrs.get("counted", "unit"))
        cells = tuple(_cell(found.isel(cell=row), noun) for row in range(found.sizes["cell"]))
        yield ReleasedPart(name, cells, _within(found) if clustered else None)


def _cell(one: xr.Dataset, noun: str) -> Cell:
    seen = one["mean"].notnull().values
    size = int(one["size"]) if "size" in one else 1
    scatter = one["scatter"].values[np.ix_(seen, seen)]
    names = _names(one, seen)
    return Cell(
        str(one["cell"].item()),
        *names,
        int(one["n"]),
        one["mean"].values[seen],
        scatter,
        noun,
        size,
    )


def _names(data: xr.Dataset, seen: np.ndarray) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the observed responses, and of the predictors."""
    answers, names = data["response"].values.astype(bool), data["column"].values.astype(str)
    return tuple(names[seen & answers].tolist()), tuple(names[seen & ~answers].tolist())


def _within(found: xr.Dataset) -> Within:
    seen = found["within_scatter"].notnull().any("column_bis").values
    counts = (int(found["within_n"]), int(found["within_clusters"]))
    scatter = found["within_scatter"].values[np.ix_(seen, seen)]
    return Within(*_names(found, seen), *counts, scatter)


def _total(cells: tuple[Cell, ...], within: Within) -> Cell:
    """All followers as one cell: what lies within clusters, and their means."""
    columns = list(within.columns)
    products: Floats = np.zeros((len(columns) + 1, len(columns) + 1))
    products[1:, 1:] += within.scatter
    for one in cells:
        products += one.size * one.marginal(columns).crossproducts
    whole = from_products(products, columns).called("all followers")
    return replace(whole, responses=within.responses, predictors=within.predictors)


def grids_of(opened: Opened, cell: Cell) -> Mapping[str, Grid]:
    """Grids that everybody knows: those of scores, by the codebook."""
    grids = {}
    for name in cell.responses:
        scale = opened.study.scales.get(name.split(" ")[-1])
        grid = grid_of_scale(scale) if scale else None
        if grid is not None:
            steps = tuple(step / cell.size for step in grid.steps)
            grids[name] = Grid(steps, grid.origin)
    return grids
