"""Singletons, differences and pointwise log-likelihoods: each attack breaks what it should."""

from dataclasses import replace

import numpy as np
import pytest
from disclosure_examples import Floats, sample, scores
from scipy.stats import multivariate_normal

from securebase.disclosure import Sample, cells_of
from securebase.disclosure.attacks import (
    Claims,
    PointwiseLoglik,
    count_right,
    differencing_attack,
    pointwise_attack,
    singleton_attack,
)


def indicator(n: int, *units: int) -> Floats:
    found = np.zeros(n)
    found[list(units)] = 1.0
    return found


def singletons(s: Sample) -> tuple[int, int]:
    """Give the records claimed, and how many of them are right."""
    (one,) = cells_of(s)
    claims = singleton_attack(one.cell, one.grids)
    return len(claims), count_right(claims, one.rows, one.cell.columns)


def test_a_claim_is_right_once_and_in_all_that_it_says() -> None:
    truth = np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]])
    told = np.array([[1.0, 2.0], [1.0, np.nan], [1.0, 2.0], [3.0, 4.1], [np.nan, np.nan]])
    claims = Claims("attack", ("a", "b"), told)
    assert count_right(claims, truth, ["a", "b"]) == 2
    assert count_right(claims, truth[:, ::-1], ["b", "a"]) == 2
    assert count_right(claims, truth, ["a", "c"]) == 3


@pytest.mark.parametrize("shift", [0.0, -0.37, 1e4])
def test_who_is_alone_with_a_level_is_recovered(rng: np.random.Generator, shift: float) -> None:
    y = scores(rng, 60, 4) + shift
    # a measure without a grid too: all that is known of the one person is recovered
    age = rng.normal(size=60)
    for units in ((7,), tuple(number for number in range(60) if number != 7)):
        alone = np.column_stack([indicator(60, *units) + shift, age])
        assert singletons(sample(y, alone)) == (1, 1)


def test_who_is_alone_with_two_levels_is_recovered(rng: np.random.Generator) -> None:
    y = scores(rng, 60, 4)
    # all who moved but one are mothers
    x = np.column_stack([indicator(60, *range(20)), indicator(60, *range(1, 20))])
    assert singletons(sample(y, x)) == (1, 1)


def test_levels_of_many_isolate_nobody(rng: np.random.Generator) -> None:
    x = np.column_stack([indicator(60, *range(20)), indicator(60, *range(10, 40))])
    assert singletons(sample(scores(rng, 60, 4), x)) == (0, 0)


def differenced(s: Sample, first: Floats, second: Floats) -> tuple[int, int]:
    one, other = (cells_of(s.only(rows)) for rows in (first, second))
    grids = {name: grid for cell in one for name, grid in cell.grids.items()}
    claims = differencing_attack([cell.cell for cell in one], [cell.cell for cell in other], grids)
    return len(claims), count_right(claims, s.rows, s.columns)


@pytest.mark.parametrize("far", [0.0, 1e4])
def test_who_is_in_one_of_two_samples_is_recovered(rng: np.random.Generator, far: float) -> None:
    s = sample(scores(rng, 60, 8) + far, rng.normal(size=(60, 1)))
    everyone = np.arange(60)
    assert differenced(s, everyone, everyone) == (0, 0)
    assert differenced(s, everyone, np.delete(everyone, 5)) == (1, 1)
    assert differenced(s, np.delete(everyone, 5), everyone) == (1, 1)
    # a few are a small cell, open to the lattice attack
    assert differenced(s, everyone, everyone[4:]) == (4, 4)
    assert differenced(s, everyone, everyone[20:]) == (0, 0)


def test_who_took_anothers_place_is_recovered_with_the_other(rng: np.random.Generator) -> None:
    s = sample(scores(rng, 60, 8))
    first, second = np.arange(59), np.append(np.arange(58), 59)
    assert differenced(s, first, second) == (2, 2)


