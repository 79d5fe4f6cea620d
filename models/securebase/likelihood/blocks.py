"""Small dense sums in blocks of four, compiled.

Matrices are padded with zeros to a multiple of four columns. Four sums at a time are one
vector instruction, without the loop overhead that eats the gain at sizes of 5 to 60.
"""

from securebase.likelihood.compilation import compiled
from securebase.likelihood.layout import Table
from securebase.moments import Floats


@compiled
def combine_rows(
    weights: Floats, stop: int, index: Table, matrix: Floats, width: int, out: Floats
) -> None:
    """Sum of weighted rows; row j has nothing beyond column index[j], which increases."""
    first = 0
    k = 0
    while k < width:
        while first < stop and index[first] < k:
            first += 1
        a = b = c = d = 0.0
        for j in range(first, stop):
            weight = weights[j]
            a += weight * matrix[j, k]
            b += weight * matrix[j, k + 1]
            c += weight * matrix[j, k + 2]
            d += weight * matrix[j, k + 3]
        out[k] = a
        out[k + 1] = b
        out[k + 2] = c
        out[k + 3] = d
        k += 4


@compiled
def combine_columns(
    weights: Floats, start: int, size: int, index: Table, matrix: Floats, out: Floats
) -> None:
    """Products with columns; column i has nothing below row index[i], which increases."""
    i = 0
    while i < size:
        stop = index[min(i + 3, size - 1)] + 1
        a = b = c = d = 0.0
        for k in range(start, stop):
            weight = weights[k]
            a += weight * matrix[k, i]
            b += weight * matrix[k, i + 1]
            c += weight * matrix[k, i + 2]
            d += weight * matrix[k, i + 3]
        out[i] = a
        out[i + 1] = b
        out[i + 2] = c
        out[i + 3] = d
        i += 4


@compiled
def add_squares(rows: Floats, n_rows: int, size: int, out: Floats) -> None:
    """Add rows' rows to the lower triangle."""
    for i in range(size):
        k = 0
        while k <= i:
            a = out[i, k]
            b = out[i, k + 1]
            c = out[i, k + 2]
            d = out[i, k + 3]
            for r in range(n_rows):
                weight = rows[r, i]
                a += weight * rows[r, k]
                b += weight * rows[r, k + 1]
                c += weight * rows[r, k + 2]
                d += weight * rows[r, k + 3]
            out[i, k] = a
            out[i, k + 1] = b
            out[i, k + 2] = c
            out[i, k + 3] = d
            k += 4


@compiled
def add_outer(
    left: Floats, index: Table, size: int, right: Floats, width: int, out: Floats
) -> None:
    """Add left right' to the rows that index names."""
    for j in range(size):
        row = index[j]
        weight = left[row]
        k = 0
        while k < width:
            a = out[row, k] + weight * right[k]
            b = out[row, k + 1] + weight * right[k + 1]
            c = out[row, k + 2] + weight * right[k + 2]
            d = out[row, k + 3] + weight * right[k + 3]
            out[row, k] = a
            out[row, k + 1] = b
            out[row, k + 2] = c
            out[row, k + 3] = d
            k += 4


@compiled
def solve_lower(
    cov: Floats, own: int, index: Table, size: int, upper: Floats, scales: Floats, out: Floats
) -> float:
    """Next row of a lower factor whose transpose is upper; return what is left of the variance."""
    left = cov[own, own]
    j = 0
    while j < size:
        a = b = c = d = 0.0
        for k in range(j):
            weight = out[k]
            a += weight * upper[k, j]
            b += weight * upper[k, j + 1]
            c += weight * upper[k, j + 2]
            d += weight * upper[k, j + 3]
        a = (cov[own, index[j]] - a) * scales[j]
        out[j] = a
        left -= a * a
        if j + 1 < size:
            b = (cov[own, index[j + 1]] - b - a * upper[j, j + 1]) * scales[j + 1]
            out[j + 1] = b
            left -= b * b
        if j + 2 < size:
            c -= cov[own, index[j + 2]]
            c = -(c + a * upper[j, j + 2] + b * upper[j + 1, j + 2]) * scales[j + 2]
            out[j + 2] = c
            left -= c * c
        if j + 3 < size:
            d -= cov[own, index[j + 3]]
            d += a * upper[j, j + 3] + b * upper[j + 1, j + 3] + c * upper[j + 2, j + 3]
            d *= -scales[j + 3]
            out[j + 3] = d
            left -= d * d
        j += 4
    return left
