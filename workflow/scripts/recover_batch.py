"""A batch of replicates of an analysis in one world, and what became of its claims."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Decision, Recovery, Sampling
from securebase.ledger.recording import recording
from securebase.logs import logged
from securebase.recovery.design import recover_analysis
from securebase.retries import make_once
from securebase.simulation import load_simulation

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def recover() -> None:
    """Simulate, fit and judge, and write the table."""
    asked, world = snakemake.wildcards, snakemake.wildcards.world
    found = recover_analysis(
        load_study(Path(snakemake.params.codebook)),
        load_simulation(Path(snakemake.input.settings)),
        asked.analysis,
        Recovery(**snakemake.params.recovery, worlds=(world,)),
        Sampling(**snakemake.params.sampling),
        Decision(**snakemake.params.decision),
        cores=snakemake.threads,
        part=range(int(asked.first), int(asked.last) + 1),
    )
    found[world].to_parquet(snakemake.output.batch, index=False)


with logged(snakemake.log[0]), recording(snakemake.params.ledger, snakemake.input.settings):
    make_once(snakemake, recover)
