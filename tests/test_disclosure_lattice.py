"""Exact lattice reduction, and the attack that rests on it."""

from itertools import combinations, pairwise
from math import gcd

import numpy as np
import pytest
from disclosure_examples import EIGHTEENTHS, sample, scores
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from securebase.disclosure import Grid, cells_of
from securebase.disclosure.attacks import count_right, lattice_attack
from securebase.disclosure.attacks.reduction import Lattice, NotAGramMatrixError

type Whole = NDArray[np.int64]


def whole_numbers(rows: int, columns: int, largest: int) -> st.SearchStrategy[Whole]:
    """Draw tables of whole numbers."""
    number = st.integers(-largest, largest)
    row = st.lists(number, min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows).map(np.array)


def reduced(columns: Whole) -> tuple[Lattice, Whole]:
    """Reduce, and read the vectors of the basis back from their products with the columns."""
    lattice = Lattice((columns.T @ columns).tolist())
    products = np.array(lattice.products, dtype=float).reshape(-1, columns.shape[1])
    basis = np.linalg.lstsq(columns.T.astype(float), products.T, rcond=None)[0].T
    return lattice, np.rint(basis).astype(int)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(whole_numbers(3, 5, 9))
def test_the_reduced_basis_spans_the_same_lattice(columns: Whole) -> None:
    lattice, basis = reduced(columns)
    assert (basis @ columns).tolist() == lattice.products
    assert lattice.rank == np.linalg.matrix_rank(columns)
    assert lattice.norms() == (basis**2).sum(axis=1).tolist()
    if lattice.rank == 3:
        # index of a lattice in all whole numbers: the common divisor of its largest minors
        minors = (np.linalg.det(columns[:, list(some)]) for some in combinations(range(5), 3))
        index = gcd(*(round(one) for one in minors))
        assert abs(round(np.linalg.det(basis))) == index


@settings(max_examples=60, derandomize=True, deadline=None)
@given(whole_numbers(8, 6, 200))
def test_the_basis_is_reduced_in_the_sense_of_lenstra_lenstra_lovasz(columns: Whole) -> None:
    lattice, basis = reduced(columns)
    if lattice.rank < 2:
        return
    lower = np.linalg.qr(basis.T.astype(float))[1].T
    share = lower / np.diag(lower)
    assert np.abs(np.tril(share, -1)).max() <= 0.5 + 1e-9
    for k, (before, own) in enumerate(pairwise(np.diag(lower) ** 2), 1):
        assert own >= (0.99 - share[k, k - 1] ** 2) * before * (1 - 1e-9)


def test_what_no_columns_can_have_is_not_a_gram_matrix() -> None:
    with pytest.raises(NotAGramMatrixError, match="column 1 would have a negative length"):
        Lattice([[1, 2], [2, 1]])
    with pytest.raises(NotAGramMatrixError, match="column 0 has length 0"):
        Lattice([[0, 1], [1, 1]])


@pytest.mark.parametrize(
    ("d", "n", "least", "most"),
    # every record where n is well below d; about half of the cells at n = d; none from n = d + 1
    [(12, 6, 10, 10), (12, 10, 5, 10), (12, 12, 1, 8), (12, 13, 0, 0), (24, 20, 8, 10)],
)
def test_power_of_the_lattice_attack(d: int, n: int, least: int, most: int) -> None:
    whole = 0
    for number in range(10):
        (one,) = cells_of(sample(scores(np.random.default_rng([n, d, number]), n, d)))
        claims = lattice_attack(one.cell, one.grids)
        # it never claims what is not so
        assert count_right(claims, one.rows, one.cell.columns) == len(claims)
        whole += len(claims) == n
    assert least <= whole <= most


def test_equal_records_are_counted_as_often_as_they_occur(rng: np.random.Generator) -> None:
    y = scores(rng, 8, 12)
    (one,) = cells_of(sample(np.vstack([y, y[:3], y[:1]])))
    claims = lattice_attack(one.cell, one.grids)
    assert len(claims) == 12
    assert count_right(claims, one.rows, one.cell.columns) == 12


def test_columns_without_a_grid_are_no_part_of_the_attack(rng: np.random.Generator) -> None:
    y = scores(rng, 6, 12)
    (one,) = cells_of(sample(y, rng.normal(size=(6, 1))))
    claims = lattice_attack(one.cell, one.grids)
    assert len(claims) == 6
    assert np.isnan(claims.records[:, 12]).all()
    assert not np.isnan(claims.records[:, :12]).any()
    assert len(lattice_attack(one.cell, {})) == 0


def test_a_score_of_fewer_items_lies_on_a_finer_grid(rng: np.random.Generator) -> None:
    y = scores(rng, 6, 12)
    # one person left one item of 18 out at one wave
    y[2, 4] = 58 / 17
    (one,) = cells_of(sample(y))
    without = lattice_attack(one.cell, dict.fromkeys(one.cell.columns, EIGHTEENTHS))
    assert np.isnan(without.records[:, 4]).all()
    finer = Grid((1 / 18, 1 / (17 * 18)), 1.0)
    claims = lattice_attack(one.cell, dict.fromkeys(one.cell.columns, finer))
    assert count_right(claims, one.rows, one.cell.columns) == 6
    assert not np.isnan(claims.records).any()


def test_moments_that_were_rounded_give_nothing_away(rng: np.random.Generator) -> None:
    (one,) = cells_of(sample(scores(rng, 6, 12)))
    blurred = one.cell.scatter + 1e-3 * np.eye(12)
    cell = type(one.cell)("", one.cell.responses, (), 6, one.cell.mean, blurred)
    assert len(lattice_attack(cell, one.grids)) == 0
