"""Who answered when: the patterns of missing answers, counted."""

import numpy as np
import pandas as pd

from securebase.names import COMPOSITION, OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Panel

ANSWERED, MISSING, NOT_ASKED = "\N{BLACK CIRCLE}", "\N{WHITE CIRCLE}", "\N{MIDDLE DOT}"


def pattern_table(panel: Panel) -> pd.DataFrame:
    """Count the units of each pattern of answers, the most frequent first.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    pd.DataFrame
        Columns composition; answered, role by role with a mark per wave: a filled circle where
        any outcome was observed, an open one where none was, a dot where none was asked; units.
    """
    observed = panel.data["score"].notnull().any(OUTCOME).transpose(UNIT, ROLE, WAVE)
    roles = [str(role) for role in observed[ROLE].values]
    asked = panel.data["asked"].any(OUTCOME).transpose(ROLE, WAVE).values
    unseen = np.where(asked, MISSING, NOT_ASKED)
    marks = np.where(observed.values, ANSWERED, unseen)
    told = [
        ", ".join(f"{role} {''.join(own)}" for role, own in zip(roles, unit, strict=True))
        for unit in marks
    ]
    table = pd.DataFrame(
        {COMPOSITION: panel.data[COMPOSITION].values.astype(str), "answered": told}
    )
    counts = table.value_counts(sort=False).rename("units").reset_index()
    keys, ascending = ["units", COMPOSITION, "answered"], [False, True, False]
    return counts.sort_values(keys, ascending=ascending, ignore_index=True)
