"""The log-density of units with times of their own, with all its gradients, compiled.

In the space of a unit's effects, with W the inverse residual covariance of the series
observed at an occasion: information A = sum Z'WZ, score r = sum Z'W(y - Z m) at the
expected effects m. With O the covariance of the effects, integrating them out adds
-log|I + OA| / 2 + r'Vr / 2, V = (I + OA)^-1 O, and leaves the information
B = A - AVA and the score u = r - AVr about what the cluster shares, whose effects are
integrated out of their sums in the same way. Nothing divides by a covariance of effects,
so that variances of zero and correlations of one are ordinary cases.
"""

from typing import NamedTuple

import numpy as np

from securebase.likelihood.cluster_kernels import semidefinite_root
from securebase.likelihood.compilation import compiled, written_out
from securebase.likelihood.layout import Table
from securebase.likelihood.occasions import CLUSTER, COUNT, SET, START, STOP
from securebase.moments import Floats

LOG_TWO_PI = np.log(2.0 * np.pi)
ROUNDING = np.finfo(np.float64).eps


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
def precisions(residual: Floats, sets: Table, inverses: Floats) -> Floats:
    """Fill the inverse covariance of each set of series; return log-determinants, or NaN."""
    size = residual.shape[0]
    logs = np.zeros(len(sets))
    for s in range(len(sets)):
        index = np.flatnonzero(sets[s])
        half = np.zeros((size, size))
        factor = np.zeros((size, size))
        for i in range(len(index)):
            for j in range(i + 1):
                rest = residual[index[i], index[j]]
                for k in range(j):
                    rest -= factor[i, k] * factor[j, k]
                if i > j:
                    factor[i, j] = rest / factor[j, j]
                elif rest > size * ROUNDING * residual[index[i], index[i]]:
                    factor[i, i] = np.sqrt(rest)
                    logs[s] += np.log(rest)
                else:
                    logs[0] = np.nan
                    return logs
            # the row of the inverse factor
            for j in range(i + 1):
                total = 1.0 if i == j else 0.0
                for k in range(j, i):
                    total -= factor[i, k] * half[k, j]
                half[i, j] = total / factor[i, i]
        for i in range(len(index)):
            for j in range(len(index)):
                for k in range(max(i, j), len(index)):
                    inverses[s, index[i], index[j]] += half[k, i] * half[k, j]
    return logs


@compiled
def integrated(information: Floats, root: Floats, spread: Floats) -> float:
    """Fill V = K (I + K'AK)^-1 K' with KK' the covariance; return log|I + K'AK|."""
    size = root.shape[1]
    inner = times(root.T, times(information, root))
    log = 0.0
    # Cholesky of I + K'AK in place, rows of its inverse times K' beside it
    turned = root.T.copy()
    for i in range(size):
        inner[i, i] += 1.0
        for j in range(i + 1):
            for k in range(j):
                inner[i, j] -= inner[i, k] * inner[j, k]
            if i > j:
                inner[i, j] /= inner[j, j]
        log += np.log(inner[i, i])
        inner[i, i] = np.sqrt(inner[i, i])
        for c in range(root.shape[0]):
            for k in range(i):
                turned[i, c] -= inner[i, k] * turned[k, c]
            turned[i, c] /= inner[i, i]
    spread[:] = times(turned.T, turned)
    return log


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


class Unit(NamedTuple):
    """Of one unit: A, r and V, and per block Z'(y - Z m) and (y - Z m)(y - Z m)'."""

    information: Floats
    score: Floats
    spread: Floats
    lean: Floats
    squares: Floats


