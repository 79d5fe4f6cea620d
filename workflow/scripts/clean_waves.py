"""Raw files to scored waves, and the record of everything left out."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.logs import logged
from securebase.waves.clean import clean

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    study = load_study(Path(snakemake.params.codebook), snakemake.params.pinned)
    waves = clean(study, Path(snakemake.params.raw_root))
    waves.write(Path(snakemake.output.waves).parent)
