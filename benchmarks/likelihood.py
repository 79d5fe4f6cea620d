"""One evaluation of the likelihood with all gradients, over people, clusters and sizes.

Run with ``python benchmarks/likelihood.py``; times are the best of several, in microseconds.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from securebase.likelihood import kernel_arrays, occasion_arrays
from securebase.likelihood.gaussian_entry import ENTRY, prepare
from securebase.likelihood.occasion_entry import evaluate_occasions
from securebase.moments import Moments, moments_of

SIZES = (100, 1_000, 10_000, 100_000)


def panel(
    n_units: int, n_waves: int, n_series: int, n_clusters: int = 0, intermittent: float = 0.0
) -> tuple[NDArray[np.float64], Moments]:
    """Draw units that drop out, or miss single scores; give a covariance and moments."""
    rng = np.random.default_rng(n_units)
    size = n_waves * n_series
    cov = np.full((size, size), 0.4) + 0.6 * np.eye(size)
    y = rng.normal(size=(n_units, size))
    last = rng.choice(n_waves, n_units, p=[0.27 / (n_waves - 1)] * (n_waves - 1) + [0.73])
    y[np.repeat(np.arange(n_waves), n_series)[None] > last[:, None]] = np.nan
    y[:, n_series:][rng.random((n_units, size - n_series)) < intermittent] = np.nan
    w = np.column_stack([np.ones(n_units), rng.normal(size=n_units)])
    cluster = rng.permutation(np.arange(n_units) % n_clusters) if n_clusters else None
    return cov, moments_of(y, w, cluster)


def best(function: Callable[[], object]) -> float:
    """Shortest of several runs, in microseconds."""
    times = []
    for _ in range(200):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)


def measure(label: str, cov: NDArray[np.float64], moments: Moments) -> str:
    """Give one row of the table."""
    size = len(cov)
    arrays = kernel_arrays(moments)
    mean = np.zeros((size, 2))
    effects = (np.ones((size, 1)), 0.2 * np.eye(1)) if moments.clustered else ()
    call, _ = prepare(mean, cov, arrays, *effects)
    taken = best(call)
    nodes = int(arrays["patterns"][-1, 4])
    return f"| {label} | {size} | {len(moments.counts)} | {nodes} | {taken:,.1f} |"


def table() -> str:
    """Measure everything; units at times of their own come last, with a cost per unit."""
    _ = ENTRY.compiled
    couples = ((f"{n:,} couples, 3 waves, 2 outcomes", panel(n, 3, 2)) for n in SIZES)
    rows = [measure(label, *data) for label, data in couples]
    data = panel(151, 5, 4, intermittent=0.03)
    rows.append(measure("151 couples, 5 waves, 4 series, gaps", *data))
    data = panel(1_000, 10, 6, intermittent=0.1)
    rows.append(measure("1,000 units, 60 responses, gaps", *data))
    for leaders in (50, 500, 5_000):
        data = panel(9 * leaders, 3, 1, leaders)
        rows.append(measure(f"{leaders:,} leaders of 9, 3 waves", *data))
    for followers in (9, 90, 900):
        data = panel(60 * followers, 3, 1, 60)
        rows.append(measure(f"60 leaders of {followers}, 3 waves", *data))
    rows += [measure_own_times(units) for units in (100, 1_000)]
    rows.append(measure_own_times(200, 30))
    head = "| data | responses | patterns | nodes | microseconds |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


def measure_own_times(units: int, clusters: int = 0) -> str:
    """Give one row for units that were measured at times of their own, in clusters or not."""
    rng = np.random.default_rng(1)
    time_of = np.cumsum(rng.uniform(0.5, 1.5, (units, 3, 2)), axis=1)
    basis = np.zeros((units, 6, 4))
    for place in range(6):
        wave, series = divmod(place, 2)
        basis[:, place, series] = 1.0
        basis[:, place, 2 + series] = time_of[:, wave, series]
    score, design = rng.normal(size=(units, 6)), np.ones((units, 1))
    waves = [str(place // 2) for place in range(6)]
    grouped = (np.arange(units) % clusters, np.eye(4)) if clusters else ()
    arrays = occasion_arrays(score, basis, design, np.arange(6) % 2, waves, *grouped)
    covariances = 0.5 * np.eye(4) + 0.1, 0.5 * np.eye(2) + 0.1
    of_cluster = 0.2 * np.eye(4) if clusters else None
    taken = best(lambda: evaluate_occasions(np.zeros((4, 1)), *covariances, arrays, of_cluster))
    label = f"{units:,} couples at times of their own" + f", {clusters} clusters" * bool(clusters)
    return f"| {label} | 6 | – | – | {taken:,.1f} |"


if __name__ == "__main__":
    print(table())