@compiled
def sums_of_unit(i: int, data: Data, unit: Unit) -> float:
    """Fill A, r and what is kept per block; return their log-density."""
    q, n_series = len(data.series), data.inverses.shape[1]
    m = applied(data.centre, data.design[i])
    unit.information[:] = 0.0
    unit.score[:] = 0.0
    value = 0.0
    start, stop = data.units[i, START], data.units[i, STOP]
    for b in range(start, stop):
        count, inverse = data.blocks[b, COUNT], data.inverses[data.blocks[b, SET]]
        by_effects = data.sums[b, : q * q].reshape((q, q))
        by_series = data.sums[b, q * q : q * q + q * n_series].reshape((q, n_series))
        left, square = unit.lean[b - start], unit.squares[b - start]
        left[:] = by_series
        square[:] = data.sums[b, q * q + q * n_series :].reshape((n_series, n_series))
        for e in range(q):
            own = data.series[e]
            for f in range(q):
                left[e, data.series[f]] -= by_effects[e, f] * m[f]
                unit.information[e, f] += by_effects[e, f] * inverse[own, data.series[f]]
        for e in range(q):
            own = data.series[e]
            for c in range(n_series):
                # from both sides: what is left of one and the whole of the other
                square[own, c] -= m[e] * by_series[e, c]
                square[c, own] -= m[e] * left[e, c]
                unit.score[e] += inverse[own, c] * left[e, c]
        value -= 0.5 * count * data.logs[data.blocks[b, SET]]
        for c in range(n_series):
            for d in range(n_series):
                value -= 0.5 * inverse[c, d] * square[c, d]
            if inverse[c, c] > 0.0:
                value -= 0.5 * count * LOG_TWO_PI
    return value


@compiled
def integrated_unit(i: int, data: Data, unit: Unit) -> float:
    """Fill everything of a unit; return its log-density, its cluster's effects being zero."""
    value = sums_of_unit(i, data, unit)
    value -= 0.5 * integrated(unit.information, data.root, unit.spread)
    return value + 0.5 * np.sum(unit.score * applied(unit.spread, unit.score))


@compiled
def left_to_cluster(
    first: int, last: int, data: Data, unit: Unit, total: Floats, pull: Floats
) -> None:
    """Fill the sums of B and of u over the units of a cluster."""
    total[:] = 0.0
    pull[:] = 0.0
    for i in range(first, last):
        integrated_unit(i, data, unit)
        total += unit.information
        total -= times(unit.information, times(unit.spread, unit.information))
        pull += unit.score - applied(unit.information, applied(unit.spread, unit.score))


@compiled
def back_to_blocks(
    i: int, data: Data, unit: Unit, by_information: Floats, by_score: Floats, by_inverse: Floats
) -> None:
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
                target[own, c] += by_score[e] * unit.lean[b - start, e, c]
        for c in range(n_series):
            for d in range(n_series):
                target[c, d] -= 0.5 * unit.squares[b - start, c, d]


@compiled
def back_to_residual(data: Data, by_inverse: Floats, residual_grad: Floats) -> None:
    """Carry gradients by the inverse covariances to the residual covariance."""
    inverses, set_counts = data.inverses, np.zeros(len(data.inverses))
    for b in range(len(data.blocks)):
        set_counts[data.blocks[b, SET]] += data.blocks[b, COUNT]
    for s in range(len(inverses)):
        symmetric = 0.5 * (by_inverse[s] + by_inverse[s].T)
        carried = times(inverses[s], times(symmetric, inverses[s]))
        residual_grad -= carried + 0.5 * set_counts[s] * inverses[s]


@compiled
def cluster_term(
    by_unit: Floats, pull: Floats, shared: Floats, root: Floats, cluster_grad: Floats,
    by_left: Floats, by_left_score: Floats,
) -> float:  # fmt: skip
    """Integrate a cluster's effects out of the sums of B and u; fill the gradients by these."""
    spread = np.zeros((root.shape[0], root.shape[0]))
    information = times(shared.T, times(by_unit, shared))
    score = applied(shared.T, pull)
    log = integrated(information, root, spread)
    mode = applied(spread, score)
    rest = score - applied(information, mode)
    cluster_grad -= 0.5 * (information - times(information, times(spread, information)))
    cluster_grad += 0.5 * np.outer(rest, rest)
    by_left[:] = times(shared, times(-0.5 * (spread + np.outer(mode, mode)), shared.T))
    by_left_score[:] = applied(shared, mode)
    return 0.5 * (np.sum(score * mode) - log)


