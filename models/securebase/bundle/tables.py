"""Tables of a study as the public may have them: no small counts, no exact numbers of all data."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import pandas as pd

SMALL: Final = range(1, 10)
"""Counts that stay blank: whoever is one of so few knows the others."""

type Rule = Callable[[pd.DataFrame, bool], pd.DataFrame]


def blanked(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Blank counts of one to nine."""
    return table.assign(
        **{
            name: pd.to_numeric(table[name]).astype("Float64").mask(table[name].isin(SMALL))
            for name in columns
        }
    ).astype(dict.fromkeys(columns, "Int64"))


def exclusion_counts(exclusions: pd.DataFrame) -> pd.DataFrame:
    """Count what was left out by rule, reason and action: no rows, no units, no values."""
    keys = ["rule", "reason", "action"]
    counts = exclusions.fillna(dict.fromkeys(keys, "")).groupby(keys, sort=True).size()
    return blanked(counts.rename("count").reset_index(), "count")


def _patterns(table: pd.DataFrame, _lost: bool) -> pd.DataFrame:
    """Name patterns that ten units have; the others are one row of ten or more, without a name."""
    ordered = table.sort_values("units", ascending=False, kind="stable", ignore_index=True)
    rest: list[int] = ordered["units"].to_numpy()[::-1].cumsum()[::-1].tolist()
    hidden = ordered["units"].isin(SMALL)
    if not hidden.any():
        return table
    # few would follow from the number of all: then the next pattern has no name either
    first = int(hidden.to_numpy().argmax())
    while first and rest[first] in SMALL:
        first -= 1
    row = pd.DataFrame([{"composition": "", "answered": "", "units": rest[first]}])
    return blanked(pd.concat([ordered[:first], row], ignore_index=True), "units")


def _levels(table: pd.DataFrame, _lost: bool) -> pd.DataFrame:
    of_waves = table["level"] == "occasion"
    hidden = blanked(table.astype({"fewest": float, "most": float}), "number", "fewest", "most")
    for name in ("fewest", "most"):
        # how many waves somebody answered is no count of persons
        hidden[name] = hidden[name].where(~of_waves, table[name].astype("Int64"))
    return hidden


def _trajectories(table: pd.DataFrame, lost: bool) -> pd.DataFrame:
    observed = [name for name in table.columns if name.startswith("observed_")]
    return table.assign(**dict.fromkeys(observed, None)) if lost else table


def _moment_fit(table: pd.DataFrame, lost: bool) -> pd.DataFrame:
    return table.round(3) if lost else table


def _scoring(table: pd.DataFrame, lost: bool) -> pd.DataFrame:
    table = blanked(table, "n")
    if not lost:
        return table
    rounded = table.round({"item_rest": 3, "alpha": 3, "omega": 3})
    return rounded.assign(mean=None, sd=None)


def _residual_moments(table: pd.DataFrame, lost: bool) -> pd.DataFrame:
    return table.iloc[:0] if lost else table


def _counts(table: pd.DataFrame, _lost: bool, columns: tuple[str, ...]) -> pd.DataFrame:
    return blanked(table, *columns)


def _as_it_is(table: pd.DataFrame, _lost: bool) -> pd.DataFrame:
    return table


OF_STUDY: Final[Mapping[str, Rule]] = {
    "claims.csv": _as_it_is,
    "flow.csv": partial(_counts, columns=("persons", "units")),
    "codebook.csv": partial(_counts, columns=("n", "missing")),
    "scoring.tsv": _scoring,
    "specs.csv": _as_it_is,
}
OF_ANALYSIS: Final[Mapping[str, Rule]] = {
    "priors.csv": _as_it_is,
    "summary.csv": _as_it_is,
    "parameters.csv": _as_it_is,
    "trajectories.csv": _trajectories,
    "patterns.csv": _patterns,
    "levels.csv": _levels,
    "checks.tsv": _as_it_is,
    "power_scaling.csv": _as_it_is,
    "moment_fit.csv": _moment_fit,
    "residual_moments.csv": _residual_moments,
    "curves.csv": _as_it_is,
    "slopes.csv": _as_it_is,
    "prior_grid.csv": _as_it_is,
    "dropout.csv": _as_it_is,
    "prediction.csv": _as_it_is,
}
"""What is done with each table, given whether values of the study, or the analysis, are masked."""
