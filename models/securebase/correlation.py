"""Covariance factors from standard deviations and the partial correlations of a vine.

A correlation matrix of n variables is free in its n(n - 1)/2 canonical partial
correlations: of i and j given the variables before j. Under the LKJ distribution they are
independent, symmetric beta variables (doi:10.1016/j.jmva.2009.04.008), so the prior is an
ordinary one and no volume term has to be kept. One `Op` with a hand-written gradient makes
the factor: written out in PyTensor it is n² nodes and minutes of compilation.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import (
    numba_njit,
    register_funcify_default_op_cache_key,
)
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

Array = NDArray[np.float64]


def vine_pairs(size: int) -> list[tuple[int, int]]:
    """List the pairs (later, earlier) in the order of the partial correlations."""
    return [(row, column) for row in range(1, size) for column in range(row)]


def vine_shapes(size: int, eta: float) -> Array:
    """Beta shapes of the partial correlations (mapped to 0–1) under LKJ(eta).

    Returns
    -------
    ndarray (pair,)
        eta + (size - 2 - earlier) / 2 for the pair (later, earlier), counted from 0.
    """
    return np.array([eta + (size - 2 - earlier) / 2 for _, earlier in vine_pairs(size)])


@numba.njit(cache=True)
def factor_from_vine(sd: Array, vine: Array) -> Array:
    """Lower triangular factor of a covariance.

    Parameters
    ----------
    sd : ndarray (size,)
        Standard deviations.
    vine : ndarray (pair,)
        Partial correlations mapped to 0–1: (r + 1) / 2.

    Returns
    -------
    ndarray (size, size)
        F with F Fᵀ the covariance.
    """
    size = sd.shape[0]
    factor = np.zeros((size, size))
    pair = 0
    for i in range(size):
        left = 1.0
        for j in range(i):
            partial = 2.0 * vine[pair] - 1.0
            factor[i, j] = sd[i] * partial * np.sqrt(left)
            left *= 1.0 - partial * partial
            pair += 1
        factor[i, i] = sd[i] * np.sqrt(left)
    return factor


@numba.njit(cache=True)
def factor_pullback(sd: Array, vine: Array, adjoint: Array) -> tuple[Array, Array]:
    """Gradients with respect to sd (size,) and vine (pair,), given that of the factor."""
    size = sd.shape[0]
    d_sd = np.zeros(size)
    d_vine = np.zeros(vine.shape[0])
    first = 0
    for i in range(size):
        # reverse sweep along the row; `below` gathers d(row)/d log(1 - partial²) from the right
        left = np.empty(i + 1)
        left[0] = 1.0
        for j in range(i):
            partial = 2.0 * vine[first + j] - 1.0
            left[j + 1] = left[j] * (1.0 - partial * partial)
        d_sd[i] = adjoint[i, i] * np.sqrt(left[i])
        below = adjoint[i, i] * sd[i] * np.sqrt(left[i])
        for j in range(i - 1, -1, -1):
            partial = 2.0 * vine[first + j] - 1.0
            entry = partial * np.sqrt(left[j])
            rest = max(1.0 - partial * partial, 1e-300)
            d_vine[first + j] = 2.0 * (
                adjoint[i, j] * sd[i] * np.sqrt(left[j]) - below * partial / rest
            )
            d_sd[i] += adjoint[i, j] * entry
            below += adjoint[i, j] * sd[i] * entry
        first += i
    return d_sd, d_vine


class CovarianceFactor(Op):
    """F(sd, vine), see `factor_from_vine`."""

    __props__ = ()

    def make_node(self, sd: Any, vine: Any) -> Apply:
        """Declare inputs sd (size,), vine (pair,) and output F (size, size)."""
        sd, vine = pt.as_tensor(sd), pt.as_tensor(vine)
        factor = TensorType("float64", shape=sd.type.shape * 2)
        return Apply(self, [sd, vine], [factor()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        """Evaluate outside compiled graphs."""
        output_storage[0][0] = factor_from_vine(*inputs)

    def pullback(
        self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]
    ) -> list[Variable]:
        """Chain the gradient through `FactorPullback`."""
        return list(FactorPullback()(*inputs, cotangents[0]))

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """Both axes are as long as sd."""
        return [(shapes[0][0], shapes[0][0])]


class FactorPullback(Op):
    """Gradient of `CovarianceFactor`."""

    __props__ = ()

    def make_node(self, sd: Any, vine: Any, adjoint: Any) -> Apply:
        """Declare inputs sd, vine, adjoint (size, size) and the gradients as outputs."""
        inputs = [pt.as_tensor(value) for value in (sd, vine, adjoint)]
        # shapes that are known need no check at run time, which would be compiled
        return Apply(self, inputs, [TensorType("float64", one.type.shape)() for one in inputs[:2]])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        """Evaluate outside compiled graphs."""
        output_storage[0][0], output_storage[1][0] = factor_pullback(*inputs)

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """Shapes of sd and of vine."""
        return [shapes[0], shapes[1]]


def _version() -> int:
    """Tell apart kernels of different source, for compilations kept on disk."""
    return int.from_bytes(sha256(Path(__file__).read_bytes()).digest()[:7])


@register_funcify_default_op_cache_key(CovarianceFactor)
def _compiled_factor(op: CovarianceFactor, **kwargs: Any) -> tuple[Any, int]:
    @numba_njit
    def covariance_factor_kernel(sd: Array, vine: Array) -> Array:
        return factor_from_vine(sd, vine)

    return covariance_factor_kernel, _version()


@register_funcify_default_op_cache_key(FactorPullback)
def _compiled_pullback(op: FactorPullback, **kwargs: Any) -> tuple[Any, int]:
    @numba_njit
    def covariance_factor_pullback(sd: Array, vine: Array, adjoint: Array) -> tuple[Array, Array]:
        return factor_pullback(sd, vine, adjoint)

    return covariance_factor_pullback, _version()


_factor = CovarianceFactor()


def covariance_factor(sd: Any, vine: Any) -> TensorVariable:
    """Lower triangular factor as a PyTensor expression; see `factor_from_vine`."""
    return _factor(sd, vine)


def correlation_from_vine(vine: Array) -> Array:
    """Correlation matrices of many draws.

    Parameters
    ----------
    vine : ndarray (..., pair)
        Partial correlations mapped to 0–1.

    Returns
    -------
    ndarray (..., size, size)
    """
    size = round((1 + np.sqrt(1 + 8 * vine.shape[-1])) / 2)
    flat = vine.reshape(-1, vine.shape[-1])
    factors = np.stack([factor_from_vine(np.ones(size), row) for row in flat])
    corr = factors @ factors.transpose(0, 2, 1)
    return corr.reshape(*vine.shape[:-1], size, size)


def vine_from_correlation(corr: Array) -> Array:
    """Partial correlations, mapped to 0–1, of one correlation matrix (size, size)."""
    factor = np.linalg.cholesky(corr)
    vine = []
    for row, column in vine_pairs(len(corr)):
        left = 1.0 - float(np.sum(factor[row, :column] ** 2))
        vine.append((factor[row, column] / np.sqrt(left) + 1) / 2)
    return np.array(vine)


def normal_rows(rng: np.random.Generator, cov: Array, count: int) -> Array:
    """Draw `count` rows of a centred normal; the covariance may be singular."""
    return np.asarray(rng.standard_normal((count, len(cov))) @ symmetric_root(cov))


def symmetric_root(cov: Array) -> Array:
    """Root of a covariance that may be singular; the signs of eigenvectors differ by machine."""
    values, vectors = np.linalg.eigh(cov)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)) @ vectors.T)
