"""Verdicts of all studies, and the headline over them, to the first page."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Decision
from securebase.logs import logged
from securebase.report.index_page import write_index
from securebase.synthesis.settings import load_synthesis

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    page, declared = Path(snakemake.output.page), snakemake.params.synthesis
    studies = [load_study(Path(path)) for path in snakemake.params.codebooks]
    synthesis = load_synthesis(Path(declared)) if declared else None
    write_index(studies, page.parent, page, Decision(**snakemake.params.decision), synthesis)
