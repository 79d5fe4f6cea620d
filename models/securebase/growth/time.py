"""How time enters growth: one function of time per growth effect."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from securebase.names import WAVE
from securebase.panel import Panel

Array = NDArray[np.float64]

LEVEL = "level"
CHANGE = "change"


def growth_names(panel: Panel) -> tuple[str, ...]:
    """Name the growth functions: level, then change or the phases; steps by the wave they reach.

    A single wave knows levels only.
    """
    time = panel.analysis.time
    if panel.data.sizes[WAVE] == 1:
        return (LEVEL,)
    if time.shape == "piecewise":
        return (LEVEL, *time.phase_names)
    if time.shape == "steps":
        later = tuple(str(wave) for wave in panel.data[WAVE].values[1:])
        return (LEVEL, *(later if len(later) > 1 else (CHANGE,)))
    return (LEVEL, CHANGE)


def growth_functions(panel: Panel) -> dict[str, Array]:
    """Value of each growth function at each wave's planned time, in the panel's time unit.

    Linear: 1 and time since the origin. Piecewise: 1 and the time spent in each phase
    since the origin. Free: as linear at the first and the last wave, 0 between, where
    loadings are estimated. Steps: 1, and at each later wave the time since the first in the
    place of its own step.
    """
    if panel.analysis.time.shape == "steps" or panel.data.sizes[WAVE] == 1:
        since = panel.data["time"].values - float(panel.data["time"][0])
        rows = np.column_stack([np.ones(len(since)), np.diag(since)[:, 1:]])
        return dict(zip(map(str, panel.data[WAVE].values), rows, strict=True))
    values = growth_at(panel, panel.data["time"].values.astype(float))
    inner = set(inner_waves(panel))
    waves = [str(wave) for wave in panel.data[WAVE].values]
    return {
        wave: np.array([1.0, 0.0]) if wave in inner else value
        for wave, value in zip(waves, values, strict=True)
    }


def growth_at(panel: Panel, time: Array) -> Array:
    """Value of each growth function of a linear or piecewise path at any times.

    Parameters
    ----------
    time : ndarray (...)
        In the panel's time unit, as the planned times of its waves.

    Returns
    -------
    ndarray (..., growth)
    """
    shape, planned = panel.analysis.time, panel.data["time"]
    origin = float(planned.sel({WAVE: shape.origin}) if shape.origin else planned[0])
    knots = [float(planned.sel({WAVE: knot})) for knot in shape.knots]
    limits = pairwise([-np.inf, *knots, np.inf])
    phases = [np.clip(time, *limit) - np.clip(origin, *limit) for limit in limits]
    return np.stack([np.ones_like(time), *phases], axis=-1)


def phase_lengths(panel: Panel) -> dict[str, float]:
    """Time that the study spends in each phase of a piecewise path; empty for other shapes."""
    if panel.analysis.time.shape != "piecewise":
        return {}
    first, last = growth_at(panel, panel.data["time"].values[[0, -1]].astype(float))
    lengths = (last - first)[1:].tolist()
    return dict(zip(panel.analysis.time.phase_names, lengths, strict=True))


def inner_waves(panel: Panel) -> list[str]:
    """Waves whose loading a free path estimates: none in other shapes."""
    if panel.analysis.time.shape != "free":
        return []
    return [str(wave) for wave in panel.data[WAVE].values[1:-1]]
