"""The log-likelihood as PyTensor operations with hand-written gradients."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
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

from securebase.likelihood import kernels, layout
from securebase.likelihood.layout import ONE_LEVEL, kernel_arrays
from securebase.moments import Moments

type Data = Moments | Mapping[str, TensorVariable]


class GaussianOneLevel(Op):
    """Log-density of units and its gradients by mean and covariance, in one call."""

    __props__ = ()
    parameters = ("mean", "cov")

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Take parameters and data, give the log-density and one gradient per parameter."""
        variables = [pt.as_tensor_variable(given) for given in inputs]
        count = len(self.parameters)
        parameters = [pt.cast(given, "float64") for given in variables[:count]]
        gradients = [TensorType("float64", given.type.shape)() for given in parameters]
        return Apply(self, [*parameters, *variables[count:]], [pt.dscalar(), *gradients])

    def kernel(self) -> Callable[..., Any]:
        """Say which compiled function computes all outputs."""
        return kernels.one_level

    def perform(
        self, node: Apply[Any], inputs: Sequence[Any], output_storage: list[list[Any]]
    ) -> None:
        """Compute outside numba, for the Python and C linkers."""
        results = self.kernel()(*(np.ascontiguousarray(given) for given in inputs))
        for storage, result in zip(output_storage, results, strict=True):
            storage[0] = np.asarray(result)

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Only the log-density depends differentiably on the parameters; data do not count."""
        count = len(self.parameters)
        return [
            [number < count, *(False for _ in range(count))] for number in range(len(node.inputs))
        ]

    def pullback(
        self,
        inputs: Sequence[Variable[Any, Any]],
        outputs: Sequence[Variable[Any, Any]],
        cotangents: Sequence[Variable[Any, Any]],
    ) -> list[Variable[Any, Any]]:
        """Scale the gradients already computed."""
        count = len(self.parameters)
        scaled = [cotangents[0] * gradient for gradient in outputs[1:]]
        return [*scaled, *(disconnected_type() for _ in inputs[count:])]


def _version() -> int:
    """Tell apart kernels of different source, for compilations kept on disk."""
    digest = sha256()
    for module in (kernels, layout):
        digest.update(Path(str(module.__file__)).read_bytes())
    return int.from_bytes(digest.digest()[:7])


@register_funcify_default_op_cache_key(GaussianOneLevel)  # type: ignore[untyped-decorator]
def _one_level_in_numba(op: GaussianOneLevel, **_: Any) -> tuple[Callable[..., Any], int]:
    kernel = op.kernel()

    @numba_njit  # type: ignore[untyped-decorator]
    def gaussian_one_level(mean, cov, patterns, rows):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        logp, mean_grad, cov_grad = kernel(
            np.ascontiguousarray(mean),
            np.ascontiguousarray(cov),
            np.ascontiguousarray(patterns),
            np.ascontiguousarray(rows),
        )
        return np.asarray(logp), mean_grad, cov_grad

    return gaussian_one_level, _version()


def gaussian_loglik(
    mean: Any,  # noqa: ANN401
    cov: Any,  # noqa: ANN401
    data: Data,
    loading: Any = None,  # noqa: ANN401
    cluster_cov: Any = None,  # noqa: ANN401
) -> TensorVariable:
    """Log-density of all units.

    Parameters
    ----------
    mean : tensor (response, design)
        M in E[y] = M w.
    cov : tensor (response, response)
        Symmetric covariance of the responses of a unit, within clusters.
    data : Moments or what `moment_data` returned

    Returns
    -------
    TensorVariable
        A scalar; -inf where the covariance is not positive definite.
    """
    if loading is not None or cluster_cov is not None:
        raise NotImplementedError("two-level models come next")
    arrays = kernel_arrays(data) if isinstance(data, Moments) else data
    outputs = GaussianOneLevel()(mean, cov, *(arrays[name] for name in ONE_LEVEL))
    return outputs[0]  # type: ignore[index,return-value]
