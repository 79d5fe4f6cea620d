"""The log-density of units in clusters with all its gradients, compiled."""

import numpy as np

from securebase.likelihood.cluster_kernels import CELL_CLUSTER, clusters
from securebase.likelihood.compilation import compiled, written_out
from securebase.likelihood.kernels import gather, whiten
from securebase.likelihood.layout import COUNT, HEAD, NODE_STOP, SHARED, SIZE, Table
from securebase.likelihood.products import padded
from securebase.moments import Floats

HALF_LOG_TWO_PI = 0.5 * np.log(2.0 * np.pi)


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


@written_out
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
    cluster_grad[:] = 0.0
    order = patterns[0, HEAD:]
    n_patterns = patterns.shape[0] - 1
    n_responses, n_effects = loading.shape
    shift, ordered, loads = take(order, mean, cov, loading, rows)
    width = padded(n_responses)
    inverse = np.empty((patterns[n_patterns, NODE_STOP], width))
    space = np.zeros((5, width, width))
    logp = -whiten(ordered, patterns, space, inverse) - constant(patterns)
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
    raw = np.zeros_like(mean), space[4], np.zeros_like(loading)
    logp -= 0.5 * gather(patterns, rows, shift, inverse, whitened, cell_grads, space, raw)
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
        logs[p] = -size * HALF_LOG_TWO_PI
        for i in range(size):
            starts[p, i] = path[i]
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
