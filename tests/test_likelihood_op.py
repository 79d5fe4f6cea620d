import re

import numpy as np
import nutpie
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numba import float64
from numba.core import config as numba_config
from pytensor.tensor.variable import TensorVariable
from structures import Structure, draw

from securebase.likelihood import gaussian_loglik, kernel_arrays, loglik, moment_data, product, swap
from securebase.likelihood.compilation import kept, optimised
from securebase.likelihood.gaussian_entry import ENTRY, evaluate
from securebase.moments import Moments, moments_of

LINKERS = ["NUMBA", pytensor.compile.mode.Mode(linker="py")]


def plain(s: Structure, mean: TensorVariable, cov: TensorVariable) -> TensorVariable:
    """Write the one-level log-density in PyTensor's own operations."""
    total = pt.as_tensor(0.0)
    for y, w in zip(s.y, s.w, strict=True):
        seen = np.flatnonzero(~np.isnan(y))
        rest = y[seen] - (mean[seen] * w).sum(axis=1)
        own = cov[seen][:, seen]
        square = (rest * pt.linalg.solve(own, rest)).sum()
        total -= 0.5 * (pt.linalg.slogdet(own)[1] + square + len(seen) * np.log(2 * np.pi))
    return total


@pytest.mark.parametrize("linker", LINKERS, ids=["numba", "python"])
def test_gradients_are_those_of_automatic_differentiation(
    rng: np.random.Generator, linker: object
) -> None:
    s = draw(rng, n_units=4, n_responses=3)
    mean, cov = pt.dmatrix("mean"), pt.dmatrix("cov")
    ours = 3.0 * gaussian_loglik(mean, cov, moments_of(s.y, s.w))
    theirs = 3.0 * plain(s, mean, cov)
    python = pytensor.compile.mode.Mode(linker="py")
    evaluated = pytensor.function([mean, cov], [ours, *pt.grad(ours, [mean, cov])], mode=linker)
    expected = pytensor.function([mean, cov], [theirs, *pt.grad(theirs, [mean, cov])], mode=python)
    values, known = evaluated(s.mean, s.cov), expected(s.mean, s.cov)
    # the plain expression treats the two halves of a covariance apart
    known[2] = (known[2] + known[2].T) / 2
    for value, right in zip(values, known, strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("linker", LINKERS, ids=["numba", "python"])
def test_two_levels_in_a_graph(rng: np.random.Generator, linker: object) -> None:
    s = draw(rng)
    moments = moments_of(s.y, s.w, s.cluster)
    parameters = [pt.dmatrix(name) for name in ("mean", "cov", "loading", "cluster_cov")]
    mean, cov, loading, cluster_cov = parameters
    logp = gaussian_loglik(mean, cov, moments, loading, cluster_cov)
    function = pytensor.function(parameters, [logp, *pt.grad(logp, parameters)], mode=linker)
    # transposes are not contiguous: the kernel must not mind
    given = [np.array(value.T).T for value in s.two_level]
    values = function(*given)
    right, gradients = evaluate(s.mean, s.cov, kernel_arrays(moments), *s.two_level[2:])
    assert values[0] == pytest.approx(right, rel=1e-14)
    for value, gradient in zip(values[1:], gradients, strict=True):
        np.testing.assert_allclose(value, gradient, rtol=1e-12)


def model_of(moments: Moments) -> pm.Model:
    with pm.Model() as model:
        level = pm.Normal("level", 0.0, 2.0, shape=(3, 1))
        spread = pm.HalfNormal("spread", 1.0)
        mean = pt.concatenate([level, pt.zeros((3, 1))], axis=1)
        data = moment_data(moments, prefix="couples_")
        effects = (np.ones((3, 1)), 0.5 * np.eye(1)) if moments.clustered else ()
        pm.Potential("loglik", gaussian_loglik(mean, spread * np.eye(3), data, *effects))
    return model


@pytest.mark.parametrize("clustered", [False, True], ids=["one level", "two levels"])
def test_data_are_exchanged_without_compiling(rng: np.random.Generator, clustered: bool) -> None:
    few = draw(rng, n_units=30, n_responses=3, missing=0.0)
    many = draw(rng, n_units=80, n_responses=3, missing=0.4, n_clusters=11)
    both = [moments_of(s.y, s.w, s.cluster if clustered else None) for s in (few, many)]
    assert len(both[0].counts) == 1
    assert len(both[1].counts) == 7
    compiled = nutpie.compile_pymc_model(model_of(both[0]), backend="numba")
    settings = {"draws": 60, "tune": 60, "chains": 1, "seed": 1, "progress_bar": False}
    for moments in both:
        trace = nutpie.sample(compiled.with_data(**swap(moments, "couples_")), **settings)
        effects = (np.ones((3, 1)), 0.5 * np.eye(1)) if clustered else ()
        prior = model_of(moments)
        for draw_number in (0, 59):
            level = trace.posterior["level"].values[0, draw_number]
            spread = float(trace.posterior["spread"].values[0, draw_number])
            mean = np.hstack([level, np.zeros((3, 1))])
            own = loglik(mean, spread * np.eye(3), moments, *effects)
            normal = -0.5 * (level**2 / 4 + np.log(2 * np.pi * 4)).sum()
            half = -0.5 * spread**2 + 0.5 * np.log(2 / np.pi) + np.log(spread)
            logp = float(trace.sample_stats["logp"].values[0, draw_number])
            assert logp == pytest.approx(own + normal + half, rel=1e-9)
        assert prior.named_vars.keys() >= {"couples_patterns", "couples_rows"}


def test_parameters_of_clusters_belong_together(rng: np.random.Generator) -> None:
    s = draw(rng)
    moments = moments_of(s.y, s.w, s.cluster)
    with pytest.raises(ValueError, match="loading and cluster_cov belong together"):
        gaussian_loglik(s.mean, s.cov, moments, s.loading)
    with pytest.raises(ValueError, match="the moments have no clusters"):
        gaussian_loglik(s.mean, s.cov, moments_of(s.y, s.w), s.loading, s.cluster_cov)


def test_compiled_entry_is_named_by_its_source() -> None:
    assert re.fullmatch(r"securebase_gaussian_[0-9a-f]{16}", ENTRY.symbol)
    assert ENTRY.compiled is ENTRY.compiled


@pytest.mark.parametrize("linker", LINKERS, ids=["numba", "python"])
@pytest.mark.parametrize("left_turned", [False, True])
@pytest.mark.parametrize("right_turned", [False, True])
@pytest.mark.parametrize("sizes", [(4, 3, 2), (5, 6, 1), (1, 7, 3), (9, 1, 4)])
def test_product_is_the_product(
    rng: np.random.Generator,
    linker: object,
    left_turned: bool,
    right_turned: bool,
    sizes: tuple[int, int, int],
) -> None:
    rows, inner, columns = sizes
    left, right = pt.dmatrix("left"), pt.dmatrix("right")
    weight = rng.normal(size=(rows, columns))
    # strides as they come, and zeros
    one = rng.normal(size=(2 * rows, inner))[::2]
    one = one * (rng.random(one.shape) < 0.6)
    two = rng.normal(size=(columns, inner)).T
    ours = product(left, right, left_turned, right_turned)
    theirs = pt.dot(left.T if left_turned else left, right.T if right_turned else right)
    values = []
    for result, mode in ((ours, linker), (theirs, LINKERS[1])):
        gradients = pt.grad((weight * result).sum(), [left, right])
        function = pytensor.function([left, right], [result, *gradients], mode=mode)
        values.append(function(one.T if left_turned else one, two.T if right_turned else two))
    for value, right_value in zip(*values, strict=True):
        np.testing.assert_allclose(value, right_value, rtol=1e-13, atol=1e-15)


def test_product_takes_matrices() -> None:
    with pytest.raises(ValueError, match="product takes matrices; given 1 dims"):
        product(pt.dvector(), pt.dmatrix())


def test_full_disk_costs_only_the_keeping(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("securebase.keeping.CheckedFile._open_for_write", refuse)

    def double(number: float) -> float:
        return 2.0 * number

    function = kept(double, float64(float64), "securebase_test_of_a_full_disk")
    assert function.ctypes(1.5) == 3.0
    assert "nothing compiled is kept in" in caplog.text
    assert "No space left on device" in caplog.text


def test_optimisation_of_the_process_is_left_alone() -> None:
    before = numba_config.OPT, numba_config.SLP_VECTORIZE
    with optimised():
        assert numba_config.SLP_VECTORIZE == 1
    assert before == (numba_config.OPT, numba_config.SLP_VECTORIZE)
