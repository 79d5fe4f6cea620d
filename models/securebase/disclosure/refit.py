"""From what was released back to what the likelihood takes: a refit needs no records."""

from collections.abc import Sequence

import numpy as np

from securebase.disclosure.cells import Cell
from securebase.disclosure.sample import CONSTANT
from securebase.moments import Floats, Moments
from securebase.moments.statistics import distinct_patterns


def moments_of_cells(cells: Sequence[Cell], responses: Sequence[str]) -> Moments:
    """Put cells together for the likelihood.

    Parameters
    ----------
    cells : sequence of Cell
        Of disjoint sets of units, with the same predictors.
    responses : sequence of str
        All responses of the model, in its order.

    Returns
    -------
    Moments
        With the designs [1, predictors].
    """
    reference = _common_means(cells, responses)
    observed = np.array([[name in cell.responses for name in responses] for cell in cells])
    patterns, place = distinct_patterns(observed)
    counts = np.zeros(len(patterns), dtype=np.int64)
    np.add.at(counts, place, [cell.n for cell in cells])
    placed = [_placed(cell, list(responses), reference) for cell in cells]
    centred = np.zeros((len(patterns), *placed[0].shape))
    np.add.at(centred, place, placed)
    designs = (CONSTANT, *cells[0].predictors)
    from_design = np.zeros((len(responses), len(designs)))
    from_design[:, 0] = reference
    return Moments(tuple(responses), designs, patterns, counts, from_design, centred)


def _common_means(cells: Sequence[Cell], responses: Sequence[str]) -> Floats:
    """Mean of each response over the units that have it: measured from it, few digits cancel."""
    sums, counts = np.zeros(len(responses)), np.zeros(len(responses))
    for cell in cells:
        place = [responses.index(name) for name in cell.responses]
        sums[place] += cell.n * cell.mean[: len(place)]
        counts[place] += cell.n
    return sums / np.maximum(counts, 1)


def _placed(cell: Cell, responses: list[str], reference: Floats) -> Floats:
    """Cross-products of [e, 1, x], zero where unobserved (field, field)."""
    place = [responses.index(name) for name in cell.responses]
    shift = np.zeros(len(cell.columns))
    shift[: len(place)] = reference[place]
    fields = [len(responses), *place]
    fields += [len(responses) + 1 + number for number in range(len(cell.predictors))]
    size = len(responses) + 1 + len(cell.predictors)
    found = np.zeros((size, size))
    found[np.ix_(fields, fields)] = cell.measured_from(shift).crossproducts
    return found
