"""The log-density of units with times of their own, with all its gradients, compiled.

Effects of a unit are integrated out (see `integration`), and what is left of its information
and score adds up to those of its cluster's effects, which are integrated out in the same way.
Sizes are padded to multiples of four: see `products`.
"""

from typing import NamedTuple

import numpy as np

from securebase.likelihood.compilation import compiled, written_out
from securebase.likelihood.integration import (
    Effects,
    add_by_covariance,
    integrate,
    narrow_root,
    one_of,
    room_for,
)
from securebase.likelihood.layout import Table
from securebase.likelihood.occasion_units import (
    Data,
    Room,
    back_to_sums,
    by_effects,
    fill_unit,
    most_together,
    push_back,
    room_of_units,
    stop_of_cluster,
)
from securebase.likelihood.occasions import CLUSTER, COUNT, SET
from securebase.likelihood.products import (
    add_combined,
    add_outer,
    add_product,
    add_scaled,
    add_vector,
    enlarged,
    padded,
)
from securebase.moments import Floats

ROUNDING = np.finfo(np.float64).eps
LOG_TWO_PI = np.log(2.0 * np.pi)


@compiled
def precisions(residual: Floats, sets: Table, inverses: Floats) -> Floats:
    """Fill the inverse covariance of each set of series; return log|2 pi S| of each, or NaN."""
    size = residual.shape[0]
    logs = np.zeros(len(sets))
    for s in range(len(sets)):
        index = np.flatnonzero(sets[s])
        half = np.zeros((size, size))
        factor = np.zeros((size, size))
        logs[s] = len(index) * LOG_TWO_PI
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
def back_to_residual(data: Data, series: Table, residual_grad: Floats) -> None:
    """Carry gradients by W of each set to the residual covariance."""
    sets, m, q = len(data.inverses), residual_grad.shape[0], len(series)
    by_inverse = np.zeros(data.inverses.shape)
    for b in range(len(data.blocks)):
        s = data.blocks[b, SET]
        by_inverse[s] -= 0.5 * data.score_products[b]
        residual_grad -= 0.5 * data.blocks[b, COUNT] * data.inverses[s, :m, :m]
    for s in range(sets):
        for e in range(q):
            for f in range(q):
                by_inverse[s, series[e], series[f]] += data.by_spread[s, e, f]
            for c in range(by_inverse.shape[1]):
                by_inverse[s, c, series[e]] += data.by_reach[s, c, e]
        symmetric = 0.5 * (by_inverse[s] + by_inverse[s].T)
        half, carried = np.zeros(symmetric.shape), np.zeros(symmetric.shape)
        add_product(1.0, symmetric, data.inverses[s], half)
        add_product(1.0, data.inverses[s], half, carried)
        residual_grad -= carried[:m, :m]


class Cluster(NamedTuple):
    """A cluster's effects, how they reach those of units, and gradients by sums of B and u."""

    one: Effects
    root: Floats
    shared: Floats
    total: Floats
    pull: Floats
    by_left: Floats
    by_rest: Floats


@compiled
def cluster_of(cov: Floats, root: Floats, shared: Floats) -> Cluster:
    """Room for the effects of one cluster; nothing where clusters have none."""
    q = padded(len(shared)) if len(cov) > 0 else 0
    return Cluster(
        one_of(room_for(1, root), 0), root, enlarged(shared),
        np.zeros((q, q)), np.zeros(q), np.zeros((q, q)), np.zeros(q),
    )  # fmt: skip


