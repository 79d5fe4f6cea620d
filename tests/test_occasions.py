"""Units with times of their own against one dense normal per unit, or per cluster."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import multivariate_normal
from structures import covariance, five_point

from securebase.likelihood import occasion_arrays, occasions_loglik
from securebase.likelihood.occasion_entry import evaluate_occasions

type Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Diary:
    """y = basis (regression w + own + shared b) + residual, at times of each unit's own."""

    regression: Floats
    unit_cov: Floats
    residual: Floats
    cluster_cov: Floats
    basis: Floats
    y: Floats
    w: Floats
    cluster: NDArray[np.int64]
    shared: Floats

    @property
    def n_series(self) -> int:
        return len(self.residual)

    @property
    def wave(self) -> list[str]:
        return [str(place // self.n_series) for place in range(self.y.shape[1])]

    @property
    def series(self) -> NDArray[np.int64]:
        return np.arange(self.y.shape[1]) % self.n_series

    def parameters(self, levels: int) -> list[Floats]:
        both = [self.regression, self.unit_cov, self.residual, self.cluster_cov]
        return both[: 2 + levels]

    def arrays(self, levels: int) -> dict[str, NDArray[Any]]:
        data = self.y, self.basis, self.w, self.series, self.wave
        return occasion_arrays(*data, *((self.cluster, self.shared) if levels == 2 else ()))


def diary(
    rng: np.random.Generator,
    n_units: int = 12,
    n_series: int = 2,
    n_growths: int = 2,
    n_occasions: int = 4,
    n_design: int = 2,
    n_clusters: int = 3,
    missing: float = 0.3,
) -> Diary:
    """Draw a model and units that answered at times of their own, some not every series."""
    size, effects = n_series * n_occasions, n_series * n_growths
    time = np.cumsum(rng.uniform(0.2, 1.5, (n_units, n_occasions, n_series)), axis=1)
    basis = np.zeros((n_units, size, effects))
    for place in range(size):
        occasion, series = divmod(place, n_series)
        for growth in range(n_growths):
            basis[:, place, growth * n_series + series] = time[:, occasion, series] ** growth
    w = np.column_stack([np.ones(n_units), rng.normal(size=(n_units, n_design - 1))])
    y = rng.normal(size=(n_units, size), scale=2.0)
    lost = rng.random(y.shape) < missing
    lost[np.arange(n_units), rng.integers(size, size=n_units)] = False
    y[lost] = np.nan
    cluster = np.unique(rng.integers(n_clusters, size=n_units), return_inverse=True)[1]
    return Diary(
        rng.normal(size=(effects, n_design)), covariance(rng, effects), covariance(rng, n_series),
        covariance(rng, 2), basis, y, w, cluster, rng.normal(size=(effects, 2)),
    )  # fmt: skip


def dense(s: Diary, levels: int) -> Floats:
    """Log-density of each unit, or of each cluster, by scipy."""
    groups = (
        [np.flatnonzero(s.cluster == one) for one in np.unique(s.cluster)]
        if levels == 2
        else [np.array([one]) for one in range(len(s.y))]
    )
    same = np.equal.outer(s.wave, s.wave)
    noise = s.residual[np.ix_(s.series, s.series)] * same
    densities = []
    for units in groups:
        basis, y = np.concatenate(s.basis[units]), np.concatenate(s.y[units])
        mean = np.concatenate([s.basis[one] @ s.regression @ s.w[one] for one in units])
        cov = np.zeros((len(y), len(y)))
        for place, one in enumerate(units):
            own = slice(place * len(noise), (place + 1) * len(noise))
            cov[own, own] = s.basis[one] @ s.unit_cov @ s.basis[one].T + noise
        if levels == 2:
            reach = basis @ s.shared
            cov += reach @ s.cluster_cov @ reach.T
        seen = ~np.isnan(y)
        densities.append(multivariate_normal.logpdf(y[seen], mean[seen], cov[np.ix_(seen, seen)]))
    return np.array(densities)


def evaluated(s: Diary, levels: int) -> tuple[float, tuple[Floats, ...], Floats]:
    regression, unit_cov, residual, *rest = s.parameters(levels)
    return evaluate_occasions(regression, unit_cov, residual, s.arrays(levels), *rest)


diaries = st.builds(
    lambda seed, **sizes: diary(np.random.default_rng(seed), **sizes),
    seed=st.integers(0, 2**32),
    n_units=st.integers(4, 15),
    n_series=st.integers(1, 4),
    n_growths=st.integers(1, 3),
    n_occasions=st.integers(4, 6),
    n_design=st.integers(1, 3),
    n_clusters=st.integers(1, 4),
    missing=st.sampled_from([0.0, 0.2, 0.6]),
)
levels_of_units = pytest.mark.parametrize("levels", [1, 2])


@levels_of_units
@settings(max_examples=200, derandomize=True, deadline=None)
@given(diaries)
def test_density_is_that_of_dense_normals(levels: int, s: Diary) -> None:
    logp, _, terms = evaluated(s, levels)
    expected = dense(s, levels)
    assert logp == pytest.approx(expected.sum(), rel=1e-9)
    np.testing.assert_allclose(terms, expected, rtol=1e-9, atol=1e-9)


@levels_of_units
@settings(max_examples=200, derandomize=True, deadline=None)
@given(diaries)
def test_gradients_are_those_of_finite_differences(levels: int, s: Diary) -> None:
    arrays, parameters = s.arrays(levels), s.parameters(levels)
    gradients = evaluated(s, levels)[1]

    def at(number: int) -> Callable[[Floats], float]:
        def logp(value: Floats) -> float:
            moved = [*parameters[:number], value, *parameters[number + 1 :]]
            return evaluate_occasions(moved[0], moved[1], moved[2], arrays, *moved[3:])[0]

        return logp

    for number, parameter in enumerate(parameters):
        expected = five_point(at(number), parameter, symmetric=number > 0)
        scale = max(np.abs(expected).max(), 1.0)
        np.testing.assert_allclose(gradients[number], expected, rtol=1e-7, atol=1e-7 * scale)


@levels_of_units
def test_order_of_units_occasions_and_clusters_changes_nothing(
    levels: int, rng: np.random.Generator
) -> None:
    s = diary(rng, n_units=20)
    order, turned = rng.permutation(20), np.arange(8).reshape(4, 2)[::-1].ravel()
    relabelled = np.unique(-s.cluster[order], return_inverse=True)[1]
    other = replace(
        s, basis=s.basis[np.ix_(order, turned)], y=s.y[np.ix_(order, turned)], w=s.w[order],
        cluster=relabelled,
    )  # fmt: skip
    one, two = evaluated(s, levels), evaluated(other, levels)
    assert two[0] == pytest.approx(one[0], rel=1e-10)
    for first, second in zip(one[1], two[1], strict=True):
        np.testing.assert_allclose(second, first, rtol=1e-9, atol=1e-9)


def test_swapped_labels_of_exchangeable_members_change_nothing(rng: np.random.Generator) -> None:
    s = diary(rng, n_series=2)
    swapped = np.arange(8).reshape(4, 2)[:, ::-1].ravel()
    effects = np.array([1, 0, 3, 2])

    def symmetric(cov: Floats, order: NDArray[np.int64]) -> Floats:
        return (cov + cov[np.ix_(order, order)]) / 2

    s = replace(
        s,
        regression=(s.regression + s.regression[effects]) / 2,
        unit_cov=symmetric(s.unit_cov, effects),
        residual=symmetric(s.residual, np.array([1, 0])),
    )
    other = replace(s, y=s.y[:, swapped], basis=s.basis[:, swapped][:, :, effects])
    assert evaluated(other, 1)[0] == pytest.approx(evaluated(s, 1)[0], abs=1e-8)


@levels_of_units
@pytest.mark.parametrize("gap", [1e-3, 1e-8, 1e-14, 0.0])
def test_near_the_boundary_all_is_finite(levels: int, gap: float, rng: np.random.Generator) -> None:
    s = diary(rng)
    line = np.array([[1.0, gap - 1.0], [gap - 1.0, 1.0]])
    unit_cov = np.kron(line, np.diag([gap, 1.0]))
    s = replace(s, unit_cov=unit_cov, cluster_cov=line)
    logp, gradients, _ = evaluated(s, levels)
    assert logp == pytest.approx(dense(s, levels).sum(), rel=1e-9)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


@levels_of_units
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("residual", np.array([[1.0, 1.0], [1.0, 1.0]])),
        ("residual", np.array([[-1.0, 0.0], [0.0, 1.0]])),
        ("residual", np.full((2, 2), np.nan)),
        ("unit_cov", np.diag([1.0, 1.0, -1e-3, 1.0])),
        ("unit_cov", np.full((4, 4), np.inf)),
        ("regression", np.full((4, 2), np.nan)),
    ],
)
def test_impossible_parameters_have_no_density(
    levels: int, name: str, value: Floats, rng: np.random.Generator
) -> None:
    logp, gradients, _ = evaluated(replace(diary(rng), **{name: value}), levels)
    assert logp == -np.inf
    assert all((gradient == 0.0).all() for gradient in gradients)


