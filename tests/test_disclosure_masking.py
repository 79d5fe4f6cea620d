"""Masking of small cells: admissible afterwards, at the least cost, nothing lost unsaid."""

import numpy as np
import pytest
from disclosure_examples import Floats, sample, scores, with_patterns
from hypothesis import given, settings
from hypothesis import strategies as st

from securebase.disclosure import Limits, Masked, Sample, cells_of, mask
from securebase.disclosure.attacks import lattice_attack
from securebase.disclosure.masking import KEPT, MASKED, MERGED, WITHHELD
from securebase.disclosure.rules import cell_findings


def actions(masked: Masked) -> list[tuple[int, int, str, int, int]]:
    columns = ["units", "responses", "action", "kept_responses", "values_lost"]
    return [tuple(row) for row in masked.actions[columns].to_numpy().tolist()]


def waves(*numbers: int) -> list[int]:
    """Four responses at each wave."""
    return [4 * (wave - 1) + place for wave in numbers for place in range(4)]


def drop_out(rng: np.random.Generator, *counts: tuple[int, list[int]]) -> Sample:
    return sample(with_patterns(scores(rng, sum(count for count, _ in counts), 12), counts))


def test_small_cells_join_the_admissible_cells_that_are_nested_in_them(
    rng: np.random.Generator,
) -> None:
    ten = [*waves(1, 2), 8, 9]
    s = drop_out(
        rng, (60, waves(1, 2, 3)), (10, ten), (22, waves(1, 2)), (4, waves(1, 3)), (16, waves(1))
    )
    masked = mask(s)
    assert actions(masked) == [
        (60, 12, KEPT, 12, 0),
        (10, 10, MASKED, 8, 20),
        (22, 8, KEPT, 8, 0),
        (4, 8, MASKED, 4, 16),
        (16, 4, KEPT, 4, 0),
    ]
    assert [one.cell.n for one in masked.cells] == [60, 32, 20]
    assert masked.values_lost == 36
    assert masked.withheld == 0


def test_failing_cells_merge_to_what_they_share(rng: np.random.Generator) -> None:
    # neither is admissible, nor is there a cell to join
    masked = mask(drop_out(rng, (6, waves(1, 2)), (6, waves(1, 3))))
    assert actions(masked) == [(6, 8, MERGED, 4, 24), (6, 8, MERGED, 4, 24)]
    (one,) = masked.cells
    assert one.cell.responses == ("y0", "y1", "y2", "y3")


def test_a_cell_alone_gives_up_its_last_answers(rng: np.random.Generator) -> None:
    masked = mask(drop_out(rng, (20, waves(1, 2, 3))))
    (one,) = masked.cells
    assert one.cell.responses == tuple(f"y{number}" for number in range(9))
    assert actions(masked) == [(20, 12, MASKED, 9, 60)]


def test_what_cannot_be_saved_is_withheld_and_counted(rng: np.random.Generator) -> None:
    masked = mask(drop_out(rng, (60, waves(1, 2, 3)), (5, waves(3))))
    assert actions(masked) == [(60, 12, KEPT, 12, 0), (5, 4, WITHHELD, 0, 20)]
    assert masked.withheld == 5
    assert masked.sample is not None
    assert len(masked.sample.units) == 60
    nothing = mask(drop_out(rng, (5, waves(3))))
    assert nothing.sample is None
    assert nothing.cells == []
    assert nothing.withheld == 5


def test_lonely_records_and_rare_levels_are_masked_too(rng: np.random.Generator) -> None:
    y = with_patterns(scores(rng, 100, 4), [(40, range(4)), (60, range(2))])
    rare = np.zeros((100, 1))
    # 3 in the first cell alone, 13 where the cells are one
    rare[[0, 1, 2, *range(50, 60)]] = 1.0
    masked = mask(sample(y, rare))
    assert actions(masked) == [(40, 4, MASKED, 2, 80), (60, 2, KEPT, 2, 0)]
    lonely = scores(rng, 100, 4)
    lonely[0, 3] += 40.0
    assert actions(mask(sample(lonely))) == [(100, 4, MASKED, 3, 100)]


