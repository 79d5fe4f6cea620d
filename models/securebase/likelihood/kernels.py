"""Log-density of units and its gradients over the tree of patterns, compiled.

With G the inverse of the lower Cholesky factor of a pattern's covariance (one row g_i
per node of the tree of patterns), whitened deviations are y = G (e - (M - B) w). Their
sums of squares T, less the counts on its diagonal, give d logp / d cov = G'TG / 2, so
that nothing of size response x response is done per pattern, only per node and per
row of data.
"""

import numpy as np

from securebase.likelihood.blocks import (
    add_outer,
    add_squares,
    combine_columns,
    combine_rows,
    solve_lower,
)
from securebase.likelihood.cluster_kernels import from_clusters
from securebase.likelihood.compilation import compiled
from securebase.likelihood.layout import COUNT, HEAD, ROW_STOP, SHARED, SIZE, Table
from securebase.moments import Floats

ROUNDING = np.finfo(np.float64).eps


@compiled
def whiten(cov: Floats, patterns: Table, space: Floats, inverse: Floats) -> float:
    """Fill the rows of the inverse Cholesky factors; return sum of n log|L|, or NaN."""
    width = inverse.shape[1]
    upper, stack = space[0], space[1]
    vectors = np.zeros((4, width + 1))
    scales, row, work, half_log = vectors[0], vectors[1], vectors[2], vectors[3]
    total = 0.0
    node = 0
    for p in range(1, patterns.shape[0]):
        size = int(patterns[p, SIZE])
        index = patterns[p, HEAD:]
        for i in range(int(patterns[p, SHARED]), size):
            own = int(index[i])
            left = solve_lower(cov, own, index, i, upper, scales, row)
            # at most rounding is left: the covariance is singular
            if not (left > (i + 1) * ROUNDING * cov[own, own] and np.isfinite(left)):
                return np.nan
            scale = 1.0 / np.sqrt(left)
            scales[i] = scale
            for k in range(i):
                upper[k, i] = row[k]
            combine_rows(row, i, index, stack, own + 1, work)
            for k in range(own):
                stack[i, k] = inverse[node, k] = -scale * work[k]
            stack[i, own] = inverse[node, own] = scale
            for k in range(own + 1, width):
                stack[i, k] = inverse[node, k] = 0.0
            half_log[i + 1] = half_log[i] + 0.5 * np.log(left)
            node += 1
        total += patterns[p, COUNT] * half_log[size]
    return total


@compiled
def retire(
    start: int,
    stop: int,
    index: Table,
    stack: Floats,
    spread: Floats,
    slopes: Floats,
    pulls: Floats,
    work: Floats,
    raw: tuple[Floats, Floats, Floats],
) -> None:
    """Carry the sums of nodes that no later pattern passes back to the responses."""
    by_mean, by_cov, by_loading = raw
    for i in range(start, stop):
        g = stack[i]
        spread[i, i] *= 0.5
        width = int(index[i]) + 1
        combine_rows(spread[i], i + 1, index, stack, width, work)
        add_outer(g, index, i + 1, work, width, by_cov)
        for j in range(i + 1):
            a = index[j]
            for c in range(slopes.shape[1]):
                by_mean[a, c] += g[a] * slopes[i, c]
            for c in range(pulls.shape[1]):
                by_loading[a, c] += g[a] * pulls[i, c]


@compiled
def most_rows(patterns: Table) -> int:
    """Rows of data of the pattern that has most."""
    most = 0
    for p in range(1, patterns.shape[0]):
        start = patterns[p - 1, ROW_STOP] if p > 1 else 0
        most = max(most, patterns[p, ROW_STOP] - start)
    return most


@compiled
def whiten_rows(
    rows: Floats, start: int, stop: int, shift: Floats, size: int, index: Table,
    turned: Floats, deviation: Floats, slopes: Floats, y: Floats,
) -> None:  # fmt: skip
    """Whiten a pattern's triangular data into y."""
    n_design = shift.shape[1]
    width = int(index[size - 1]) + 1
    for r in range(stop - start):
        data = start + n_design + r
        # later rows begin with zeros
        first = max(0, r - n_design)
        for k in range(first, width):
            deviation[k] = rows[data, n_design + k]
        for c in range(r, n_design):
            weight = rows[data, c]
            for k in range(width):
                deviation[k] -= shift[k, c] * weight
        combine_columns(deviation, first, size, index, turned, y[r])
        for c in range(r, n_design):
            weight = rows[data, c]
            for i in range(size):
                slopes[i, c] += y[r, i] * weight


@compiled
def gather(
    patterns: Table,
    rows: Floats,
    shift: Floats,
    inverse: Floats,
    whitened: Floats,
    cell_grads: tuple[Floats, Floats, Floats],
    space: Floats,
    raw: tuple[Floats, Floats, Floats],
) -> float:
    """Sum of squares of the whitened data; fills the gradients of the log-density."""
    n_design = shift.shape[1]
    padding = inverse.shape[1]
    path = np.empty(padding, np.int32)
    stack, turned, spread = space[1], space[2], space[3]
    # whitening has used the stack; `turned` and `spread` are still zero
    stack[:] = 0.0
    slopes, pulls = np.zeros((padding, n_design)), np.zeros((padding, whitened.shape[1]))
    vectors = np.zeros((2 + most_rows(patterns), padding))
    deviation, work, y = vectors[0], vectors[1], vectors[2:]
    squares = 0.0
    node = row_start = depth = 0
    for p in range(1, patterns.shape[0]):
        size, shared = int(patterns[p, SIZE]), int(patterns[p, SHARED])
        if shared < depth:
            old = patterns[p - 1, HEAD:]
            retire(shared, depth, old, stack, spread, slopes, pulls, work, raw)
        for i in range(shared, size):
            path[i] = node
            for k in range(padding):
                spread[i, k] = 0.0
                stack[i, k] = turned[k, i] = inverse[node, k]
            slopes[i] = 0.0
            pulls[i] = 0.0
            node += 1
        depth = size
        index = patterns[p, HEAD:]
        row_stop = int(patterns[p, ROW_STOP])
        whiten_rows(rows, row_start, row_stop, shift, size, index, turned, deviation, slopes, y)
        for i in range(size):
            squares -= spread[i, i]
        add_squares(y, row_stop - row_start, size, spread)
        for i in range(size):
            squares += spread[i, i]
            spread[i, i] -= patterns[p, COUNT]
        row_start = row_stop
        if whitened.shape[1] > 0:
            from_clusters(
                p - 1, size, index, path, inverse, whitened, cell_grads, spread, slopes, pulls
            )
    last = patterns[patterns.shape[0] - 1, HEAD:]
    retire(0, depth, last, stack, spread, slopes, pulls, work, raw)
    return squares
