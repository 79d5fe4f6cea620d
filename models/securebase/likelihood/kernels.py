"""Log-density and its gradients, compiled.

With G the inverse of the lower Cholesky factor of a pattern's covariance (one row g_i
per node of the tree of patterns), whitened deviations are y = G (e - (M - B) w). Their
sums of squares T, less the counts on its diagonal, give d logp / d cov = G'TG / 2, so
that nothing of size response x response is done per pattern, only per node and per
row of data.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from securebase.likelihood.layout import COUNT, HEAD, NODE_STOP, ROW_STOP, SHARED, SIZE
from securebase.moments import Floats, Integers

HALF_LOG_TWO_PI = 0.5 * np.log(2.0 * np.pi)
ROUNDING = np.finfo(np.float64).eps


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile, keep on disk, and let loops over sums be vectorised."""
    # reassociation changes the last digits only; NaN and infinity keep their meaning
    flags = {"reassoc", "contract", "nsz"}
    return numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=flags)(function)


@compiled
def whiten(cov: Floats, patterns: Integers, inverse: Floats) -> float:
    """Fill the rows of the inverse Cholesky factors; return sum of n log|L|, or NaN."""
    n_responses = cov.shape[0]
    columns = np.empty((n_responses, n_responses))
    path = np.empty(n_responses, np.int64)
    work = np.empty(n_responses)
    half_log = np.zeros(n_responses + 1)
    total = 0.0
    node = 0
    for p in range(1, patterns.shape[0]):
        size = patterns[p, SIZE]
        index = patterns[p, HEAD:]
        for i in range(patterns[p, SHARED], size):
            own = index[i]
            for j in range(i + 1):
                work[j] = cov[own, index[j]]
            variance = work[i]
            g = inverse[node]
            g[: own + 1] = 0.0
            for j in range(i):
                row = inverse[path[j]]
                column = columns[j]
                slope = work[j] * row[index[j]]
                column[i] = slope
                for k in range(j + 1, i + 1):
                    work[k] -= slope * column[k]
                for k in range(index[j] + 1):
                    g[k] -= slope * row[k]
            pivot = work[i]
            # at most rounding is left: the covariance is singular
            if not (pivot > (i + 1) * ROUNDING * variance and np.isfinite(pivot)):
                return np.nan
            scale = 1.0 / np.sqrt(pivot)
            for k in range(own):
                g[k] *= scale
            g[own] = scale
            path[i] = node
            half_log[i + 1] = half_log[i] + 0.5 * np.log(pivot)
            node += 1
        total += patterns[p, COUNT] * half_log[size]
    return total


@compiled
def retire(
    start: int,
    stop: int,
    index: Integers,
    path: Integers,
    inverse: Floats,
    spread: Floats,
    slopes: Floats,
    work: Floats,
    cov_grad: Floats,
    mean_grad: Floats,
) -> None:
    """Carry the sums of nodes that no later pattern passes back to the responses."""
    for i in range(start, stop):
        g = inverse[path[i]]
        width = index[i] + 1
        half = 0.5 * spread[i, i]
        for k in range(width):
            work[k] = half * g[k]
        for j in range(i):
            weight = spread[i, j]
            row = inverse[path[j]]
            for k in range(index[j] + 1):
                work[k] += weight * row[k]
        for j in range(i + 1):
            a = index[j]
            weight = g[a]
            row = cov_grad[a]
            for k in range(width):
                row[k] += weight * work[k]
            for c in range(slopes.shape[1]):
                mean_grad[a, c] += weight * slopes[i, c]


