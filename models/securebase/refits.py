"""One compiled model, many data sets: fits side by side, without compiling again."""

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from nutpie.compile_pymc import CompiledPyMCModel
from tqdm import tqdm

from securebase.compiling import compile_model
from securebase.config import Sampling
from securebase.sampling import derived_seed, drawn

log = logging.getLogger(__name__)

LENGTHS = (1, 4, 16)


@dataclass(frozen=True)
class Task:
    """What to fit: the data under the names they have in the model, and a seed.

    Parameters
    ----------
    data : mapping of str to ndarray
        See `family.Built.data_of`.
    seed : int
    """

    data: Mapping[str, NDArray[Any]]
    seed: int


@dataclass(frozen=True)
class Outcome[Result]:
    """What became of a task.

    Parameters
    ----------
    number : int
        Place of the task.
    result : Result, optional
        What the reduction gave; None where the fit failed.
    failure : str
        Kind and message of the error; "" where the fit succeeded.
    """

    number: int
    result: Result | None
    failure: str = ""


def refit[Result](
    model: pm.Model,
    tasks: Iterable[Task],
    sampling: Sampling,
    cores: int,
    reduced: Callable[[int, xr.Dataset, xr.Dataset], Result],
    mixed: Callable[[Result], bool] = lambda _: True,
    alike: Sequence[Task] | None = None,
) -> Iterator[Outcome[Result]]:
    """Fit a model to many data sets of the same shape; it is compiled once.

    Each fit runs on one core, `cores` of them side by side. A fit that fails costs the
    others nothing. One whose chains have not mixed is drawn again, four and then sixteen times as
    long, from other starts. Progress is shown on a terminal and else goes to the log.

    Parameters
    ----------
    model : pm.Model
        With exchangeable data, as `family.build` writes it.
    tasks : iterable of Task
        Those of a sequence are taken as they are needed: data can be made on the way.
    sampling : Sampling
        Chains, draws and warm-up of each fit, as it is drawn first.
    cores : int
        Processors to use; no draw depends on it.
    reduced : callable (number, posterior, sample_stats) -> Result
        What to keep of a fit: posteriors of hundreds need not be held at once.
    mixed : callable (Result) -> bool
        Whether the chains were long enough, by what was kept. What is drawn longest is kept in
        any case.
    alike : sequence of Task, optional
        Given where all data come from one truth: chains start among draws of a fit of the first
        of these, and need a shorter warm-up. Of a batch these are the tasks of all batches, so
        that no draw depends on how they were cut.

    Yields
    ------
    Outcome
        In the order of the tasks.
    """
    compiled = compile_model(model)
    listed = tasks if isinstance(tasks, Sequence) else list(tasks)
    if alike is not None:
        compiled = started_near(compiled, alike, sampling)

    def fit(number: int) -> Result:
        task = listed[number]
        one = compiled.with_data(**task.data)
        for factor in LENGTHS:
            # a chain that is caught in a lesser mode stays there, however long: start elsewhere
            seed = task.seed if factor == 1 else derived_seed(task.seed, str(factor))
            draws = drawn(one, sampling.longer(factor), seed, cores=1)
            result = reduced(number, *draws)
            if mixed(result):
                break
            log.info("fit %d: chains of %d draws have not mixed", number, factor * sampling.draws)
        return result

    outcomes = list(_side_by_side(fit, len(listed), cores))
    yield from sorted(outcomes, key=lambda one: one.number)


def _side_by_side[Result](
    fit: Callable[[int], Result], count: int, cores: int
) -> Iterator[Outcome[Result]]:
    """Run numbered fits, as they end; tell how far it is."""
    with ThreadPoolExecutor(max_workers=cores) as pool:
        running = {pool.submit(fit, number): number for number in range(count)}
        ended = as_completed(running)
        shown = tqdm(ended, total=count, unit="fit", disable=not sys.stderr.isatty())
        try:
            for done, future in enumerate(shown, start=1):
                yield _outcome(running[future], future)
                if done % max(1, count // 10) == 0:
                    log.info("%d of %d fits", done, count)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _outcome[Result](number: int, future: Future[Result]) -> Outcome[Result]:
    error = future.exception()
    if error is None:
        return Outcome(number, future.result())
    log.error("fit %d failed", number, exc_info=error)
    return Outcome(number, None, f"{type(error).__name__}: {error}")


def started_near(
    compiled: CompiledPyMCModel, tasks: Sequence[Task], sampling: Sampling
) -> CompiledPyMCModel:
    """Let chains start at draws of a fit of the first task, where that can be fitted."""
    try:
        task = tasks[0]
        pilot, length = compiled.with_data(**task.data), sampling.longer(LENGTHS[1])
        _, stats = drawn(pilot, length, task.seed, cores=1, unconstrained=True)
    except Exception:
        log.exception("no first fit: chains start where the model says")
        return compiled
    points = stats["unconstrained_draw"].values
    points = points.reshape(-1, points.shape[-1])

    def point(seed: int) -> NDArray[np.float64]:
        return points[np.random.default_rng(seed).integers(len(points))]

    return replace(compiled, initial_point_func=point)
