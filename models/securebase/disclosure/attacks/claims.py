"""What an attack says it has recovered, and how much of that is so."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from securebase.moments import Floats

# relative to the spread of a column: far below any step of a scale
_NEAR = 1e-4


@dataclass(frozen=True, eq=False)
class Claims:
    """Records that an attack says are in the data.

    Parameters
    ----------
    attack : str
    columns : tuple of str
    records : float (record, column)
        NaN where the attack says nothing of a column.
    """

    attack: str
    columns: tuple[str, ...]
    records: Floats

    def __len__(self) -> int:
        """Number of records claimed."""
        return len(self.records)


def none_claimed(attack: str, columns: Sequence[str]) -> Claims:
    """Give the claims of an attack that failed."""
    return Claims(attack, tuple(columns), np.empty((0, len(columns))))


def count_right(claims: Claims, truth: Floats, columns: Sequence[str]) -> int:
    """Count claimed records that are somebody's.

    Parameters
    ----------
    claims : Claims
    truth : float (unit, column)
        Records, NaN where missing.
    columns : sequence of str
        Names of the columns of the truth.

    Returns
    -------
    int
        A claim is right where it agrees in every column it speaks of, and speaks of at least
        one; each unit answers for one claim only.
    """
    place = {name: number for number, name in enumerate(columns)}
    known_of = [name for name in claims.columns if name in place]
    shared = [name for name in known_of if not np.isnan(truth[:, place[name]]).all()]
    told = claims.records[:, [claims.columns.index(name) for name in shared]]
    true = truth[:, [place[name] for name in shared]]
    spread = np.nanmax(true, axis=0) - np.nanmin(true, axis=0)
    near = _NEAR * np.where(spread > 0, spread, 1.0)
    free = np.ones(len(true), dtype=bool)
    right = 0
    for record in told:
        known = ~np.isnan(record)
        same = (np.abs(true[:, known] - record[known]) <= near[known]).all(axis=1) & free
        if known.any() and same.any():
            free[same.argmax()] = False
            right += 1
    return right
