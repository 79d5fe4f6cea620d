"""What an analysis left, to its page."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.logs import logged
from securebase.report.analysis_page import write_analysis_page
from securebase.report.rules import Rules

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    page = Path(snakemake.output.page)
    study = load_study(Path(snakemake.params.codebook))
    rules = Rules.of(snakemake.params.rules)
    write_analysis_page(study, snakemake.wildcards.analysis, page.parent, page, rules)
