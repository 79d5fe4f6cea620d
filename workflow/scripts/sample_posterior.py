"""Scored waves to draws: prior, posterior, replicated summaries."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Sampling
from securebase.fitting import fit_analysis
from securebase.ledger.recording import recording
from securebase.logs import logged
from securebase.retries import make_once

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def fit() -> None:
    """Draw, and write whole files."""
    fitted = fit_analysis(
        load_study(Path(snakemake.params.codebook), snakemake.params.pinned),
        snakemake.wildcards.analysis,
        Path(snakemake.input.waves),
        Sampling(**snakemake.params.sampling),
        cores=snakemake.threads,
    )
    fitted.write(Path(snakemake.output.posterior).parent)


with logged(snakemake.log[0]), recording(snakemake.params.ledger, snakemake.input.waves):
    make_once(snakemake, fit)
