"""Clusters that stand in for those that were measured, with the same likelihood.

The likelihood takes counts and sums of each cluster, a release gives only what clusters of one
size have in common. Any clusters with the same number, mean and scatter of means will do: these
are made of that scatter and of orthogonal contrasts, and are nobody's.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import helmert

from securebase.disclosure.cells import Cell
from securebase.disclosure.clustered import Within
from securebase.disclosure.sample import CONSTANT
from securebase.moments import Floats, Moments
from securebase.moments.statistics import distinct_patterns, with_cells


def stand_ins(cell: Cell) -> Floats:
    """Make rows (unit, column) with the mean and scatter of a cell.

    Parameters
    ----------
    cell : Cell
        Of more units than columns.

    Returns
    -------
    float (unit, column)

    Raises
    ------
    ValueError
        Fewer units than the scatter has directions, and one.
    """
    values, vectors = np.linalg.eigh(cell.scatter)
    if cell.n <= len(values):
        raise ValueError(f"{cell.n} rows cannot have a scatter of {len(values)} columns")
    roots = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    contrasts = helmert(cell.n)[: len(values)].T
    rows: Floats = cell.mean + contrasts @ roots
    return rows


def moments_of_clusters(
    within: Within, between: Sequence[Cell], responses: Sequence[str]
) -> Moments:
    """What the two-level likelihood takes, from what was released of clusters.

    Parameters
    ----------
    within : Within
    between : sequence of Cell
        Cells of clusters of one size each.
    responses : sequence of str
        All responses of the model, of followers and of leaders.

    Returns
    -------
    Moments
        With the designs [1, predictors], the predictors of leaders 0; two units of one stand-in
        for a cluster's followers and its leader.
    """
    layout = _Layout(within, between, tuple(responses))
    label = 0
    found: list[tuple[int, int, int, Floats]] = []
    products = np.zeros((2, layout.size, layout.size))
    products[0][np.ix_(layout.follower, layout.follower)] = within.scatter
    for cell in between:
        for row in stand_ins(cell):
            for part, (count, fields) in enumerate(layout.fields(cell, row)):
                found.append((label, part, count, count * fields))
                products[part] += count * np.outer(fields, fields)
            label += 1
    labels, parts, counts, sums = (np.array(one) for one in zip(*found, strict=True))
    occupied = sorted(set(parts.tolist()))
    patterns, place = distinct_patterns(layout.observed[occupied])
    total = np.zeros(len(patterns), dtype=np.int64)
    np.add.at(total, place[parts], counts)
    centred = np.zeros((len(patterns), *products.shape[1:]))
    centred[place] = products[occupied]
    designs = (CONSTANT, *within.predictors)
    moments = Moments(tuple(responses), designs, patterns, total, layout.reference, centred)
    return with_cells(moments, labels, place[parts], counts, sums)


class _Layout:
    """Where the columns of a release lie among the fields [e, 1, x] of the likelihood."""

    def __init__(self, within: Within, cells: Sequence[Cell], responses: tuple[str, ...]) -> None:
        self.within, width = within, len(responses)
        self.constant, self.size = width, width + 1 + len(within.predictors)
        self.place = {name: number for number, name in enumerate(responses)}
        self.place |= {name: width + 1 + n for n, name in enumerate(within.predictors)}
        self.follower = [self.place[name] for name in within.columns]
        self.observed = np.zeros((2, width), dtype=bool)
        self.reference = np.zeros((width, 1 + len(within.predictors)))
        for cell in cells:
            for name, mean in zip(cell.responses, cell.mean, strict=False):
                led = name not in within.responses
                self.observed[int(led), self.place[name]] = True
                # near all means, so that few digits cancel
                self.reference[self.place[name], 0] = mean

    def fields(self, cell: Cell, row: Floats) -> Iterator[tuple[int, Floats]]:
        """Units and mean fields of a cluster's followers, then of its leader."""
        values = np.zeros((2, self.size))
        values[:, self.constant] = 1.0
        for name, value in zip(cell.columns, row, strict=True):
            led, at = int(name not in self.within.columns), self.place[name]
            values[led, at] = value - (self.reference[at, 0] if at < self.constant else 0.0)
        yield cell.size, values[0]
        if len(cell.columns) > len(self.within.columns):
            yield 1, values[1]
