"""What is known of a family and of a study's design before any data: docs/calibration."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from securebase.report.result_tables import read_table

FAMILIES_FILE = "families.csv"


@dataclass(frozen=True)
class Calibrated:
    """What simulation has shown.

    Parameters
    ----------
    families : pandas.DataFrame or None
        A row per design that was calibrated: family, design, refits, quantities, p_family (the
        smallest over its quantities).
    recovery : pandas.DataFrame or None
        Claims of a simulated study at its published size, in each world.
    """

    families: pd.DataFrame | None = None
    recovery: pd.DataFrame | None = None


def read_calibrated(paths: Sequence[Path]) -> Calibrated:
    """Read what is known of the families and of a study, as far as it is there.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        ``families.csv``, and the study's table below ``recovery``; either, both or none.
    """
    known = {
        "families" if path.name == FAMILIES_FILE else "recovery": read_table(path) for path in paths
    }
    return Calibrated(**known)
