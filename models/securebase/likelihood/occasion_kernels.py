"""The log-density of units with times of their own, with all its gradients, compiled.

In the space of a unit's effects, with W the inverse residual covariance of the series
observed at an occasion: information A = sum Z'WZ, score r = sum Z'W(y - Z m) at the
expected effects m. With O the covariance of the effects, integrating them out adds
-log|I + OA| / 2 + r'Vr / 2, V = (I + OA)^-1 O, and leaves the information
B = A - AVA and the score u = r - AVr about what the cluster shares, whose effects are
integrated out of their sums in the same way. Nothing divides by a covariance of effects,
so that variances of zero and correlations of one are ordinary cases.
"""

import numpy as np

from securebase.likelihood.cluster_kernels import semidefinite_root
from securebase.likelihood.compilation import compiled, written_out
from securebase.likelihood.layout import Table
from securebase.likelihood.occasions import BLOCK_STOP, CLUSTER, COUNT, SET
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


@compiled
def sums_of_unit(
    blocks: Table, sums: Floats, start: int, stop: int, series: Table, inverses: Floats,
    logs: Floats, m: Floats, information: Floats, score: Floats, lean: Floats, squares: Floats,
) -> float:  # fmt: skip
    """Fill A, r and per block Z'(y - Z m) and (y - Z m)(y - Z m)'; return their log-density."""
    q, n_series = len(series), inverses.shape[1]
    information[:] = 0.0
    score[:] = 0.0
    value = 0.0
    for b in range(start, stop):
        count, inverse = blocks[b, COUNT], inverses[blocks[b, SET]]
        by_effects = sums[b, : q * q].reshape((q, q))
        by_series = sums[b, q * q : q * q + q * n_series].reshape((q, n_series))
        left, square = lean[b - start], squares[b - start]
        left[:] = by_series
        square[:] = sums[b, q * q + q * n_series :].reshape((n_series, n_series))
        for e in range(q):
            for f in range(q):
                left[e, series[f]] -= by_effects[e, f] * m[f]
                information[e, f] += by_effects[e, f] * inverse[series[e], series[f]]
        for e in range(q):
            for c in range(n_series):
                # from both sides: what is left of one and the whole of the other
                square[series[e], c] -= m[e] * by_series[e, c]
                square[c, series[e]] -= m[e] * left[e, c]
                score[e] += inverse[series[e], c] * left[e, c]
        value -= 0.5 * count * logs[blocks[b, SET]]
        for c in range(n_series):
            for d in range(n_series):
                value -= 0.5 * inverse[c, d] * square[c, d]
            if inverse[c, c] > 0.0:
                value -= 0.5 * count * LOG_TWO_PI
    return value


@compiled
def back_to_blocks(
    blocks: Table, start: int, stop: int, sums: Floats, series: Table,
    by_information: Floats, by_score: Floats, lean: Floats, squares: Floats, by_inverse: Floats,
) -> None:  # fmt: skip
    """Add the gradient by each set's inverse covariance, given those by A and r."""
    q, n_series = len(series), by_inverse.shape[1]
    for b in range(start, stop):
        target = by_inverse[blocks[b, SET]]
        for e in range(q):
            for f in range(q):
                target[series[e], series[f]] += by_information[e, f] * sums[b, e * q + f]
            for c in range(n_series):
                target[series[e], c] += by_score[e] * lean[b - start, e, c]
        for c in range(n_series):
            for d in range(n_series):
                target[c, d] -= 0.5 * squares[b - start, c, d]


