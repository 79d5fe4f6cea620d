"""Posteriors of studies to one answer over all of them, and its page."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Decision
from securebase.logs import logged
from securebase.report.headline import write_headline
from securebase.synthesis.contributions import contributed
from securebase.synthesis.headline import headline
from securebase.synthesis.settings import load_synthesis

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    folder = Path(snakemake.output.headline).parent
    decision = Decision(**snakemake.params.decision)
    synthesis = load_synthesis(Path(snakemake.input.synthesis))
    studies = {name: load_study(Path(path)) for name, path in snakemake.params.codebooks.items()}
    contributions = contributed(synthesis, studies, folder.parent, snakemake.input.synthesis)
    found = headline(synthesis, contributions, decision)
    found.write(folder)
    write_headline(synthesis, contributions, found, Path(snakemake.output.page), decision)
