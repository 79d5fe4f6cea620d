"""The log-likelihood as PyTensor operations with hand-written gradients."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import (
    numba_njit,
    register_funcify_default_op_cache_key,
)
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from securebase.likelihood.entry import version
from securebase.likelihood.gaussian_entry import ENTRY, evaluate
from securebase.likelihood.layout import ONE_LEVEL, TWO_LEVEL, kernel_arrays
from securebase.moments import Floats, Moments

type Data = Moments | Mapping[str, TensorVariable]
type AnyVariable = Variable[Any, Any]


class LogDensity(Op):
    """A log-density, and its gradients by all of its parameters in the same call."""

    __props__ = ()
    parameters: tuple[str, ...]
    data: tuple[str, ...]

    @staticmethod
    def evaluate(
        parameters: Sequence[Floats], arrays: dict[str, Any]
    ) -> tuple[float, Sequence[Floats]]:
        """Compute outside numba, for the Python and C linkers."""
        raise NotImplementedError

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Take parameters and data; give the log-density and one gradient per parameter."""
        variables = [pt.as_tensor_variable(given) for given in inputs]
        count = len(self.parameters)
        parameters = [pt.cast(given, "float64") for given in variables[:count]]
        data = [
            pt.cast(given, "float64" if given.dtype.startswith("float") else "int32")
            for given in variables[count:]
        ]
        gradients = [TensorType("float64", given.type.shape)() for given in parameters]
        return Apply(self, [*parameters, *data], [pt.dscalar(), *gradients])

    def perform(
        self, node: Apply[Any], inputs: Sequence[Any], output_storage: list[list[Any]]
    ) -> None:
        """Fill in the log-density and its gradients."""
        count = len(self.parameters)
        arrays = dict(zip(self.data, inputs[count:], strict=True))
        logp, gradients = self.evaluate(inputs[:count], arrays)
        for storage, value in zip(output_storage, (np.asarray(logp), *gradients), strict=True):
            storage[0] = value

    def infer_shape(self, node: Apply[Any], shapes: Sequence[Any]) -> list[Any]:
        """Gradients have the shapes of the parameters."""
        return [(), *shapes[: len(self.parameters)]]

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Only the log-density depends differentiably, and only on parameters."""
        count = len(self.parameters)
        return [
            [number < count, *(False for _ in range(count))] for number in range(len(node.inputs))
        ]

    def pullback(
        self,
        inputs: Sequence[AnyVariable],
        outputs: Sequence[AnyVariable],
        cotangents: Sequence[AnyVariable],
    ) -> list[AnyVariable]:
        """Scale the gradients that were computed with the log-density."""
        scaled: list[AnyVariable] = [cotangents[0] * gradient for gradient in outputs[1:]]
        return [*scaled, *(disconnected_type() for _ in inputs[len(self.parameters) :])]


class GaussianOneLevel(LogDensity):
    """Log-density of units."""

    parameters: tuple[str, ...] = ("mean", "cov")
    data: tuple[str, ...] = ONE_LEVEL

    @staticmethod
    def evaluate(
        parameters: Sequence[Floats], arrays: dict[str, Any]
    ) -> tuple[float, Sequence[Floats]]:
        """Compute outside numba, for the Python and C linkers."""
        logp, gradients = evaluate(parameters[0], parameters[1], arrays, *parameters[2:])
        return logp, gradients[: len(parameters)]


class GaussianTwoLevel(GaussianOneLevel):
    """The same for units in clusters, with gradients by loading and cluster covariance too."""

    parameters = ("mean", "cov", "loading", "cluster_cov")
    data = TWO_LEVEL


@register_funcify_default_op_cache_key(GaussianOneLevel)
def _one_level(op: GaussianOneLevel, **_: Any) -> tuple[Callable[..., Any], int]:
    call = ENTRY.from_compiled_code()

    @numba_njit
    def gaussian_one_level(mean: Any, cov: Any, patterns: Any, rows: Any) -> Any:
        mean, cov = np.ascontiguousarray(mean), np.ascontiguousarray(cov)
        patterns, rows = np.ascontiguousarray(patterns), np.ascontiguousarray(rows)
        mean_grad, cov_grad = np.zeros(mean.shape), np.zeros(cov.shape)
        logp = call((
            mean.shape[0], mean.shape[1], 0, patterns.shape[0], rows.shape[0], 0,
            mean.ctypes, cov.ctypes, mean.ctypes, mean.ctypes,
            patterns.ctypes, rows.ctypes, patterns.ctypes, rows.ctypes,
            mean_grad.ctypes, cov_grad.ctypes, mean_grad.ctypes, mean_grad.ctypes,
        ))  # fmt: skip
        return np.asarray(logp), mean_grad, cov_grad

    return gaussian_one_level, int(version()[:15], 16)


@register_funcify_default_op_cache_key(GaussianTwoLevel)
def _two_level(op: GaussianTwoLevel, **_: Any) -> tuple[Callable[..., Any], int]:
    call = ENTRY.from_compiled_code()

    @numba_njit
    def gaussian_two_level(
        mean: Any, cov: Any, loading: Any, cluster_cov: Any,
        patterns: Any, rows: Any, cells: Any, cell_sums: Any,
    ) -> Any:  # fmt: skip
        mean, cov = np.ascontiguousarray(mean), np.ascontiguousarray(cov)
        loading, cluster_cov = np.ascontiguousarray(loading), np.ascontiguousarray(cluster_cov)
        patterns, rows = np.ascontiguousarray(patterns), np.ascontiguousarray(rows)
        cells, cell_sums = np.ascontiguousarray(cells), np.ascontiguousarray(cell_sums)
        mean_grad, cov_grad = np.zeros(mean.shape), np.zeros(cov.shape)
        loading_grad, cluster_grad = np.zeros(loading.shape), np.zeros(cluster_cov.shape)
        logp = call((
            loading.shape[0], mean.shape[1], loading.shape[1],
            patterns.shape[0], rows.shape[0], cells.shape[0],
            mean.ctypes, cov.ctypes, loading.ctypes, cluster_cov.ctypes,
            patterns.ctypes, rows.ctypes, cells.ctypes, cell_sums.ctypes,
            mean_grad.ctypes, cov_grad.ctypes, loading_grad.ctypes, cluster_grad.ctypes,
        ))  # fmt: skip
        return np.asarray(logp), mean_grad, cov_grad, loading_grad, cluster_grad

    return gaussian_two_level, int(version()[:15], 16)


def gaussian_loglik(
    mean: Any,
    cov: Any,
    data: Data,
    loading: Any = None,
    cluster_cov: Any = None,
) -> TensorVariable:
    """Log-density of all observed responses of all units, random effects integrated out.

    Unit i has E[y] = M w and covariance S; in a cluster with effects b ~ N(0, O) its
    units share L b.

    Parameters
    ----------
    mean : tensor (response, design)
        M.
    cov : tensor (response, response)
        S, symmetric.
    data : Moments, or what `moment_data` returned
    loading : tensor (response, cluster_effect), optional
        L; with it the data must have clusters.
    cluster_cov : tensor (cluster_effect, cluster_effect), optional
        O, symmetric; it may be singular.

    Returns
    -------
    TensorVariable
        A scalar; -inf, with gradients of zero, where S is not positive definite, O has
        a negative eigenvalue, or a parameter is not finite.

    Raises
    ------
    ValueError
        Only one of loading and cluster_cov, or clusters are needed but the data have none.
    """
    arrays = kernel_arrays(data) if isinstance(data, Moments) else data
    if (loading is None) != (cluster_cov is None):
        raise ValueError("loading and cluster_cov belong together: give both or neither")
    if loading is None:
        outputs = GaussianOneLevel()(mean, cov, *(arrays[name] for name in ONE_LEVEL))
        return outputs[0]
    if "cells" not in arrays:
        raise ValueError("loading is given but the moments have no clusters")
    parameters = mean, cov, loading, cluster_cov
    outputs = GaussianTwoLevel()(*parameters, *(arrays[name] for name in TWO_LEVEL))
    return outputs[0]
