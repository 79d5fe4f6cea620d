"""Moments as the few plain arrays that the kernels read.

Patterns form a tree: responses are taken in the order of how many patterns observe
them, patterns in lexicographic order, so that neighbours share a beginning, and with
it the first rows of their Cholesky factors. A node of the tree is one row of such a
factor, however many patterns pass through it.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pymc as pm
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable
from scipy.linalg.lapack import dpstrf

from securebase.moments import Floats, Integers, Moments

# PyMC keeps whole numbers of data in 32 bits
type Table = NDArray[np.int32]

# columns of `patterns` before the observed responses
COUNT: Final = 0
SIZE: Final = 1
SHARED: Final = 2
ROW_STOP: Final = 3
NODE_STOP: Final = 4
HEAD: Final = 5

ONE_LEVEL: Final = ("patterns", "rows")
TWO_LEVEL: Final = ("patterns", "rows", "cells", "cell_sums")


def kernel_arrays(moments: Moments) -> dict[str, Table | Floats]:
    """Moments as the arrays that the kernels read.

    Parameters
    ----------
    moments : Moments

    Returns
    -------
    dict of arrays
        patterns : int (1 + pattern, 5 + response); first row the order of responses,
            then per pattern its count, number of responses, how many of them are shared
            with the pattern before, end of its rows, end of its nodes, observed responses.
        rows : float (design + row, design + response); the reference, transposed, then
            per pattern the triangular factor K of its moments, K'K = [w, e]'[w, e].
        cells : int (cell, 3) and cell_sums : float (cell, design + response); cluster,
            pattern, number of units and the sums of w and e; only if there are clusters.
    """
    order, sequence = tree(moments)
    observed = moments.observed[np.ix_(sequence, order)]
    n_design = len(moments.design_names)
    fields = np.r_[len(order) : len(order) + n_design, order]
    factors = [_factor(moments.centred[p][np.ix_(fields, fields)]) for p in sequence]
    reference = np.hstack([np.zeros((n_design, n_design)), moments.reference[order].T])
    arrays: dict[str, Table | Floats] = {
        "patterns": _pattern_table(
            order, observed, moments.counts[sequence], np.array([len(f) for f in factors])
        ),
        "rows": np.ascontiguousarray(np.vstack([reference, *factors])),
    }
    cells = moments.cells
    if cells is not None:
        place = np.argsort(sequence)[cells.pattern]
        table = np.column_stack([cells.cluster, place, cells.counts])
        arrays["cells"] = table.astype(np.int32)
        arrays["cell_sums"] = np.ascontiguousarray(cells.sums[:, fields])
    return arrays


def tree(moments: Moments) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Order of the responses, most often observed first, and sequence of the patterns."""
    order = np.argsort(-moments.observed.sum(axis=0), kind="stable")
    sequence = np.lexsort((~moments.observed[:, order]).T[::-1])
    return order, sequence


def moment_data(
    moments: Moments, model: pm.Model | None = None, prefix: str = ""
) -> dict[str, TensorVariable]:
    """Register the arrays of moments in a PyMC model, so that they can be exchanged.

    Parameters
    ----------
    moments : Moments
    model : pymc.Model, optional
        The model whose context is open by default.
    prefix : str
        Begins the names of the data containers.

    Returns
    -------
    dict of TensorVariable
        For `gaussian_loglik`. To exchange the data of a compiled nutpie model:
        ``compiled.with_data(**swap(moments, prefix))``.
    """
    with pm.modelcontext(model):
        return {
            name: pm.Data(prefix + name, array) for name, array in kernel_arrays(moments).items()
        }


def swap(moments: Moments, prefix: str = "") -> Mapping[str, NDArray[np.generic]]:
    """Give the arrays of moments under the names that `moment_data` registered."""
    return {prefix + name: array for name, array in kernel_arrays(moments).items()}


def _factor(product: Floats) -> Floats:
    """Upper triangular K with K'K = product, as many rows as its rank."""
    scale = np.sqrt(np.maximum(np.diag(product), 0.0))
    scale[scale == 0.0] = 1.0
    # the pivoted factor stops where rounding in the cross-products begins
    factor, pivots, rank, _ = dpstrf(product / np.outer(scale, scale), tol=-1.0)
    upper = np.zeros((rank, len(product)))
    upper[:, pivots - 1] = np.triu(factor)[:rank]
    return np.linalg.qr(upper * scale, mode="r")


def _pattern_table(
    order: NDArray[np.intp], observed: NDArray[np.bool_], counts: Integers, n_rows: Integers
) -> Table:
    """Lay out the tree of patterns."""
    sizes = observed.sum(axis=1)
    table = np.zeros((1 + len(observed), HEAD + observed.shape[1]), dtype=np.int32)
    table[0, HEAD:] = order
    table[1:, COUNT] = counts
    table[1:, SIZE] = sizes
    differs = observed[1:] != observed[:-1]
    first = np.where(differs.any(axis=1), differs.argmax(axis=1), observed.shape[1])
    columns = np.arange(observed.shape[1])
    table[2:, SHARED] = (observed[1:] & (columns < first[:, None])).sum(axis=1)
    table[1:, ROW_STOP] = np.cumsum(n_rows)
    table[1:, NODE_STOP] = np.cumsum(sizes - table[1:, SHARED])
    for row, present in zip(table[1:], observed, strict=True):
        row[HEAD : HEAD + present.sum()] = np.flatnonzero(present)
    return table
