"""Units with times of their own in the space of their effects, one by one, compiled.

See `occasion_kernels` for what A, r, V, B and u are. V is kept as T'T, with as many rows in
T as effects vary by themselves, so that effects without a variance of their own cost little.
"""

from typing import NamedTuple

import numpy as np

from securebase.likelihood.compilation import compiled
from securebase.likelihood.layout import Table
from securebase.likelihood.occasions import CLUSTER, COUNT, SET, START, STOP
from securebase.moments import Floats

LOG_TWO_PI = np.log(2.0 * np.pi)


@compiled
def times(a: Floats, b: Floats) -> Floats:
    """Product of two small matrices."""
    result = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                result[i, j] += a[i, k] * b[k, j]
    return result


@compiled
def applied(a: Floats, x: Floats) -> Floats:
    """Product of a matrix and a vector."""
    result = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            result[i] += a[i, k] * x[k]
    return result


@compiled
def integrated(information: Floats, root: Floats, turned: Floats) -> float:
    """Fill T with V = T'T = K (I + K'AK)^-1 K', KK' the covariance; return log|I + K'AK|."""
    size = root.shape[1]
    inner = times(root.T, times(information, root))
    log = 0.0
    # Cholesky of I + K'AK in place, rows of its inverse times K' beside it
    turned[:] = root.T
    for i in range(size):
        inner[i, i] += 1.0
        for j in range(i + 1):
            for k in range(j):
                inner[i, j] -= inner[i, k] * inner[j, k]
            if i > j:
                inner[i, j] /= inner[j, j]
        log += np.log(inner[i, i])
        inner[i, i] = np.sqrt(inner[i, i])
        for k in range(i):
            factor = inner[i, k]
            for c in range(root.shape[0]):
                turned[i, c] -= factor * turned[k, c]
        for c in range(root.shape[0]):
            turned[i, c] /= inner[i, i]
    return log


@compiled
def without_empty_columns(root: Floats) -> Floats:
    """The columns of a root that are not zero: one per effect that varies by itself."""
    kept = np.zeros(root.shape[1], np.int32)
    count = 0
    for j in range(root.shape[1]):
        if root[j, j] > 0.0:
            kept[count] = j
            count += 1
    narrow = np.empty((root.shape[0], count))
    for i in range(root.shape[0]):
        for j in range(count):
            narrow[i, j] = root[i, kept[j]]
    return narrow


class Data(NamedTuple):
    """What is read for every unit, and how far parameters are from the reference."""

    units: Table
    blocks: Table
    sums: Floats
    series: Table
    design: Floats
    centre: Floats
    inverses: Floats
    logs: Floats
    root: Floats


class Units(NamedTuple):
    """Of each unit of a cluster: A, r, T, TA, and per block Z'(y - Z m), (y - Z m)(y - Z m)'."""

    information: Floats
    score: Floats
    turned: Floats
    moved: Floats
    lean: Floats
    squares: Floats


@compiled
def sums_of_unit(i: int, place: int, data: Data, units: Units) -> float:
    """Fill A, r and what is kept per block; return their log-density."""
    q, n_series = len(data.series), data.inverses.shape[1]
    information, score = units.information[place], units.score[place]
    m = applied(data.centre, data.design[i])
    information[:] = 0.0
    score[:] = 0.0
    value = 0.0
    start, stop = data.units[i, START], data.units[i, STOP]
    for b in range(start, stop):
        count, inverse = data.blocks[b, COUNT], data.inverses[data.blocks[b, SET]]
        by_effects = data.sums[b, : q * q].reshape((q, q))
        by_series = data.sums[b, q * q : q * q + q * n_series].reshape((q, n_series))
        left, square = units.lean[place, b - start], units.squares[place, b - start]
        left[:] = by_series
        square[:] = data.sums[b, q * q + q * n_series :].reshape((n_series, n_series))
        for e in range(q):
            own = data.series[e]
            for f in range(q):
                left[e, data.series[f]] -= by_effects[e, f] * m[f]
                information[e, f] += by_effects[e, f] * inverse[own, data.series[f]]
        for e in range(q):
            own = data.series[e]
            for c in range(n_series):
                # from both sides: what is left of one and the whole of the other
                square[own, c] -= m[e] * by_series[e, c]
                square[c, own] -= m[e] * left[e, c]
                score[e] += inverse[own, c] * left[e, c]
        value -= 0.5 * count * data.logs[data.blocks[b, SET]]
        for c in range(n_series):
            for d in range(n_series):
                value -= 0.5 * inverse[c, d] * square[c, d]
            if inverse[c, c] > 0.0:
                value -= 0.5 * count * LOG_TWO_PI
    return value


