"""Who left for good, when, and whether alone or with the other member."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from securebase.part import Part

Mask = NDArray[np.bool_]

ALONE, TOGETHER = "alone", "together"


def left_cells(part: Part, waves: Sequence[str]) -> dict[str, Mask]:
    """Mark the scores that are missing because a member had left.

    A member has left after the last wave with any answer; who never answered has not left, and
    a gap before a later answer is not leaving.

    Parameters
    ----------
    part : Part
    waves : sequence of str
        In the order of time.

    Returns
    -------
    dict of str to ndarray (unit, response)
        `TOGETHER`: all members of the unit answered last at the same wave, as when a couple
        breaks up; `ALONE`: one of them stayed longer than another.
    """
    labels = np.array([name.split(" ") for name in part.responses])
    wave = np.array([list(waves).index(name) for name in labels[:, 0]])
    answered = ~np.isnan(part.score)
    slots = list(dict.fromkeys(labels[:, 1]))
    last = np.stack(
        [
            np.where(answered[:, own], wave[own], -1).max(axis=1)
            for own in (labels[:, 1] == slot for slot in slots)
        ],
        axis=1,
    )
    slot = np.array([slots.index(name) for name in labels[:, 1]])
    gone = (wave > last[:, slot]) & (last[:, slot] >= 0)
    with_all = _with_all(last)[:, None]
    return {TOGETHER: gone & with_all, ALONE: gone & ~with_all}


def _with_all(last: NDArray[np.int64]) -> Mask:
    """Whether all members of a unit (unit, member) stay as long, but for those never there."""
    took_part = last >= 0
    latest = last.max(axis=1, keepdims=True)
    return ((last == latest) | ~took_part).all(axis=1)
