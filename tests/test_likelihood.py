from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from structures import (
    Structure,
    covariance,
    dense_clusters,
    dense_rows,
    draw,
    five_point,
    reordered,
)

from securebase.likelihood import kernel_arrays, loglik, pointwise_loglik
from securebase.likelihood.gaussian_entry import evaluate
from securebase.moments import moments_of


def structures(
    units: int, responses: int, effects: int, clusters: int
) -> st.SearchStrategy[Structure]:
    """Draw models and data up to these sizes."""
    return st.builds(
        lambda seed, **sizes: draw(np.random.default_rng(seed), **sizes),
        seed=st.integers(0, 2**32),
        n_units=st.integers(4, units),
        n_responses=st.integers(1, responses),
        n_design=st.integers(1, 3),
        n_effects=st.integers(1, effects),
        missing=st.sampled_from([0.0, 0.2, 0.6]),
        n_clusters=st.integers(1, clusters),
    )


any_size = structures(units=25, responses=9, effects=4, clusters=6)
# dense over all units, and differentiated
small = structures(units=10, responses=6, effects=3, clusters=4)


def one_level(s: Structure) -> float:
    return loglik(s.mean, s.cov, moments_of(s.y, s.w))


def two_level(s: Structure) -> float:
    mean, cov, loading, cluster_cov = s.two_level
    return loglik(mean, cov, moments_of(s.y, s.w, s.cluster), loading, cluster_cov)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(any_size)
def test_units_have_the_density_of_one_normal_each(s: Structure) -> None:
    assert one_level(s) == pytest.approx(dense_rows(s).sum(), rel=1e-9, abs=1e-9)
    by_unit = pointwise_loglik(s.mean, s.cov, s.y, s.w)
    np.testing.assert_allclose(by_unit, dense_rows(s), rtol=1e-9, atol=1e-9)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(any_size)