def test_scales_a_million_apart(rng: np.random.Generator) -> None:
    s = diary(rng, n_units=30)
    scale = np.array([1.0, 1e6])
    effects, responses = np.tile(scale, 2), np.tile(scale, 4)
    far = replace(
        s,
        regression=s.regression * effects[:, None],
        unit_cov=s.unit_cov * np.outer(effects, effects),
        residual=s.residual * np.outer(scale, scale),
        y=s.y * responses,
    )
    moved = (~np.isnan(s.y) * np.log(responses)).sum()
    assert evaluated(far, 1)[0] == pytest.approx(evaluated(s, 1)[0] - moved, rel=1e-10)


def test_many_occasions_cost_no_accuracy(rng: np.random.Generator) -> None:
    s = diary(rng, n_units=4, n_occasions=60, n_growths=2)
    assert evaluated(s, 2)[0] == pytest.approx(dense(s, 2).sum(), rel=1e-9)


@levels_of_units
@pytest.mark.parametrize("linker", ["NUMBA", "py"])
def test_in_a_graph(levels: int, linker: str, rng: np.random.Generator) -> None:
    s = diary(rng)
    mode = linker if linker == "NUMBA" else pytensor.compile.mode.Mode(linker="py")
    symbols = [pt.dmatrix() for _ in s.parameters(levels)]
    regression, unit_cov, residual, *rest = symbols
    logp = 2.0 * occasions_loglik(regression, unit_cov, residual, s.arrays(levels), *rest)
    function = pytensor.function(symbols, [logp, *pt.grad(logp, symbols)], mode=mode)
    value, *slopes = function(*s.parameters(levels))
    expected, gradients, _ = evaluated(s, levels)
    assert value == pytest.approx(2.0 * expected, rel=1e-12)
    for slope, gradient in zip(slopes, gradients, strict=False):
        np.testing.assert_allclose(slope, 2.0 * gradient, rtol=1e-12, atol=1e-12)


def test_an_effect_moves_one_series(rng: np.random.Generator) -> None:
    s = diary(rng)
    basis = s.basis.copy()
    basis[0, 0, 1] = 1.0
    with pytest.raises(ValueError, match="effect 1 moves 2 series"):
        replace(s, basis=basis).arrays(1)
