"""An analysis and its rivals: how well each foretells whom it has not seen."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from securebase.codebook.loading import load_study
from securebase.config import Prediction, Sampling
from securebase.ledger.recording import recording
from securebase.logs import logged
from securebase.prediction.comparison import compare
from securebase.retries import make_once

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def foretell() -> None:
    """Compare, and write the table."""
    table = compare(
        load_study(Path(snakemake.params.codebook)),
        snakemake.wildcards.analysis,
        pd.read_parquet(snakemake.input.waves),
        xr.open_dataset(snakemake.input.posterior, group="posterior").load(),
        Prediction(**snakemake.params.prediction),
        Sampling(**snakemake.params.sampling),
        cores=snakemake.threads,
    )
    table.to_csv(snakemake.output.prediction, index=False)


with logged(snakemake.log[0]), recording(snakemake.params.ledger, snakemake.input.waves):
    make_once(snakemake, foretell)
