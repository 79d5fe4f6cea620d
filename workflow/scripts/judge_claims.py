"""Draws and checks of all analyses to verdicts."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from securebase.claims import claims_table
from securebase.codebook.loading import load_study
from securebase.config import Decision
from securebase.families import claim_units
from securebase.gate import failed
from securebase.logs import logged

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    study = load_study(Path(snakemake.params.codebook))
    posteriors, priors = (
        {
            name: xr.open_dataset(path, group=group).load()
            for name, path in zip(study.analyses, snakemake.input.posteriors, strict=True)
        }
        for group in ("posterior", "prior")
    )
    trusted = {
        name: failed(pd.read_csv(path, sep="\t")).empty
        for name, path in zip(study.analyses, snakemake.input.checks, strict=True)
    }
    decision = Decision(**snakemake.params.decision)
    claims_table(study.claims, posteriors, trusted, claim_units(study), decision, priors).to_csv(
        snakemake.output.claims, index=False
    )
