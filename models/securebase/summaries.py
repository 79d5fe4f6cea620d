"""Posteriors as tables with unit, interval and Monte Carlo error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import arviz_stats as az
import numpy as np
import pandas as pd
import xarray as xr

from securebase.mixing import reported_cells
from securebase.names import OUTCOME, ROLE, SAMPLES, TIME, WAVE

if TYPE_CHECKING:
    from securebase.family import Family
    from securebase.panel import Panel

INTERVAL = (0.025, 0.975)


def summary_table(posterior: xr.Dataset, family: Family, time_unit: str) -> pd.DataFrame:
    """Summarise every reported cell of a posterior.

    Returns
    -------
    pd.DataFrame
        Columns name, coordinates, unit, mean, sd, q2_5, median, q97_5 (95 % equal-tailed
        interval), mcse_mean, mcse_sd, ess_bulk, ess_tail, r_hat. A ratio has no mean: its
        moments are left empty, while ess_bulk, ess_tail and r_hat go by ranks.
    """
    cells = reported_cells(posterior, family)
    table = describe(xr.concat(cells.values(), dim="cell"))
    ratios = [_is_ratio(family, name) for name, _ in cells]
    table.loc[ratios, ["mean", "sd", "mcse_mean", "mcse_sd"]] = np.nan
    table.insert(0, "name", [name for name, _ in cells])
    table.insert(1, "coordinates", [coordinates for _, coordinates in cells])
    table.insert(2, "unit", [_unit(family, *cell, time_unit) for cell in cells])
    return table


def parameter_table(summary: pd.DataFrame, family: Family, time_unit: str) -> pd.DataFrame:
    """Say what each reported variable is.

    Parameters
    ----------
    summary : pd.DataFrame
        See `summary_table`.
    family : Family
    time_unit : str

    Returns
    -------
    pd.DataFrame
        Columns name, cells (how many rows of the summary), unit, meaning.
    """
    counts = summary["name"].value_counts(sort=False)
    declared = {name: family.parameter(str(name)) for name in counts.index}
    rows = [
        (name, counts[name], one.unit_at((), time_unit), one.meaning)
        for name, one in declared.items()
        if one
    ]
    return pd.DataFrame(rows, columns=["name", "cells", "unit", "meaning"])


def _unit(family: Family, variable: str, coordinates: str, time_unit: str) -> str:
    parameter = family.parameter(variable)
    labels = [pair.partition("=")[2] for pair in coordinates.split(", ")]
    return parameter.unit_at(labels, time_unit) if parameter else ""


def _is_ratio(family: Family, variable: str) -> bool:
    parameter = family.parameter(variable)
    return parameter is not None and parameter.ratio


def describe(draws: xr.DataArray) -> pd.DataFrame:
    """Describe draws (cell, chain, draw): one row per cell.

    Rank-normalised split R-hat, bulk and tail effective sample size:
    doi:10.1214/20-BA1221.
    """
    tail = draws.quantile([INTERVAL[0], 0.5, INTERVAL[1]], dim=SAMPLES)
    return pd.DataFrame(
        {
            "mean": draws.mean(SAMPLES),
            "sd": draws.std(SAMPLES, ddof=1),
            "q2_5": tail[0],
            "median": tail[1],
            "q97_5": tail[2],
            "mcse_mean": az.mcse(draws, method="mean"),
            "mcse_sd": az.mcse(draws, method="sd"),
            "ess_bulk": az.ess(draws, method="bulk"),
            "ess_tail": az.ess(draws, method="tail"),
            "r_hat": az.rhat(draws, method="rank"),
        }
    )


def trajectory_table(posterior: xr.Dataset, family: Family, panel: Panel) -> pd.DataFrame:
    """Expected and observed means by role, outcome and wave.

    Expected: at the average of the predictors, with its 95 % equal-tailed interval.
    Observed: of those who answered, so that selective drop-out shows as a difference.

    Returns
    -------
    pd.DataFrame
        Columns role, outcome, wave, time, time_unit, expected, q2_5, q97_5, observed_n,
        observed_mean, observed_se.
    """
    paths = family.trajectories(posterior, panel)
    rows = []
    for role in paths[ROLE].values:
        for outcome in paths[OUTCOME].values:
            for wave in paths[WAVE].values:
                at = {ROLE: role, OUTCOME: outcome, WAVE: wave}
                path = paths.sel(at)
                if bool(path.isnull().any()):
                    continue
                observed = _observed(panel, str(role), str(outcome), str(wave))
                time = float(panel.data[TIME].sel({WAVE: wave}))
                rows.append(
                    (
                        *(str(one) for one in (role, outcome, wave)),
                        time,
                        panel.time_unit,
                        float(path.mean()),
                        *(float(path.quantile(share)) for share in INTERVAL),
                        len(observed),
                        observed.mean() if len(observed) else np.nan,
                        observed.std(ddof=1) / np.sqrt(len(observed))
                        if len(observed) > 1
                        else np.nan,
                    )
                )
    columns = "role outcome wave time time_unit expected q2_5 q97_5 observed_n observed_mean"
    return pd.DataFrame(rows, columns=[*columns.split(), "observed_se"])


def _observed(panel: Panel, label: str, outcome: str, wave: str) -> np.ndarray:
    """Scores of everybody whose parameters carry a role label."""
    found = []
    for composition in panel.compositions:
        score = panel.units_of(composition).data["score"]
        slots = zip(composition.slots, composition.labels, strict=True)
        for slot in (slot for slot, one in slots if one == label):
            values = score.sel({ROLE: slot, OUTCOME: outcome, WAVE: wave}).values
            found.append(values[~np.isnan(values)])
    return np.concatenate(found)