@compiled
def gather(
    patterns: Integers,
    rows: Floats,
    shift: Floats,
    inverse: Floats,
    cov_grad: Floats,
    mean_grad: Floats,
) -> float:
    """Sum of squares of the whitened data, and the gradients of the log-density."""
    n_responses, n_design = shift.shape
    path = np.empty(n_responses, np.int64)
    spread = np.zeros((n_responses, n_responses))
    slopes = np.zeros((n_responses, n_design))
    work = np.empty(n_responses)
    deviation = np.empty(n_responses)
    y = np.empty(n_responses)
    squares = 0.0
    node = 0
    row_start = 0
    depth = 0
    for p in range(1, patterns.shape[0]):
        size = patterns[p, SIZE]
        shared = patterns[p, SHARED]
        retire(
            shared, depth, patterns[p - 1, HEAD:], path, inverse, spread, slopes, work,
            cov_grad, mean_grad,
        )  # fmt: skip
        for i in range(shared, size):
            path[i] = node
            node += 1
            spread[i, : i + 1] = 0.0
            slopes[i] = 0.0
        depth = size
        index = patterns[p, HEAD:]
        count = patterns[p, COUNT]
        for i in range(size):
            spread[i, i] -= count
        width = index[size - 1] + 1
        for r in range(row_start, patterns[p, ROW_STOP]):
            data = rows[n_design + r]
            rank = r - row_start
            for k in range(width):
                deviation[k] = data[n_design + k]
            if rank < n_design:
                for k in range(width):
                    for c in range(rank, n_design):
                        deviation[k] -= shift[k, c] * data[c]
            first = 0 if rank < n_design else rank - n_design
            # K is triangular: later rows begin with zeros
            i = 0
            while i < size and index[i] < first:
                y[i] = 0.0
                i += 1
            begin = i
            for i in range(begin, size):
                g = inverse[path[i]]
                total = 0.0
                for k in range(first, index[i] + 1):
                    total += g[k] * deviation[k]
                y[i] = total
                squares += total * total
                for j in range(begin, i + 1):
                    spread[i, j] += total * y[j]
            if rank < n_design:
                for i in range(size):
                    for c in range(rank, n_design):
                        slopes[i, c] += y[i] * data[c]
        row_start = patterns[p, ROW_STOP]
    retire(
        0, depth, patterns[patterns.shape[0] - 1, HEAD:], path, inverse, spread, slopes, work,
        cov_grad, mean_grad,
    )  # fmt: skip
    return squares


@compiled
def one_level(
    mean: Floats, cov: Floats, patterns: Integers, rows: Floats
) -> tuple[float, Floats, Floats]:
    """Log-density of the units and its gradients by mean and covariance."""
    n_responses, n_design = mean.shape
    order = patterns[0, HEAD:]
    last = patterns.shape[0] - 1
    mean_grad = np.zeros((n_responses, n_design))
    cov_grad = np.zeros((n_responses, n_responses))
    ordered = np.empty((n_responses, n_responses))
    shift = np.empty((n_responses, n_design))
    for i in range(n_responses):
        for j in range(n_responses):
            ordered[i, j] = cov[order[i], order[j]]
        for c in range(n_design):
            shift[i, c] = mean[order[i], c] - rows[c, n_design + i]
    inverse = np.empty((patterns[last, NODE_STOP], n_responses))
    logs = whiten(ordered, patterns, inverse)
    if np.isnan(logs):
        return -np.inf, mean_grad, cov_grad
    raw_cov = np.zeros((n_responses, n_responses))
    raw_mean = np.zeros((n_responses, n_design))
    squares = gather(patterns, rows, shift, inverse, raw_cov, raw_mean)
    values = 0
    for p in range(1, last + 1):
        values += patterns[p, COUNT] * patterns[p, SIZE]
    logp = -logs - 0.5 * squares - values * HALF_LOG_TWO_PI
    check = logp
    for i in range(n_responses):
        for j in range(n_responses):
            total = 0.5 * (raw_cov[i, j] + raw_cov[j, i])
            cov_grad[order[i], order[j]] = total
            check += total
        for c in range(n_design):
            mean_grad[order[i], c] = raw_mean[i, c]
            check += raw_mean[i, c]
    if not np.isfinite(check):
        mean_grad[:] = 0.0
        cov_grad[:] = 0.0
        return -np.inf, mean_grad, cov_grad
    return logp, mean_grad, cov_grad
