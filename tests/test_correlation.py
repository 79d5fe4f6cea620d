"""Covariance factors and the LKJ prior on the partial correlations of a vine."""

from collections.abc import Callable

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.stats import beta

from securebase.correlation import (
    correlation_from_vine,
    covariance_factor,
    factor_from_vine,
    factor_pullback,
    vine_from_correlation,
    vine_pairs,
    vine_shapes,
)


def a_covariance(rng: np.random.Generator, size: int) -> np.ndarray:
    rows = rng.normal(size=(size + 3, size)) * rng.uniform(0.5, 3, size)
    return rows.T @ rows


def vine_of(corr: np.ndarray) -> np.ndarray:
    """Partial correlations of i and j given all before j, from inverses of submatrices."""
    vine = []
    for i in range(1, len(corr)):
        for j in range(i):
            chosen = [*range(j), j, i]
            precision = np.linalg.inv(corr[np.ix_(chosen, chosen)])
            partial = -precision[-1, -2] / np.sqrt(precision[-1, -1] * precision[-2, -2])
            vine.append((partial + 1) / 2)
    return np.array(vine)


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_factor_is_the_cholesky_factor(rng: np.random.Generator, size: int) -> None:
    cov = a_covariance(rng, size)
    sd = np.sqrt(np.diag(cov))
    vine = vine_of(cov / np.outer(sd, sd))
    np.testing.assert_allclose(factor_from_vine(sd, vine), np.linalg.cholesky(cov), rtol=1e-10)


