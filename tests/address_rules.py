"""Addresses of printed numbers, read as docs/addresses.md says, without the code under test."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from report_example import draws_of

LINES = re.compile(r"L\d+(\.\.L\d+)?(\+L\d+(\.\.L\d+)?)*")
KEYED = re.compile(r"(\w+)\[(.*)\]")


def read_address(address: str, folder: Path, root: Path) -> float:
    """Look up the number at an address.

    Parameters
    ----------
    address : str
        As the page gives it.
    folder : pathlib.Path
        Where the page stands.
    root : pathlib.Path
        Of the project.
    """
    name, _, place = address.partition("#")
    chosen, _, column = place.rpartition(".")
    file = (root if name.startswith("docs/") else folder) / name
    if file.suffix == ".nc":
        return _of_draws(file, chosen, column)
    table = _table(file)
    if file.suffix == ".parquet":
        return _different(table, chosen)
    rows = _rows(table, chosen)
    if column == "count":
        return float(len(rows))
    if column == "lack":
        zero = rows["direction"] == "zero"
        return float((1 - rows["p_rope"].where(zero, rows["p_beyond"]).astype(float)).sum())
    if "+" in chosen or ".." in chosen:
        return float(rows[column].astype(float).sum())
    assert len(rows) == 1, f"{address} is {len(rows)} rows"
    return float(rows.iloc[0][column])


def _different(table: pd.DataFrame, chosen: str) -> float:
    """Count values of a column: all, or those of a role, or of every other role."""
    name, _, who = chosen.removesuffix("]").partition("[")
    if who:
        role = who.removeprefix("role").lstrip("!=")
        table = table[(table["role"] == role) == ("!" not in who)]
    return float(table[name].nunique())


def lines_of(address: str) -> set[int]:
    """Lines that an address names: "flow.csv#L2+L5..L7.persons" names four."""
    spans = re.findall(r"L(\d+)(?:\.\.L(\d+))?", address.partition("#")[2])
    return {line for low, high in spans for line in range(int(low), int(high or low) + 1)}


def _table(file: Path) -> pd.DataFrame:
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    table = pd.read_csv(file, sep="\t" if file.suffix == ".tsv" else ",", keep_default_na=False)
    return table.replace("", np.nan)


def _rows(table: pd.DataFrame, chosen: str) -> pd.DataFrame:
    if LINES.fullmatch(chosen):
        spans = [re.findall(r"\d+", part) for part in chosen.split("+")]
        lines = [line for span in spans for line in range(int(span[0]), int(span[-1]) + 1)]
        return table.iloc[[line - 2 for line in lines]]
    if keyed := KEYED.fullmatch(chosen):
        coordinates = table["coordinates"].fillna("")
        return table[(table["name"] == keyed[1]) & (coordinates == keyed[2])]
    first = table.iloc[:, 0].astype(str)
    if "study" in table and "quantity" in table:
        return table[first + "." + table["quantity"] == chosen]
    return table[first == chosen]


def _of_draws(file: Path, chosen: str, statistic: str) -> float:
    group, _, rest = chosen.partition(".")
    with xr.open_datatree(file) as tree:
        if statistic == "size":
            return float(tree[group].sizes[rest])
        if rest == "*":
            return _replicated(tree, statistic)
        keyed = KEYED.fullmatch(rest)
        assert keyed is not None, chosen
        labels = dict(part.split("=", 1) for part in keyed[2].split(", ") if part)
        if keyed[1] == "estimand":
            draws = draws_of(labels["claim"], tree[group]["change"])
            sizes = [tree[group].sizes[dim] for dim in ("chain", "draw")]
            return _of_estimand(draws.reshape(sizes), statistic, file, labels["claim"])
        values = tree[group][keyed[1]].sel(labels).to_numpy()
        if statistic == "above":
            observed = tree["observed_data"][keyed[1]].sel(labels).to_numpy()
            return float((values > observed).mean())
    return _of_values(values, statistic)


def _replicated(tree: xr.DataTree, statistic: str) -> float:
    found = 0
    for name, draws in tree["posterior_predictive"].data_vars.items():
        observed = tree["observed_data"][name]
        for at in observed.to_series().dropna().index:
            labels = dict(zip(observed.dims, at if isinstance(at, tuple) else (at,), strict=True))
            low, high = np.quantile(draws.sel(labels).to_numpy(), [0.025, 0.975])
            found += statistic == "count" or low <= float(observed.sel(labels)) <= high
    return float(found)


def _of_estimand(draws: np.ndarray, statistic: str, file: Path, claim: str) -> float:
    half = draws[:, : draws.shape[1] // 2].mean()
    if statistic == "mean_of_first_half":
        return float(half)
    if statistic == "shift_of_first_half":
        row = pd.read_csv(file.parents[1] / "claims.csv").set_index("id").loc[claim]
        return float((half - draws.mean()) / (row["sd"] / np.sqrt(row["ess_bulk"] / 2)))
    if statistic == "percent_of_first_half":
        return float(100 * (half / draws.mean() - 1))
    if statistic == "sd_over_posterior":
        row = pd.read_csv(file.parents[1] / "claims.csv").set_index("id").loc[claim]
        return float(draws.std() / row["sd"])
    if statistic == "autocorrelation":
        off = draws - draws.mean()
        return float((off[:, 1:] * off[:, :-1]).mean() / (off**2).mean())
    return _of_values(draws, statistic)


def _of_values(values: np.ndarray, statistic: str) -> float:
    if statistic == "value":
        return float(values.item())
    if statistic in {"mean", "sum"}:
        return float(getattr(values, statistic)())
    return float(np.quantile(values, {"q2_5": 0.025, "q97_5": 0.975}[statistic]))
