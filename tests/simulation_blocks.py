"""What settings of simulated studies are made of, and two ways of looking at their waves."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

ITEMS = 12
REASON = "for a test"


def scale_of(letter: str, **changes: Any) -> dict[str, Any]:
    """Give a scale of twelve items from 1 to 7."""
    items = [f"{letter}{number}" for number in range(ITEMS)]
    return {"items": items, "range": [1, 7], "minimum_items": ITEMS - 2} | changes


def waves_of(unit: str, *times: float) -> dict[str, Any]:
    """Give waves w1, w2, … at some times."""
    levels = {f"w{number}": {"time": time} for number, time in enumerate(times, start=1)}
    return {"time_unit": unit, "levels": levels}


def effects(variable: str, *cells: dict[str, Any], claimed: bool = False) -> dict[str, Any]:
    """Give true values of a variable."""
    return {"variable": variable, "claimed": claimed, "reason": REASON, "cells": list(cells)}


def cells(dim: str, values: dict[str, float]) -> list[dict[str, Any]]:
    """Give a cell per label of one dim."""
    return [{"at": {dim: label}, "value": value} for label, value in values.items()]


def growth(series: Iterable[str], clusters: bool = False) -> list[dict[str, Any]]:
    """Give the values that a model of growth has to name."""
    sds = {f"{kind} {one}": sd for one in series for kind, sd in (("level", 0.7), ("change", 0.1))}
    of_clusters = {"level": 0.3, "change": 0.05}
    named = [
        effects("level", {"value": 4.0}),
        effects("unit_sd", *cells("effect", sds)),
        effects("residual_sd", {"value": 0.2}),
    ]
    if clusters:
        shared = {name: of_clusters[name.split(" ")[0]] for name in sds}
        named.append(effects("cluster_sd", *cells("cluster_effect", shared)))
    return named


def model(outcomes: list[str], truth: list[dict[str, Any]], **analysis: Any) -> dict[str, Any]:
    """Give a model of growth."""
    posed = {"family": "dyadic_growth", "question": "What are the true scores?"}
    return {"analysis": posed | {"outcomes": outcomes} | analysis, "truth": truth}


def wide(waves: pd.DataFrame, role: str, scale: str) -> pd.DataFrame:
    """Give a column of scores per wave."""
    own = waves[waves["role"] == role]
    return own.pivot(index="unit", columns="wave", values=scale)


def slope_on(outcome: pd.Series, predictor: pd.Series) -> float:
    """Regress one variable on another."""
    both = pd.concat([outcome, predictor], axis=1).dropna()
    return float(np.polyfit(both.iloc[:, 1], both.iloc[:, 0], 1)[0])
