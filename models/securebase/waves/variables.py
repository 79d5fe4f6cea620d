"""Variables: what each column of the scored waves is."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from securebase.codebook.scale import Covariate, Scale
from securebase.codebook.study import Study
from securebase.names import (
    CLUSTER,
    COMPOSITION,
    DATE,
    PERSON,
    ROLE,
    TIME,
    UNIT,
    WAVE,
)

COLUMNS: Final = ("name", "label", "kind", "role", "unit", "min", "max", "levels", "n", "missing")
_LABELS: Final = {
    PERSON: "person",
    DATE: "date of answering",
    CLUSTER: "cluster the unit belongs to",
}


def variable_table(waves: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Describe the columns of the scored waves.

    Parameters
    ----------
    waves : pd.DataFrame
        The scored waves.
    study : Study
        The codebook.

    Returns
    -------
    pd.DataFrame
        Columns `COLUMNS`: kind is id, scale or covariate; role names who answers ("all"); min and
        max are the possible, not the observed values; missing counts rows of those who are asked.
    """
    rows = [*_ids(waves, study)]
    for name, scale in study.scales.items():
        rows.append(_scale(name, scale, waves))
    for name, one in study.covariates.items():
        rows.append(_covariate(name, one, waves))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _ids(waves: pd.DataFrame, study: Study) -> Iterator[tuple[object, ...]]:
    levels = {ROLE: list(study.roles.levels), WAVE: list(study.waves.levels)}
    levels[COMPOSITION] = list(study.roles.compositions or {})
    times = [level.time for level in study.waves.levels.values()]
    labels = {**_LABELS, UNIT: study.unit, ROLE: "role", WAVE: "wave"}
    labels |= {TIME: "time of the wave", COMPOSITION: f"composition of the {study.unit}"}
    for name in (UNIT, PERSON, ROLE, WAVE, TIME, DATE, CLUSTER, COMPOSITION):
        ends = (min(times), max(times)) if name == TIME else (np.nan, np.nan)
        unit = study.waves.time_unit if name == TIME else ""
        counts = (int(waves[name].notna().sum()), int(waves[name].isna().sum()))
        yield (
            name,
            labels[name],
            "id",
            "all",
            unit,
            *ends,
            "; ".join(levels.get(name, [])),
            *counts,
        )


def _scale(name: str, scale: Scale, waves: pd.DataFrame) -> tuple[object, ...]:
    low, high = scale.range
    unit = f"{scale.score} of {len(scale.items)} items from {low:g} to {high:g}"
    counts = _counts(name, scale, waves)
    return (
        name,
        scale.label or name,
        "scale",
        _roles(scale),
        unit,
        *scale.score_range,
        "",
        *counts,
    )


def _covariate(name: str, one: Covariate, waves: pd.DataFrame) -> tuple[object, ...]:
    ends = one.range or (np.nan, np.nan)
    levels = "; ".join((one.levels or {}).values())
    counts = _counts(name, one, waves)
    label = one.label or name
    return (name, label, "covariate", _roles(one), one.unit or "", *ends, levels, *counts)


def _roles(measure: Scale | Covariate) -> str:
    return "; ".join(measure.roles) if measure.roles else "all"


def _counts(name: str, measure: Scale | Covariate, waves: pd.DataFrame) -> tuple[int, int]:
    asked = pd.Series(True, index=waves.index)
    if measure.roles:
        asked &= waves[ROLE].isin(measure.roles)
    if measure.waves:
        asked &= waves[WAVE].isin(measure.waves)
    known = waves[name].notna()
    return int(known.sum()), int((asked & ~known).sum())
