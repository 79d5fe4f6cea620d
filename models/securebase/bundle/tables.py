"""Tables of a study as the public may have them: no small counts, no exact numbers of all data."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import pandas as pd

from securebase.bundle.flow_counts import SMALL, WITHHELD, FlowTold, close
from securebase.report.wording import FEW, UNTOLD
from securebase.waves.scoring import ALL_WAVES


@dataclass(frozen=True)
class Told:
    """What a table may not say more than.

    Parameters
    ----------
    lost : bool
        Whether values of the study, or the analysis, are masked: no exact number of all data.
    flow : FlowTold
        How many persons the public knows of.
    """

    lost: bool
    flow: FlowTold


type Files = dict[str, bytes]
type Rule = Callable[[pd.DataFrame, Told], pd.DataFrame]


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
    table = counts.rename("count").reset_index()
    why = table["count"].isin(SMALL).map({True: FEW, False: ""})
    return blanked(table, "count").assign(**{WITHHELD: why})


def _patterns(table: pd.DataFrame, _told: Told) -> pd.DataFrame:
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


def _levels(table: pd.DataFrame, told: Told) -> pd.DataFrame:
    of_waves = table["level"] == "occasion"
    hidden = blanked(table.astype({"fewest": float, "most": float}), "number", "fewest", "most")
    for name in ("fewest", "most"):
        # how many waves somebody answered is no count of persons
        hidden[name] = hidden[name].where(~of_waves, table[name].astype("Int64"))
    telling = pd.Series(_telling_levels(table, told.flow), index=table.index, dtype=bool)
    few = table["number"].isin(SMALL)
    why = few.map({True: FEW, False: UNTOLD}).where(few | telling, "")
    return hidden.assign(number=hidden["number"].mask(telling), **{WITHHELD: why})


def _telling_levels(table: pd.DataFrame, flow: FlowTold) -> Iterable[bool]:
    """Say of each line whether its number tells how few are missing beside those above it."""
    known: list[float] = []
    for level, role, number in zip(table["level"], table["role"], table["number"], strict=True):
        if level == "occasion":
            blank = flow.in_part(role=role) or close(number, flow.sums(role=role))
        else:
            # units and clusters follow from the moments anyway
            blank = level == "person" and close(number, known)
            known += [] if blank else [float(number)]
        yield blank


def _trajectories(table: pd.DataFrame, told: Told) -> pd.DataFrame:
    observed = [name for name in table.columns if name.startswith("observed_")]
    return table.assign(**dict.fromkeys(observed, None)) if told.lost else table


def _moment_fit(table: pd.DataFrame, told: Told) -> pd.DataFrame:
    return table.round(3) if told.lost else table


def _scoring(table: pd.DataFrame, told: Told) -> pd.DataFrame:
    telling = pd.Series(False, index=table.index)
    for wave, rows in table.groupby("wave", sort=False):
        place = None if wave == ALL_WAVES else str(wave)
        known = told.flow.sums(place)
        for line in rows.index:
            number = float(str(rows.at[line, "n"]))
            telling[line] = told.flow.in_part(place) or close(number, known)
            known += [] if telling[line] else [number]
    table = blanked(table, "n")
    table = table.assign(n=table["n"].mask(telling))
    if not told.lost:
        return table
    rounded = table.round({"item_rest": 3, "alpha": 3, "omega": 3})
    return rounded.assign(mean=None, sd=None)


def _codebook(table: pd.DataFrame, told: Told) -> pd.DataFrame:
    """Blank both counts of a variable: what is missing is what others have more."""
    few = table[["n", "missing"]].isin(SMALL).any(axis=1) | told.flow.in_part()
    counts = blanked(table, "n", "missing")
    blank = {name: counts[name].mask(few & (table[name] != 0)) for name in ("n", "missing")}
    return counts.assign(**blank)


def _prediction(table: pd.DataFrame, told: Told) -> pd.DataFrame:
    hidden = blanked(table, "k_bad", "refits")
    sums = dict.fromkeys(("elpd", "se", "p_loo", "difference", "difference_se"), 1)
    return hidden.round({**sums, "k_worst": 2}) if told.lost else hidden


def _residual_moments(table: pd.DataFrame, told: Told) -> pd.DataFrame:
    return table.iloc[:0] if told.lost else table


def _as_it_is(table: pd.DataFrame, _told: Told) -> pd.DataFrame:
    return table


OF_STUDY: Final[Mapping[str, Rule]] = {
    "claims.csv": _as_it_is,
    "codebook.csv": _codebook,
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
    "prediction.csv": _prediction,
}
"""What is done with each table; the flow of participants is made first, see `public_flow`."""


def public_tables(folder: Path, rules: Mapping[str, Rule], told: Told) -> Files:
    """Give those tables of a folder that there are, as their rules have it."""
    files = {}
    for name, rule in rules.items():
        path = folder / name
        if path.is_file():
            separator = separator_of(name)
            table = pd.read_csv(path, sep=separator)
            files[name] = csv_bytes(rule(table, told), separator)
    return files


def separator_of(name: str) -> str:
    """Say what stands between the cells of a table."""
    return "\t" if name.endswith(".tsv") else ","


def csv_bytes(table: pd.DataFrame, separator: str = ",") -> bytes:
    """Write a table with LF ends of lines."""
    text = StringIO()
    table.to_csv(text, index=False, sep=separator, lineterminator="\n")
    return text.getvalue().encode()
