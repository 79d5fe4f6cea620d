"""Random effects integrated out of what data say of them, compiled.

Scores add r'x - x'Ax / 2 to the log-density of effects x of covariance O = KK'. Integrating x
out adds r'Vr / 2 - log|I + K'AK| / 2, V = T'T = K (I + K'AK)^-1 K', and leaves the information
B = A - AVA and the score u = r - AVr about whatever moves all x alike. Nothing divides by O,
so that variances of zero and correlations of one are ordinary cases. T has as many rows as
effects vary by themselves: those without a variance of their own cost little.
"""

from typing import NamedTuple

import numpy as np

from securebase.likelihood.cluster_kernels import semidefinite_root
from securebase.likelihood.compilation import borrowing, compiled
from securebase.likelihood.products import (
    add_combined,
    add_outer,
    add_product,
    add_scaled,
    copy,
    copy_vector,
    inner,
    padded,
)
from securebase.moments import Floats


class Effects(NamedTuple):
    """A and r; T, TA and Tr; Vr, B and u; the factor of I + K'AK. All are padded."""

    information: Floats
    score: Floats
    turned: Floats
    moved: Floats
    whitened: Floats
    mode: Floats
    left: Floats
    rest: Floats
    factor: Floats


@compiled
def narrow_root(cov: Floats) -> tuple[Floats, bool]:
    """Root K of a covariance, with a column per effect that varies by itself; whether it is one."""
    size = cov.shape[0]
    root = np.zeros((size, size))
    known = semidefinite_root(cov, root)
    rank = 0
    for j in range(size):
        rank += root[j, j] > 0.0
    narrow, column = np.zeros((padded(size), padded(rank))), 0
    for j in range(size):
        if root[j, j] > 0.0:
            narrow[:size, column] = root[:, j]
            column += 1
    return narrow, known


@compiled
def room_for(count: int, root: Floats) -> Effects:
    """Room for the effects of so many units or clusters."""
    size, rank = root.shape
    return Effects(
        np.zeros((count, size, size)), np.zeros((count, size)),
        np.zeros((count, rank, size)), np.zeros((count, rank, size)), np.zeros((count, rank)),
        np.zeros((count, size)), np.zeros((count, size, size)), np.zeros((count, size)),
        np.zeros((count, rank, rank)),
    )  # fmt: skip


@compiled
def one_of(effects: Effects, place: int) -> Effects:
    """Those of one unit or cluster."""
    return Effects(
        effects.information[place], effects.score[place], effects.turned[place],
        effects.moved[place], effects.whitened[place], effects.mode[place],
        effects.left[place], effects.rest[place], effects.factor[place],
    )  # fmt: skip


@borrowing
def solve(one: Effects) -> float:
    """Factorise I + F = U'U; multiply T, TA and Tr by the inverse of U'; return log|I + F|."""
    factor, whitened = one.factor, one.whitened
    log = 0.0
    for i in range(len(factor)):
        factor[i, i] += 1.0
        weights = factor[:i, i]
        for rows in (factor, one.turned, one.moved):
            add_combined(-1.0, weights, rows, rows[i])
        scale = 1.0 / np.sqrt(factor[i, i])
        log += np.log(factor[i, i])
        for rows in (factor, one.turned, one.moved):
            copy_vector(scale, rows[i], rows[i])
        for k in range(i):
            whitened[i] -= weights[k] * whitened[k]
        whitened[i] *= scale
    return log


@borrowing
def integrate(one: Effects, root: Floats) -> float:
    """Fill what follows from A, r and K; return what is added to the log-density."""
    copy(1.0, root.T, one.turned)
    one.moved[:], one.factor[:], one.whitened[:], one.mode[:] = 0.0, 0.0, 0.0, 0.0
    add_product(1.0, root.T, one.information, one.moved)
    add_product(1.0, one.moved, root, one.factor)
    add_combined(1.0, one.score, root, one.whitened)
    log = solve(one)
    add_combined(1.0, one.whitened, one.turned, one.mode)
    copy(1.0, one.information, one.left)
    copy_vector(1.0, one.score, one.rest)
    add_product(-1.0, one.moved.T, one.moved, one.left)
    add_combined(-1.0, one.whitened, one.moved, one.rest)
    return 0.5 * (inner(one.whitened, one.whitened) - log)


@borrowing
def add_by_covariance(one: Effects, cov_grad: Floats) -> None:
    """Add the gradient by O, (uu' - B) / 2."""
    add_scaled(-0.5, one.left, cov_grad)
    add_outer(0.5, one.rest, one.rest, cov_grad)
