"""Products of small matrices, four rows by four columns at a time, compiled.

Matrices are padded with zeros to multiples of four, in rows and in columns, and their rows
are contiguous. Sixteen sums are held at once, four to a vector instruction. Places are
unsigned: a signed one may count from the end, and neighbours that may wrap around are
gathered one by one.
"""

import numpy as np
from numba.extending import register_jitable

from securebase.likelihood.compilation import borrowing, compiled
from securebase.moments import Floats

type Four = tuple[float, float, float, float]

ONE, TWO, THREE = np.uintp(1), np.uintp(2), np.uintp(3)


@register_jitable
def padded(size: int) -> int:
    """Next multiple of four."""
    return (size + 3) // 4 * 4


@compiled
def enlarged(matrix: Floats) -> Floats:
    """The matrix with zeros up to the next multiples of four."""
    result = np.zeros((padded(matrix.shape[0]), padded(matrix.shape[1])))
    result[: matrix.shape[0], : matrix.shape[1]] = matrix
    return result


@borrowing
def four(row: Floats, place: int) -> Four:
    """Read four neighbours."""
    j = np.uintp(place)
    return row[j], row[j + ONE], row[j + TWO], row[j + THREE]


@borrowing
def put(sums: Four, row: Floats, place: int) -> None:
    """Write four neighbours."""
    j = np.uintp(place)
    row[j] = sums[0]
    row[j + ONE] = sums[1]
    row[j + TWO] = sums[2]
    row[j + THREE] = sums[3]


@borrowing
def scaled(by: float, values: Four) -> Four:
    """Four products."""
    return by * values[0], by * values[1], by * values[2], by * values[3]


@borrowing
def plus(sums: Four, weight: float, values: Four) -> Four:
    """Four sums, each with a weighted value added."""
    return (
        sums[0] + weight * values[0], sums[1] + weight * values[1],
        sums[2] + weight * values[2], sums[3] + weight * values[3],
    )  # fmt: skip


@borrowing
def add_product(scale: float, a: Floats, b: Floats, out: Floats) -> None:
    """Add scale · ab; a may be a transpose."""
    for place in range(0, a.shape[0], 4):
        i = np.uintp(place)
        for j in range(0, b.shape[1], 4):
            first, second = four(out[i], j), four(out[i + ONE], j)
            third, fourth = four(out[i + TWO], j), four(out[i + THREE], j)
            for k in range(a.shape[1]):
                row = scaled(scale, four(b[k], j))
                first = plus(first, a[i, k], row)
                second = plus(second, a[i + ONE, k], row)
                third = plus(third, a[i + TWO, k], row)
                fourth = plus(fourth, a[i + THREE, k], row)
            put(first, out[i], j)
            put(second, out[i + ONE], j)
            put(third, out[i + TWO], j)
            put(fourth, out[i + THREE], j)


@borrowing
def add_combined(scale: float, x: Floats, rows: Floats, out: Floats) -> None:
    """Add scale · x'rows."""
    for j in range(0, rows.shape[1], 4):
        sums = four(out, j)
        for k in range(len(x)):
            sums = plus(sums, scale * x[k], four(rows[k], j))
        put(sums, out, j)


@borrowing
def add_outer(scale: float, x: Floats, y: Floats, out: Floats) -> None:
    """Add scale · xy'."""
    for i in range(len(x)):
        weight = scale * x[i]
        for j in range(0, len(y), 4):
            put(plus(four(out[i], j), weight, four(y, j)), out[i], j)


@borrowing
def add_each(a: Floats, b: Floats, out: Floats) -> None:
    """Add products element by element."""
    for i in range(len(a)):
        for j in range(0, a.shape[1], 4):
            sums, x, y = four(out[i], j), four(a[i], j), four(b[i], j)
            both = x[0] * y[0], x[1] * y[1], x[2] * y[2], x[3] * y[3]
            put(plus(sums, 1.0, both), out[i], j)


@borrowing
def copy(scale: float, a: Floats, out: Floats) -> None:
    """Write scale · a; a may be a transpose."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = scale * a[i, j]


@borrowing
def copy_vector(scale: float, x: Floats, out: Floats) -> None:
    """Write scale · x."""
    for i in range(len(out)):
        out[i] = scale * x[i]


@borrowing
def add_scaled(scale: float, a: Floats, out: Floats) -> None:
    """Add scale · a."""
    for i in range(len(a)):
        add_vector(scale, a[i], out[i])


@borrowing
def add_vector(scale: float, x: Floats, out: Floats) -> None:
    """Add scale · x."""
    for j in range(0, len(x), 4):
        put(plus(four(out, j), scale, four(x, j)), out, j)


@borrowing
def inner(x: Floats, y: Floats) -> float:
    """Inner product of two vectors."""
    sums = (0.0, 0.0, 0.0, 0.0)
    for j in range(0, len(x), 4):
        a, b = four(x, j), four(y, j)
        sums = (
            sums[0] + a[0] * b[0], sums[1] + a[1] * b[1],
            sums[2] + a[2] * b[2], sums[3] + a[3] * b[3],
        )  # fmt: skip
    return (sums[0] + sums[1]) + (sums[2] + sums[3])
