"""Compiled models: the same density as PyMC's, data that can be exchanged, nothing made twice."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import nutpie
import pymc as pm
import pytest
from pytensor.link.numba.cache import NUMBA_CACHE_PATH

from securebase.compiling import compile_model
from securebase.config import Sampling
from securebase.fitting import posed
from securebase.sampling import posterior_draws
from securebase.warm import SCALES, made_up_study, made_up_waves


@pytest.fixture(scope="module")
def model() -> pm.Model:
    waves = made_up_waves(np.random.default_rng(5))
    return posed(made_up_study("dyadic_growth", {}), "dyadic_growth", waves).built.model


def test_sampled_log_densities_are_those_of_the_model(model: pm.Model) -> None:
    sampling = Sampling(chains=2, draws=100, tune=100)
    tree = nutpie.sample(
        compile_model(model),
        draws=sampling.draws,
        tune=sampling.tune,
        chains=2,
        seed=3,
        progress_bar=False,
        store_unconstrained=True,
    )
    stats = tree["sample_stats"].to_dataset().isel(chain=0)
    density = model.compile_logp(mode="FAST_COMPILE")
    sizes = [
        (variable.name, np.shape(value))
        for variable, value in zip(
            model.value_vars, map(model.initial_point().get, _names(model)), strict=True
        )
    ]
    for draw in (0, 50, 99):
        vector = stats["unconstrained_draw"].isel(draw=draw).values
        point, start = {}, 0
        for name, shape in sizes:
            stop = start + int(np.prod(shape))
            point[name] = vector[start:stop].reshape(shape)
            start = stop
        assert float(stats["logp"][draw]) == pytest.approx(float(density(point)), rel=1e-9)


def _names(model: pm.Model) -> list[str]:
    return [str(variable.name) for variable in model.value_vars]


def test_two_compilations_draw_the_same_numbers(model: pm.Model) -> None:
    sampling = Sampling(chains=2, draws=100, tune=100)
    first, _ = posterior_draws(model, sampling, seed=7, cores=1)
    second, _ = posterior_draws(model, sampling, seed=7, cores=2)
    assert first.equals(second)


def test_data_can_be_exchanged_without_compiling(model: pm.Model) -> None:
    waves = made_up_waves(np.random.default_rng(6))
    for scale in SCALES:
        waves[scale] = 4.0 + (waves[scale] - 4.0) / 4
    other = posed(made_up_study("dyadic_growth", {}), "dyadic_growth", waves)
    compiled = compile_model(model)
    calmer = compiled.with_data(**other.built.data_of(other.panel))
    first, second = (
        nutpie.sample(one, draws=100, tune=200, chains=2, seed=1, progress_bar=False)
        for one in (compiled, calmer)
    )
    spreads = [float(tree["posterior"]["residual_sd"].mean()) for tree in (first, second)]
    assert spreads[1] < spreads[0] / 2  # the scores are spread a quarter as widely


def test_what_one_process_compiled_the_next_one_loads(model: pm.Model) -> None:
    compile_model(model)
    kept = {path.name: path.stat().st_mtime_ns for path in Path(NUMBA_CACHE_PATH).iterdir()}
    # the callbacks that nutpie alone would make anew in every process
    assert any(".density-" in name for name in kept)
    assert any(".trace-" in name for name in kept)
    program = (
        "import numpy as np\n"
        "from securebase.compiling import compile_model\n"
        "from securebase.fitting import posed\n"
        "from securebase.warm import made_up_study, made_up_waves\n"
        "waves = made_up_waves(np.random.default_rng(5))\n"
        "study = made_up_study('dyadic_growth', {})\n"
        "compile_model(posed(study, 'dyadic_growth', waves).built.model)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    # other tests may compile meanwhile: none of what was kept may be written again
    assert (
        kept.items()
        <= {path.name: path.stat().st_mtime_ns for path in Path(NUMBA_CACHE_PATH).iterdir()}.items()
    )
