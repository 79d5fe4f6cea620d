"""What was found in a study, to its page of claims."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.logs import logged
from securebase.report.claims_page import write_claims_page
from securebase.report.rules import Rules

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    page = Path(snakemake.output.page)
    study = load_study(Path(snakemake.params.codebook))
    write_claims_page(study, page.parent, page, Rules.of(snakemake.params.rules))
