"""What clusters add to the log-density, compiled.

Cluster j adds -log|I + K'A_j K| / 2 + r_j'V_j r_j / 2 with V_j = K (I + K'A_j K)^-1 K'
and K the lower Cholesky factor of the covariance O of the cluster effects. I + K'AK has
no eigenvalue below one, and nothing divides by O, so variances of zero and correlations
of one are ordinary cases. Derivatives: by A, -(V + bb') / 2; by r, b = V r; by O,
(zz' - A + AVA) / 2 with z = r - A b. `integration` does the same on padded matrices: for the
two or three effects of a cluster here that takes twice as long.
"""

import numpy as np

from securebase.likelihood.compilation import compiled
from securebase.likelihood.layout import HEAD, SHARED, SIZE, Table
from securebase.moments import Floats

ROUNDING = np.finfo(np.float64).eps
CELL_CLUSTER, CELL_PATTERN, CELL_COUNT = 0, 1, 2


@compiled
def semidefinite_root(cov: Floats, root: Floats) -> bool:
    """Lower K with KK' = cov, which may be singular; False if cov is no covariance."""
    size = cov.shape[0]
    root[:] = 0.0
    for j in range(size):
        pivot = cov[j, j]
        for k in range(j):
            pivot -= root[j, k] ** 2
        negligible = 4.0 * size * ROUNDING * cov[j, j]
        if not (cov[j, j] >= 0.0 and pivot >= -negligible and np.isfinite(cov[j, j])):
            return False
        singular = pivot <= negligible
        scale = 0.0 if singular else np.sqrt(pivot)
        for i in range(j, size):
            rest = cov[i, j]
            for k in range(j):
                rest -= root[i, k] * root[j, k]
            if singular:
                # without a variance of its own there is nothing to covary with
                if not abs(rest) <= 1e-7 * np.sqrt(abs(cov[i, i] * cov[j, j])):
                    return False
            else:
                root[i, j] = rest / scale
    return True


@compiled
def project(
    patterns: Table, loads: Floats, inverse: Floats, whitened: Floats,
    projected: Floats, information: Floats,
) -> None:  # fmt: skip
    """Per node v = g L; per pattern U = G'V (response, effect) and H = V'V (effect, effect)."""
    n_responses, n_effects = loads.shape
    path = np.empty(n_responses, np.int32)
    node = 0
    for p in range(1, patterns.shape[0]):
        index = patterns[p, HEAD:]
        size = patterns[p, SIZE]
        for i in range(patterns[p, SHARED], size):
            path[i] = node
            for j in range(i + 1):
                weight = inverse[node, index[j]]
                for c in range(n_effects):
                    whitened[node, c] += weight * loads[index[j], c]
            node += 1
        for i in range(size):
            v = whitened[path[i]]
            for j in range(i + 1):
                weight = inverse[path[i], index[j]]
                for c in range(n_effects):
                    projected[p - 1, index[j], c] += weight * v[c]
            for a in range(n_effects):
                for b in range(n_effects):
                    information[p - 1, a, b] += v[a] * v[b]


@compiled
def solve_cluster(
    information: Floats, root: Floats, transfer: Floats, carried: Floats, work: Floats
) -> float:
    """X with V = X'X in transfer, A X' in carried; return log|I + K'AK|."""
    size = root.shape[0]
    for a in range(size):
        for b in range(size):
            total = 0.0
            for k in range(b, size):
                total += information[a, k] * root[k, b]
            carried[a, b] = total
    for a in range(size):
        for b in range(a + 1):
            total = 1.0 if a == b else 0.0
            for k in range(a, size):
                total += root[k, a] * carried[k, b]
            work[a, b] = total
    log_det = 0.0
    for i in range(size):
        for j in range(i + 1):
            total = work[i, j]
            for k in range(j):
                total -= work[i, k] * work[j, k]
            if i > j:
                work[i, j] = total / work[j, j]
            else:
                work[i, i] = np.sqrt(total)
                log_det += np.log(total)
    for i in range(size):
        for c in range(size):
            transfer[i, c] = root[c, i]
        for j in range(i):
            for c in range(size):
                transfer[i, c] -= work[i, j] * transfer[j, c]
        for c in range(size):
            transfer[i, c] /= work[i, i]
    for a in range(size):
        for i in range(size):
            total = 0.0
            for k in range(size):
                total += information[a, k] * transfer[i, k]
            carried[a, i] = total
    return log_det


@compiled
def deviate(
    cell: int, index: Table, size: int, shift: Floats, cell_sums: Floats, deviation: Floats
) -> None:
    """Sum over the units of a cell of e - (M - B) w."""
    n_design = shift.shape[1]
    for i in range(size):
        k = index[i]
        total = cell_sums[cell, n_design + k]
        for c in range(n_design):
            total -= shift[k, c] * cell_sums[cell, c]
        deviation[k] = total


