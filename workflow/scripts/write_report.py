"""Everything written about a study to one page."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Decision, Sensitivity
from securebase.logs import logged
from securebase.report.page import write_report

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    destination = Path(snakemake.output.report)
    study = load_study(Path(snakemake.params.codebook))
    decision = Decision(**snakemake.params.decision)
    sensitivity = Sensitivity(**snakemake.params.sensitivity)
    write_report(study, destination.parent, destination, decision, sensitivity)
