"""Log-density and its gradients, compiled.

With G the inverse of the lower Cholesky factor of a pattern's covariance (one row g_i
per node of the tree of patterns), whitened deviations are y = G (e - (M - B) w). Their
sums of squares T, less the counts on its diagonal, give d logp / d cov = G'TG / 2, so
that nothing of size response x response is done per pattern, only per node and per
row of data.
"""

import numpy as np

from securebase.likelihood.cluster_kernels import CELL_CLUSTER, clusters, from_clusters
from securebase.likelihood.compilation import compiled
from securebase.likelihood.layout import COUNT, HEAD, NODE_STOP, ROW_STOP, SHARED, SIZE, Table
from securebase.moments import Floats

HALF_LOG_TWO_PI = 0.5 * np.log(2.0 * np.pi)
ROUNDING = np.finfo(np.float64).eps


@compiled
def whiten(cov: Floats, patterns: Table, inverse: Floats) -> float:
    """Fill the rows of the inverse Cholesky factors; return sum of n log|L|, or NaN."""
    n_responses = cov.shape[0]
    columns = np.empty((n_responses, n_responses))
    path = np.empty(n_responses, np.int32)
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
    index: Table,
    path: Table,
    inverse: Floats,
    spread: Floats,
    slopes: Floats,
    pulls: Floats,
    work: Floats,
    cov_grad: Floats,
    mean_grad: Floats,
    loading_grad: Floats,
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
            for c in range(pulls.shape[1]):
                loading_grad[a, c] += weight * pulls[i, c]


@compiled
def gather(
    patterns: Table,
    rows: Floats,
    shift: Floats,
    inverse: Floats,
    whitened: Floats,
    cell_grads: tuple[Floats, Floats, Floats],
    cov_grad: Floats,
    mean_grad: Floats,
    loading_grad: Floats,
) -> float:
    """Sum of squares of the whitened data, and the gradients of the log-density."""
    n_responses, n_design = shift.shape
    path = np.empty(n_responses, np.int32)
    spread = np.zeros((n_responses, n_responses))
    slopes = np.zeros((n_responses, n_design))
    pulls = np.zeros((n_responses, whitened.shape[1]))
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
            shared, depth, patterns[p - 1, HEAD:], path, inverse, spread, slopes, pulls,
            work, cov_grad, mean_grad, loading_grad,
        )  # fmt: skip
        for i in range(shared, size):
            path[i] = node
            node += 1
            spread[i, : i + 1] = 0.0
            slopes[i] = 0.0
            pulls[i] = 0.0
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
        if whitened.shape[1] > 0:
            from_clusters(
                p - 1, size, index, path, inverse, whitened, cell_grads, spread, slopes, pulls
            )
    retire(
        0, depth, patterns[patterns.shape[0] - 1, HEAD:], path, inverse, spread, slopes, pulls,
        work, cov_grad, mean_grad, loading_grad,
    )  # fmt: skip
    return squares


@compiled
def take(order: Table, mean: Floats, cov: Floats, loading: Floats, rows: Floats) -> tuple[
    Floats, Floats, Floats
]:  # fmt: skip
    """Parameters in the order of the tree; the mean from the reference."""
    shift, ordered, loads = np.empty_like(mean), np.empty_like(cov), np.empty_like(loading)
    n_design = mean.shape[1]
    for i in range(len(order)):
        for j in range(len(order)):
            ordered[i, j] = cov[order[i], order[j]]
        for c in range(n_design):
            shift[i, c] = mean[order[i], c] - rows[c, n_design + i]
        for c in range(loading.shape[1]):
            loads[i, c] = loading[order[i], c]
    return shift, ordered, loads


@compiled
def give_back(
    order: Table,
    raw: tuple[Floats, Floats, Floats],
    mean_grad: Floats,
    cov_grad: Floats,
    loading_grad: Floats,
) -> float:
    """Gradients in the order of the responses; their sum shows whether all are finite."""
    raw_mean, raw_cov, raw_loading = raw
    check = 0.0
    for i in range(len(order)):
        a = order[i]
        for j in range(len(order)):
            total = 0.5 * (raw_cov[i, j] + raw_cov[j, i])
            cov_grad[a, order[j]] = total
            check += abs(total)
        for c in range(mean_grad.shape[1]):
            mean_grad[a, c] = raw_mean[i, c]
            check += abs(raw_mean[i, c])
        for c in range(loading_grad.shape[1]):
            loading_grad[a, c] = raw_loading[i, c]
            check += abs(raw_loading[i, c])
    return check


