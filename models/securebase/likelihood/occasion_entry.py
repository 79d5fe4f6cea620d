"""The compiled likelihood of units with times of their own."""

from typing import Any, Final

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from securebase.likelihood.entry import Entry
from securebase.likelihood.gaussian_entry import Gradients
from securebase.likelihood.occasion_kernels import occasions_density
from securebase.likelihood.occasions import CLUSTER, OCCASIONS
from securebase.likelihood.products import padded
from securebase.moments import Floats

_NUMBERS: Final = types.CPointer(types.float64)
_WHOLE: Final = types.CPointer(types.int32)
SIGNATURE: Final = types.float64(
    *(types.int64,) * 8,
    *(_NUMBERS,) * 4,
    *(_WHOLE, _WHOLE, _WHOLE, _NUMBERS, _WHOLE),
    *(_NUMBERS,) * 5,
    *(_NUMBERS,) * 5,
)


def _entry(
    q: int, n_design: int, m: int, c: int, n_sets: int, n_units: int, n_blocks: int, n_terms: int,
    regression: Any, unit_cov: Any, residual: Any, cluster_cov: Any,
    series: Any, sets: Any, units: Any, design: Any, blocks: Any,
    effect_products: Any, cross_products: Any, score_products: Any, shared: Any, reference: Any,
    regression_grad: Any, unit_grad: Any, residual_grad: Any, cluster_grad: Any, terms: Any,
) -> float:  # fmt: skip
    """Take addresses, as any linker can call it; `occasions_density` says what they hold."""
    return occasions_density(
        numba.carray(regression, (q, n_design)),
        numba.carray(unit_cov, (q, q)),
        numba.carray(residual, (m, m)),
        numba.carray(cluster_cov, (c, c)),
        numba.carray(series, (padded(q),)),
        numba.carray(sets, (n_sets, m)),
        numba.carray(units, (n_units, 3)),
        numba.carray(design, (n_units, n_design)),
        numba.carray(blocks, (n_blocks, 2)),
        numba.carray(effect_products, (n_blocks, padded(q), padded(q))),
        numba.carray(cross_products, (n_blocks, padded(m), padded(q))),
        numba.carray(score_products, (n_blocks, padded(m), padded(m))),
        numba.carray(shared, (q, c)),
        numba.carray(reference, (q, n_design)),
        numba.carray(regression_grad, (q, n_design)),
        numba.carray(unit_grad, (q, q)),
        numba.carray(residual_grad, (m, m)),
        numba.carray(cluster_grad, (c, c)),
        numba.carray(terms, (n_terms,)),
    )


ENTRY: Final = Entry("occasions", _entry, SIGNATURE, __name__)


def evaluate_occasions(
    regression: Floats,
    unit_cov: Floats,
    residual: Floats,
    arrays: dict[str, NDArray[Any]],
    cluster_cov: Floats | None = None,
) -> tuple[float, Gradients, Floats]:
    """Log-density, its gradients, and its terms by unit, or by cluster with cluster effects.

    Parameters
    ----------
    regression : float (effect, design)
        Expected effects of a unit are regression · design.
    unit_cov : float (effect, effect)
        It may be singular.
    residual : float (series, series)
        Covariance of the residuals of one occasion.
    arrays : dict
        See `occasion_arrays`.
    cluster_cov : float (cluster_effect, cluster_effect), optional
        It may be singular.

    Returns
    -------
    float
        -inf where a covariance is not one.
    tuple of arrays
        By regression, unit_cov, residual and cluster_cov.
    ndarray (unit,) or (cluster,)
        In the order of `arrays`, or by number of cluster.
    """
    given = (
        regression,
        unit_cov,
        residual,
        np.zeros((0, 0)) if cluster_cov is None else cluster_cov,
    )
    parameters = [np.ascontiguousarray(array, float) for array in given]
    data = [np.ascontiguousarray(arrays[name]) for name in OCCASIONS]
    units, clusters = arrays["units"], len(parameters[3])
    terms = np.zeros(int(units[-1, CLUSTER]) + 1 if clusters else len(units))
    gradients = tuple(np.zeros(array.shape) for array in parameters)
    held = (*parameters, *data, *gradients, terms)
    sizes = (
        *parameters[0].shape, len(parameters[2]), clusters,
        len(arrays["sets"]), len(units), len(arrays["blocks"]), len(terms),
    )  # fmt: skip
    logp = ENTRY.from_python(*sizes, *(array.ctypes.data for array in held))
    return logp, gradients, terms  # type: ignore[return-value]
