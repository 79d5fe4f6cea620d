"""Products of two small matrices that compile in an instant.

PyTensor compiles a binding to BLAS for each product in a graph, which takes longer than all
the rest of a model. The matrices of a model here are small, so plain loops serve as well.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np
import pytensor.tensor as pt
from numba import types
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import (
    numba_njit,
    register_funcify_default_op_cache_key,
)
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorVariable

from securebase.likelihood import compilation
from securebase.likelihood.entry import version

_NUMBERS = types.CPointer(types.float64)
_SIGNATURE = types.void(*(types.int64,) * 7, *(_NUMBERS,) * 3)


def product(
    left: Any, right: Any, left_transposed: bool = False, right_transposed: bool = False
) -> TensorVariable:
    """Product of two matrices, either of them transposed on the way.

    Parameters
    ----------
    left : tensor (row, inner), or (inner, row) if transposed
    right : tensor (inner, column), or (column, inner) if transposed
    left_transposed, right_transposed : bool

    Returns
    -------
    TensorVariable
        (row, column)
    """
    outputs: TensorVariable = Product(left_transposed, right_transposed)(left, right)
    return outputs


class Product(Op):
    """Product of two matrices of real numbers."""

    __props__ = ("left_transposed", "right_transposed")

    def __init__(self, left_transposed: bool = False, right_transposed: bool = False) -> None:
        self.left_transposed = left_transposed
        self.right_transposed = right_transposed

    def make_node(self, left: Any, right: Any) -> Apply[Any]:
        """Take two matrices, give one."""
        inputs = [pt.cast(pt.as_tensor_variable(given), "float64") for given in (left, right)]
        for given in inputs:
            if given.ndim != 2:
                raise ValueError(f"product takes matrices; given {given.ndim} dims")
        shape = (
            inputs[0].type.shape[1 if self.left_transposed else 0],
            inputs[1].type.shape[0 if self.right_transposed else 1],
        )
        return Apply(self, inputs, [TensorType("float64", shape)()])

    def perform(
        self, node: Apply[Any], inputs: Sequence[Any], output_storage: list[list[Any]]
    ) -> None:
        """Compute outside numba, for the Python and C linkers."""
        left = inputs[0].T if self.left_transposed else inputs[0]
        right = inputs[1].T if self.right_transposed else inputs[1]
        output_storage[0][0] = np.dot(left, right)

    def infer_shape(self, node: Apply[Any], shapes: Sequence[Any]) -> list[Any]:
        """Rows of the left, columns of the right."""
        left, right = shapes
        return [(left[int(self.left_transposed)], right[int(not self.right_transposed)])]

    def pullback(
        self,
        inputs: Sequence[Variable[Any, Any]],
        outputs: Sequence[Variable[Any, Any]],
        cotangents: Sequence[Variable[Any, Any]],
    ) -> list[Variable[Any, Any]]:
        """Products with the other matrix, transposed by choice rather than by a node."""
        left, right = inputs
        given = cotangents[0]
        turned, flipped = self.left_transposed, self.right_transposed
        by_left = (
            product(right, given, flipped, True)
            if turned
            else product(given, right, False, not flipped)
        )
        by_right = (
            product(given, left, True, turned)
            if flipped
            else product(left, given, not turned, False)
        )
        return [by_left, by_right]


def _multiply(
    n_rows: int, n_columns: int, n_inner: int,
    left_row: int, left_inner: int, right_inner: int, right_column: int,
    left: Any, right: Any, out: Any,
) -> None:  # fmt: skip
    """Multiply matrices at addresses, with the strides of their axes in numbers."""
    for i in range(n_rows):
        for j in range(n_columns):
            total = 0.0
            for k in range(n_inner):
                total += (
                    left[i * left_row + k * left_inner] * right[k * right_inner + j * right_column]
                )
            out[i * n_columns + j] = total


@cache
def _external() -> types.ExternalFunction:
    """Compile or load the loops, and give them as a symbol."""
    symbol = f"securebase_product_{version()}"
    function = compilation.kept(_multiply, _SIGNATURE, symbol)
    llvm.add_symbol(symbol, function.address)
    return types.ExternalFunction(symbol, _SIGNATURE)


@register_funcify_default_op_cache_key(Product)
def _product(op: Product, **_: Any) -> tuple[Callable[..., Any], int]:
    external = _external()
    row, inner = (1, 0) if op.left_transposed else (0, 1)
    again, column = (1, 0) if op.right_transposed else (0, 1)

    @numba_njit
    def product(left: Any, right: Any) -> Any:
        out = np.empty((left.shape[row], right.shape[column]))
        if left.shape[inner] != right.shape[again]:
            raise ValueError("product: the inner sizes differ")
        external(
            out.shape[0], out.shape[1], left.shape[inner],
            left.strides[row] // 8, left.strides[inner] // 8,
            right.strides[again] // 8, right.strides[column] // 8,
            left.ctypes, right.ctypes, out.ctypes,
        )  # fmt: skip
        return out

    return product, int(version()[:15], 16)
