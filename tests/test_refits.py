"""Many fits of one compiled model: in order, the same on any cores, none lost by another."""

from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from securebase.compiling import compile_model
from securebase.config import Sampling
from securebase.refits import Outcome, Task, refit, started_near

SAMPLING = Sampling(chains=2, draws=200, tune=200)


@pytest.fixture(scope="module")
def model() -> pm.Model:
    with pm.Model() as model:
        scores = pm.Data("scores", np.zeros(10))
        mean = pm.Normal("mean", 0.0, 10.0)
        pm.Normal("score", mean, 1.0, observed=scores)
    return model


def mean_of(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> tuple[int, float]:
    assert set(posterior.sizes) == {"chain", "draw"}
    assert "diverging" in stats
    return number, float(posterior["mean"].mean())


def tasks(count: int) -> list[Task]:
    return [Task({"scores": np.full(10, float(place))}, seed=place) for place in range(count)]


def test_results_come_in_order_and_follow_their_data(model: pm.Model) -> None:
    outcomes = list(refit(model, tasks(6), SAMPLING, 2, mean_of))
    assert [one.number for one in outcomes] == list(range(6))
    for number, one in enumerate(outcomes):
        assert one.failure == ""
        assert one.result is not None
        # 10 scores: posterior sd .32, Monte Carlo error below .04
        assert one.result == (number, pytest.approx(number, abs=0.2))


def test_draws_do_not_depend_on_cores(model: pm.Model) -> None:
    one, two = (list(refit(model, tasks(4), SAMPLING, cores, mean_of)) for cores in (1, 2))
    assert one == two


def test_failing_fit_is_recorded_and_costs_no_other(
    model: pm.Model, caplog: pytest.LogCaptureFixture
) -> None:
    def picky(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> int:
        if number == 1:
            raise RuntimeError("nothing to keep")
        return number

    outcomes: list[Outcome[Any]] = list(refit(model, tasks(3), SAMPLING, 2, picky))
    assert [one.result for one in outcomes] == [0, None, 2]
    assert outcomes[1].failure == "RuntimeError: nothing to keep"
    assert "fit 1 failed" in caplog.text
    assert "Traceback" in caplog.text


def test_progress_is_logged(model: pm.Model, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        list(refit(model, tasks(3), SAMPLING, 1, mean_of))
    assert "3 of 3 fits" in caplog.text


def test_chains_caught_in_different_modes_are_drawn_again_from_elsewhere() -> None:
    with pm.Model() as two_places:
        scores = pm.Data("scores", np.zeros(10))
        place = pm.Normal("place", 0.0, 10.0)
        apart = pm.math.stack([-0.5 * ((place - far) / 0.3) ** 2 for far in (-8.0, 8.0)])
        pm.Potential("two_places", pm.math.logsumexp(apart))
        pm.Normal("score", place, 1000.0, observed=scores)

    first: dict[int, float] = {}

    def between_chains(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> float:
        far = float(np.ptp(posterior["place"].mean("draw").values))
        first.setdefault(number, far)
        return far

    outcomes = list(refit(two_places, tasks(24), SAMPLING, 2, between_chains, lambda far: far < 1))
    caught = [number for number, far in first.items() if far > 1]
    still = [one.number for one in outcomes if one.result is None or one.result > 1]
    # of those caught at first one in four, by chance, after two more
    assert len(caught) >= 6
    assert len(still) < len(caught) / 2


def test_fit_that_has_not_mixed_is_drawn_again_longer(model: pm.Model) -> None:
    def length_of(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> tuple[int, int]:
        return number, posterior.sizes["draw"]

    def mixed(result: tuple[int, int]) -> bool:
        number, draws = result
        return draws >= {0: 200, 1: 800, 2: 1_000_000}[number]

    outcomes = refit(model, tasks(3), SAMPLING, 2, length_of, mixed)
    assert [one.result for one in outcomes] == [(0, 200), (1, 800), (2, 3200)]


def test_fits_of_one_truth_start_where_a_first_one_ends(model: pm.Model) -> None:
    elsewhere = [Task({"scores": np.full(10, 25.0)}, seed=1)]
    started = started_near(compile_model(model), elsewhere, SAMPLING)
    points = np.array([started.initial_point_func(seed) for seed in range(200)])
    # 10 scores of 25 with sd 1, prior sd 10: mean 24.98, sd .316; 200 points: errors .022, .016
    assert points.mean() == pytest.approx(24.975, abs=0.09)
    assert points.std() == pytest.approx(0.316, abs=0.07)
    one, two = (
        list(refit(model, elsewhere, SAMPLING, n, mean_of, alike=elsewhere)) for n in (1, 2)
    )
    assert one == two
    assert one[0].result == (0, pytest.approx(24.975, abs=0.2))
