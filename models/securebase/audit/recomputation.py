"""A25 and A52: every number of the tables that follows from draws, held against the draws."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.audit.recomputing import recomputed, recomputed_claims

_NEAR: Final = 1e-9
# by ranks of distances from the median, where the last bit of a draw decides which comes first
_BY_RANKS: Final = {"r_hat": 1e-4, "ess_bulk": 1e-3, "ess_tail": 1e-3}
_OF_MOMENTS: Final = ("moment_fit.csv", "residual_moments.csv")


def from_draws(opened: Opened) -> Iterator[Said]:
    """A25: every number of claims and tables, computed again from the draws."""
    count, apart = 0, 0.0
    wanted = recomputed_claims(opened)
    tables = {"claims.csv": wanted}
    for name in opened.study.analyses:
        for file, table in recomputed(opened, name).tables.items():
            if file not in _OF_MOMENTS:
                tables[opened.file(name, file)] = table
        yield from _only_told(opened, name)
    for file, table in tables.items():
        told, table = _comparable(opened, file, table)
        yield from differences(file, told, table)
        numbers, largest = _measured(told, table)
        count, apart = count + numbers, max(apart, largest)
    yield passes(f"{count:,} numbers of {len(tables)} tables recomputed (max diff {apart:.0e}).")
    yield skips("Trajectories need the design: only a re-fit computes them again.")


def _only_told(opened: Opened, name: str) -> Iterator[Said]:
    """Say what does not follow from the draws of the bundle: values are masked."""
    if opened.about.lost(name):
        untold = ", ".join(recomputed(opened, name).told)
        yield skips(f"{name}: values are masked, so that {untold} and power-scaling are only told.")


def _comparable(
    opened: Opened, file: str, table: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give a table as told and as recomputed, without lines that are only told."""
    stored = opened.table(file)
    if not file.endswith("checks.tsv"):
        return stored, table
    untold = recomputed(opened, file.split("/")[1]).told
    first, second = (one[~one["check"].isin(untold)] for one in (stored, table))
    return first, second


def differences(file: str, told: pd.DataFrame, draws: pd.DataFrame) -> Iterator[Said]:
    """Say where a table is not what follows from draws."""
    missing = [name for name in draws.columns if name not in told.columns]
    if missing:
        yield fails(f"{file} has no column {', '.join(missing)}.")
    elif len(told) != len(draws):
        yield fails(f"{file} has {len(told)} lines, the draws give {len(draws)}.")
    else:
        for name in draws.columns:
            near = _tolerances(draws, name)
            for place in np.flatnonzero(_unlike(told[name], draws[name], near)):
                given, found = told[name].iloc[place], draws[name].iloc[place]
                row = _row(draws.iloc[place])
                yield fails(f"{row}: {file} says {name}={_text(given)}, draws give {_text(found)}.")


def _tolerances(draws: pd.DataFrame, column: str) -> np.ndarray:
    """How far each line of a column may be from the draws, relative to its size (line,)."""
    if column == "value" and "check" in draws:
        kinds = draws["check"].astype(str).str.removeprefix("focal_")
        return kinds.map(_BY_RANKS).fillna(_NEAR).to_numpy(float)
    return np.full(len(draws), _BY_RANKS.get(column, _NEAR))


def _unlike(told: pd.Series, found: pd.Series, tolerance: np.ndarray) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(found):
        return (told.astype(str) != found.astype(str)).to_numpy()
    first, second = told.to_numpy(float), found.to_numpy(float)
    with np.errstate(invalid="ignore"):
        near = np.abs(first - second) <= tolerance * np.maximum(np.abs(second), 1.0)
    return ~(near | (first == second) | (np.isnan(first) & np.isnan(second)))


def _measured(told: pd.DataFrame, found: pd.DataFrame) -> tuple[int, float]:
    """How many numbers were compared, and how far apart they are at most."""
    names = [name for name in found.select_dtypes("number") if name in told]
    if len(told) != len(found) or not names:
        return 0, 0.0
    first, second = (one[names].to_numpy(float) for one in (told, found))
    known = np.isfinite(first) & np.isfinite(second)
    return int(known.sum()), float(np.abs(first[known] - second[known]).max(initial=0.0))


def _row(row: pd.Series) -> str:
    """Name a row by its texts: "H1", "change, role=patient"."""
    keys = (
        "id",
        "kind",
        "check",
        "name",
        "coordinates",
        "claim",
        "block",
        "composition",
        "of",
        "with",
    )
    named = [str(row[key]) for key in keys if key in row.index and str(row[key])]
    return ", ".join(named[:1] if "id" in row.index else named[:2]) or "a line"


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else f"'{value}'"


def moment_fit(opened: Opened) -> Iterator[Said]:
    """A52: how observed moments lie beside replicated ones, computed from the draws of both."""
    limit = opened.as_run.thresholds.moment_ppp
    for name in opened.study.analyses:
        tables = recomputed(opened, name).tables
        if "moment_fit.csv" not in tables:
            yield from _told_fit(opened, name, limit)
            continue
        for file in _OF_MOMENTS:
            path = opened.file(name, file)
            yield from differences(path, opened.table(path), tables[file])
        for row in tables["moment_fit.csv"].itertuples():
            words = f"{name}: PPP {row.ppp:.2g} ({row.composition})"
            if float(str(row.ppp)) < limit:
                yield warns(f"{words}: the structure misfits; see the residual moments.")
            else:
                yield passes(f"{words}.")


def _told_fit(opened: Opened, name: str, limit: float) -> Iterator[Said]:
    """Where values are masked, the draws behind the table are not in the bundle."""
    if not opened.about.lost(name):
        yield fails(f"{name}: the fit of moments is not among the draws.")
        return
    for row in opened.table(opened.file(name, "moment_fit.csv")).itertuples():
        if float(str(row.ppp)) < limit:
            yield warns(f"{name}: PPP {row.ppp:.2g} ({row.composition}), as told: a misfit.")
    yield skips(f"{name}: values are masked: the fit of moments is told, not recomputed.")
