"""Replicates of an analysis in all its worlds, and what became of its claims."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Decision, Recovery, Sampling
from securebase.ledger.recording import recording
from securebase.logs import logged
from securebase.recovery.design import recover_analysis, write_recovery
from securebase.simulation import load_simulation

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]), recording(snakemake.params.ledger, snakemake.input.settings):
    study, name = load_study(Path(snakemake.params.codebook)), snakemake.wildcards.analysis
    found = recover_analysis(
        study,
        load_simulation(Path(snakemake.input.settings)),
        name,
        Recovery(**snakemake.params.recovery),
        Sampling(**snakemake.params.sampling),
        Decision(**snakemake.params.decision),
        cores=snakemake.threads,
    )
    write_recovery(found, study.study, name, Path(snakemake.output.tables[0]).parent)
