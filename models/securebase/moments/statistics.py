"""Moments: what they hold, how they move, add up and are kept."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from securebase.faults import Fault, InputError
from securebase.names import CLUSTER, DESIGN, PATTERN, RESPONSE

type Floats = NDArray[np.float64]
type Integers = NDArray[np.int64]

# dims that only moments have
CELL = "cell"
FIELD, FIELD_BIS = "field", "field_bis"


@dataclass(frozen=True, eq=False)
class Cells:
    """Units of one cluster and one pattern: how many, and the sums of [e, w].

    Parameters
    ----------
    labels : (cluster,)
        Labels of the clusters, sorted.
    cluster, pattern, counts : int (cell,)
        Cluster, pattern and number of units of each occupied cell.
    sums : float (cell, field)
        Sums over the units of a cell of [e, w].
    """

    labels: NDArray[Any]
    cluster: Integers
    pattern: Integers
    counts: Integers
    sums: Floats


@dataclass(frozen=True, eq=False)
class Moments:
    """Sufficient statistics of units under a Gaussian model.

    Parameters
    ----------
    response_names, design_names : tuple of str
        What the D responses and the C design columns are.
    observed : bool (pattern, response)
        Which responses a pattern observes; patterns are ordered with the most
        complete beginnings first, whatever the order of the units.
    counts : int (pattern,)
        Units per pattern.
    reference : float (response, design)
        The fixed mean B from which responses are measured, e = y - B w.
    centred : float (pattern, field, field)
        Sums over units of [e, w][e, w]'; zero for unobserved responses.
    cells : Cells or None
        Per cluster and pattern; None when units are not clustered.
    """

    response_names: tuple[str, ...]
    design_names: tuple[str, ...]
    observed: NDArray[np.bool_]
    counts: Integers
    reference: Floats
    centred: Floats
    cells: Cells | None = None

    @property
    def n_units(self) -> int:
        """Number of units."""
        return int(self.counts.sum())

    @property
    def clustered(self) -> bool:
        """Whether the units lie in clusters."""
        return self.cells is not None

    @property
    def crossproducts(self) -> Floats:
        """Sums over units of [y, w][y, w]' (pattern, field, field), zero where unobserved."""
        return self.measured_from(np.zeros_like(self.reference)).centred

    def measured_from(self, reference: ArrayLike) -> Self:
        """The same moments with responses measured from another fixed mean.

        Parameters
        ----------
        reference : float (response, design)
            The new B in e = y - B w.

        Returns
        -------
        Moments
        """
        new = np.array(reference, dtype=float)
        if new.shape != self.reference.shape:
            raise ValueError(f"reference is {new.shape}; expected {self.reference.shape}")
        width = sum(new.shape)
        # [y - new w, w] = T [y - old w, w], by pattern because of unobserved responses
        moves = np.tile(np.eye(width), (len(self.counts), 1, 1))
        moves[:, : len(new), len(new) :] = (self.reference - new) * self.observed[:, :, None]
        centred = moves @ self.centred @ moves.transpose(0, 2, 1)
        cells = self.cells
        if cells is not None:
            moved = np.einsum("kab,kb->ka", moves[cells.pattern], cells.sums)
            cells = replace(cells, sums=moved)
        return replace(self, reference=new, centred=centred, cells=cells)

    def __add__(self, other: "Moments") -> "Moments":
        """Moments of both sets of units together; see `add`."""
        return add(self, other)

    def to_dataset(self) -> xr.Dataset:
        """As a dataset with dims pattern, response, design, field (and cell, cluster)."""
        variables: dict[str, Any] = {
            "observed": ((PATTERN, RESPONSE), self.observed.astype(np.int8)),
            "count": (PATTERN, self.counts),
            "reference": ((RESPONSE, DESIGN), self.reference),
            "centred": ((PATTERN, FIELD, FIELD_BIS), self.centred),
        }
        names = [*self.response_names, *self.design_names]
        coords = {
            RESPONSE: list(self.response_names),
            DESIGN: list(self.design_names),
            FIELD: names,
            FIELD_BIS: names,
        }
        if self.cells is not None:
            coords[CLUSTER] = self.cells.labels.tolist()
            variables |= {
                "cell_cluster": (CELL, self.cells.cluster),
                "cell_pattern": (CELL, self.cells.pattern),
                "cell_count": (CELL, self.cells.counts),
                "cell_sum": ((CELL, FIELD), self.cells.sums),
            }
        return xr.Dataset(variables, coords=coords)

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> Self:
        """Moments from what `to_dataset` made.

        Parameters
        ----------
        dataset : xarray.Dataset

        Returns
        -------
        Moments

        Raises
        ------
        InputError
            Variables that are missing.
        """
        clustered = CLUSTER in dataset.coords
        wanted = ["observed", "count", "reference", "centred"]
        if clustered:
            wanted += ["cell_cluster", "cell_pattern", "cell_count", "cell_sum"]
        faults = [
            Fault("moments", f"no variable {name!r}", "what write() makes", column=name)
            for name in wanted
            if name not in dataset
        ]
        if faults:
            raise InputError("moments", faults)
        plain = cls(
            response_names=tuple(str(name) for name in dataset[RESPONSE].values),
            design_names=tuple(str(name) for name in dataset[DESIGN].values),
            observed=dataset["observed"].values.astype(bool),
            counts=dataset["count"].values.astype(np.int64),
            reference=dataset["reference"].values.astype(float),
            centred=dataset["centred"].values.astype(float),
        )
        if not clustered:
            return plain
        cells = Cells(
            dataset[CLUSTER].values,
            dataset["cell_cluster"].values.astype(np.int64),
            dataset["cell_pattern"].values.astype(np.int64),
            dataset["cell_count"].values.astype(np.int64),
            dataset["cell_sum"].values.astype(float),
        )
        return replace(plain, cells=cells)

    def write(self, path: Path) -> None:
        """Write as netCDF-4; the same moments give the same bytes."""
        dataset = self.to_dataset()
        packed = {"centred": {"zlib": True, "complevel": 4, "shuffle": True}}
        dataset.to_netcdf(path, engine="netcdf4", format="NETCDF4", encoding=packed)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        with xr.open_dataset(path, engine="netcdf4") as dataset:
            return cls.from_dataset(dataset.load())


