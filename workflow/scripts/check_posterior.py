"""Draws to tables: every reported number, what it is, and whether it can be trusted."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from securebase.checks import checks_table
from securebase.claims import refuse_faulty_claims
from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import load_study
from securebase.config import Thresholds
from securebase.families import load_family
from securebase.logs import logged
from securebase.panel import panel_from_waves
from securebase.sensitivity.scaling import power_scaling
from securebase.summaries import parameter_table, summary_table, trajectory_table

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    study, name = load_study(Path(snakemake.params.codebook)), snakemake.wildcards.analysis
    claims, output = claims_of(study, name), snakemake.output
    panel = panel_from_waves(pd.read_parquet(snakemake.input.waves), study, name)
    family = load_family(panel.analysis.family)
    draws = xr.open_datatree(snakemake.input.posterior).load()
    posterior, stats = (draws[group].to_dataset() for group in ("posterior", "sample_stats"))
    refuse_faulty_claims(claims, posterior, family, study.study)
    summary = summary_table(posterior, family, panel.time_unit)
    summary.to_csv(output.summary, index=False)
    parameter_table(summary, family, panel.time_unit).to_csv(output.parameters, index=False)
    trajectory_table(posterior, family, panel).to_csv(output.trajectories, index=False)
    thresholds = Thresholds(**snakemake.params.thresholds)
    checks = checks_table(summary, posterior, stats, claims, thresholds)
    checks.to_csv(output.checks, sep="\t", index=False)
    scaling = power_scaling(draws, claims, snakemake.params.scaling_threshold)
    scaling.to_csv(output.scaling, index=False)
