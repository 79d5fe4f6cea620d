"""Occasions at equal steps: the waves, and between them those at which nobody was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from securebase.faults import Fault

MOST_OCCASIONS: Final = 60
NEAR: Final = 0.02
"""Share of a step by which a wave may be beside its occasion: times are given rounded."""


@dataclass(frozen=True)
class Grid:
    """Where on a line of equal steps each wave stands.

    Parameters
    ----------
    step : float
        Length of a step, in the study's time unit.
    occasion : dict of str to int
        Of each wave that measures something that moves, the first of them at 0.
    """

    step: float
    occasion: dict[str, int]

    @property
    def size(self) -> int:
        """Number of occasions, those without a wave included."""
        return max(self.occasion.values()) + 1

    def wave(self, occasion: int) -> str:
        """Wave at an occasion that has one."""
        return next(name for name, place in self.occasion.items() if place == occasion)

    def step_label(self, occasion: int) -> str:
        """Name the step that reaches an occasion, such as "m0 to m3"."""
        return f"{self.wave(occasion - 1)} to {self.wave(occasion)}"


def longest_step(times: Sequence[float]) -> float | None:
    """Longest step that leads from wave to wave; None where it would be too short."""
    span = float(times[-1] - times[0])
    steps = (span / count for count in range(1, MOST_OCCASIONS))
    return next((step for step in steps if _on_grid(times, step)), None)


def grid_of(times: dict[str, float], step: float | None, named: str = "") -> Grid | Fault:
    """Arrange waves on a grid, or say why not.

    Parameters
    ----------
    times : dict of str to float
        Planned time of each wave, in order.
    step : float, optional
        Length of a step as declared; None: the longest possible.
    named : str
        Key of the dynamics, with its value, by which steps have parameters of their own: then
        every occasion must be a wave.
    """
    found = step or longest_step(list(times.values()))
    told = ", ".join(f"{name} at {time:g}" for name, time in times.items())
    if found is None:
        return Fault(
            "waves", f"steps of unequal length ({told})",
            f"multiples of one length, at most {MOST_OCCASIONS} occasions",
            "give the planned times rounded, or model fewer waves",
        )  # fmt: skip
    planned = list(times.values())
    if not _on_grid(planned, found):
        return Fault("dynamics.step", f"{found:g} ({told})", "a length all steps are multiples of")
    places = (np.array(planned) - planned[0]) / found
    grid = Grid(found, {name: round(place) for name, place in zip(times, places, strict=True)})
    if grid.size > MOST_OCCASIONS:
        return Fault("dynamics.step", f"{found:g} makes {grid.size} occasions",
                     f"at most {MOST_OCCASIONS}", "use a longer step")  # fmt: skip
    if named and grid.size > len(times):
        return Fault(
            "dynamics", f"{named}, with steps of unequal length ({told})", "equal steps",
            "occasions between waves have no name and no data to tell them apart: use equal",
        )  # fmt: skip
    return grid


def _on_grid(times: Sequence[float], step: float) -> bool:
    places = (np.array(times) - times[0]) / step
    return bool(
        (np.abs(places - places.round()) < NEAR).all() and (np.diff(places.round()) > 0).all()
    )
