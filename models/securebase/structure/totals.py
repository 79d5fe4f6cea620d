"""Total effects of a system of arrows: what a change of one effect does to every other.

Effects follow ``e = B e + d``, with B the arrows and d what they do not explain, so that
``e = (I - B)⁻¹ d``. Arrows never lead back to where they started, so the determinant of
I - B and of each of its leading parts is 1, and elimination needs no pivots.
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

from securebase.likelihood import product

Array = NDArray[np.float64]


@numba.njit(cache=True)
def totals_of(arrows: Array) -> Array:
    """Total effects of arrows that never lead back.

    Parameters
    ----------
    arrows : ndarray (target, source)
        Direct effects.

    Returns
    -------
    ndarray (target, source)
        (I - arrows)⁻¹: direct and indirect effects, 1 on the diagonal.
    """
    size = len(arrows)
    left = np.eye(size) - arrows
    right = np.eye(size)
    for pivot in range(size):
        for row in range(size):
            factor = left[row, pivot]
            if row != pivot and factor != 0.0:
                for column in range(size):
                    left[row, column] -= factor * left[pivot, column]
                    right[row, column] -= factor * right[pivot, column]
    return right


class Totals(Op):
    """See `totals_of`."""

    __props__ = ()

    def make_node(self, arrows: Any) -> Apply:
        """Take direct effects (target, source), give total effects."""
        given = pt.as_tensor(arrows)
        return Apply(self, [given], [TensorType("float64", shape=given.type.shape)()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        """Evaluate outside compiled graphs."""
        output_storage[0][0] = totals_of(np.ascontiguousarray(inputs[0]))

    def pullback(
        self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]
    ) -> list[Variable]:
        """Chain the gradient: Tᵀ C Tᵀ."""
        total = outputs[0]
        return [product(product(total, cotangents[0], True), total, False, True)]

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """As many as arrows."""
        return [shapes[0]]


@register_funcify_default_op_cache_key(Totals)
def _compiled_totals(op: Totals, **kwargs: Any) -> tuple[Any, int]:
    @numba_njit
    def total_effects_kernel(arrows: Array) -> Array:
        return totals_of(np.ascontiguousarray(arrows))

    version = sha256(Path(__file__).read_bytes()).digest()[:7]
    return total_effects_kernel, int.from_bytes(version)


def total_effects(arrows: Any) -> TensorVariable:
    """Total effects as a PyTensor expression; see `totals_of`."""
    totals: TensorVariable = Totals()(arrows)
    return totals