def test_clusters_have_the_density_of_one_normal_each(s: Structure) -> None:
    assert two_level(s) == pytest.approx(dense_clusters(s).sum(), rel=1e-9, abs=1e-9)
    mean, cov, loading, cluster_cov = s.two_level
    by_cluster = pointwise_loglik(mean, cov, s.y, s.w, loading, cluster_cov, s.cluster)
    np.testing.assert_allclose(by_cluster, dense_clusters(s), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("levels", [1, 2])
@settings(max_examples=200, derandomize=True, deadline=None)
@given(any_size)
def test_gradients_are_those_of_finite_differences(levels: int, s: Structure) -> None:
    arrays = kernel_arrays(moments_of(s.y, s.w, s.cluster))
    parameters = list(s.two_level)[: 2 * levels]
    gradients = evaluate(parameters[0], parameters[1], arrays, *parameters[2:])[1]

    def at(number: int) -> Callable[[NDArray[np.float64]], float]:
        def logp(value: NDArray[np.float64]) -> float:
            mean, cov, *rest = [*parameters[:number], value, *parameters[number + 1 :]]
            return evaluate(mean, cov, arrays, *rest)[0]

        return logp

    for number in range(len(parameters)):
        expected = five_point(at(number), parameters[number], symmetric=number in (1, 3))
        scale = np.abs(expected).max()
        np.testing.assert_allclose(
            gradients[number], expected, rtol=1e-7, atol=1e-7 * max(scale, 1.0)
        )


@cache
def differentiated() -> Callable[..., list[NDArray[np.float64]]]:
    """One normal over all responses of all units, and its gradients as PyTensor finds them."""
    mean, cov, loading, cluster_cov, y, w, seen, same = pt.dmatrices(8)
    n, d = y.shape
    shared = pt.dot(loading, pt.dot(cluster_cov, loading.T))
    whole = (
        pt.eye(n)[:, None, :, None] * cov[None, :, None, :]
        + same[:, None, :, None] * shared[None, :, None, :]
    ).reshape((n * d, n * d))
    mask, rest = seen.flatten(), ((y - pt.dot(w, mean.T)) * seen).flatten()
    # what is missing is a standard normal at zero: it adds nothing
    whole = whole * mask[:, None] * mask[None, :] + pt.diag(1.0 - mask)
    square = pt.dot(rest, pt.linalg.solve(whole, rest))
    log = pt.linalg.slogdet(whole)[1]
    logp = -0.5 * (log + square + mask.sum() * np.log(2 * np.pi))
    parameters = [mean, cov, loading, cluster_cov]
    python = pytensor.compile.mode.Mode(linker="py", optimizer=None)
    outputs = [logp, *pt.grad(logp, parameters)]
    return pytensor.function([*parameters, y, w, seen, same], outputs, mode=python)


@pytest.mark.parametrize("levels", [1, 2])
@settings(max_examples=200, derandomize=True, deadline=None)
@given(small)
def test_gradients_are_those_of_automatic_differentiation(levels: int, s: Structure) -> None:
    arrays = kernel_arrays(moments_of(s.y, s.w, s.cluster))
    value, gradients = evaluate(s.mean, s.cov, arrays, *s.two_level[2 : 2 * levels])
    same = np.equal.outer(s.cluster, s.cluster).astype(float)
    data = np.nan_to_num(s.y), s.w, (~np.isnan(s.y)).astype(float), same
    shared = s.cluster_cov if levels == 2 else np.zeros_like(s.cluster_cov)
    expected, *slopes = differentiated()(s.mean, s.cov, s.loading, shared, *data)
    assert value == pytest.approx(float(expected), rel=1e-9, abs=1e-9)
    for gradient, slope in zip(gradients[: 2 * levels], slopes, strict=False):
        scale = max(np.abs(slope).max(), 1.0)
        np.testing.assert_allclose(gradient, slope, rtol=1e-7, atol=1e-9 * scale)


@pytest.mark.parametrize("logp", [one_level, two_level])
def test_order_changes_nothing(
    rng: np.random.Generator, logp: Callable[[Structure], float]
) -> None:
    s = draw(rng, n_units=60, n_responses=8)
    shuffled = reordered(s, rng.permutation(60), rng.permutation(8))
    relabelled = replace(shuffled, cluster=rng.permutation(50)[shuffled.cluster])
    assert logp(relabelled) == pytest.approx(logp(s), rel=1e-10)


def test_parts_of_the_data_have_the_density_of_the_whole(rng: np.random.Generator) -> None:
    s = draw(rng, n_units=60)
    parts = [moments_of(s.y[rows], s.w[rows]) for rows in (slice(0, 25), slice(25, 60))]
    assert loglik(s.mean, s.cov, parts[0] + parts[1]) == pytest.approx(one_level(s), rel=1e-11)


def test_scales_a_million_apart(rng: np.random.Generator) -> None:
    s = draw(rng, n_units=40, n_responses=6)
    scale = np.array([1e6, 1.0, 1e-6, 1e3, 1.0, 1e6])
    scaled = replace(
        s,
        mean=s.mean * scale[:, None],
        cov=s.cov * np.outer(scale, scale),
        loading=s.loading * scale[:, None],
        y=s.y * scale,
    )
    lost = (~np.isnan(s.y) @ np.log(scale)).sum()
    # scipy itself refuses the scaled covariance
    assert one_level(scaled) == pytest.approx(dense_rows(s).sum() - lost, rel=1e-9)
    assert two_level(scaled) == pytest.approx(dense_clusters(s).sum() - lost, rel=1e-9)


def test_labels_of_exchangeable_members_carry_nothing(rng: np.random.Generator) -> None:
    own = covariance(rng, 3)
    between = 0.3 * own
    cov = np.block([[own, between], [between, own]])
    half = rng.normal(size=(3, 1))
    s = replace(
        draw(rng, n_units=50, n_responses=6, n_design=1),
        mean=np.vstack([half, half]),
        cov=cov,
        loading=np.ones((6, 1)),
        cluster_cov=np.eye(1),
    )
    some = rng.random(50) < 0.5
    swapped = replace(s, y=np.where(some[:, None], s.y[:, [3, 4, 5, 0, 1, 2]], s.y))
    assert one_level(swapped) == pytest.approx(one_level(s), abs=1e-8)
    assert two_level(swapped) == pytest.approx(two_level(s), abs=1e-8)


def test_sixty_responses_and_twenty_effects(rng: np.random.Generator) -> None:
    s = draw(rng, n_units=24, n_responses=60, n_design=3, n_effects=20, n_clusters=6, missing=0.2)
    assert one_level(s) == pytest.approx(dense_rows(s).sum(), rel=1e-9)
    assert two_level(s) == pytest.approx(dense_clusters(s).sum(), rel=1e-9)


def test_large_and_single_clusters(rng: np.random.Generator) -> None:
    s = draw(rng, n_units=5001, n_responses=2, n_effects=1, missing=0.1)
    s = replace(s, cluster=np.r_[np.zeros(5000, dtype=int), 1])
    # with one effect, Sherman and Morrison give the density from sums over units
    variance = s.cluster_cov[0, 0]
    expected = dense_rows(s).sum()
    for label in (0, 1):
        information = score = 0.0
        for y, w in zip(s.y[s.cluster == label], s.w[s.cluster == label], strict=True):
            seen = ~np.isnan(y)
            pull = np.linalg.solve(s.cov[np.ix_(seen, seen)], s.loading[seen, 0])
            information += pull @ s.loading[seen, 0]
            score += pull @ (y - s.mean @ w)[seen]
        grown = 1 + variance * information
        expected += 0.5 * (variance * score**2 / grown - np.log(grown))
    assert two_level(s) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "cluster_cov",
    [np.zeros((2, 2)), np.diag([0.7, 0.0]), np.array([[4.0, -2.0], [-2.0, 1.0]])],
    ids=["no variance", "one variance of zero", "correlation of -1"],
)
def test_singular_cluster_covariance_is_ordinary(
    rng: np.random.Generator, cluster_cov: NDArray[np.float64]
) -> None:
    s = replace(draw(rng), cluster_cov=cluster_cov)
    assert two_level(s) == pytest.approx(dense_clusters(s).sum(), rel=1e-9)
    arrays = kernel_arrays(moments_of(s.y, s.w, s.cluster))
    gradients = evaluate(s.mean, s.cov, arrays, s.loading, s.cluster_cov)[1]
    near = evaluate(s.mean, s.cov, arrays, s.loading, s.cluster_cov + 1e-9 * np.eye(2))[1]
    for gradient, beside in zip(gradients, near, strict=True):
        np.testing.assert_allclose(gradient, beside, rtol=1e-5, atol=1e-5)


