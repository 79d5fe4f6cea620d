"""Tables of an analysis, computed again from its draws; held until every check has seen them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd
import xarray as xr

from securebase.audit.opened import Opened
from securebase.checks import checks_table, with_moment_fit
from securebase.claims import claims_table, refuse_faulty_claims
from securebase.codebook.extracts import claims_of
from securebase.families import claim_units, load_family
from securebase.gate import failed
from securebase.moment_fit import fit_tables
from securebase.report.result_tables import as_read
from securebase.sensitivity.scaling import power_scaling
from securebase.simple_slopes import slope_table
from securebase.summaries import parameter_table, summary_table
from securebase.turning_points import curve_table

# where values are masked, energies are rounded and residual moments are not told
_ONLY_TOLD: Final = ("e_bfmi", "moment_ppp")


@dataclass(frozen=True)
class Recomputed:
    """What follows from the draws of one analysis alone.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By file, as they would be read.
    trusted : bool
        Whether no check failed, those included that are only told.
    told : tuple of str
        Checks whose values follow from what the bundle withholds: only told, not computed.
    """

    tables: Mapping[str, pd.DataFrame]
    trusted: bool
    told: tuple[str, ...] = ()


def recomputed(opened: Opened, name: str) -> Recomputed:
    """Compute the tables of an analysis from the groups of its file of draws.

    Tables that need more (trajectories need the design) are left out.
    """
    return opened.once("recomputed", name, lambda: _recomputed(opened, name))


def _recomputed(opened: Opened, name: str) -> Recomputed:
    study, asked, draws = opened.study, opened.as_run, opened.draws(name)
    family, claims = load_family(study.analyses[name].family), claims_of(study, name)
    unit = study.waves.time_unit
    posterior, stats = (draws[group].to_dataset() for group in ("posterior", "sample_stats"))
    refuse_faulty_claims(claims, posterior, family, study.study)
    summary = summary_table(posterior, family, unit)
    checks = checks_table(summary, posterior, stats, claims, asked.thresholds)
    tables = {
        "summary.csv": summary,
        "parameters.csv": parameter_table(summary, family, unit),
        "curves.csv": curve_table(posterior),
        "slopes.csv": slope_table(study.analyses[name], posterior),
    }
    if {"log_prior", "log_likelihood"} <= set(draws.children):
        scaling = power_scaling(draws, claims, asked.sensitivity.threshold)
        tables["power_scaling.csv"] = scaling
    if "moment_fit" in draws.children:
        fit, residual = fit_tables(draws["moment_fit"].to_dataset())
        checks = with_moment_fit(checks, fit, asked.thresholds)
        tables |= {"moment_fit.csv": fit, "residual_moments.csv": residual}
    tables["checks.tsv"] = checks
    read = {file: as_read(table) for file, table in tables.items()}
    told = _ONLY_TOLD if opened.about.lost(name) else ()
    stored = opened.table(opened.file(name, "checks.tsv"))
    known = failed(stored[stored["check"].isin(told)])
    return Recomputed(read, failed(checks).empty and known.empty, told)


def recomputed_claims(opened: Opened) -> pd.DataFrame:
    """Judge every claim again, from draws alone."""
    return opened.once("recomputed", "claims.csv", lambda: _claims(opened))


def _claims(opened: Opened) -> pd.DataFrame:
    names = list(opened.study.analyses)
    trusted = {name: recomputed(opened, name).trusted for name in names}
    posteriors, priors = (_groups(opened, names, group) for group in ("posterior", "prior"))
    units, decision = claim_units(opened.study), opened.as_run.decision
    table = claims_table(opened.study.claims, posteriors, trusted, units, decision, priors)
    return as_read(table)


def _groups(opened: Opened, names: list[str], group: str) -> dict[str, xr.Dataset]:
    return {name: opened.draws(name)[group].to_dataset() for name in names}
