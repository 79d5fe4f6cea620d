"""Units with times of their own in the space of their effects, one by one, compiled.

See `integration` for A, r, T, V, B and u of a unit. With m its expected effects and W the
inverse residual covariance of the series of an occasion, A = sum Z'WZ, v = sum Z'Wy,
r = v - Am, and the density of its scores at m has the exponent v'm - (m'Am + sum y'Wy) / 2.
"""

from typing import NamedTuple

import numpy as np

from securebase.likelihood.compilation import borrowing, compiled
from securebase.likelihood.integration import Effects, add_by_covariance
from securebase.likelihood.layout import Table
from securebase.likelihood.occasions import CLUSTER, COUNT, SET, START, STOP
from securebase.likelihood.products import (
    add_combined,
    add_each,
    add_outer,
    add_product,
    add_vector,
    copy,
    copy_vector,
    inner,
)
from securebase.moments import Floats


class Data(NamedTuple):
    """What `occasion_arrays` gives, and what follows from parameters for all units.

    `centre` is the regression as far as it is from the reference (design, effect); of each
    set of series `inverses` is W, `logs` the log-determinant of 2 pi times its inverse,
    `spread` ZZ-wise and `reach` Zy-wise what multiplies the sums; the last two are the
    gradients by these.
    """

    units: Table
    design: Floats
    blocks: Table
    effect_products: Floats
    cross_products: Floats
    score_products: Floats
    centre: Floats
    inverses: Floats
    logs: Floats
    spread: Floats
    reach: Floats
    by_spread: Floats
    by_reach: Floats


class Room(NamedTuple):
    """The expected effects of a cluster's units; where gradients of one are put together."""

    expected: Floats
    by_information: Floats
    by_score: Floats
    pushed: Floats
    bent: Floats
    lever: Floats
    pulled: Floats
    across: Floats
    crossed: Floats


@compiled
def room_of_units(count: int, root: Floats) -> Room:
    """Room for so many units of a cluster."""
    size, rank = root.shape
    return Room(
        np.zeros((count, size)),
        np.zeros((size, size)), np.zeros(size), np.zeros(size), np.zeros((size, size)),
        np.zeros((rank, size)), np.zeros((rank, size)), np.zeros((size, rank)),
        np.zeros((rank, rank)),
    )  # fmt: skip


@compiled
def by_effects(inverses: Floats, series: Table) -> tuple[Floats, Floats, Floats, Floats]:
    """`spread` and `reach` of each set, and zeros of the same shapes for their gradients."""
    sets, m, q = len(inverses), inverses.shape[1], len(series)
    spread, reach = np.zeros((sets, q, q)), np.zeros((sets, m, q))
    for s in range(sets):
        for e in range(q):
            for f in range(q):
                spread[s, f, e] = inverses[s, series[f], series[e]]
            for c in range(m):
                reach[s, c, e] = inverses[s, c, series[e]]
    return spread, reach, np.zeros(spread.shape), np.zeros(reach.shape)


@borrowing
def fill_unit(i: int, expected: Floats, one: Effects, data: Data) -> float:
    """Fill m, A and r of a unit; return the log-density of its scores at m."""
    expected[:], one.information[:], one.score[:] = 0.0, 0.0, 0.0
    add_combined(1.0, data.design[i], data.centre, expected)
    value = 0.0
    for b in range(data.units[i, START], data.units[i, STOP]):
        s = data.blocks[b, SET]
        inverse, square = data.inverses[s], data.score_products[b]
        add_each(data.spread[s], data.effect_products[b], one.information)
        for c in range(len(inverse)):
            for e in range(len(expected)):
                one.score[e] += data.reach[s, c, e] * data.cross_products[b, c, e]
            value -= inner(inverse[c], square[c])
        value -= data.blocks[b, COUNT] * data.logs[s]
    value += inner(one.score, expected)
    add_combined(-1.0, expected, one.information, one.score)
    return 0.5 * (value + inner(one.score, expected))


@borrowing
def push_back(
    one: Effects, by_left: Floats, by_rest: Floats, room: Room, unit_grad: Floats
) -> None:
    """Fill gradients by A and r, given those by B and u; add those by the effects' covariance.

    All that multiplies a gradient by a symmetric matrix is symmetric: one side of it will do.
    """
    room.by_information[:] = 0.0
    copy(0.5, one.turned, room.lever)
    copy_vector(1.0, one.mode, room.by_score)
    if len(by_rest) > 0:
        through_left(one, by_left, by_rest, room, unit_grad)
    add_product(-1.0, one.turned.T, room.lever, room.by_information)
    add_by_covariance(one, unit_grad)


@borrowing
def through_left(
    one: Effects, by_left: Floats, by_rest: Floats, room: Room, unit_grad: Floats
) -> None:
    """Add what comes through B = A - AVA and u = r - AVr."""
    copy(1.0, by_left, room.by_information)
    room.pulled[:], room.crossed[:], room.bent[:], room.pushed[:] = 0.0, 0.0, 0.0, 0.0
    add_product(1.0, one.moved, by_left, room.pulled)
    copy(1.0, room.pulled.T, room.across)
    add_product(1.0, one.moved, room.across, room.crossed)
    for i in range(len(room.pulled)):
        pull = inner(one.moved[i], by_rest)
        for c in range(len(by_rest)):
            room.lever[i, c] += 2.0 * room.pulled[i, c]
            room.by_score[c] -= pull * one.turned[i, c]
    add_product(-1.0, room.crossed, one.turned, room.lever)
    add_product(1.0, by_left, one.left, room.bent)
    add_product(-1.0, one.left, room.bent, unit_grad)
    add_combined(-1.0, by_rest, one.left, room.pushed)
    add_outer(1.0, room.pushed, one.rest, unit_grad)
    add_vector(1.0, by_rest, room.by_score)


@borrowing
def back_to_sums(
    i: int, expected: Floats, one: Effects, room: Room, data: Data, regression_grad: Floats
) -> None:
    """Add gradients by the sets' W and by the regression, given those by A and r."""
    by_information, by_score, mode = room.by_information, room.by_score, one.mode
    for e in range(len(mode)):
        by_mode, by_expected = by_score[e] - 0.5 * mode[e], by_score[e] + 0.5 * expected[e]
        for f in range(len(mode)):
            by_information[e, f] -= by_mode * mode[f] + by_expected * expected[f]
    copy_vector(1.0, one.score, room.pushed)
    add_combined(-1.0, by_score, one.information, room.pushed)
    add_outer(1.0, data.design[i], room.pushed, regression_grad)
    add_vector(1.0, expected, by_score)
    for b in range(data.units[i, START], data.units[i, STOP]):
        s = data.blocks[b, SET]
        add_each(by_information, data.effect_products[b], data.by_spread[s])
        for c in range(data.by_reach.shape[1]):
            for e in range(len(by_score)):
                data.by_reach[s, c, e] += by_score[e] * data.cross_products[b, c, e]


@borrowing
def stop_of_cluster(i: int, units: Table) -> int:
    """First unit after i of another cluster."""
    stop = i
    while stop < len(units) and units[stop, CLUSTER] == units[i, CLUSTER]:
        stop += 1
    return stop


@borrowing
def most_together(units: Table) -> int:
    """Units of the largest cluster."""
    most, i = 0, 0
    while i < len(units):
        stop = stop_of_cluster(i, units)
        most, i = max(most, stop - i), stop
    return most
