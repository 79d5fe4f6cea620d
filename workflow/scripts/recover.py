"""Replicates of an analysis in all its worlds, and what became of its claims."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.logs import logged
from securebase.recovery.design import read_batches, write_recovery

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    found = read_batches(map(Path, snakemake.input.batches))
    folder = Path(snakemake.output.tables[0]).parent
    write_recovery(found, snakemake.wildcards.study, snakemake.wildcards.analysis, folder)
