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
    """Name the growth functions: level, then change or the phases."""
    time = panel.analysis.time
    return (LEVEL, *(time.phase_names if time.shape == "piecewise" else (CHANGE,)))


def growth_functions(panel: Panel) -> dict[str, Array]:
    """Value of each growth function at each wave, in the panel's time unit.

    Linear: 1 and time since the origin. Piecewise: 1 and the time spent in each phase
    since the origin. Free: as linear at the first and the last wave, 0 between, where
    loadings are estimated.
    """
    shape = panel.analysis.time
    waves = [str(wave) for wave in panel.data[WAVE].values]
    time = dict(zip(waves, panel.data["time"].values.astype(float), strict=True))
    origin = time[shape.origin or waves[0]]
    if shape.shape == "piecewise":
        edges = [-np.inf, *(time[knot] for knot in shape.knots), np.inf]
        limits = list(pairwise(edges))
        return {
            wave: np.array([1.0, *(np.clip(t, *edge) - np.clip(origin, *edge) for edge in limits)])
            for wave, t in time.items()
        }
    inner = set(inner_waves(panel))
    return {wave: np.array([1.0, 0.0 if wave in inner else t - origin]) for wave, t in time.items()}


def inner_waves(panel: Panel) -> list[str]:
    """Waves whose loading a free path estimates: none in other shapes."""
    if panel.analysis.time.shape != "free":
        return []
    return [str(wave) for wave in panel.data[WAVE].values[1:-1]]
