"""An analysis under other priors: every claim judged again."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import load_study
from securebase.config import Decision, Sampling, Sensitivity
from securebase.fitting import posed
from securebase.ledger.recording import recording
from securebase.logs import logged
from securebase.retries import make_once
from securebase.sensitivity.grid import refit_grid

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def refit() -> None:
    """Fit under each prior, and write the table."""
    study, name = load_study(Path(snakemake.params.codebook)), snakemake.wildcards.analysis
    grid = refit_grid(
        posed(study, name, pd.read_parquet(snakemake.input.waves)),
        claims_of(study, name),
        Sensitivity(**snakemake.params.sensitivity),
        Sampling(**snakemake.params.sampling),
        Decision(**snakemake.params.decision),
        cores=snakemake.threads,
    )
    grid.to_csv(snakemake.output.grid, index=False)


with logged(snakemake.log[0]), recording(snakemake.params.ledger, snakemake.input.waves):
    make_once(snakemake, refit)
