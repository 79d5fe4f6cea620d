"""Results of a study to the bundle that reviewers get."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.bundle.order import Order, Project
from securebase.bundle.writing import write_bundle
from securebase.codebook.loading import load_study
from securebase.config import Config
from securebase.logs import logged

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    config = Config(**snakemake.params.config)
    study = load_study(Path(snakemake.params.codebook), config.pinned)
    folder, raw_root = Path(snakemake.output.bundle).parent, Path(config.raw_root)
    project = Project(ledger=Path(snakemake.params.ledger))
    write_bundle(Order(study, folder, config, raw_root, project, snakemake.threads))
