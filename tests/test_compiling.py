"""Compiled models: the same density as PyMC's, data that can be exchanged, nothing made twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import nutpie
import pymc as pm
import pytest
from pytensor.link.numba.cache import NUMBA_CACHE_PATH

from securebase.caches import FLAGS
from securebase.compiling import compile_model
from securebase.config import Sampling
from securebase.fitting import posed
from securebase.sampling import posterior_draws
from securebase.warm import SCALES, made_up_study, made_up_waves

NUMBA_FOLDER = "NUMBA_CACHE_DIR"


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


@pytest.mark.parametrize("adaptation", ["diag", "low_rank"])
def test_two_compilations_draw_the_same_numbers(model: pm.Model, adaptation: str) -> None:
    sampling = Sampling.model_validate(
        {"chains": 2, "draws": 100, "tune": 100, "adaptation": adaptation}
    )
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


PROGRAM = (
    "import numpy as np\n"
    "from securebase.compiling import compile_model\n"
    "from securebase.fitting import posed\n"
    "from securebase.warm import made_up_study, made_up_waves\n"
    "waves = made_up_waves(np.random.default_rng(5))\n"
    "study = made_up_study('dyadic_growth', {})\n"
    "compile_model(posed(study, 'dyadic_growth', waves).built.model)\n"
)


def compiled_by_another(folder: Path) -> str:
    """Compile the model in a process whose cache is a folder; give what it says of the cache."""
    inherited = {key: os.environ[key] for key in os.environ if key not in (FLAGS, NUMBA_FOLDER)}
    told = inherited | {"SECUREBASE_CACHE": str(folder), "NUMBA_DEBUG_CACHE": "1"}
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(command, check=True, env=told, stdout=subprocess.PIPE, text=True).stdout


def test_what_one_process_compiled_the_next_one_loads(model: pm.Model, tmp_path: Path) -> None:
    compile_model(model)
    names = [path.name for path in Path(NUMBA_CACHE_PATH).iterdir()]
    # the callbacks that nutpie alone would make anew in every process
    assert any(".density-" in name for name in names)
    assert any(".trace-" in name for name in names)
    # a folder of its own: in the one that is shared, other tests write meanwhile
    compiled_here = Path(os.environ[NUMBA_FOLDER]).parent
    passing = shutil.ignore_patterns("*.tmp*", "*.partial*")
    shutil.copytree(compiled_here, tmp_path / compiled_here.name, ignore=passing)
    compiled_by_another(tmp_path)
    said = compiled_by_another(tmp_path)
    assert "index loaded" in said
    assert "saved" not in said
