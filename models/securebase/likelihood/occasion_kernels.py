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
from securebase.likelihood.occasion_units import (
    Data,
    applied,
    back_to_blocks,
    integrated,
    integrated_unit,
    left_to_cluster,
    space,
    stop_of_cluster,
    times,
    unit_term,
    without_empty_columns,
)
from securebase.likelihood.occasions import CLUSTER, COUNT, SET
from securebase.moments import Floats

ROUNDING = np.finfo(np.float64).eps


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
    turned = np.zeros((root.shape[1], root.shape[0]))
    information = times(shared.T, times(by_unit, shared))
    score = applied(shared.T, pull)
    log = integrated(information, root, turned)
    spread, moved = times(turned.T, turned), times(turned, information)
    mode = applied(spread, score)
    rest = score - applied(information, mode)
    cluster_grad -= 0.5 * (information - times(moved.T, moved))
    cluster_grad += 0.5 * np.outer(rest, rest)
    by_left[:] = times(shared, times(-0.5 * (spread + np.outer(mode, mode)), shared.T))
    by_left_score[:] = applied(shared, mode)
    return 0.5 * (np.sum(score * mode) - log)


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
    root, cluster_root = without_empty_columns(root), without_empty_columns(cluster_root)
    data = Data(units, blocks, sums, series, design, regression - reference, inverses, logs, root)
    held = space(data, c > 0)
    by_inverse, by_information = np.zeros((len(sets), m, m)), np.zeros((q, q))
    size = q if c > 0 else 0
    by_left, by_left_score = np.zeros((size, size)), np.zeros(size)
    total, pull = np.zeros((size, size)), np.zeros(size)
    first, last = 0, 0
    for i in range(len(units)):
        if i == last:
            first, last = i, stop_of_cluster(i, units) if c > 0 else i + 1
            total[:] = 0.0
            pull[:] = 0.0
            for j in range(first, last):
                term = units[j, CLUSTER] if c > 0 else j
                terms[term] += integrated_unit(j, j - first, data, held)
                if c > 0:
                    left_to_cluster(j - first, held, total, pull)
            if c > 0:
                terms[units[i, CLUSTER]] += cluster_term(
                    total, pull, shared, cluster_root, cluster_grad, by_left, by_left_score
                )
        place = i - first
        by_score = unit_term(place, held, by_left, by_left_score, unit_grad, by_information)
        back_to_blocks(i, place, data, held, by_information, by_score, by_inverse)
        rest = held.score[place] - applied(held.information[place], by_score)
        regression_grad += np.outer(rest, design[i])
    back_to_residual(data, by_inverse, residual_grad)
    gradients = regression_grad, unit_grad, residual_grad, cluster_grad
    return finite_or_none(terms.sum(), gradients)
