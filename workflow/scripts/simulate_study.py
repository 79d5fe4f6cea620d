"""Settings of a simulated study to its raw files."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.logs import logged
from securebase.simulation import load_simulation, write_study

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    write_study(
        load_study(Path(snakemake.input.codebook)),
        load_simulation(Path(snakemake.input.settings)),
        Path(snakemake.output[0]).parent,
        snakemake.wildcards.world,
        size=snakemake.wildcards.size,
    )
