"""Draws to tables: every reported number, and the expected beside the observed means."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from securebase.codebook.loading import load_study
from securebase.families import load_family
from securebase.logs import logged
from securebase.panel import panel_from_waves
from securebase.summaries import summary_table, trajectory_table

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    study = load_study(Path(snakemake.params.codebook))
    panel = panel_from_waves(
        pd.read_parquet(snakemake.input.waves), study, snakemake.wildcards.analysis
    )
    family = load_family(panel.analysis.family)
    posterior = xr.open_dataset(snakemake.input.posterior, group="posterior").load()
    summary_table(posterior, family, panel.time_unit).to_csv(snakemake.output.summary, index=False)
    trajectory_table(posterior, family, panel).to_csv(snakemake.output.trajectories, index=False)
