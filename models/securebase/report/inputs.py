"""The results a report is made from, read once and complete or not at all."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import xarray as xr

from securebase.codebook.loading import Study
from securebase.draws_files import read_draws
from securebase.faults import Fault, InputError
from securebase.report.counting import why_blank
from securebase.report.flow_faults import flow_faults
from securebase.report.result_tables import FAIL, WARN, column_faults, read_table
from securebase.report.wording import Number, fixed, short

WAVES_FILE: Final = "waves.parquet"
STUDY_FILES: Final = ("exclusions.tsv", "scoring.tsv", "flow.csv", "codebook.csv", "claims.csv")
OPTIONAL_FILES: Final = ("priors.csv", "left_out.csv")
ANALYSIS_FILES: Final = (
    *("summary.csv", "parameters.csv", "trajectories.csv", "patterns.csv", "checks.tsv"),
    *("levels.csv", "power_scaling.csv", "moment_fit.csv", "residual_moments.csv"),
    *("curves.csv", "slopes.csv", "posterior.nc"),
)
PEOPLE_FILE: Final = "people.csv"
GRID_FILE: Final = "prior_grid.csv"
DROPOUT_FILE: Final = "dropout.csv"
PREDICTION_FILE: Final = "prediction.csv"
FIDELITY_FILE: Final = "fidelity.csv"
FITS_FILE: Final = "fits.csv"
COUNTS: Final = ("persons", "units", "n", "count", "observed_n", "k_bad", "refits")
"""Columns that count units or persons: blank where a public bundle withholds them."""
SPECS_FILE: Final = "specs.csv"
MULTIVERSE_FILE: Final = "multiverse.parquet"


@dataclass(frozen=True)
class AnalysisResults:
    """What one analysis left: tables, and the groups of its posterior file.

    Parameters
    ----------
    name : str
        Of the analysis.
    summary, parameters, trajectories, patterns, levels, checks, scaling, moment_fit, \
