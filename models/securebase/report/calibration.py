"""What is known of a family and of a study's design before any data: docs/calibration."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from securebase.codebook.loading import Study
from securebase.report.inputs import read_table

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


def read_calibrated(study: Study, folder: Path | None) -> Calibrated:
    """Read what is known of the families and of a study; nothing where there is no folder.

    Parameters
    ----------
    study : Study
        The codebook.
    folder : pathlib.Path, optional
        ``docs/calibration``.
    """
    if folder is None:
        return Calibrated()
    paths = folder / FAMILIES_FILE, folder / "recovery" / f"{study.study}.csv"
    return Calibrated(*(read_table(path) if path.is_file() else None for path in paths))
