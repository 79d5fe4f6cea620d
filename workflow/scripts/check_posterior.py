"""Draws and thresholds to checks."""

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
from securebase.sensitivity.scaling import power_scaling

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    study = load_study(Path(snakemake.params.codebook))
    claims = claims_of(study, snakemake.wildcards.analysis)
    family = load_family(study.analyses[snakemake.wildcards.analysis].family)
    draws = xr.open_datatree(snakemake.input.posterior).load()
    posterior, stats = (draws[name].to_dataset() for name in ("posterior", "sample_stats"))
    refuse_faulty_claims(claims, posterior, family, study.study)
    summary = pd.read_csv(snakemake.input.summary)
    checks = checks_table(
        summary, posterior, stats, claims, Thresholds(**snakemake.params.thresholds)
    )
    checks.to_csv(snakemake.output.checks, sep="\t", index=False)
    scaling = power_scaling(draws, claims, snakemake.params.scaling_threshold)
    scaling.to_csv(snakemake.output.scaling, index=False)
