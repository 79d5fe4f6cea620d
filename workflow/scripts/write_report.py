"""Everything written about a study to one page."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Decision, Dropout, Sensitivity
from securebase.logs import logged
from securebase.report.page import Rules, write_report

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    destination = Path(snakemake.output.report)
    study = load_study(Path(snakemake.params.codebook))
    rules = Rules(
        Decision(**snakemake.params.decision),
        Sensitivity(**snakemake.params.sensitivity),
        Dropout(**snakemake.params.dropout),
    )
    write_report(study, destination.parent, destination, rules)
