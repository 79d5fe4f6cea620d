"""The compiled likelihood of moments, from Python and from compiled code."""

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from securebase.likelihood import layout
from securebase.likelihood.entry import Entry
from securebase.likelihood.gaussian import gaussian
from securebase.likelihood.layout import Table
from securebase.moments import Floats

type Gradients = tuple[Floats, Floats, Floats, Floats]

_NUMBERS: Final = types.CPointer(types.float64)
_WHOLE: Final = types.CPointer(types.int32)
SIGNATURE: Final = types.float64(
    *(types.int64,) * 6, *(_NUMBERS,) * 4, _WHOLE, _NUMBERS, _WHOLE, _NUMBERS, *(_NUMBERS,) * 4
)


def _entry(
    n_responses: int, n_design: int, n_effects: int, n_patterns: int, n_rows: int, n_cells: int,
    mean: Any, cov: Any, loading: Any, cluster_cov: Any,
    patterns: Any, rows: Any, cells: Any, cell_sums: Any,
    mean_grad: Any, cov_grad: Any, loading_grad: Any, cluster_grad: Any,
) -> float:  # fmt: skip
    """Take addresses, as any linker can call it; `gaussian` says what they hold."""
    width = n_design + n_responses
    return gaussian(
        numba.carray(mean, (n_responses, n_design)),
        numba.carray(cov, (n_responses, n_responses)),
        numba.carray(loading, (n_responses, n_effects)),
        numba.carray(cluster_cov, (n_effects, n_effects)),
        numba.carray(patterns, (n_patterns, layout.HEAD + n_responses)),
        numba.carray(rows, (n_rows, width)),
        numba.carray(cells, (n_cells, 3)),
        numba.carray(cell_sums, (n_cells, width)),
        numba.carray(mean_grad, (n_responses, n_design)),
        numba.carray(cov_grad, (n_responses, n_responses)),
        numba.carray(loading_grad, (n_responses, n_effects)),
        numba.carray(cluster_grad, (n_effects, n_effects)),
    )


ENTRY: Final = Entry("gaussian", _entry, SIGNATURE, __name__)


def evaluate(
    mean: Floats,
    cov: Floats,
    arrays: dict[str, NDArray[Any]],
    loading: Floats | None = None,
    cluster_cov: Floats | None = None,
) -> tuple[float, Gradients]:
    """Log-density and its gradients, from Python."""
    call, gradients = prepare(mean, cov, arrays, loading, cluster_cov)
    return call(), gradients


def prepare(
    mean: Floats,
    cov: Floats,
    arrays: dict[str, NDArray[Any]],
    loading: Floats | None = None,
    cluster_cov: Floats | None = None,
) -> tuple[Callable[[], float], Gradients]:
    """What computes the log-density and fills the gradients, ready to be called."""
    n_responses, n_design = mean.shape
    if loading is None or cluster_cov is None:
        loading, cluster_cov = np.zeros((n_responses, 0)), np.zeros((0, 0))
        cells: Table = np.zeros((0, 3), dtype=np.int32)
        sums = np.zeros((0, n_design + n_responses))
    else:
        cells, sums = arrays["cells"], arrays["cell_sums"]
    parameters = [np.ascontiguousarray(a, float) for a in (mean, cov, loading, cluster_cov)]
    data = [
        np.ascontiguousarray(arrays["patterns"], np.int32),
        np.ascontiguousarray(arrays["rows"]),
    ]
    data += [np.ascontiguousarray(cells, np.int32), np.ascontiguousarray(sums)]
    gradients = tuple(np.zeros(a.shape) for a in parameters)
    sizes = (n_responses, n_design, loading.shape[1], len(data[0]), len(data[1]), len(cells))
    held = (*parameters, *data, *gradients)
    addresses = [array.ctypes.data for array in held]
    entry_point: Callable[..., float] = ENTRY.from_python

    def call(held: tuple[NDArray[Any], ...] = held) -> float:
        # the arrays live as long as their addresses are in use
        return entry_point(*sizes, *addresses)

    return call, gradients  # type: ignore[return-value]
