"""Products of two small matrices that compile in an instant.

PyTensor compiles a binding to BLAS for each product in a graph, which takes longer than all
the rest of a model. The matrices of a model here are small and mostly zeros, so plain loops
that skip them serve as well.
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
from securebase.likelihood.compilation import borrowing
from securebase.likelihood.entry import version

_NUMBERS = types.CPointer(types.float64)
_SIGNATURE = types.void(*(types.int64,) * 7, *(_NUMBERS,) * 4)


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


@borrowing
def _add_rows(
    n_rows: int, n_columns: int, n_inner: int, left_row: int, left_inner: int, right_inner: int,
    left: Any, right: Any, out: Any,
) -> None:  # fmt: skip
    """Add up the right's rows, which are contiguous; the left is mostly zeros."""
    for i in range(n_rows):
        row = i * n_columns
        for j in range(n_columns):
            out[row + j] = 0.0
        for k in range(n_inner):
            weight = left[i * left_row + k * left_inner]
            if weight != 0.0:
                start = k * right_inner
                for j in range(n_columns):
                    out[row + j] += weight * right[start + j]


@borrowing
def _dots(
    n_rows: int, n_inner: int, left_row: int, right_inner: int, left: Any, right: Any, out: Any
) -> None:
    """Multiply the left's rows, which are contiguous, with one column."""
    for i in range(n_rows):
        start, whole = i * left_row, n_inner - n_inner % 4
        one = two = three = four = 0.0
        for k in range(0, whole, 4):
            one += left[start + k] * right[k * right_inner]
            two += left[start + k + 1] * right[(k + 1) * right_inner]
            three += left[start + k + 2] * right[(k + 2) * right_inner]
            four += left[start + k + 3] * right[(k + 3) * right_inner]
        for k in range(whole, n_inner):
            one += left[start + k] * right[k * right_inner]
        out[i] = (one + two) + (three + four)


def _multiply(
    n_rows: int, n_columns: int, n_inner: int,
    left_row: int, left_inner: int, right_inner: int, right_column: int,
    left: Any, right: Any, turned: Any, out: Any,
) -> None:  # fmt: skip
    """Multiply matrices at addresses, with the strides of their axes in numbers.

    `turned` has room for the right matrix, where its rows are not contiguous.
    """
    if n_columns == 1 and left_inner == 1:
        _dots(n_rows, n_inner, left_row, right_inner, left, right, out)
    elif n_columns == 1 and left_row == 1:
        _add_rows(1, n_rows, n_inner, 0, right_inner, left_inner, right, left, out)
    elif right_column == 1:
        _add_rows(n_rows, n_columns, n_inner, left_row, left_inner, right_inner, left, right, out)
    else:
        for k in range(n_inner):
            for j in range(n_columns):
                turned[k * n_columns + j] = right[k * right_inner + j * right_column]
        _add_rows(n_rows, n_columns, n_inner, left_row, left_inner, n_columns, left, turned, out)


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
        turned = np.empty(0 if right.strides[column] == 8 else right.size)
        external(
            out.shape[0], out.shape[1], left.shape[inner],
            left.strides[row] // 8, left.strides[inner] // 8,
            right.strides[again] // 8, right.strides[column] // 8,
            left.ctypes, right.ctypes, turned.ctypes, out.ctypes,
        )  # fmt: skip
        return out

    return product, int(version()[:15], 16)