residual_moments, curves, slopes : pandas.DataFrame
        The tables of the same name (``power_scaling.csv``), indexed by line.
    posterior : xarray.DataTree
        The whole of ``posterior.nc``.
    priors, left_out : pandas.DataFrame or None
        The priors in force and the units that could not be used, where they were written.
    grid, dropout, prediction : pandas.DataFrame or None
        ``prior_grid.csv``, ``dropout.csv`` and ``prediction.csv``, where they were asked for.
    fidelity : pandas.DataFrame or None
        ``fidelity.csv`` of a public bundle.
    """

    name: str
    summary: pd.DataFrame
    parameters: pd.DataFrame
    trajectories: pd.DataFrame
    patterns: pd.DataFrame
    levels: pd.DataFrame
    checks: pd.DataFrame
    scaling: pd.DataFrame
    moment_fit: pd.DataFrame
    residual_moments: pd.DataFrame
    curves: pd.DataFrame
    slopes: pd.DataFrame
    posterior: xr.DataTree
    priors: pd.DataFrame | None
    left_out: pd.DataFrame | None
    grid: pd.DataFrame | None
    dropout: pd.DataFrame | None
    prediction: pd.DataFrame | None
    fidelity: pd.DataFrame | None

    @property
    def failures(self) -> pd.DataFrame:
        """Checks that failed: its numbers are withheld while there are any."""
        return self.checks[self.checks["passed"] == FAIL]

    @property
    def smallest_ess(self) -> float:
        """Smallest effective sample size of any quantity, bulk or tail."""
        return float(self.summary[["ess_bulk", "ess_tail"]].to_numpy().min())

    @property
    def warnings(self) -> pd.DataFrame:
        """Checks that call for a second look and block nothing."""
        return self.checks[self.checks["passed"] == WARN]


@dataclass(frozen=True)
class Counted:
    """What a public bundle tells in the place of the lists that it leaves out.

    Parameters
    ----------
    people : pandas.DataFrame
        ``people.csv``: how many units, leaders and persons took part.
    exclusions : pandas.DataFrame
        ``exclusions.csv``: how much was set aside, by rule, reason and action.
    """

    people: pd.DataFrame
    exclusions: pd.DataFrame


@dataclass(frozen=True)
class StudyResults:
    """Everything a report of one study is made from.

    Parameters
    ----------
    exclusions, scoring, flow, codebook, claims : pandas.DataFrame
        The tables of the same name; their index is the line in the file, the header being line 1.
    people : pandas.DataFrame
        Columns unit, person and role of ``waves.parquet``.
    specs, multiverse : pandas.DataFrame or None
        ``specs.csv`` and ``multiverse.parquet``, where they were asked for.
    analyses : mapping of str to AnalysisResults
        In the order the codebook declares them.
    digests : mapping of str to str
        SHA-256 of each file read, by its path below the folder of results.
    counted : Counted or None
        Of a public bundle, where `people` and `exclusions` have no rows.
    """

    exclusions: pd.DataFrame
    scoring: pd.DataFrame
    flow: pd.DataFrame
    codebook: pd.DataFrame
    claims: pd.DataFrame
    people: pd.DataFrame
    specs: pd.DataFrame | None
    multiverse: pd.DataFrame | None
    analyses: Mapping[str, AnalysisResults]
    digests: Mapping[str, str]
    counted: Counted | None = None


def read_results(
    study: Study, folder: Path, refits: Sequence[str] = (), multiverse: bool = False
) -> StudyResults:
    """Read the results of a study.

    Parameters
    ----------
    study : Study
        The codebook, which says what analyses there must be.
    folder : pathlib.Path
        ``results/<study>``.
    refits : sequence of str
        Tables of re-fits that each analysis has: `GRID_FILE`, `DROPOUT_FILE`.
    multiverse : bool
        Whether every declared specification was fitted.

    Raises
    ------
    InputError
        Every file that is missing and every column that is not there; a flow of participants
        that does not add up.
    """
    wanted = _files(study, folder, refits, multiverse)
    tables = {path: read_table(folder / path) for path in wanted if path.endswith((".csv", ".tsv"))}
    faults = [fault for path, table in tables.items() for fault in column_faults(path, table)]
    people = read_people(folder)
    faults = faults or flow_faults(study, people, tables)
    if faults:
        raise InputError(f"results of study {study.study}", faults)
    return StudyResults(
        exclusions=tables["exclusions.tsv"],
        scoring=tables["scoring.tsv"],
        flow=tables["flow.csv"],
        codebook=tables["codebook.csv"],
        claims=tables["claims.csv"],
        people=people,
        analyses={
            name: analysis_results(name, folder / name / "posterior.nc", tables)
            for name in study.analyses
        },
        specs=tables.get(SPECS_FILE),
        multiverse=pd.read_parquet(folder / MULTIVERSE_FILE) if multiverse else None,
        digests={path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in wanted},
    )


def _files(study: Study, folder: Path, refits: Sequence[str], multiverse: bool) -> list[str]:
    """Name what there must be, and what there is of what there may be."""
    wanted = [
        WAVES_FILE,
        *STUDY_FILES,
        *((SPECS_FILE, MULTIVERSE_FILE) if multiverse else ()),
        *(f"{name}/{file}" for name in study.analyses for file in (*ANALYSIS_FILES, *refits)),
    ]
    remedy = "run the analysis of this study first"
    faults = [
        Fault(str(folder / path), "no such file", "a result", remedy)
        for path in wanted
        if not (folder / path).is_file()
    ]
    if faults:
        raise InputError(f"results of study {study.study}", faults)
    optional = [f"{name}/{file}" for name in study.analyses for file in OPTIONAL_FILES]
    return [*wanted, *(path for path in optional if (folder / path).is_file())]


def read_people(folder: Path) -> pd.DataFrame:
    """Read columns unit, person and role of the scored waves of a study."""
    return pd.read_parquet(folder / WAVES_FILE, columns=["unit", "person", "role"])


def analysis_results(name: str, draws: Path, tables: Mapping[str, pd.DataFrame]) -> AnalysisResults:
    """Put together what one analysis left.

    Parameters
    ----------
    name : str
        Of the analysis.
    draws : pathlib.Path
        ``posterior.nc``.
    tables : mapping of str to pandas.DataFrame
        By path below the folder of results.
    """
    return AnalysisResults(
        name=name,
        summary=tables[f"{name}/summary.csv"],
        parameters=tables[f"{name}/parameters.csv"],
        trajectories=tables[f"{name}/trajectories.csv"],
        patterns=tables[f"{name}/patterns.csv"],
        levels=tables[f"{name}/levels.csv"],
        checks=tables[f"{name}/checks.tsv"],
        scaling=tables[f"{name}/power_scaling.csv"],
        moment_fit=tables[f"{name}/moment_fit.csv"],
        residual_moments=tables[f"{name}/residual_moments.csv"],
        curves=tables[f"{name}/curves.csv"],
        slopes=tables[f"{name}/slopes.csv"],
        posterior=read_draws(draws),
        priors=tables.get(f"{name}/priors.csv"),
        left_out=tables.get(f"{name}/left_out.csv"),
        grid=tables.get(f"{name}/{GRID_FILE}"),
        dropout=tables.get(f"{name}/{DROPOUT_FILE}"),
        prediction=tables.get(f"{name}/{PREDICTION_FILE}"),
        fidelity=tables.get(f"{name}/{FIDELITY_FILE}"),
    )


def number_at(
    table: pd.DataFrame, file: str, line: int, column: str, places: int | None = None, key: str = ""
) -> Number:
    """Take a number from a table with the address of its cell.

    Parameters
    ----------
    table : pandas.DataFrame
        As `read_table` gives it.
    file : str
        Path below the folder of results.
    line : int
        Line of the file.
    column : str
        Column of the table.
    places : int, optional
        Decimals to print; by default as many as it was given with.
    key : str, optional
        Name of the row where it has one; by default its line, as ``L5``.
    """
    value = float(str(table.at[line, column]))
    text = short(value) if places is None else fixed(value, places)
    if column in COUNTS and value != value:
        text = why_blank(table, line)
    return Number(value, text, f"{file}#{key or f'L{line}'}.{column}")