@pytest.mark.parametrize("size", [2, 4, 7])
def test_vine_from_correlation_undoes_correlation_from_vine(
    rng: np.random.Generator, size: int
) -> None:
    vine = rng.uniform(0.05, 0.95, (3, 2, size * (size - 1) // 2))
    corr = correlation_from_vine(vine)
    assert corr.shape == (3, 2, size, size)
    for place in np.ndindex(3, 2):
        np.testing.assert_allclose(vine_from_correlation(corr[place]), vine[place], atol=1e-12)
        np.testing.assert_allclose(vine_of(corr[place]), vine[place], atol=1e-9)


def test_pairs_run_along_the_rows() -> None:
    assert vine_pairs(4) == [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]
    assert vine_pairs(1) == []


def complex_factor(sd: np.ndarray, vine: np.ndarray) -> np.ndarray:
    """Write the factor in complex numbers, in closed form: products of sines and cosines."""
    size = len(sd)
    factor = np.zeros((size, size), dtype=complex)
    partial = 2 * vine - 1
    for place, (i, j) in enumerate(vine_pairs(size)):
        first = place - j
        factor[i, j] = sd[i] * partial[place] * np.prod(np.sqrt(1 - partial[first:place] ** 2))
    for i in range(size):
        row = partial[i * (i - 1) // 2 : i * (i + 1) // 2]
        factor[i, i] = sd[i] * np.prod(np.sqrt(1 - row**2))
    return factor


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_gradients_are_those_of_a_complex_step(rng: np.random.Generator, size: int) -> None:
    sd, vine = rng.uniform(0.3, 2, size), rng.uniform(0.05, 0.95, size * (size - 1) // 2)
    adjoint = rng.normal(size=(size, size))
    d_sd, d_vine = factor_pullback(sd, vine, adjoint)
    step = 1e-30j

    def slope(sd: np.ndarray, vine: np.ndarray) -> float:
        return float(np.sum(adjoint * complex_factor(sd, vine).imag) / step.imag)

    for n, row in enumerate(np.eye(size)):
        assert d_sd[n] == pytest.approx(slope(sd + step * row, vine.astype(complex)), abs=1e-10)
    for n, row in enumerate(np.eye(len(vine))):
        assert d_vine[n] == pytest.approx(slope(sd.astype(complex), vine + step * row), abs=1e-10)


@pytest.mark.parametrize("edge", [1e-12, 1 - 1e-12])
def test_gradients_stay_finite_near_perfect_correlation(edge: float) -> None:
    d_sd, d_vine = factor_pullback(np.ones(3), np.array([edge, 0.5, 0.5]), np.ones((3, 3)))
    assert np.isfinite(d_sd).all()
    assert np.isfinite(d_vine).all()


def test_expression_gives_value_and_gradient(rng: np.random.Generator) -> None:
    sd, vine = rng.uniform(0.3, 2, 4), rng.uniform(0.05, 0.95, 6)
    weights = rng.normal(size=(4, 4))
    s, v = pt.dvector(), pt.dvector()
    factor = covariance_factor(s, v)
    gradients = pytensor.grad((factor * weights).sum(), [s, v])
    function = pytensor.function([s, v], [factor, *gradients, factor.shape[0]], mode="FAST_COMPILE")
    value, d_sd, d_vine, rows = function(sd, vine)
    expected = factor_pullback(sd, vine, weights)
    np.testing.assert_allclose(value, factor_from_vine(sd, vine))
    np.testing.assert_allclose(d_sd, expected[0])
    np.testing.assert_allclose(d_vine, expected[1])
    assert int(rows) == 4


@pytest.mark.parametrize(("size", "eta"), [(2, 2.0), (4, 1.0), (5, 2.0), (8, 4.0)])
def test_every_correlation_has_the_marginal_of_lkj(
    rng: np.random.Generator, size: int, eta: float
) -> None:
    # LKJ(eta): (r + 1) / 2 ~ Beta(a, a), a = eta - 1 + size / 2, for every pair alike, so that
    # E r² = 1 / (2a + 1) and E r⁴ = 3 / ((2a + 1)(2a + 3))
    draws = 20_000
    shapes = vine_shapes(size, eta)
    corr = correlation_from_vine(rng.beta(shapes, shapes, (draws, len(shapes))))
    a = eta - 1 + size / 2
    second, fourth = 1 / (2 * a + 1), 3 / ((2 * a + 1) * (2 * a + 3))
    low = np.tril_indices(size, -1)
    r = corr[:, *low]
    first_error = np.sqrt(second / draws)
    second_error = np.sqrt((fourth - second**2) / draws)
    fourth_error = np.sqrt(beta(a, a).expect(lambda x: (2 * x - 1) ** 8) / draws)
    # four standard errors for up to 28 pairs each: a false alarm in 600 runs, and the seed is fixed
    assert np.abs(r.mean(axis=0)).max() < 4 * first_error
    assert np.abs((r**2).mean(axis=0) - second).max() < 4 * second_error
    assert np.abs((r**4).mean(axis=0) - fourth).max() < 4 * fourth_error


def log_volume(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray) -> float:
    """Log of the absolute Jacobian determinant, by central differences."""
    step = 1e-6
    rows = [(function(at + step * one) - function(at - step * one)) / (2 * step)
            for one in np.eye(len(at))]  # fmt: skip
    return float(np.linalg.slogdet(np.stack(rows))[1])


@pytest.mark.parametrize(("size", "eta"), [(2, 1.5), (3, 2.0), (4, 1.0)])
def test_density_is_lkj(rng: np.random.Generator, size: int, eta: float) -> None:
    shapes = vine_shapes(size, eta)
    low = np.tril_indices(size, -1)
    differences = []
    for vine in rng.uniform(0.2, 0.8, (5, len(shapes))):
        corr = correlation_from_vine(vine)
        ours = beta(shapes, shapes).logpdf(vine).sum()
        # LKJ: proportional to det^(eta - 1) as a density of the correlations
        on_corr = ours - log_volume(lambda v: correlation_from_vine(v)[low], vine)
        differences.append(on_corr - (eta - 1) * np.linalg.slogdet(corr)[1])
        # PyMC, normalised, has it as a density of the Cholesky factor
        on_factor = ours - log_volume(lambda v: factor_from_vine(np.ones(size), v)[low], vine)
        logp = pm.logp(pm.LKJCorr.dist(n=size, eta=eta), np.linalg.cholesky(corr))
        assert float(logp.eval(mode="FAST_COMPILE")) == pytest.approx(on_factor, abs=1e-6)
    np.testing.assert_allclose(differences, differences[0], atol=1e-6)