def impossible() -> dict[str, Callable[[Structure], Structure]]:
    infinite = np.full((5, 5), np.inf)
    return {
        "indefinite": lambda s: replace(s, cov=s.cov - 5 * np.eye(5)),
        "variance of zero": lambda s: replace(s, cov=s.cov * np.outer(*2 * [np.arange(5) > 0])),
        "correlation of one": lambda s: replace(s, cov=np.ones((5, 5))),
        "correlation of -1": lambda s: replace(
            s, cov=np.outer([1, -1, 1, 1, 1], [1, -1, 1, 1, 1]) + np.diag([0.0, 0, 1, 1, 1])
        ),
        "cov is NaN": lambda s: replace(s, cov=s.cov * np.nan),
        "cov is infinite": lambda s: replace(s, cov=infinite),
        "mean is NaN": lambda s: replace(s, mean=s.mean * np.nan),
        "mean is infinite": lambda s: replace(s, mean=s.mean * np.inf),
        "cluster_cov is negative": lambda s: replace(s, cluster_cov=-np.eye(2)),
        "cluster_cov is indefinite": lambda s: replace(s, cluster_cov=1 - np.eye(2)),
        "cluster_cov is NaN": lambda s: replace(s, cluster_cov=np.eye(2) * np.nan),
        "loading is NaN": lambda s: replace(s, loading=s.loading * np.nan),
    }


@pytest.mark.parametrize("case", impossible())
def test_impossible_parameters_have_no_density(rng: np.random.Generator, case: str) -> None:
    s = draw(rng, missing=0.0)
    arrays = kernel_arrays(moments_of(s.y, s.w, s.cluster))
    s = impossible()[case](s)
    logp, gradients = evaluate(s.mean, s.cov, arrays, s.loading, s.cluster_cov)
    assert logp == -np.inf
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, 0.0)


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10])
def test_near_the_boundary_all_is_finite(rng: np.random.Generator, gap: float) -> None:
    s = draw(rng)
    cov = (1 - gap) * np.ones((5, 5)) + gap * np.eye(5)
    arrays = kernel_arrays(moments_of(s.y, s.w, s.cluster))
    logp, gradients = evaluate(s.mean, cov, arrays, s.loading, s.cluster_cov)
    assert np.isfinite(logp)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    expected = dense_clusters(replace(s, cov=cov)).sum() if gap > 1e-7 else logp
    assert logp == pytest.approx(expected, rel=1e-6)


def test_draws_are_stacked(rng: np.random.Generator) -> None:
    s = draw(rng)
    means = s.mean + rng.normal(size=(2, 3, 1, 1))
    by_unit = pointwise_loglik(means, s.cov, s.y, s.w)
    assert by_unit.shape == (2, 3, 25)
    np.testing.assert_allclose(by_unit[1, 2], dense_rows(s, mean=means[1, 2]), rtol=1e-9)
    by_cluster = pointwise_loglik(means, s.cov, s.y, s.w, s.loading, s.cluster_cov, s.cluster)
    assert by_cluster.shape == (2, 3, len(np.unique(s.cluster)))


def test_pointwise_needs_all_of_the_clusters(rng: np.random.Generator) -> None:
    s = draw(rng)
    with pytest.raises(ValueError, match="loading, cluster_cov and cluster belong together"):
        pointwise_loglik(s.mean, s.cov, s.y, s.w, s.loading, s.cluster_cov)


def test_units_that_share_one_design_have_densities(rng: np.random.Generator) -> None:
    s = draw(rng)
    alone = pointwise_loglik(s.mean, s.cov, s.y[:1], s.w[:1])
    np.testing.assert_allclose(alone, dense_rows(s)[:1], rtol=1e-9)
