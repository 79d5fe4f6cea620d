"""Random effects over studies: against dense integration, sampling, and simulated truths."""

import numpy as np
import pymc as pm
import pytest
from scipy.integrate import cumulative_trapezoid, simpson
from scipy.stats import halfnorm, norm

from securebase.config import Sampling
from securebase.sampling import posterior_draws
from securebase.synthesis.mixture import NormalMixture
from securebase.synthesis.pooling import pooled, pooled_draws

MEAN_SD, BETWEEN_SD = 0.5, 0.2
CASES = {
    "one study": ([-0.3], [0.15]),
    "alike": ([-0.2, -0.25, -0.15], [0.1, 0.2, 0.15]),
    "unlike": ([-0.6, 0.3, 0.1, -0.2], [0.05, 0.08, 0.2, 0.12]),
}


class Dense:
    """Joint density of mean, spread and effects of studies on a grid, written out by hand."""

    def __init__(self, estimates: list[float], errors: list[float]) -> None:
        self.mean = np.linspace(-2.5, 2.5, 1201)[:, None]
        # finer near zero
        self.between = (np.linspace(0.0, 1.25, 1201) ** 2)[None, :]
        log = norm.logpdf(self.mean, 0, MEAN_SD) + halfnorm.logpdf(self.between, 0, BETWEEN_SD)
        for estimate, error in zip(estimates, errors, strict=True):
            log = log + norm.logpdf(estimate, self.mean, np.sqrt(error**2 + self.between**2))
        self.density = np.exp(log - log.max())
        self.density /= self.expected(np.ones_like(log), normed=False)

    def expected(self, values: np.ndarray, normed: bool = True) -> float:
        inner = simpson(values * self.density, x=self.mean[:, 0], axis=0)
        return float(simpson(inner, x=self.between[0]))

    def mean_below(self, limit: float) -> float:
        """Integrate up to a limit that is a place of the grid, an even number of steps away."""
        rows = int(np.flatnonzero(np.isclose(self.mean[:, 0], limit)).item()) + 1
        assert rows % 2
        inner = simpson(self.density[:rows], x=self.mean[:rows, 0], axis=0)
        return float(simpson(inner, x=self.between[0]))

    def between_below(self, limit: float) -> float:
        marginal = simpson(self.density, x=self.mean[:, 0], axis=0)
        below = cumulative_trapezoid(marginal, self.between[0], initial=0.0)
        return float(np.interp(limit, self.between[0], below))


@pytest.mark.parametrize("case", CASES)
def test_against_dense_integration(case: str) -> None:
    estimates, errors = CASES[case]
    dense = Dense(estimates, errors)
    found = pooled(np.array(estimates), np.array(errors), MEAN_SD, BETWEEN_SD)
    everywhere = np.ones_like(dense.density)
    mean = dense.expected(dense.mean * everywhere)
    assert found.mean.mean == pytest.approx(mean, abs=1e-5)
    square = dense.expected(dense.mean**2 * everywhere)
    assert found.mean.sd == pytest.approx(np.sqrt(square - mean**2), abs=1e-5)
    assert found.mean.below(-0.1) == pytest.approx(dense.mean_below(-0.1), abs=1e-5)
    new = norm.cdf(-0.1, dense.mean, np.maximum(dense.between, 1e-9))
    assert found.new.below(-0.1) == pytest.approx(dense.expected(new), abs=1e-5)
    for share in (0.025, 0.5, 0.975):
        limit = found.heterogeneity.quantile(share)
        assert dense.between_below(limit) == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_effects_of_studies_against_dense_integration(case: str) -> None:
    estimates, errors = CASES[case]
    dense = Dense(estimates, errors)
    found = pooled(np.array(estimates), np.array(errors), MEAN_SD, BETWEEN_SD)
    for effect, estimate, error in zip(found.effects, estimates, errors, strict=True):
        weight = dense.between**2 / (dense.between**2 + error**2)
        centre = weight * estimate + (1 - weight) * dense.mean
        mean = dense.expected(centre)
        assert effect.mean == pytest.approx(mean, abs=1e-5)
        square = dense.expected(centre**2 + weight * error**2)
        assert effect.sd == pytest.approx(np.sqrt(square - mean**2), abs=1e-5)


def test_shares_add_up_with_that_of_the_prior() -> None:
    # errors so small that studies count alike, and the prior hardly
    found = pooled(np.array([0.0, 0.5, -0.5]), np.full(3, 1e-4), MEAN_SD, BETWEEN_SD)
    np.testing.assert_allclose(found.shares, found.shares[0])
    assert 0.8 < found.shares.sum() < 1.0