@compiled
def clusters(
    shift: Floats,
    loads: Floats,
    cluster_cov: Floats,
    patterns: Table,
    cells: Table,
    cell_sums: Floats,
    inverse: Floats,
    whitened: Floats,
    cell_grads: tuple[Floats, Floats, Floats],
    cluster_grad: Floats,
    terms: Floats,
) -> bool:
    """Fill what each cluster adds, and its derivatives by H, U and O; False if O is bad."""
    n_responses, n_effects = loads.shape
    root = np.empty((n_effects, n_effects))
    if not semidefinite_root(cluster_cov, root):
        return False
    n_patterns = patterns.shape[0] - 1
    projected = np.zeros((n_patterns, n_responses, n_effects))
    information = np.zeros((n_patterns, n_effects, n_effects))
    project(patterns, loads, inverse, whitened, projected, information)
    square = (n_effects, n_effects)
    gathered, transfer, carried, work = (
        np.empty(square), np.empty(square), np.empty(square), np.empty(square)
    )  # fmt: skip
    score, effect, rest = np.empty(n_effects), np.empty(n_effects), np.empty(n_effects)
    deviation = np.empty(n_responses)
    start = 0
    while start < len(cells):
        stop = start
        gathered[:] = 0.0
        score[:] = 0.0
        while stop < len(cells) and cells[stop, CELL_CLUSTER] == cells[start, CELL_CLUSTER]:
            p = cells[stop, CELL_PATTERN]
            index, size = patterns[p + 1, HEAD:], patterns[p + 1, SIZE]
            deviate(stop, index, size, shift, cell_sums, deviation)
            for i in range(size):
                for c in range(n_effects):
                    score[c] += projected[p, index[i], c] * deviation[index[i]]
            count = cells[stop, CELL_COUNT]
            for a in range(n_effects):
                for b in range(n_effects):
                    gathered[a, b] += count * information[p, a, b]
            stop += 1
        log_det = solve_cluster(gathered, root, transfer, carried, work)
        gain = predict(gathered, transfer, carried, score, effect, rest, work, cluster_grad)
        terms[cells[start, CELL_CLUSTER]] = gain - 0.5 * log_det
        for cell in range(start, stop):
            p = cells[cell, CELL_PATTERN]
            index, size = patterns[p + 1, HEAD:], patterns[p + 1, SIZE]
            deviate(cell, index, size, shift, cell_sums, deviation)
            store(cell, p, index, size, cells, cell_sums, work, effect, deviation, cell_grads)
        start = stop
    return True


@compiled
def predict(
    information: Floats, transfer: Floats, carried: Floats, score: Floats,
    effect: Floats, rest: Floats, by_information: Floats, cluster_grad: Floats,
) -> float:  # fmt: skip
    """Return r'Vr / 2; the effect b = Vr; the derivative by A; add the derivative by O."""
    size = len(score)
    square = 0.0
    effect[:] = 0.0
    for c in range(size):
        rest[c] = score[c]
    for i in range(size):
        step = 0.0
        for c in range(size):
            step += transfer[i, c] * score[c]
        square += step * step
        for c in range(size):
            effect[c] += step * transfer[i, c]
            rest[c] -= step * carried[c, i]
    for a in range(size):
        for b in range(size):
            both = effect[a] * effect[b]
            change = rest[a] * rest[b] - information[a, b]
            for k in range(size):
                both += transfer[k, a] * transfer[k, b]
                change += carried[a, k] * carried[b, k]
            by_information[a, b] = -0.5 * both
            cluster_grad[a, b] += 0.5 * change
    return 0.5 * square


@compiled
def store(
    cell: int, p: int, index: Table, size: int, cells: Table, cell_sums: Floats,
    by_information: Floats, effect: Floats, deviation: Floats,
    cell_grads: tuple[Floats, Floats, Floats],
) -> None:  # fmt: skip
    """Add the derivatives by H, by U, and what the mean receives through a cell's sum of w."""
    by_h, by_u, by_mean = cell_grads
    count = cells[cell, CELL_COUNT]
    for a in range(len(effect)):
        for b in range(len(effect)):
            by_h[p, a, b] += count * by_information[a, b]
        for c in range(by_mean.shape[2]):
            by_mean[p, a, c] += effect[a] * cell_sums[cell, c]
    for i in range(size):
        k = index[i]
        for a in range(len(effect)):
            by_u[p, k, a] += deviation[k] * effect[a]


@compiled
def from_clusters(
    p: int, size: int, index: Table, path: Table, inverse: Floats, whitened: Floats,
    cell_grads: tuple[Floats, Floats, Floats], spread: Floats, slopes: Floats, pulls: Floats,
) -> None:  # fmt: skip
    """Carry a pattern's cluster derivatives into its whitened sums."""
    by_h, by_u, by_mean = cell_grads
    n_effects = whitened.shape[1]
    turned = np.zeros((size, n_effects))
    bent = np.zeros((size, n_effects))
    for i in range(size):
        v = whitened[path[i]]
        g = inverse[path[i]]
        for j in range(i + 1):
            for a in range(n_effects):
                turned[i, a] += g[index[j]] * by_u[p, index[j], a]
        for a in range(n_effects):
            for b in range(n_effects):
                bent[i, a] += v[b] * by_h[p, b, a]
            for c in range(slopes.shape[1]):
                slopes[i, c] -= v[a] * by_mean[p, a, c]
        for a in range(n_effects):
            pulls[i, a] += turned[i, a] + 2.0 * bent[i, a]
    for i in range(size):
        for j in range(i + 1):
            total = 0.0
            for a in range(n_effects):
                one, two = whitened[path[i], a], whitened[path[j], a]
                total += 2.0 * bent[i, a] * two + turned[i, a] * two + one * turned[j, a]
            spread[i, j] -= total
