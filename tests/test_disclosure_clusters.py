"""Clusters: exact statistics of complete ones, and masking until they are complete."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from disclosure_examples import Floats, scores
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from structures import covariance

from securebase.disclosure import (
    LIMITS,
    ClusteredSample,
    Grid,
    Sample,
    mask_clusters,
    moments_of_clusters,
)
from securebase.disclosure.clustered import release_of
from securebase.disclosure.rules import cell_findings
from securebase.disclosure.sizes import in_drawn_order, size_plan
from securebase.disclosure.standins import stand_ins
from securebase.faults import InputError
from securebase.likelihood import loglik

FOLLOWER, LEADER = ("a", "b", "c"), ("security", "warmth")


def teams(
    rng: np.random.Generator, sizes: np.ndarray, d: int = 3, far: float = 0.0
) -> ClusteredSample:
    """Followers with d scores and one predictor, leaders with two scores."""
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    shared = rng.normal(scale=0.4, size=(len(sizes), 1))
    y = scores(rng, len(cluster), d) + np.round(shared[cluster] * 18) / 18 + far
    x = np.round(rng.normal(size=(len(cluster), 1)), 1)
    leaders = scores(rng, len(sizes), 2) + far
    names = tuple("abcdefgh"[:d])
    grids = dict.fromkeys(names, Grid((1 / 18,))) | {"x": Grid((0.1,))}
    followers = Sample(np.arange(len(cluster)), y, x, names, ("x",), grids, "follower")
    none = np.empty((len(sizes), 0))
    led = Sample(np.arange(len(sizes)), leaders, none, LEADER, (), {}, "leader")
    return ClusteredSample(followers, cluster, led)


def dense(
    sample: ClusteredSample, mean: Floats, cov: Floats, loading: Floats, shared: Floats
) -> float:  # fmt: skip
    """Log-density by scipy: one normal over all that a cluster's members answered."""
    assert sample.leaders is not None
    total, d = 0.0, len(sample.followers.responses)
    for label in np.unique(sample.cluster):
        mine = sample.cluster == label
        size = int(mine.sum())
        designs = np.column_stack([np.ones(size), sample.followers.x[mine]])
        expected = [*(designs @ mean[:d].T).ravel(), *mean[d:, 0]]
        seen = [*sample.followers.y[mine].ravel()]
        own = sample.leaders.y[sample.leaders.units == label]
        reach = np.vstack([*[loading[:d]] * size, loading[d:]])
        whole = reach @ shared @ reach.T
        split = size * d
        whole[:split, :split] += np.kron(np.eye(size), cov[:d, :d])
        whole[split:, split:] += cov[d:, d:]
        known = np.arange(split + (len(mean) - d if len(own) else 0))
        y = np.array([*seen, *own.ravel()])
        density = multivariate_normal(np.array(expected)[known], whole[np.ix_(known, known)])
        total += density.logpdf(y)
    return total


@pytest.mark.parametrize("far", [0.0, 1e4])
@pytest.mark.parametrize("led", ["all", "some"])
def test_statistics_of_complete_clusters_have_the_likelihood_of_the_records(
    rng: np.random.Generator, far: float, led: str
) -> None:
    sample = teams(rng, np.tile([1, 3, 4, 5], 20), far=far)
    assert sample.leaders is not None
    if led == "some":
        sample = replace(sample, leaders=sample.leaders.only(np.arange(40)))
    release = release_of(sample)
    mean = rng.normal(size=(5, 2)) + np.array([3.0 + far, 0.0])
    mean[3:, 1] = 0.0
    cov = covariance(rng, 5)
    cov[:3, 3:] = cov[3:, :3] = 0.0
    loading, shared = rng.normal(size=(5, 2)), covariance(rng, 2)
    between = [one.records.cell for one in release.between]
    moments = moments_of_clusters(release.within, between, [*FOLLOWER, *LEADER])
    found = loglik(mean, cov, moments, loading, shared)
    assert found == pytest.approx(dense(sample, mean, cov, loading, shared), rel=1e-9)
    assert len(release.between) == (8 if led == "some" else 4)


def test_stand_ins_are_nobody_but_have_the_moments(rng: np.random.Generator) -> None:
    (one,) = release_of(replace(teams(rng, np.full(30, 4)), leaders=None)).between
    rows = stand_ins(one.records.cell)
    np.testing.assert_allclose(rows.mean(axis=0), one.records.cell.mean, rtol=1e-12)
    scatter = 29 * np.cov(rows.T)
    np.testing.assert_allclose(scatter, one.records.cell.scatter, rtol=1e-10, atol=1e-10)
    apart = np.abs(rows[:, None] - one.records.rows).max(axis=2)
    assert apart.min() > 1e-3
    few = replace(one.records.cell, n=4)
    with pytest.raises(ValueError, match="4 rows cannot have a scatter of 4 columns"):
        stand_ins(few)