@compiled
def cluster_term(held: Effects, count: int, cluster: Cluster, cluster_grad: Floats) -> float:
    """Integrate a cluster's effects out of the sums of B and u; fill the gradients by these."""
    one, shared, root = cluster.one, cluster.shared, cluster.root
    cluster.total[:], cluster.pull[:], one.information[:], one.score[:] = 0.0, 0.0, 0.0, 0.0
    for place in range(count):
        add_scaled(1.0, held.left[place], cluster.total)
        add_vector(1.0, held.rest[place], cluster.pull)
    q, c = shared.shape
    half = np.zeros((q, c))
    add_product(1.0, cluster.total, shared, half)
    add_product(1.0, shared.T, half, one.information)
    add_combined(1.0, cluster.pull, shared, one.score)
    value = integrate(one, root)
    add_by_covariance(one, cluster_grad)
    back, reached = np.ascontiguousarray(shared.T), np.zeros((root.shape[1], q))
    add_product(1.0, one.turned, back, reached)
    cluster.by_left[:], cluster.by_rest[:] = 0.0, 0.0
    add_combined(1.0, one.mode, back, cluster.by_rest)
    add_product(-0.5, reached.T, reached, cluster.by_left)
    add_outer(-0.5, cluster.by_rest, cluster.by_rest, cluster.by_left)
    return value


@compiled
def together(
    first: int, last: int, data: Data, root: Floats, held: Effects, room: Room, cluster: Cluster,
    gradients: tuple[Floats, Floats, Floats],
) -> float:  # fmt: skip
    """Log-density of a cluster, or of a unit on its own; adds its gradients."""
    by_regression, by_unit, by_cluster = gradients
    value = 0.0
    for i in range(first, last):
        one, expected = one_of(held, i - first), room.expected[i - first]
        value += fill_unit(i, expected, one, data) + integrate(one, root)
    if len(cluster.pull) > 0:
        value += cluster_term(held, last - first, cluster, by_cluster)
    for i in range(first, last):
        one, expected = one_of(held, i - first), room.expected[i - first]
        push_back(one, cluster.by_left, cluster.by_rest, room, by_unit)
        back_to_sums(i, expected, one, room, data, by_regression)
    return value


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
    series: Table, sets: Table, units: Table, design: Floats, blocks: Table,
    effect_products: Floats, cross_products: Floats, score_products: Floats,
    shared: Floats, reference: Floats,
    regression_grad: Floats, unit_grad: Floats, residual_grad: Floats, cluster_grad: Floats,
    terms: Floats,
) -> float:  # fmt: skip
    """Log-density, -inf where a covariance is not one; fills gradients and terms, given as 0.

    Terms are those of the units, or of the clusters where these have effects.
    """
    inverses = np.zeros((len(sets), padded(len(residual)), padded(len(residual))))
    logs = precisions(residual, sets, inverses)
    root, known = narrow_root(unit_cov)
    cluster_root, cluster_known = narrow_root(cluster_cov)
    if not (known and cluster_known) or np.isnan(logs[0]):
        return -np.inf
    centre = np.ascontiguousarray(enlarged(regression - reference).T[: design.shape[1]])
    data = Data(
        units, design, blocks, effect_products, cross_products, score_products, centre,
        inverses, logs, *by_effects(inverses, series),
    )  # fmt: skip
    clustered = len(cluster_cov) > 0
    most = most_together(units) if clustered else 1
    held, room = room_for(most, root), room_of_units(most, root)
    cluster = cluster_of(cluster_cov, cluster_root, shared)
    by_unit, by_cluster = np.zeros(room.bent.shape), np.zeros(cluster.one.information.shape)
    padded_grads = np.zeros(data.centre.shape), by_unit, by_cluster
    first = 0
    while first < len(units):
        last = stop_of_cluster(first, units) if clustered else first + 1
        term = units[first, CLUSTER] if clustered else first
        terms[term] = together(first, last, data, root, held, room, cluster, padded_grads)
        first = last
    regression_grad += padded_grads[0].T[: len(regression)]
    unit_grad += 0.5 * (by_unit + by_unit.T)[: len(unit_cov), : len(unit_cov)]
    cluster_grad += by_cluster[: len(cluster_cov), : len(cluster_cov)]
    back_to_residual(data, series, residual_grad)
    return finite_or_none(terms.sum(), (regression_grad, unit_grad, residual_grad, cluster_grad))
