"""The differencing attack: who is in one release and not in another.

Moments of nested samples subtract to moments of those who were left out. One unit's have rank 1:
their leading eigenvector is its record. Those of a few units are a small cell, open to the
lattice attack. Where one unit took another's place, the difference has rank 2 and gives both.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from securebase.disclosure.attacks.claims import Claims, none_claimed
from securebase.disclosure.attacks.lattice import lattice_attack
from securebase.disclosure.cells import Cell
from securebase.disclosure.grids import Grid
from securebase.disclosure.unions import difference, from_products, unions
from securebase.moments import Floats

NAME = "differencing attack"
_NEAR = 1e-6


def differencing_attack(
    first: Sequence[Cell], second: Sequence[Cell], grids: Mapping[str, Grid]
) -> Claims:
    """Recover records from two sets of cells.

    Parameters
    ----------
    first, second : sequence of Cell
        Two releases, or two samples of one. Every cell, pair of cells and whole of the one is
        held against those of the other, on the columns that they share.
    grids : mapping of str to Grid
        Scoring rules, for differences of more than one unit.

    Returns
    -------
    Claims
        Of all columns of both; NaN where a difference says nothing of one.
    """
    columns = tuple(dict.fromkeys(name for cell in (*first, *second) for name in cell.columns))
    found: set[tuple[float, ...]] = set()
    for one, other in product(unions(first), unions(second)):
        shared = [name for name in one.columns if name in other.columns]
        if not shared:
            continue
        records = np.full((0, len(columns)), 0.0)
        for claimed in _from_pair(one.marginal(shared), other.marginal(shared), grids):
            row = np.full((len(claimed), len(columns)), np.nan)
            row[:, [columns.index(name) for name in shared]] = claimed
            records = np.vstack([records, row])
        # -0.0 and nan compare unlike themselves: records are kept as what can be compared
        found |= {tuple(np.nan_to_num(np.round(row, 9) + 0.0, nan=np.inf)) for row in records}
    if not found:
        return none_claimed(NAME, columns)
    records = np.array(sorted(found))
    return Claims(NAME, columns, np.where(np.isinf(records), np.nan, records))


def _from_pair(one: Cell, other: Cell, grids: Mapping[str, Grid]) -> Iterator[Floats]:
    """Records (record, column) that the difference of two cells gives away."""
    rest, count = difference(one, other), abs(one.n - other.n)
    if count == 0:
        found = _changed_places(rest)
    elif count == 1:
        found = _left_out(rest)
    elif count <= len(one.columns) + 1:
        left = from_products(rest, one.columns).measured_from(-one.mean)
        yield lattice_attack(left, grids).records
        return
    else:
        return
    yield from (records + one.mean for records in found)


def _left_out(rest: Floats) -> Iterator[Floats]:
    """Leading eigenvector of a difference of rank 1."""
    values, vectors = np.linalg.eigh(rest)
    record = vectors[:, -1] * np.sqrt(max(values[-1], 0.0))
    record *= np.sign(record[0])
    if np.abs(values[:-1]).max() < _NEAR * values[-1] and abs(record[0] - 1) < _NEAR:
        yield record[None, 1:]


def _changed_places(rest: Floats) -> Iterator[Floats]:
    """Both records of a difference a a' - b b', from u = a - b and s = a + b."""
    u = rest[0].copy()
    length = u @ u
    if length < _NEAR:
        return
    image = rest @ u
    s = (2 * image - u * (u @ image) / length) / length
    whole = (np.outer(u, s) + np.outer(s, u)) / 2
    if abs(s[0] - 2) < _NEAR and np.abs(rest - whole).max() < _NEAR * np.abs(rest).max():
        yield np.stack([s + u, s - u])[:, 1:] / 2
