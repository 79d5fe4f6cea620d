"""From the posteriors of a study to tables, checks and verdicts."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from securebase.checks import checks_table, with_moment_fit
from securebase.claims import claims_table, refuse_faulty_claims
from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study
from securebase.config import Decision, Thresholds
from securebase.draws_files import read_draws
from securebase.families import claim_units, load_family
from securebase.gate import failed
from securebase.levels import level_table
from securebase.moment_fit import fit_tables
from securebase.panel import panel_from_waves
from securebase.patterns import pattern_table
from securebase.sensitivity.scaling import power_scaling
from securebase.simple_slopes import slope_table
from securebase.summaries import parameter_table, summary_table, trajectory_table
from securebase.turning_points import curve_table

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bars:
    """What posteriors and claims are held against.

    Parameters
    ----------
    thresholds : Thresholds
        Where a check fails.
    scaling : float
        Power-scaling sensitivity worth a word.
    decision : Decision
        The rule of verdicts.
    """

    thresholds: Thresholds
    scaling: float
    decision: Decision


def judge_study(study: Study, folder: Path, bars: Bars) -> None:
    """Tabulate and check every posterior of a study, then judge its claims; fail at nothing.

    Writes summary.csv, parameters.csv, trajectories.csv, patterns.csv, levels.csv, moment_fit.csv,
    residual_moments.csv, curves.csv, slopes.csv, power_scaling.csv and checks.tsv of each analysis,
    and claims.csv.

    Parameters
    ----------
    study : Study
        The codebook.
    folder : pathlib.Path
        ``results/<study>``, with waves.parquet and posterior.nc of each analysis.
    bars : Bars

    Raises
    ------
    InputError
        Claims on what a posterior does not have.
    """
    waves = pd.read_parquet(folder / "waves.parquet")
    trees = {name: read_draws(folder / name / "posterior.nc") for name in study.analyses}
    trusted = {
        name: check_analysis(study, name, waves, tree, folder / name, bars)
        for name, tree in trees.items()
    }
    posteriors, priors = (
        {name: tree[group].to_dataset() for name, tree in trees.items()}
        for group in ("posterior", "prior")
    )
    units = claim_units(study)
    claims = claims_table(study.claims, posteriors, trusted, units, bars.decision, priors)
    claims.to_csv(folder / "claims.csv", index=False)


def check_analysis(
    study: Study, name: str, waves: pd.DataFrame, draws: xr.DataTree, folder: Path, bars: Bars
) -> bool:
    """Write the tables and checks of one posterior; say whether it can be trusted."""
    panel, claims = panel_from_waves(waves, study, name), claims_of(study, name)
    family = load_family(panel.analysis.family)
    posterior, stats = (draws[group].to_dataset() for group in ("posterior", "sample_stats"))
    refuse_faulty_claims(claims, posterior, family, study.study)
    summary = summary_table(posterior, family, panel.time_unit)
    checks = checks_table(summary, posterior, stats, claims, bars.thresholds)
    fit, residual = fit_tables(draws["moment_fit"].to_dataset())
    checks = with_moment_fit(checks, fit, bars.thresholds)
    tables = {
        "summary": summary,
        "parameters": parameter_table(summary, family, panel.time_unit),
        "trajectories": trajectory_table(posterior, family, panel),
        "patterns": pattern_table(panel),
        "levels": level_table(panel),
        "power_scaling": power_scaling(draws, claims, bars.scaling),
        "moment_fit": fit,
        "residual_moments": residual,
        "curves": curve_table(posterior),
        "slopes": slope_table(study.analyses[name], posterior),
    }
    for file, table in tables.items():
        table.to_csv(folder / f"{file}.csv", index=False)
    checks.to_csv(folder / "checks.tsv", sep="\t", index=False)
    faults = failed(checks)
    log.info("%s: %d of %d checks failed", name, len(faults), len(checks))
    return faults.empty