@compiled
def unit_term(
    unit: Unit, by_left: Floats, by_left_score: Floats, unit_grad: Floats, by_information: Floats
) -> Floats:
    """Add the gradient by the effects' covariance, fill that by A; return that by r.

    From the unit's own terms and, through B and u, from the term of its cluster.
    """
    information, spread = unit.information, unit.spread
    mode = applied(spread, unit.score)
    left = information - times(information, times(spread, information))
    rest = unit.score - applied(information, mode)
    keep = -times(information, spread)
    for e in range(len(mode)):
        keep[e, e] += 1.0
    kept_score = applied(keep.T, by_left_score)
    turned = applied(left, by_left_score)
    by_information[:] = -0.5 * (spread + np.outer(mode, mode))
    by_information += times(keep.T, times(by_left, keep))
    by_information -= 0.5 * (np.outer(kept_score, mode) + np.outer(mode, kept_score))
    unit_grad += 0.5 * (np.outer(rest, rest) - left) - times(left, times(by_left, left))
    unit_grad -= 0.5 * (np.outer(turned, rest) + np.outer(rest, turned))
    return mode + kept_score


@compiled
def finite_or_none(logp: float, gradients: tuple[Floats, Floats, Floats, Floats]) -> float:
    """Log-density, or -inf with gradients of zero where something is not finite."""
    check = logp
    for gradient in gradients:
        check += np.abs(gradient).sum()
    if np.isfinite(check):
        return logp
    for gradient in gradients:
        gradient[:] = 0.0
    return -np.inf


@written_out
def occasions_density(
    regression: Floats, unit_cov: Floats, residual: Floats, cluster_cov: Floats,
    series: Table, sets: Table, units: Table, design: Floats, blocks: Table, sums: Floats,
    shared: Floats, reference: Floats,
    regression_grad: Floats, unit_grad: Floats, residual_grad: Floats, cluster_grad: Floats,
    terms: Floats,
) -> float:  # fmt: skip
    """Log-density, -inf where a covariance is not one; fills gradients and terms, given as 0.

    Terms are those of the units, or of the clusters where these have effects.
    """
    q, m, c = len(series), len(residual), len(cluster_cov)
    inverses = np.zeros((len(sets), m, m))
    logs = precisions(residual, sets, inverses)
    root, cluster_root = np.zeros((q, q)), np.zeros((c, c))
    known = semidefinite_root(unit_cov, root) and semidefinite_root(cluster_cov, cluster_root)
    if not known or np.isnan(logs[0]):
        return -np.inf
    data = Data(units, blocks, sums, series, design, regression - reference, inverses, logs, root)
    most = (units[:, STOP] - units[:, START]).max()
    unit = Unit(
        np.zeros((q, q)), np.zeros(q), np.zeros((q, q)), np.zeros((most, q, m)),
        np.zeros((most, m, m)),
    )  # fmt: skip
    by_inverse, by_information = np.zeros((len(sets), m, m)), np.zeros((q, q))
    by_left, by_left_score = np.zeros((q, q)), np.zeros(q)
    total, pull = np.zeros((q, q)), np.zeros(q)
    last = 0
    for i in range(len(units)):
        if c > 0 and i == last:
            while last < len(units) and units[last, CLUSTER] == units[i, CLUSTER]:
                last += 1
            left_to_cluster(i, last, data, unit, total, pull)
            terms[units[i, CLUSTER]] += cluster_term(
                total, pull, shared, cluster_root, cluster_grad, by_left, by_left_score
            )
        terms[units[i, CLUSTER] if c > 0 else i] += integrated_unit(i, data, unit)
        by_score = unit_term(unit, by_left, by_left_score, unit_grad, by_information)
        back_to_blocks(i, data, unit, by_information, by_score, by_inverse)
        rest = unit.score - applied(unit.information, by_score)
        regression_grad += np.outer(rest, design[i])
    back_to_residual(data, by_inverse, residual_grad)
    gradients = regression_grad, unit_grad, residual_grad, cluster_grad
    return finite_or_none(terms.sum(), gradients)