@compiled
def constant(patterns: Table) -> float:
    """Sum over all observed values of log(2 pi) / 2."""
    values = 0
    for p in range(1, patterns.shape[0]):
        values += patterns[p, COUNT] * patterns[p, SIZE]
    return values * HALF_LOG_TWO_PI


@compiled
def gaussian(
    mean: Floats,
    cov: Floats,
    loading: Floats,
    cluster_cov: Floats,
    patterns: Table,
    rows: Floats,
    cells: Table,
    cell_sums: Floats,
    mean_grad: Floats,
    cov_grad: Floats,
    loading_grad: Floats,
    cluster_grad: Floats,
) -> float:
    """Log-density; -inf where a covariance is not one. Fills the gradients, which enter as 0."""
    order = patterns[0, HEAD:]
    n_patterns = patterns.shape[0] - 1
    n_responses, n_effects = loading.shape
    shift, ordered, loads = take(order, mean, cov, loading, rows)
    inverse = np.empty((patterns[n_patterns, NODE_STOP], n_responses))
    logp = -whiten(ordered, patterns, inverse) - constant(patterns)
    if np.isnan(logp):
        return -np.inf
    occupied = n_patterns if n_effects > 0 else 0
    whitened = np.zeros((len(inverse) if n_effects > 0 else 0, n_effects))
    cell_grads = (
        np.zeros((occupied, n_effects, n_effects)),
        np.zeros((occupied, n_responses, n_effects)),
        np.zeros((occupied, n_effects, mean.shape[1])),
    )
    if n_effects > 0:
        terms = np.zeros(cells[-1, CELL_CLUSTER] + 1)
        if not clusters(
            shift, loads, cluster_cov, patterns, cells, cell_sums, inverse, whitened,
            cell_grads, cluster_grad, terms,
        ):  # fmt: skip
            return -np.inf
        logp += terms.sum()
    raw = np.zeros_like(mean), np.zeros_like(cov), np.zeros_like(loading)
    logp -= 0.5 * gather(
        patterns, rows, shift, inverse, whitened, cell_grads, raw[1], raw[0], raw[2]
    )
    check = give_back(order, raw, mean_grad, cov_grad, loading_grad)
    if not np.isfinite(logp + check + np.abs(cluster_grad).sum()):
        mean_grad[:] = 0.0
        cov_grad[:] = 0.0
        loading_grad[:] = 0.0
        cluster_grad[:] = 0.0
        return -np.inf
    return logp


@compiled
def own_terms(
    shift: Floats,
    patterns: Table,
    inverse: Floats,
    units: Floats,
    unit_pattern: Table,
    terms: Floats,
) -> None:
    """Add to the log-density of each unit what it has within its cluster."""
    n_responses, n_design = shift.shape
    starts = np.empty((patterns.shape[0] - 1, n_responses), np.int32)
    logs = np.zeros(patterns.shape[0] - 1)
    path = np.empty(n_responses, np.int32)
    node = 0
    for p in range(len(logs)):
        size = patterns[p + 1, SIZE]
        for i in range(patterns[p + 1, SHARED], size):
            path[i] = node
            node += 1
        starts[p, :size] = path[:size]
        logs[p] = -size * HALF_LOG_TWO_PI
        for i in range(size):
            logs[p] += np.log(inverse[path[i], patterns[p + 1, HEAD + i]])
    deviation = np.empty(n_responses)
    for u in range(len(units)):
        p = unit_pattern[u]
        index = patterns[p + 1, HEAD:]
        square = 0.0
        for i in range(patterns[p + 1, SIZE]):
            k = index[i]
            rest = units[u, n_design + k]
            for c in range(n_design):
                rest -= shift[k, c] * units[u, c]
            deviation[i] = rest
            step = 0.0
            for j in range(i + 1):
                step += inverse[starts[p, i], index[j]] * deviation[j]
            square += step * step
        terms[u] += logs[p] - 0.5 * square