def lost_by(released: tuple[int, ...], sizes: list[int]) -> int:
    return sum(size - max((one for one in released if one <= size), default=0) for size in sizes)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 12), st.sets(st.integers(1, 9)))
def test_sizes_leave_out_as_few_followers_as_can_be(
    sizes: list[int], needed: int, refused: set[int]
) -> None:
    plan = size_plan(sizes, needed, refused)
    got = Counter(plan[size] for size in sizes if size)
    assert all(count >= needed for size, count in got.items() if size)
    assert not refused & set(got)
    options = set(sizes) - refused - {0}
    fewest = min(
        lost_by(some, sizes)
        for length in range(len(options) + 1)
        for some in combinations(sorted(options), length)
        if all(
            count >= needed
            for size, count in Counter(
                max((one for one in some if one <= size), default=0) for size in sizes
            ).items()
            if size
        )
        and all(
            sum(max((o for o in some if o <= size), default=0) == one for size in sizes) >= needed
            for one in some
        )
    )
    assert sum(size - plan[size] for size in sizes if size) == fewest


def test_the_draw_depends_on_the_commitment_alone() -> None:
    labels = [f"u{number}" for number in range(50)]
    drawn = [labels[place] for place in in_drawn_order(labels, b"salt")]
    again = [labels[::-1][place] for place in in_drawn_order(labels[::-1], b"salt")]
    assert drawn == again
    assert drawn != labels
    assert drawn != [labels[place] for place in in_drawn_order(labels, b"pepper")]


def with_gaps(rng: np.random.Generator, sample: ClusteredSample, share: float) -> ClusteredSample:
    y = sample.followers.y.copy()
    lost = rng.random(y.shape) < share
    lost[:, 0] = False
    y[lost] = np.nan
    return replace(sample, followers=replace(sample.followers, y=y))


def test_masked_clusters_are_complete_admissible_and_accounted_for(
    rng: np.random.Generator,
) -> None:
    sample = with_gaps(rng, teams(rng, rng.integers(1, 9, size=70)), 0.1)
    assert sample.leaders is not None
    masked = mask_clusters(sample, b"salt")
    release = masked.release
    for one in release.between:
        assert one.records.cell.n >= LIMITS.needed(len(one.records.cell.columns))
        assert not [found for found in cell_findings(one.records) if found.fails]
    assert release.within.n == sum(one.size * one.records.cell.n for one in release.between)
    assert sum(masked.left_out.values()) == len(sample.cluster) - release.within.n
    assert masked.withheld_clusters == 70 - release.within.clusters
    led = sum(one.records.cell.n for one in release.between if one.led)
    kept = len(release.within.responses) * release.within.n + 2 * led
    whole = sample.followers.observed.sum() + sample.leaders.observed.sum()
    assert masked.values_lost == whole - kept
    assert masked.told()[-1] == f"{masked.values_lost} observed values are not released."
    # each follower that is released answered all that is
    place = np.searchsorted(sample.followers.units, release.total.units)
    assert not np.isnan(sample.followers.y[place][:, : len(release.within.responses)]).any()


def test_masking_of_clusters_does_not_depend_on_order(rng: np.random.Generator) -> None:
    sample = with_gaps(rng, teams(rng, rng.integers(1, 9, size=70)), 0.1)
    order = rng.permutation(len(sample.cluster))
    assert sample.leaders is not None
    shuffled = ClusteredSample(
        sample.followers.only(order),
        sample.cluster[order],
        sample.leaders.only(rng.permutation(70)),
    )
    first, second = mask_clusters(sample, b"salt"), mask_clusters(shuffled, b"salt")
    assert first.told() == second.told()
    assert first.release.within.scatter.tobytes() == second.release.within.scatter.tobytes()
    for one, other in zip(first.release.between, second.release.between, strict=True):
        assert one.records.cell.scatter.tobytes() == other.records.cell.scatter.tobytes()
    other = mask_clusters(sample, b"pepper")
    assert first.release.within.n == other.release.within.n
    assert not np.array_equal(
        np.sort(first.release.total.units), np.sort(other.release.total.units)
    )


def test_too_few_clusters_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="9 clusters, too few of any size"):
        mask_clusters(teams(rng, np.full(9, 5)), b"salt")


def test_every_fault_of_the_clusters_is_named(rng: np.random.Generator) -> None:
    sample = teams(rng, np.full(12, 3))
    with pytest.raises(InputError, match=r"cluster: shape \(3,\)"):
        replace(sample, cluster=np.arange(3))
    odd = replace(sample.followers, units=np.arange(36))
    with pytest.raises(InputError) as caught:
        replace(sample, leaders=odd)
    assert [fault.column for fault in caught.value.faults] == ["a", "b", "c", "x", None]
