"""The log-likelihood of units with times of their own as a PyTensor operation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pytensor.link.numba.dispatch.basic import (
    numba_njit,
    register_funcify_default_op_cache_key,
)
from pytensor.tensor.variable import TensorVariable

from securebase.likelihood.entry import version
from securebase.likelihood.occasion_entry import ENTRY, evaluate_occasions
from securebase.likelihood.occasions import OCCASIONS
from securebase.likelihood.op import LogDensity
from securebase.moments import Floats


class GaussianOccasions(LogDensity):
    """Log-density of units with times of their own."""

    parameters = ("regression", "unit_cov", "residual", "cluster_cov")
    data = OCCASIONS

    @staticmethod
    def evaluate(
        parameters: Sequence[Floats], arrays: dict[str, Any]
    ) -> tuple[float, Sequence[Floats]]:
        """Compute outside numba, for the Python and C linkers."""
        regression, unit_cov, residual, cluster_cov = parameters
        return evaluate_occasions(regression, unit_cov, residual, arrays, cluster_cov)[:2]


@register_funcify_default_op_cache_key(GaussianOccasions)
def _occasions(op: GaussianOccasions, **_: Any) -> tuple[Callable[..., Any], int]:
    call = ENTRY.from_compiled_code()

    @numba_njit
    def gaussian_occasions(
        regression: Any, unit_cov: Any, residual: Any, cluster_cov: Any,
        series: Any, sets: Any, units: Any, design: Any, blocks: Any,
        effect_products: Any, cross_products: Any, score_products: Any,
        shared: Any, reference: Any,
    ) -> Any:  # fmt: skip
        regression, unit_cov = np.ascontiguousarray(regression), np.ascontiguousarray(unit_cov)
        residual, cluster_cov = np.ascontiguousarray(residual), np.ascontiguousarray(cluster_cov)
        series, sets = np.ascontiguousarray(series), np.ascontiguousarray(sets)
        units, design = np.ascontiguousarray(units), np.ascontiguousarray(design)
        blocks = np.ascontiguousarray(blocks)
        effect_products = np.ascontiguousarray(effect_products)
        cross_products = np.ascontiguousarray(cross_products)
        score_products = np.ascontiguousarray(score_products)
        shared, reference = np.ascontiguousarray(shared), np.ascontiguousarray(reference)
        regression_grad, unit_grad = np.zeros(regression.shape), np.zeros(unit_cov.shape)
        residual_grad, cluster_grad = np.zeros(residual.shape), np.zeros(cluster_cov.shape)
        n_units, clusters = units.shape[0], cluster_cov.shape[0]
        terms = np.zeros(units[n_units - 1, 0] + 1 if clusters > 0 else n_units)
        logp = call((
            regression.shape[0], regression.shape[1], residual.shape[0], clusters,
            sets.shape[0], n_units, blocks.shape[0], terms.shape[0],
            regression.ctypes, unit_cov.ctypes, residual.ctypes, cluster_cov.ctypes,
            series.ctypes, sets.ctypes, units.ctypes, design.ctypes, blocks.ctypes,
            effect_products.ctypes, cross_products.ctypes, score_products.ctypes,
            shared.ctypes, reference.ctypes,
            regression_grad.ctypes, unit_grad.ctypes, residual_grad.ctypes, cluster_grad.ctypes,
            terms.ctypes,
        ))  # fmt: skip
        return np.asarray(logp), regression_grad, unit_grad, residual_grad, cluster_grad

    return gaussian_occasions, int(version()[:15], 16)


def occasions_loglik(
    regression: Any,
    unit_cov: Any,
    residual: Any,
    data: Mapping[str, Any],
    cluster_cov: Any = None,
) -> TensorVariable:
    """Log-density of units with times of their own, random effects integrated out.

    Parameters
    ----------
    regression : tensor (effect, design)
        Expected effects of a unit are regression · design.
    unit_cov : tensor (effect, effect)
        Symmetric; it may be singular.
    residual : tensor (series, series)
        Covariance of the residuals of one occasion, symmetric.
    data : mapping
        What `occasion_arrays` returned, or variables that hold it.
    cluster_cov : tensor (cluster_effect, cluster_effect), optional
        Symmetric; it may be singular.

    Returns
    -------
    TensorVariable
        A scalar; -inf, with gradients of zero, where a covariance is not one.
    """
    clusters = np.zeros((0, 0)) if cluster_cov is None else cluster_cov
    arrays = (data[name] for name in OCCASIONS)
    return GaussianOccasions()(regression, unit_cov, residual, clusters, *arrays)[0]
