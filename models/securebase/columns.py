"""Summaries of predictor columns: what a model needs to know of them beside its data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from securebase.faults import Fault, InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ColumnSummary:
    """Predictor columns of the units of one composition, summed up.

    Parameters
    ----------
    names : tuple of str
        The constant first.
    units : int
    mean, sd, low, high : ndarray (column,)
        Over units; the standard deviation with the number of units below it.
    between : ndarray (column, column), optional
        Covariance over clusters, of each cluster's first unit; None without clusters.
    """

    names: tuple[str, ...]
    units: int
    mean: Array
    sd: Array
    low: Array
    high: Array
    between: Array | None = None

    def only(self, names: Sequence[str]) -> "ColumnSummary":
        """Give the same units, some of the columns.

        Raises
        ------
        InputError
            Columns that are not among them.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            expected = f"columns among: {', '.join(self.names)}"
            raise InputError("predictor columns", [Fault("told", ", ".join(missing), expected)])
        place = [self.names.index(name) for name in names]
        between = None if self.between is None else self.between[np.ix_(place, place)]
        mean, sd, low, high = (one[place] for one in (self.mean, self.sd, self.low, self.high))
        return ColumnSummary(tuple(names), self.units, mean, sd, low, high, between)


def column_summary(
    values: Array, names: Sequence[str], cluster: NDArray[np.int64] | None = None
) -> ColumnSummary:
    """Sum up columns.

    Parameters
    ----------
    values : ndarray (unit, column)
    names : sequence of str
    cluster : ndarray (unit,), optional
        Number of each unit's cluster.
    """
    between = None
    if cluster is not None:
        first = np.unique(cluster, return_index=True)[1]
        if len(first) > 1:
            between = np.atleast_2d(np.cov(values[first].T))
    return ColumnSummary(
        tuple(names), len(values), values.mean(axis=0), values.std(axis=0),
        values.min(axis=0), values.max(axis=0), between,
    )  # fmt: skip