def test_one_study_is_shrunk_by_the_priors_alone() -> None:
    # with next to no spread between studies: normal prior times normal likelihood
    found = pooled(np.array([-0.4]), np.array([0.3]), MEAN_SD, 1e-6)
    assert found.mean.mean == pytest.approx(-0.4 * 0.25 / (0.25 + 0.09))
    assert found.mean.sd == pytest.approx(np.sqrt(1 / (1 / 0.25 + 1 / 0.09)))
    assert found.effects[0].mean == pytest.approx(found.mean.mean, abs=1e-6)


def test_mixture_against_its_draws(rng: np.random.Generator) -> None:
    weights, means, sds = np.array([0.2, 0.5, 0.3]), np.array([-1.0, 0.0, 2.0]), [0.5, 1.0, 0.2]
    mixture = NormalMixture(weights, means, np.array(sds))
    which = rng.choice(3, 200_000, p=weights)
    draws = rng.normal(means[which], np.array(sds)[which])
    assert mixture.mean == pytest.approx(draws.mean(), abs=0.02)
    assert mixture.sd == pytest.approx(draws.std(), abs=0.02)
    for probability in (0.025, 0.5, 0.975):
        value = mixture.quantile(probability)
        assert mixture.below(value) == pytest.approx(probability, abs=1e-9)
        assert (draws < value).mean() == pytest.approx(probability, abs=0.005)


def test_draws_that_are_normal_say_what_normals_say(rng: np.random.Generator) -> None:
    estimates, errors = map(np.array, CASES["unlike"])
    grid = norm.ppf((np.arange(400) + 0.5) / 400)
    draws = estimates[:, None] + errors[:, None] * grid
    exact = pooled(draws.mean(axis=1), draws.std(axis=1), MEAN_SD, BETWEEN_SD).mean
    reach = (exact.mean - 6 * exact.sd, exact.mean + 6 * exact.sd)
    found = pooled_draws(draws, MEAN_SD, BETWEEN_SD, reach)
    assert found.mean == pytest.approx(exact.mean, abs=0.01 * exact.sd)
    assert found.sd == pytest.approx(exact.sd, rel=0.01)
    assert found.quantile(0.025) == pytest.approx(exact.quantile(0.025), abs=0.03 * exact.sd)


def test_skewed_draws_are_told_from_normal_ones() -> None:
    # a long tail to the left: most of the posterior lies above its mean
    skewed = -np.exp(norm.ppf((np.arange(400) + 0.5) / 400))
    draws = np.stack([0.2 * (skewed - skewed.mean()) / skewed.std() - 0.3] * 2)
    exact = pooled(draws.mean(axis=1), draws.std(axis=1), MEAN_SD, BETWEEN_SD).mean
    found = pooled_draws(draws, MEAN_SD, BETWEEN_SD, (-2.0, 2.0))
    assert found.mean - exact.mean > 0.1 * exact.sd


def test_intervals_cover_over_meta_analyses_drawn_from_the_prior() -> None:
    rng, held = np.random.default_rng(8), []
    for _ in range(1500):
        mean, between = rng.normal(0, MEAN_SD), abs(rng.normal(0, BETWEEN_SD))
        errors = rng.uniform(0.05, 0.3, 6)
        effects = rng.normal(mean, between, 6)
        found = pooled(rng.normal(effects, errors), errors, MEAN_SD, BETWEEN_SD)
        new = rng.normal(mean, between)
        below = (found.mean.below(mean), found.new.below(new), found.effects[0].below(effects[0]))
        held.append([abs(2 * share - 1) for share in below])
    for level in (0.5, 0.8, 0.95):
        # 9 coverages: 4 binomial standard errors hold all of them
        error = np.sqrt(level * (1 - level) / len(held))
        np.testing.assert_array_less(
            abs(np.mean(np.array(held) < level, axis=0) - level), 4 * error
        )


@pytest.mark.slow
def test_against_sampling() -> None:
    estimates, errors = map(np.array, CASES["unlike"])
    with pm.Model() as model:
        mean = pm.Normal("mean", 0, MEAN_SD)
        between = pm.HalfNormal("between", BETWEEN_SD)
        standard = pm.Normal("standard", 0, 1, shape=4)
        effect = pm.Deterministic("effect", mean + between * standard)
        pm.Normal("estimate", effect, errors, observed=estimates)
    sampling = Sampling(chains=4, draws=10_000, tune=2000, target_accept=0.98)
    posterior, _ = posterior_draws(model, sampling, 1, 2)
    found = pooled(estimates, errors, MEAN_SD, BETWEEN_SD)
    assert found.mean.mean == pytest.approx(float(posterior["mean"].mean()), abs=0.005)
    assert found.mean.sd == pytest.approx(float(posterior["mean"].std()), abs=0.005)
    assert found.heterogeneity.quantile(0.5) == pytest.approx(
        float(posterior["between"].median()), abs=0.005
    )
    for study, one in enumerate(found.effects):
        drawn = posterior["effect"][..., study]
        assert one.mean == pytest.approx(float(drawn.mean()), abs=0.005)
        assert one.sd == pytest.approx(float(drawn.std()), abs=0.005)
