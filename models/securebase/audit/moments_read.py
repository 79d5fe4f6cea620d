"""Moments of a bundle, read as cells: what everybody can add up who has the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from securebase.audit.opened import Opened
from securebase.disclosure import Cell, Grid, grid_of_scale
from securebase.disclosure.unions import from_products
from securebase.faults import Fault, InputError
from securebase.names import DESIGN, RESPONSE

FILE: Final = "moments.nc"
WITHIN, BETWEEN = "within", "between"
_WANTED: Final = ("id", "n", "pattern", "sum", "centred")


@dataclass(frozen=True, eq=False)
class Within:
    """What differs between the followers of one cluster: degrees of freedom and scatter."""

    columns: tuple[str, ...]
    n: int
    clusters: int
    scatter: np.ndarray


@dataclass(frozen=True, eq=False)
class ReleasedPart:
    """Moments of one composition of units.

    Parameters
    ----------
    name : str
    cells : tuple of Cell
        Of units by pattern; of clusters by size, where units share clusters.
    within : Within or None
        Where units share clusters.
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
            return
        yield _total(self.cells, self.within)


def released_parts(opened: Opened, analysis: str) -> tuple[ReleasedPart, ...]:
    """Read the moments of an analysis.

    Parameters
    ----------
    opened : Opened
    analysis : str

    Returns
    -------
    tuple of ReleasedPart

    Raises
    ------
    InputError
        Variables that are missing, or of shapes that do not agree.
    """
    file = opened.file(analysis, FILE)
    return opened.once("moments", file, lambda: tuple(_parts(opened.tree(file), file, opened)))


def _parts(tree: xr.DataTree, file: str, opened: Opened) -> Iterator[ReleasedPart]:
    for name, node in tree.children.items():
        if WITHIN in node.children:
            cells = _cells(node[BETWEEN].to_dataset(), f"{file} {name}", "cluster")
            yield ReleasedPart(name, cells, _within(node[WITHIN].to_dataset()))
        else:
            yield ReleasedPart(name, _cells(node.to_dataset(), f"{file} {name}", opened.study.unit))


def _cells(found: xr.Dataset, place: str, noun: str) -> tuple[Cell, ...]:
    missing = [one for one in _WANTED if one not in found.variables]
    if missing:
        raise InputError(place, [Fault(place, "no such variable", one) for one in missing])
    if (found["n"].values < 1).any():
        raise InputError(place, [Fault(place, "a cell of nobody", "at least one unit in each")])
    names = [[str(one) for one in found[dim].values] for dim in (RESPONSE, DESIGN)]
    responses, predictors = names[0], names[1][1:]
    sizes = found["size"].values if "size" in found else np.ones(found.sizes["cell"], dtype=int)
    cells = []
    for number in range(found.sizes["cell"]):
        one = found.isel(cell=number)
        seen = one["pattern"].values.astype(bool)
        kept = np.concatenate([seen, np.ones(len(predictors), dtype=bool)])
        n = int(one["n"])
        columns = tuple(name for name, there in zip(responses, seen, strict=True) if there)
        scatter = one["centred"].values[np.ix_(kept, kept)]
        cells.append(
            Cell(
                str(one["id"].item()), columns, tuple(predictors), n,
                one["sum"].values[kept] / n, scatter, noun, int(sizes[number]),
            )
        )  # fmt: skip
    return tuple(cells)


def _within(found: xr.Dataset) -> Within:
    columns = tuple(str(one) for one in found["column"].values)
    counts = (int(found["n"]), int(found["clusters"]))
    return Within(columns, *counts, found["scatter"].values)


def _total(cells: tuple[Cell, ...], within: Within) -> Cell:
    """All followers as one cell: what lies within clusters, and their means."""
    columns = list(within.columns)
    products = np.zeros((len(columns) + 1, len(columns) + 1))
    products[1:, 1:] += within.scatter
    for one in cells:
        products += one.size * one.marginal(columns).crossproducts
    return from_products(products, columns).called("all followers")


def grids_of(opened: Opened, cell: Cell) -> Mapping[str, Grid]:
    """Grids that everybody knows: those of scores, by the codebook."""
    grids = {}
    for name in cell.responses:
        scale = opened.study.scales.get(name.split(" ")[-1])
        grid = scale and grid_of_scale(scale)
        if grid:
            steps = tuple(step / cell.size for step in grid.steps)
            grids[name] = Grid(steps, grid.origin)
    return grids
