"""An analysis if those who left differ from what their answers foretell: every claim again."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import load_study
from securebase.config import Decision, Dropout, Sampling
from securebase.dropout.departures import judge_departures
from securebase.fitting import posed
from securebase.ledger.recording import recording
from securebase.logs import logged
from securebase.retries import make_once

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def refit() -> None:
    """Judge each departure, and write the table."""
    study, name = load_study(Path(snakemake.params.codebook)), snakemake.wildcards.analysis
    judged = judge_departures(
        posed(study, name, pd.read_parquet(snakemake.input.waves)),
        xr.open_dataset(snakemake.input.posterior, group="posterior").load(),
        claims_of(study, name),
        Dropout(**snakemake.params.dropout),
        Sampling(**snakemake.params.sampling),
        Decision(**snakemake.params.decision),
        cores=snakemake.threads,
    )
    judged.to_csv(snakemake.output.dropout, index=False)


with logged(snakemake.log[0]), recording(snakemake.params.ledger, snakemake.input.waves):
    make_once(snakemake, refit)