def test_difference_of_cells_that_one_sample_joins(rng: np.random.Generator) -> None:
    y = scores(rng, 60, 6)
    y[:25, 4:] = np.nan
    s = sample(y)
    # in the other sample nobody has the last two answers, and one couple is not there
    short = replace(s, y=np.where(np.arange(6) < 4, y, np.nan)).only(np.delete(np.arange(60), 40))
    one, other = ([cell.cell for cell in cells_of(part)] for part in (s, short))
    assert [cell.n for cell in one] == [35, 25]
    assert [cell.n for cell in other] == [59]
    claims = differencing_attack(one, other, {})
    assert len(claims) == 1
    assert count_right(claims, s.rows, s.columns) == 1
    np.testing.assert_allclose(claims.records[0, :4], y[40, :4], atol=1e-8)


def growth_draws(
    rng: np.random.Generator, draws: int = 400
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Draws of a growth model of two series at three waves: basis, means, covariances."""
    basis = np.kron(np.eye(2), np.column_stack([np.ones(3), [0.0, 0.5, 1.0]]))
    root = rng.normal(scale=0.4, size=(4, 4)) + 0.4 * np.eye(4)
    means, covs = [], []
    for _ in range(draws):
        own = root + 0.05 * rng.normal(size=(4, 4))
        sd = 0.4 * np.exp(0.1 * rng.normal(size=2))
        residual = np.diag(np.repeat(sd, 3) ** 2)
        covs.append(basis @ own @ own.T @ basis.T + residual)
        means.append(basis @ (np.tile([3.5, -0.2], 2) + 0.08 * rng.normal(size=4)))
    return basis, np.array(means), np.array(covs)


def published(y: Floats, means: Floats, covs: Floats) -> Floats:
    """Log-likelihood (draw, unit), each value by scipy."""
    densities = [multivariate_normal(m, c) for m, c in zip(means, covs, strict=True)]
    return np.array([density.logpdf(y) for density in densities])


def test_levels_and_slopes_are_recovered_from_a_log_likelihood_by_unit(
    rng: np.random.Generator,
) -> None:
    basis, means, covs = growth_draws(rng)
    y = np.round(rng.multivariate_normal(means[0], covs[0], size=4) * 18) / 18
    fitted = np.linalg.pinv(basis)
    names = ("level a", "slope a", "level b", "slope b")
    by_unit = np.repeat(means[:, None], len(y), axis=1)
    observed = np.ones(y.shape, dtype=bool)
    told = PointwiseLoglik(published(y, means, covs), by_unit, covs, observed, fitted, names)
    claims = pointwise_attack(told)
    assert len(claims) == len(y)
    assert count_right(claims, y @ fitted.T, names) == len(y)
    # what residuals have in common over draws leaves single scores open
    scores_too = replace(told, functionals=np.eye(6), names=tuple("abcdef"))
    assert len(pointwise_attack(scores_too)) == 0
    noise = replace(told, loglik=told.loglik + 0.1 * rng.normal(size=told.loglik.shape))
    assert len(pointwise_attack(noise)) == 0


def test_single_scores_are_recovered_where_residuals_differ(rng: np.random.Generator) -> None:
    _, means, covs = growth_draws(rng)
    wobble = np.eye(6) + 0.05 * rng.normal(size=(len(covs), 6, 6))
    covs = wobble @ covs @ wobble.transpose(0, 2, 1)
    y = np.round(rng.multivariate_normal(means[0], covs[0], size=3) * 18) / 18
    observed = np.ones(y.shape, dtype=bool)
    by_unit = np.repeat(means[:, None], len(y), axis=1)
    names = tuple("abcdef")
    told = PointwiseLoglik(published(y, means, covs), by_unit, covs, observed, np.eye(6), names)
    claims = pointwise_attack(told)
    assert len(claims) == 3
    assert count_right(claims, y, names) == 3
