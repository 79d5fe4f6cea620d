"""One process, one fit: `python one_fit.py DESIGN RESULT.json`; RESULTS.md is made of these."""

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STARTED = float(os.environ.get("STARTED", time.time()))

import arviz as az  # noqa: E402  (the clock comes first)
import numpy as np  # noqa: E402
import xarray as xr  # noqa: E402
from designs import by_name  # noqa: E402

from securebase.compiling import compile_model  # noqa: E402
from securebase.config import Sampling  # noqa: E402
from securebase.family import build  # noqa: E402
from securebase.fitting import Question  # noqa: E402
from securebase.sampling import drawn  # noqa: E402

CORES = os.process_cpu_count() or 1
SEEDS = 5


def smallest_ess(posterior: xr.Dataset) -> tuple[float, float]:
    """Smallest bulk ESS of means and standard deviations, and of standard deviations."""
    helpers = ("_vine", "_signed", "_measured", "_offset_all")
    names = [name for name in posterior.data_vars if not str(name).endswith(helpers)]
    ess = az.ess(posterior[names])
    least = {name: float(ess[name].min()) for name in map(str, names)}
    return min(least.values()), min(v for name, v in least.items() if name.endswith("_sd"))


def sampled(compiled: Any, sampling: Sampling, seed: int) -> tuple[xr.Dataset, dict[str, float]]:
    """Draw once, and say how well."""
    started = time.time()
    posterior, stats = drawn(compiled, sampling, seed, cores=CORES)
    seconds = time.time() - started
    ess, ess_sd = smallest_ess(posterior)
    quality = {
        "divergences": int(stats["diverging"].sum()),
        "steps": float(stats["n_steps"].mean()),
    }
    return posterior, {"sample": seconds, "ess": ess, "ess_sd": ess_sd, **quality}


def fit(question: Question, sampling: Sampling, explicit: bool) -> dict[str, float]:
    """Time what a fit is made of."""
    times = {"ready": time.time() - STARTED}
    built = question.built
    if explicit:
        built = build(question.family, question.panel, question.priors, explicit=True)
    started = time.time()
    compiled = compile_model(built.model)
    times["compile"] = time.time() - started
    posterior, first = sampled(compiled, sampling, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        posterior.to_netcdf(Path(folder) / "posterior.nc", engine="netcdf4")
    times["total"] = time.time() - STARTED
    # the smallest of many ESS is noisy: the median over seeds, but for the twin's minutes
    seeds = range(2, 2 if explicit else 1 + SEEDS)
    runs = [first, *(sampled(compiled, sampling, seed)[1] for seed in seeds)]
    times |= {name: statistics.median(run[name] for run in runs) for name in first}
    return times | {
        "parameters": sum(int(np.prod(v.shape)) for v in built.model.initial_point().values()),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Fit the design that is named."""
    name, path = sys.argv[1:3]
    design, explicit = name.removesuffix(" explicit"), name.endswith(" explicit")
    draws = int(os.environ.get("DRAWS", "1000"))
    sampling = Sampling(chains=4, draws=draws, tune=draws)
    question = by_name(design)
    found = fit(question, sampling, explicit)
    Path(path).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
