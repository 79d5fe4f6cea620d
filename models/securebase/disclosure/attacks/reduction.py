"""Exact lattice reduction of columns that are known only by their inner products.

Whole-number columns span a lattice. Their Gram matrix alone, without one row of them, tells its
short vectors: Lenstra, Lenstra and Lovász (doi:10.1007/BF01457454) in integers throughout
(Cohen 1993, algorithm 2.6.7, doi:10.1007/978-3-662-02945-9). Columns that others determine are
absorbed one by one, by Euclid's algorithm on the lattice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

Whole = list[int]

# a basis is reduced where each step down loses no more than this share: nearer to 1, shorter
_NUMERATOR, _DENOMINATOR = 99, 100


class NotAGramMatrixError(ValueError):
    """No whole-number columns have these inner products."""


@dataclass
class Lattice:
    """A reduced basis of the lattice of columns, grown column by column.

    Parameters
    ----------
    gram : sequence of sequences of int (column, column)
        Inner products of the columns.
    products : list of lists of int (vector, column)
        Inner products of the basis with the columns.
    dets : list of int
        1, then determinants of the Gram matrices of the first 1, 2, ... vectors.
    below : list of lists of int
        Integral Gram–Schmidt coefficients of each vector on those before it.
    """

    gram: Sequence[Sequence[int]]
    products: list[Whole] = field(default_factory=list)
    dets: Whole = field(default_factory=lambda: [1])
    below: list[Whole] = field(default_factory=list)

    def __post_init__(self) -> None:
        for column in range(len(self.gram)):
            self._take(column)

    @property
    def rank(self) -> int:
        """Number of independent columns."""
        return len(self.products)

    def norms(self) -> Whole:
        """Squared lengths of the vectors of the basis."""
        found = []
        for k, row in enumerate(self.below):
            # the sum over j of row[j]² / (dets[j] dets[j + 1]), kept whole up to one division
            total = self.dets[k + 1]
            share = self.dets[k]
            numerator, denominator = total, share
            for j, value in enumerate(row):
                part = self.dets[j] * self.dets[j + 1]
                numerator = numerator * part + value * value * denominator
                denominator *= part
            found.append(numerator // denominator)
        return found

    def _take(self, column: int) -> None:
        """Add one column to the lattice and reduce it again."""
        row: Whole = []
        for j, own in enumerate(self.below):
            row.append(self._orthogonal(self.products[j][column], row, own))
        rest = self._orthogonal(self.gram[column][column], row, row)
        if rest < 0:
            raise NotAGramMatrixError(f"column {column} would have a negative length")
        vector = list(self.gram[column])
        if rest:
            self.products.append(vector)
            self.below.append(row)
            self.dets.append(rest)
            self._reduce(self.rank - 1)
        elif row:
            self._absorb(vector, row)
            self._reduce(1)
        elif any(vector):
            raise NotAGramMatrixError(f"column {column} has length 0, but not all products 0")

    def _orthogonal(self, product: int, row: Whole, other: Whole) -> int:
        """What an inner product keeps beyond the vectors that both have coefficients on."""
        dets = self.dets
        for i in range(min(len(row), len(other))):
            product = (dets[i + 1] * product - row[i] * other[i]) // dets[i]
        return product

    def _absorb(self, vector: Whole, row: Whole) -> None:
        """Let a vector that the basis determines refine it, until nothing of it is left."""
        k = self.rank - 1
        while k >= 0:
            times = _nearest(row[k], self.dets[k + 1])
            if times:
                vector = _less(vector, times, self.products[k])
                row = [*_less(row[:k], times, self.below[k]), row[k] - times * self.dets[k + 1]]
            last = row[k]
            if last:
                self.products[k], vector = vector, self.products[k]
                self.below[k], row = row[:k], [*self.below[k], last]
                self._refine(k, last)
            else:
                row.pop()
                k -= 1
        if any(vector):
            raise NotAGramMatrixError("products do not belong to columns of this rank")

    def _refine(self, k: int, last: int) -> None:
        """Gram–Schmidt coefficients after vector k became `last` / dets[k + 1] as long."""
        old = self.dets[k + 1]
        square, old_square = last * last, old * old
        for i in range(k + 1, self.rank):
            row = self.below[i]
            row[k] = last * row[k] // old
            for j in range(k + 1, i):
                row[j] = row[j] * square // old_square
        for j in range(k + 1, self.rank + 1):
            self.dets[j] = self.dets[j] * square // old_square

    def _reduce(self, start: int) -> None:
        """Reduce from a vector on: those before it are reduced."""
        k = max(start, 1)
        dets, below = self.dets, self.below
        while k < self.rank:
            self._shorten(k, k - 1)
            last = below[k][k - 1]
            longer = _DENOMINATOR * (dets[k + 1] * dets[k - 1] + last * last)
            if longer < _NUMERATOR * dets[k] * dets[k]:
                self._swap(k)
                k = max(k - 1, 1)
            else:
                for j in range(k - 2, -1, -1):
                    self._shorten(k, j)
                k += 1

    def _shorten(self, k: int, j: int) -> None:
        """Take the nearest multiple of vector j from vector k."""
        times = _nearest(self.below[k][j], self.dets[j + 1])
        if times:
            self.products[k] = _less(self.products[k], times, self.products[j])
            row = self.below[k]
            row[:j] = _less(row[:j], times, self.below[j])
            row[j] -= times * self.dets[j + 1]

    def _swap(self, k: int) -> None:
        """Let vectors k and k - 1 change places."""
        dets, below = self.dets, self.below
        self.products[k - 1], self.products[k] = self.products[k], self.products[k - 1]
        last = below[k].pop()
        below[k - 1], below[k] = below[k], [*below[k - 1], last]
        between = (dets[k - 1] * dets[k + 1] + last * last) // dets[k]
        old, above = dets[k], dets[k + 1]
        for row in below[k + 1 :]:
            own = row[k]
            row[k] = (above * row[k - 1] - last * own) // old
            row[k - 1] = (between * own + last * row[k]) // above
        dets[k] = between


def _nearest(numerator: int, denominator: int) -> int:
    """Whole number nearest to a ratio with a positive denominator."""
    return (2 * numerator + denominator) // (2 * denominator)


def _less(row: Whole, times: int, other: Whole) -> Whole:
    return [a - times * b for a, b in zip(row, other, strict=True)]
