"""What stands at an address of a printed number (docs/addresses.md), read from a bundle."""

import re
from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from securebase.audit.opened import Opened
from securebase.claims import estimand_draws
from securebase.faults import Fault, InputError
from securebase.names import SAMPLES

_LINES: Final = re.compile(r"L\d+(\.\.L\d+)?(\+L\d+(\.\.L\d+)?)*")
_KEYED: Final = re.compile(r"(\w+)\[(.*)\]")
# records of persons, and what the project and not the study has shown
STAYS_OUT: Final = ("waves.parquet", "exclusions.tsv", "left_out.csv", "docs/")
_QUANTILES: Final = {"q2_5": 0.025, "q97_5": 0.975}


def stays_out(address: str) -> bool:
    """Say whether an address is of a file that no bundle holds."""
    file = address.partition("#")[0]
    return file.startswith(STAYS_OUT) or file.rpartition("/")[2] in STAYS_OUT


def file_at(opened: Opened, address: str) -> str:
    """Name the file of the bundle that an address is of: pages count from the study's results."""
    file = address.partition("#")[0]
    first, _, rest = file.partition("/")
    return opened.file(first, rest) if first in opened.study.analyses else file


def value_at(opened: Opened, address: str) -> float:
    """Read the number at an address.

    Parameters
    ----------
    opened : Opened
    address : str
        As a page gives it: ``growth/summary.csv#change[role=patient].mean``.

    Returns
    -------
    float
        NaN where the cell is empty.

    Raises
    ------
    InputError
        For an address of nothing.
    """
    file = file_at(opened, address)
    chosen, _, column = address.partition("#")[2].rpartition(".")
    try:
        if file.endswith(".nc"):
            return _of_draws(opened, address.partition("/")[0], file, chosen, column)
        return _of_table(opened.table(file), chosen, column)
    except (KeyError, ValueError) as error:
        fault = Fault(address, "leads to nothing", "a cell, or draws, of the bundle")
        raise InputError("an address", [fault]) from error


def _of_table(table: pd.DataFrame, chosen: str, column: str) -> float:
    rows = _rows(table, chosen)
    if column == "count" and column not in table:
        return float(len(rows))
    if column == "lack":
        zero = rows["direction"] == "zero"
        claimed = rows["p_rope"].where(zero, rows["p_beyond"]).astype(float)
        return float((1 - claimed).sum(skipna=False))
    if "+" in chosen or ".." in chosen:
        return float(rows[column].astype(float).sum(skipna=False))
    (value,) = rows[column]
    return float(value) if value != "" else np.nan


def _rows(table: pd.DataFrame, chosen: str) -> pd.DataFrame:
    own = table[table.iloc[:, 0].astype(str) == chosen]
    # a claim may be called L1
    if len(own):
        return own
    if _LINES.fullmatch(chosen):
        spans = (re.findall(r"\d+", part) for part in chosen.split("+"))
        lines = [line for span in spans for line in range(int(span[0]), int(span[-1]) + 1)]
        return table.loc[lines]
    keyed = _KEYED.fullmatch(chosen)
    if keyed and {"name", "coordinates"} <= set(table.columns):
        return table[(table["name"] == keyed[1]) & (table["coordinates"] == keyed[2])]
    return own


def _of_draws(opened: Opened, analysis: str, file: str, chosen: str, statistic: str) -> float:
    group, _, rest = chosen.partition(".")
    tree = opened.tree(file)
    if statistic == "size":
        return float(tree[group].sizes[rest])
    if rest == "*":
        return _replicated(tree, group, statistic)
    keyed = _KEYED.fullmatch(rest)
    if keyed is None:
        raise ValueError(chosen)
    pairs = (part.partition("=")[::2] for part in keyed[2].split(", ") if part)
    at: Mapping[str, str] = dict(pairs)
    values = tree[group].to_dataset()
    if keyed[1] == "estimand":
        claim = next((one for one in opened.study.claims if one.id == at["claim"]), None)
        if claim is None or claim.analysis != analysis:
            raise KeyError(at["claim"])
        return _statistic(opened, estimand_draws(claim, values), statistic, claim.id)
    draws = values[keyed[1]].sel(at)
    if statistic == "above":
        observed = tree["observed_data"].to_dataset()[keyed[1]].sel(at)
        return float((draws > observed).mean())
    return _statistic(opened, draws, statistic, "")


def _replicated(tree: xr.DataTree, group: str, statistic: str) -> float:
    """Count observed summaries, or those within 95 % of the replicated ones."""
    replicated, observed = tree[group].to_dataset(), tree["observed_data"].to_dataset()
    limits = replicated.quantile([0.025, 0.975], dim=SAMPLES)
    inside = {
        "count": observed.notnull(),
        "inside": (observed >= limits.isel(quantile=0)) & (observed <= limits.isel(quantile=1)),
    }[statistic]
    return float(sum(int(one.sum()) for one in inside[list(replicated.data_vars)].values()))


def _statistic(opened: Opened, draws: xr.DataArray, statistic: str, claim: str) -> float:
    if statistic in _QUANTILES:
        return float(np.quantile(draws.values, _QUANTILES[statistic]))
    if statistic == "value":
        return float(draws.values.item())
    if statistic == "sum":
        return float(draws.sum())
    if statistic == "sd_over_posterior":
        return float(draws.std()) / _claim_row(opened, claim)["sd"]
    mean = float(draws.mean())
    if statistic == "mean":
        return mean
    chains = draws.transpose(*SAMPLES).values
    half = float(chains[:, : chains.shape[1] // 2].mean())
    if statistic == "mean_of_first_half":
        return half
    if statistic == "percent_of_first_half":
        return 100 * (half / mean - 1)
    if statistic == "autocorrelation":
        off = chains - mean
        return float((off[:, 1:] * off[:, :-1]).mean() / (off**2).mean())
    if statistic == "shift_of_first_half":
        row = _claim_row(opened, claim)
        return float((half - mean) / (row["sd"] / np.sqrt(row["ess_bulk"] / 2)))
    raise ValueError(statistic)


def _claim_row(opened: Opened, claim: str) -> dict[Hashable, Any]:
    (row,) = (one for one in opened.table("claims.csv").to_dict("records") if one["id"] == claim)
    return row
