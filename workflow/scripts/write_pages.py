"""What was found in a study, to its pages and texts."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.logs import logged
from securebase.report.rules import Rules
from securebase.report.study_pages import write_study_pages

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    study = load_study(Path(snakemake.params.codebook))
    folder = Path(snakemake.output.claims).parent
    rules, calibration = Rules.of(snakemake.params.rules), snakemake.input.calibration
    ledger = Path(snakemake.params.ledger)
    write_study_pages(study, folder, rules, [Path(path) for path in calibration], ledger)