def add(first: Moments, second: Moments) -> Moments:
    """Moments of two disjoint sets of units together.

    Parameters
    ----------
    first, second : Moments
        With the same responses and design columns, both clustered or neither;
        equal cluster labels mean the same cluster.

    Returns
    -------
    Moments
        Measured from the reference of `first`.

    Raises
    ------
    ValueError
        Differing names, or only one of the two is clustered.
    """
    for what in ("response_names", "design_names", "clustered"):
        one, two = getattr(first, what), getattr(second, what)
        if one != two:
            raise ValueError(f"moments differ in {what}: {one} and {two}")
    both = (first, second.measured_from(first.reference))
    observed, place = distinct_patterns(np.concatenate([m.observed for m in both]))
    counts = np.zeros(len(observed), dtype=np.int64)
    np.add.at(counts, place, np.concatenate([m.counts for m in both]))
    centred = np.zeros((len(observed), *first.centred.shape[1:]))
    np.add.at(centred, place, np.concatenate([m.centred for m in both]))
    total = replace(first, observed=observed, counts=counts, centred=centred)
    halves = [m.cells for m in both if m.cells is not None]
    if not halves:
        return total
    places = np.split(place, [len(first.counts)])
    return with_cells(
        total,
        np.concatenate([cells.labels[cells.cluster] for cells in halves]),
        np.concatenate([p[cells.pattern] for p, cells in zip(places, halves, strict=True)]),
        np.concatenate([cells.counts for cells in halves]),
        np.concatenate([cells.sums for cells in halves]),
    )


def with_cells(
    total: Moments,
    labels: NDArray[Any],
    patterns: Integers,
    counts: Integers,
    sums: Floats,
) -> Moments:
    """Gather the counts and sums of (cluster, pattern) cells, each given any number of times."""
    names, clusters = np.unique(labels, return_inverse=True)
    keys, place = np.unique(clusters * len(total.counts) + patterns, return_inverse=True)
    cell_counts = np.zeros(len(keys), dtype=np.int64)
    np.add.at(cell_counts, place, counts)
    cell_sums = np.zeros((len(keys), sums.shape[1]))
    np.add.at(cell_sums, place, sums)
    cluster, pattern = np.divmod(keys, len(total.counts))
    return replace(total, cells=Cells(names, cluster, pattern, cell_counts, cell_sums))


def distinct_patterns(observed: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], Integers]:
    """Distinct rows, the most complete beginnings first, and the place of every row."""
    # ascending by what is missing: neighbours share the longest beginnings, which
    # the likelihood's Cholesky factors share
    missing, place = np.unique(~observed, axis=0, return_inverse=True)
    return ~missing, place.reshape(-1).astype(np.int64)