def random_sample(seed: int) -> Sample:
    """Draw a study with drop-out, gaps, and a rare level."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(5, 120)), int(rng.integers(1, 9))
    y = scores(rng, n, d)
    last = rng.integers(1, d + 1, size=n)
    y[np.arange(d) >= last[:, None]] = np.nan
    gaps = rng.random((n, d)) < 0.05
    gaps[:, 0] = False
    y[gaps] = np.nan
    x = (rng.random((n, int(rng.integers(0, 3)))) < 0.3).astype(float)
    return sample(y, x)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(0, 2**32))
def test_masked_samples_keep_the_rules_and_lose_nothing_unsaid(seed: int) -> None:
    s = random_sample(seed)
    masked = mask(s)
    for one in masked.cells:
        assert [str(found) for found in cell_findings(one) if found.fails] == []
        assert len(lattice_attack(one.cell, one.grids)) == 0
    shown, released = np.zeros((0, s.y.shape[1]), dtype=bool), 0
    if masked.sample is not None:
        # released values are the observed ones
        place = np.searchsorted(s.units, masked.sample.units)
        shown, released = masked.sample.observed, len(masked.sample.units)
        np.testing.assert_array_equal(masked.sample.y[shown], s.y[place][shown])
        np.testing.assert_array_equal(masked.sample.x, s.x[place])
    # and every other one is accounted for
    assert masked.values_lost == s.observed.sum() - shown.sum()
    assert masked.withheld == len(s.units) - released
    assert masked.actions["units"].sum() == len(s.units)
    assert sum(one.cell.n for one in masked.cells) == released
    untouched = masked.actions["action"] == KEPT
    assert (masked.actions["values_lost"] == 0).equals(untouched)
    # a cell that keeps the rules loses nothing
    for number, one in enumerate(cells_of(s)):
        if not any(found.fails for found in cell_findings(one)):
            assert untouched[number]


@settings(max_examples=20, derandomize=True, deadline=None)
@given(st.integers(0, 2**32))
def test_the_order_of_the_units_does_not_matter(seed: int) -> None:
    s = random_sample(seed)
    order = np.random.default_rng(seed).permutation(len(s.units))
    first, second = mask(s), mask(s.only(order))
    assert first.actions.equals(second.actions)
    for one, other in zip(first.cells, second.cells, strict=True):
        assert one.cell.columns == other.cell.columns
        assert one.cell.scatter.tobytes() == other.cell.scatter.tobytes()


def cheapest(y: Floats, limits: Limits) -> int:
    """Fewest values lost, over all ways to mask whole cells of so few responses."""
    seen = ~np.isnan(y)
    patterns, counts = np.unique(seen, axis=0, return_counts=True)
    width = y.shape[1]
    every = [np.array([bool(bits >> one & 1) for one in range(width)]) for bits in range(2**width)]
    ways = [[to for to in every if not (to & ~own).any()] for own in patterns]

    def search(number: int, chosen: list[np.ndarray]) -> int:
        if number == len(patterns):
            lost, groups = 0, {}
            for own, to, count in zip(patterns, chosen, counts, strict=True):
                lost += int(count * (own.sum() - to.sum()))
                groups[tuple(to)] = groups.get(tuple(to), 0) + int(count)
            fine = all(n >= limits.needed(sum(to)) for to, n in groups.items() if any(to))
            return lost if fine else 10**9
        return min(search(number + 1, [*chosen, to]) for to in ways[number])

    return search(0, [])


@pytest.mark.parametrize("seed", range(8))
def test_masking_costs_little_more_than_the_cheapest_way(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 25, size=4)
    patterns = [[0, 1, 2, 3], [0, 1, 2], [0, 1, 3], [0, 2]]
    y = with_patterns(scores(rng, int(sizes.sum()), 4), zip(sizes, patterns, strict=True))
    # only the counts decide here
    limits = Limits(leverage_fails=1.1, levels=0)
    lost = mask(sample(y), limits).values_lost
    best = cheapest(y, limits)
    assert best <= lost <= best + 0.1 * (~np.isnan(y)).sum()
