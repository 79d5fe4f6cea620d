"""Results of a study to the bundle that reviewers get."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.bundle.writing import Order, write_bundle
from securebase.codebook.loading import load_study
from securebase.config import Config
from securebase.logs import logged

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    config = Config(**snakemake.params.config)
    study = load_study(Path(snakemake.params.codebook), config.pinned)
    folder, raw_root = Path(snakemake.output.bundle).parent, Path(config.raw_root)
    ledger, cores = Path(snakemake.params.ledger), snakemake.threads
    write_bundle(Order(study, folder, config, raw_root, ledger, cores=cores))
