"""Units in clusters: what may be released of followers and of those who lead them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from securebase.disclosure.cells import CellRecords, cell_of
from securebase.disclosure.sample import Sample
from securebase.faults import Fault, InputError
from securebase.moments import Floats
from securebase.moments.statistics import distinct_patterns


@dataclass(frozen=True, eq=False)
class ClusteredSample:
    """Records of followers, and of whom they follow.

    Parameters
    ----------
    followers : Sample
    cluster : (unit,)
        Label of the cluster of each follower.
    leaders : Sample or None
        Leader variables that are modelled: at most one unit for each cluster, whose label is the
        cluster's, without predictors. What leaders only predict is a predictor of the followers.

    Raises
    ------
    InputError
        Clusters of another number of followers; leaders with predictors, or names that repeat.
    """

    followers: Sample
    cluster: NDArray[Any]
    leaders: Sample | None = None

    def __post_init__(self) -> None:
        faults = []
        if self.cluster.shape != (len(self.followers.units),):
            given = f"shape {self.cluster.shape}"
            faults.append(Fault("cluster", given, f"({len(self.followers.units)},), as units"))
        elif self.leaders is not None:
            both = sorted({*self.leaders.columns} & {*self.followers.columns})
            faults += [
                Fault("leaders", "also a column of the followers", "distinct names", column=name)
                for name in both
            ]
            if self.leaders.predictors:
                given = f"predictors: {', '.join(self.leaders.predictors)}"
                faults.append(Fault("leaders", given, "responses only"))
        if faults:
            raise InputError("records of clusters", faults)


@dataclass(frozen=True, eq=False)
class Within:
    """What differs between the followers of one cluster, pooled over all clusters.

    Parameters
    ----------
    responses, predictors : tuple of str
    n : int
        Followers.
    clusters : int
    scatter : float (column, column)
        Σ (z - mean of the cluster)(z - mean of the cluster)'.
    """

    responses: tuple[str, ...]
    predictors: tuple[str, ...]
    n: int
    clusters: int
    scatter: Floats

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return (*self.responses, *self.predictors)


@dataclass(frozen=True, eq=False)
class Between:
    """Clusters of one size.

    Parameters
    ----------
    led : bool
        Whether with leader variables.
    records : CellRecords
        A cell whose units are the clusters and whose columns are means over the followers, and
        leader variables.
    """

    led: bool
    records: CellRecords

    @property
    def size(self) -> int:
        """Followers of each cluster."""
        return self.records.cell.size


@dataclass(frozen=True, eq=False)
class ClusteredRelease:
    """Statistics of complete clusters, with the records behind them.

    Parameters
    ----------
    within : Within
    between : list of Between
        The smallest size first.
    total : CellRecords
        All followers as one cell, which anybody can add up from the rest.
    cluster : (unit,)
        Clusters of the followers of `total`.
    """

    within: Within
    between: list[Between]
    total: CellRecords
    cluster: NDArray[Any]


def release_of(complete: ClusteredSample) -> ClusteredRelease:
    """Gather the statistics of clusters whose followers all have the same responses.

    Parameters
    ----------
    complete : ClusteredSample
        Every response observed by all followers or by none, and likewise by all leaders that
        have any: clusters of the others are released without.

    Returns
    -------
    ClusteredRelease
        Of the same likelihood as the records.
    """
    followers = complete.followers
    asked = tuple(followers.observed.any(axis=0).tolist())
    total = cell_of(followers, np.ones(len(followers.units), dtype=bool), asked, "all followers")
    # in the order of the records, whatever that of the file
    place = {unit: row for row, unit in enumerate(followers.units.tolist())}
    order = [place[unit] for unit in total.units.tolist()]
    labels, own = np.unique(complete.cluster[order], return_inverse=True)
    counts = np.bincount(own)
    means = np.zeros((len(labels), total.rows.shape[1]))
    np.add.at(means, own, total.rows)
    means /= counts[:, None]
    apart = total.rows - means[own]
    columns = total.cell.responses, total.cell.predictors
    within = Within(*columns, len(apart), len(labels), apart.T @ apart)
    between = [
        one
        for size in sorted(set(counts.tolist()))
        for mine in [counts == size]
        for one in _of_size(complete.leaders, total, labels[mine], means[mine], size)
    ]
    return ClusteredRelease(within, between, total, labels[own])


def _of_size(
    leaders: Sample | None, total: CellRecords, labels: NDArray[Any], means: Floats, size: int
) -> Iterator[Between]:
    """Cells of the clusters of one size: those with leader variables, and the others."""
    names, predictors = total.cell.responses, total.cell.predictors
    # a sum of scores lies on the grid of the scores
    grids = {
        name: replace(grid, steps=tuple(step / size for step in grid.steps))
        for name, grid in total.grids.items()
    }
    y, x = means[:, : len(names)], means[:, len(names) :]
    if leaders is not None:
        known = dict(zip(leaders.units.tolist(), leaders.y, strict=True))
        unknown = np.full(len(leaders.responses), np.nan)
        y = np.hstack([y, np.stack([known.get(label, unknown) for label in labels.tolist()])])
        names, grids = (*names, *leaders.responses), grids | dict(leaders.grids)
    clusters = Sample(labels, y, x, names, predictors, grids, "cluster")
    patterns, group = distinct_patterns(clusters.observed)
    for number, pattern in enumerate(patterns):
        led = bool(pattern[len(total.cell.responses) :].any())
        name = f"clusters of {size}" + (" with their leaders" if led else "")
        records = cell_of(clusters, group == number, tuple(pattern.tolist()), name)
        yield Between(led, replace(records, cell=replace(records.cell, size=size)))
