"""How many there are at each level of an analysis: clusters, units, persons, occasions."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.names import CLUSTER, COMPOSITION, OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Panel

COLUMNS: Final = ("level", ROLE, "number", "fewest", "most")

Row = tuple[str, str, int, float, float]


def level_table(panel: Panel) -> pd.DataFrame:
    """Count clusters, units, persons and occasions, and how many each of the next higher has.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    pd.DataFrame
        Columns level: "cluster", where units share some; "unit", who leads aside; "person", with
        an answer to any outcome, role by role; "occasion", a person at a wave with an answer;
        role; number; fewest, most: how many one of the level above has, persons per cluster where
        they lead one, NaN where that is not told.
    """
    rows = [*_of_units(panel), *_of_persons(panel)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _of_units(panel: Panel) -> Iterator[Row]:
    cluster = panel.data[CLUSTER].values.astype(str)
    led = panel.data[COMPOSITION].values.astype(str) != (panel.leader or "")
    if (cluster != "").any():
        yield "cluster", "", len(set(cluster) - {""}), np.nan, np.nan
    yield "unit", "", int(led.sum()), *_range_of(cluster[led])


def _of_persons(panel: Panel) -> Iterator[Row]:
    answered = panel.data["score"].notnull().any(OUTCOME).transpose(UNIT, ROLE, WAVE)
    cluster = panel.data[CLUSTER].values.astype(str)
    for role in answered[ROLE].values:
        occasions = answered.sel({ROLE: role}).values.sum(axis=1)
        took_part = occasions > 0
        leads = str(role) == panel.leader
        of_cluster = _range_of(cluster[took_part]) if leads else (np.nan, np.nan)
        yield "person", str(role), int(took_part.sum()), *of_cluster
        own = occasions[took_part]
        yield "occasion", str(role), int(own.sum()), *_range(own)


def _range_of(cluster: NDArray[np.str_]) -> tuple[float, float]:
    """Fewest and most rows of a cluster; not told where there are none."""
    _, sizes = np.unique(cluster[cluster != ""], return_counts=True)
    return _range(sizes)


def _range(sizes: NDArray[np.int64]) -> tuple[float, float]:
    return (float(sizes.min()), float(sizes.max())) if len(sizes) else (np.nan, np.nan)
