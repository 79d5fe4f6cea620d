"""A batch of specifications: every claim of their analysis judged under each."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Decision, Multiverse, Sampling
from securebase.ledger.recording import recording
from securebase.logs import logged
from securebase.multiverse.batches import batches
from securebase.multiverse.fitting import Fitting, fit_batch
from securebase.multiverse.posing import Raw
from securebase.retries import make_once
from securebase.whole_files import whole

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def fit() -> None:
    """Fit the batch, and write its table."""
    study = load_study(Path(snakemake.params.codebook), snakemake.params.pinned)
    asked = Multiverse(**snakemake.params.multiverse)
    rules = Sampling(**snakemake.params.sampling), Decision(**snakemake.params.decision)
    batch = batches(study, asked)[snakemake.wildcards.batch]
    fitting = Fitting(asked, *rules, cores=snakemake.threads)
    table = fit_batch(batch, study, Raw(Path(snakemake.params.raw_root)), fitting)
    with whole(Path(snakemake.output.batch)) as partial:
        table.to_parquet(partial, index=False)


with logged(snakemake.log[0]), recording(snakemake.params.ledger, snakemake.input.waves):
    make_once(snakemake, fit)