@compiled
def integrated_unit(i: int, place: int, data: Data, units: Units) -> float:
    """Fill everything of a unit; return its log-density, its cluster's effects being zero."""
    value = sums_of_unit(i, place, data, units)
    value -= 0.5 * integrated(units.information[place], data.root, units.turned[place])
    units.moved[place] = times(units.turned[place], units.information[place])
    return value + 0.5 * np.sum(applied(units.turned[place], units.score[place]) ** 2)


@compiled
def left_to_cluster(place: int, units: Units, total: Floats, pull: Floats) -> None:
    """Add B and u of a unit to the sums over its cluster."""
    moved = units.moved[place]
    total += units.information[place] - times(moved.T, moved)
    whitened = applied(units.turned[place], units.score[place])
    pull += units.score[place] - applied(moved.T, whitened)


@compiled
def back_to_blocks(
    i: int, place: int, data: Data, units: Units,
    by_information: Floats, by_score: Floats, by_inverse: Floats,
) -> None:  # fmt: skip
    """Add the gradient by each set's inverse covariance, given those by A and r."""
    q, n_series = len(data.series), by_inverse.shape[1]
    start = data.units[i, START]
    for b in range(start, data.units[i, STOP]):
        target = by_inverse[data.blocks[b, SET]]
        for e in range(q):
            own = data.series[e]
            for f in range(q):
                target[own, data.series[f]] += by_information[e, f] * data.sums[b, e * q + f]
            for c in range(n_series):
                target[own, c] += by_score[e] * units.lean[place, b - start, e, c]
        for c in range(n_series):
            for d in range(n_series):
                target[c, d] -= 0.5 * units.squares[place, b - start, c, d]


@compiled
def stop_of_cluster(i: int, units: Table) -> int:
    """First unit after i of another cluster."""
    stop = i
    while stop < len(units) and units[stop, CLUSTER] == units[i, CLUSTER]:
        stop += 1
    return stop


@compiled
def space(data: Data, clustered: bool) -> Units:
    """Room for the units of the largest cluster, or for one."""
    count, i = 1, 0
    while clustered and i < len(data.units):
        stop = stop_of_cluster(i, data.units)
        count, i = max(count, stop - i), stop
    q, r, m = len(data.series), data.root.shape[1], data.inverses.shape[1]
    most = (data.units[:, STOP] - data.units[:, START]).max()
    return Units(
        np.zeros((count, q, q)), np.zeros((count, q)), np.zeros((count, r, q)),
        np.zeros((count, r, q)), np.zeros((count, most, q, m)), np.zeros((count, most, m, m)),
    )  # fmt: skip


@compiled
def unit_term(
    place: int, units: Units, by_left: Floats, by_left_score: Floats,
    unit_grad: Floats, by_information: Floats,
) -> Floats:  # fmt: skip
    """Add the gradient by the effects' covariance, fill that by A; return that by r."""
    turned, moved = units.turned[place], units.moved[place]
    whitened = applied(turned, units.score[place])
    mode = applied(turned.T, whitened)
    left = units.information[place] - times(moved.T, moved)
    rest = units.score[place] - applied(moved.T, whitened)
    by_information[:] = -0.5 * (times(turned.T, turned) + np.outer(mode, mode))
    unit_grad += 0.5 * (np.outer(rest, rest) - left)
    if len(by_left_score) == 0:
        return mode
    # through B and u, from the term of the cluster
    keep = -times(moved.T, turned)
    for e in range(len(mode)):
        keep[e, e] += 1.0
    kept_score, pushed = applied(keep.T, by_left_score), applied(left, by_left_score)
    by_information += times(keep.T, times(by_left, keep))
    by_information -= 0.5 * (np.outer(kept_score, mode) + np.outer(mode, kept_score))
    unit_grad -= times(left, times(by_left, left))
    unit_grad -= 0.5 * (np.outer(pushed, rest) + np.outer(rest, pushed))
    return mode + kept_score
