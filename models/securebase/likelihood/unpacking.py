"""From the arrays that the kernels read back to the moments that they are of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from securebase.likelihood.layout import COUNT, HEAD, ROW_STOP, SIZE
from securebase.moments import Cells, Floats, Moments
from securebase.moments.statistics import distinct_patterns

type Arrays = Mapping[str, NDArray[Any]]


def moments_of_arrays(arrays: Arrays, responses: Sequence[str], designs: Sequence[str]) -> Moments:
    """Undo `layout.kernel_arrays`.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        `patterns`, `rows`, and with clusters `cells`, `cell_sums`.
    responses, designs : sequence of str
        Names, in the order of the model.

    Returns
    -------
    Moments
        The same up to rounding; clusters are called by their numbers.
    """
    patterns, rows = arrays["patterns"], arrays["rows"]
    width, order = len(designs), patterns[0, HEAD:]
    reference = np.empty((len(order), width))
    reference[order] = rows[:width, width:].T
    # fields are [w, e] there, [e, w] here
    fields = np.r_[width + np.argsort(order), :width]
    observed = np.array([_seen(one, order) for one in patterns[1:]])
    products = np.array([own.T @ own for own in _factors(patterns, rows, width)])
    products = products[:, fields][:, :, fields]
    unseen = np.hstack([~observed, np.zeros((len(observed), width), dtype=bool)])
    products[unseen] = 0.0
    products.transpose(0, 2, 1)[unseen] = 0.0
    found = Moments(
        tuple(responses), tuple(designs), observed, patterns[1:, COUNT].astype(np.int64),
        reference, products, _cells(arrays, fields),
    )  # fmt: skip
    return _in_order(found)


def _seen(pattern: NDArray[Any], order: NDArray[Any]) -> NDArray[np.bool_]:
    seen = np.zeros(len(order), dtype=bool)
    seen[order[pattern[HEAD : HEAD + pattern[SIZE]]]] = True
    return seen


def _factors(patterns: NDArray[Any], rows: Floats, width: int) -> Iterator[Floats]:
    """Triangular factor of each pattern: the rows after those of the pattern before."""
    start = 0
    for stop in patterns[1:, ROW_STOP]:
        yield rows[width + start : width + stop]
        start = stop


def _cells(arrays: Arrays, fields: NDArray[np.intp]) -> Cells | None:
    if "cells" not in arrays:
        return None
    cluster, pattern, counts = arrays["cells"].astype(np.int64).T
    sums = arrays["cell_sums"][:, fields]
    return Cells(np.arange(cluster.max() + 1), cluster, pattern, counts, sums)


def _in_order(found: Moments) -> Moments:
    """Put patterns in the order of `moments_of`."""
    _, place = distinct_patterns(found.observed)
    order = np.argsort(place)
    cells = found.cells
    if cells is not None:
        cells = replace(cells, pattern=place[cells.pattern])
    return replace(
        found, observed=found.observed[order], counts=found.counts[order],
        centred=found.centred[order], cells=cells,
    )  # fmt: skip


def with_designs(moments: Moments, designs: Sequence[str]) -> Moments:
    """The same units with some of their design columns, in the order asked for.

    Raises
    ------
    ValueError
        A column that the moments are not of.
    """
    place = [moments.design_names.index(name) for name in designs]
    reference = moments.reference.copy()
    reference[:, [one for one in range(reference.shape[1]) if one not in place]] = 0.0
    moved = moments.measured_from(reference)
    count = len(moments.response_names)
    fields = np.r_[:count, count + np.array(place, dtype=np.intp)]
    cells = moved.cells
    if cells is not None:
        cells = replace(cells, sums=cells.sums[:, fields])
    return replace(
        moved, design_names=tuple(designs), reference=reference[:, place],
        centred=moved.centred[:, fields][:, :, fields], cells=cells,
    )  # fmt: skip