@compiled
def back_to_residual(
    sets: Table, set_counts: Floats, inverses: Floats, by_inverse: Floats, residual_grad: Floats
) -> None:
    """Carry gradients by the inverse covariances to the residual covariance."""
    for s in range(len(sets)):
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
    information: Floats, spread: Floats, score: Floats, by_left: Floats, by_left_score: Floats,
    unit_grad: Floats, by_information: Floats,
) -> Floats:  # fmt: skip
    """Add the gradient by the effects' covariance, fill that by A; return that by r.

    From the unit's own terms and, through B and u, from the term of its cluster.
    """
    mode = applied(spread, score)
    left = information - times(information, times(spread, information))
    rest = score - applied(information, mode)
    keep = -times(information, spread)
    for e in range(len(score)):
        keep[e, e] += 1.0
    kept_score = applied(keep.T, by_left_score)
    turned = applied(left, by_left_score)
    by_information[:] = -0.5 * (spread + np.outer(mode, mode))
    by_information += times(keep.T, times(by_left, keep))
    by_information -= 0.5 * (np.outer(kept_score, mode) + np.outer(mode, kept_score))
    unit_grad += 0.5 * (np.outer(rest, rest) - left) - times(left, times(by_left, left))
    unit_grad -= 0.5 * (np.outer(turned, rest) + np.outer(rest, turned))
    return mode + kept_score


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
    most, before = 0, 0
    for i in range(len(units)):
        most, before = max(most, units[i, BLOCK_STOP] - before), units[i, BLOCK_STOP]
    lean, squares = np.zeros((most, q, m)), np.zeros((most, m, m))
    information, spread, score = np.zeros((q, q)), np.zeros((q, q)), np.zeros(q)
    by_inverse, set_counts = np.zeros((len(sets), m, m)), np.zeros(len(sets))
    by_left, by_left_score = np.zeros((q, q)), np.zeros(q)
    by_information = np.zeros((q, q))
    centre = regression - reference
    first = 0
    while first < len(units):
        last = first + 1
        if c > 0:
            while last < len(units) and units[last, CLUSTER] == units[first, CLUSTER]:
                last += 1
            total, pull = np.zeros((q, q)), np.zeros(q)
            for i in range(first, last):
                start = units[i - 1, BLOCK_STOP] if i > 0 else 0
                sums_of_unit(
                    blocks, sums, start, units[i, BLOCK_STOP], series, inverses, logs,
                    applied(centre, design[i]), information, score, lean, squares,
                )  # fmt: skip
                integrated(information, root, spread)
                total += information - times(information, times(spread, information))
                pull += score - applied(information, applied(spread, score))
            terms[units[first, CLUSTER]] += cluster_term(
                total, pull, shared, cluster_root, cluster_grad, by_left, by_left_score
            )
        for i in range(first, last):
            start, stop = (units[i - 1, BLOCK_STOP] if i > 0 else 0), units[i, BLOCK_STOP]
            value = sums_of_unit(
                blocks, sums, start, stop, series, inverses, logs,
                applied(centre, design[i]), information, score, lean, squares,
            )  # fmt: skip
            value -= 0.5 * integrated(information, root, spread)
            value += 0.5 * np.sum(score * applied(spread, score))
            terms[units[i, CLUSTER] if c > 0 else i] += value
            by_score = unit_term(
                information, spread, score, by_left, by_left_score, unit_grad, by_information
            )
            back_to_blocks(
                blocks, start, stop, sums, series, by_information, by_score, lean, squares,
                by_inverse,
            )  # fmt: skip
            for b in range(start, stop):
                set_counts[blocks[b, SET]] += blocks[b, COUNT]
            regression_grad += np.outer(score - applied(information, by_score), design[i])
        first = last
    back_to_residual(sets, set_counts, inverses, by_inverse, residual_grad)
    logp = terms.sum()
    check = np.abs(regression_grad).sum() + np.abs(unit_grad).sum()
    check += np.abs(residual_grad).sum() + np.abs(cluster_grad).sum()
    if not np.isfinite(logp + check):
        regression_grad[:] = 0.0
        unit_grad[:] = 0.0
        residual_grad[:] = 0.0
        cluster_grad[:] = 0.0
        return -np.inf
    return logp
