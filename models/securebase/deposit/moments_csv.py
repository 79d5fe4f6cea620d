"""Moments of cells as one long table, for programs that read no netCDF.

A row per number. Columns analysis, part (the composition), cell, n (its units), kind, of, with,
value (17 digits at most, which give the number back to the bit).

=======  ==============================  =========================================================
kind     of, with                        value
=======  ==============================  =========================================================
mean     a variable, empty               its mean over the n units, in points
cov      two variables, lower triangle   Σ (z - mean)(z - mean)' / n: the denominator of maximum
                                         likelihood, not n - 1
within   two variables, lower triangle   Σ (z - mean of the cluster)(...)' / (n - clusters), pooled
                                         over all clusters; n counts their members
=======  ==============================  =========================================================

Variables are the observed responses of the cell ("m0 patient anxiety") and its predictors, centred
and scaled as the model has them. In clustered designs a cell "size 8" holds clusters of eight: n
counts clusters, and its variables are means over their members.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from securebase.disclosure.cells import Cell
from securebase.disclosure.clustered import Within
from securebase.moments import Floats

MEAN: Final = "mean"
COV: Final = "cov"
WITHIN: Final = "within"
COLUMNS: Final = ("analysis", "part", "cell", "n", "kind", "of", "with", "value")

type Row = tuple[str, str, str, int, str, str, str, str]


@dataclass(frozen=True, eq=False)
class PartMoments:
    """What is released of one part of a model.

    Parameters
    ----------
    cells : sequence of Cell
    within : Within or None
        Of clustered designs: scatter within clusters.
    """

    cells: Sequence[Cell]
    within: Within | None = None


def moments_csv(analysis: str, parts: Mapping[str, PartMoments]) -> str:
    """Write the moments of an analysis.

    Parameters
    ----------
    analysis : str
        Its name.
    parts : mapping of str to PartMoments
        By composition, in the order of the model.

    Returns
    -------
    str
        CSV with columns `COLUMNS`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for part, moments in parts.items():
        for cell in moments.cells:
            writer.writerows(_of_cell(analysis, part, cell))
        if moments.within is not None:
            writer.writerows(_of_within(analysis, part, moments.within))
    return text.getvalue()


def _of_cell(analysis: str, part: str, cell: Cell) -> Iterator[Row]:
    for name, value in zip(cell.columns, cell.mean.tolist(), strict=True):
        yield (analysis, part, cell.name, cell.n, MEAN, name, "", repr(value))
    for row, column, value in _lower(cell.columns, cell.scatter / cell.n):
        yield (analysis, part, cell.name, cell.n, COV, row, column, value)


def _of_within(analysis: str, part: str, within: Within) -> Iterator[Row]:
    freedom = within.n - within.clusters
    if not freedom:
        return
    for row, column, value in _lower(within.columns, within.scatter / freedom):
        yield (analysis, part, WITHIN, within.n, WITHIN, row, column, value)


def _lower(names: Iterable[str], matrix: Floats) -> Iterator[tuple[str, str, str]]:
    """Give the lower triangle of a symmetric matrix, row by row."""
    known = list(names)
    for row, values in enumerate(matrix.tolist()):
        for column in range(row + 1):
            yield known[row], known[column], repr(values[column])
