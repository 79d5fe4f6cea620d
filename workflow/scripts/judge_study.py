"""Posteriors of a study to tables, checks and verdicts."""

from pathlib import Path
from typing import TYPE_CHECKING

from securebase.codebook.loading import load_study
from securebase.config import Decision, Thresholds
from securebase.judgement import Bars, judge_study
from securebase.logs import logged

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with logged(snakemake.log[0]):
    bars = Bars(
        Thresholds(**snakemake.params.thresholds),
        snakemake.params.scaling_threshold,
        Decision(**snakemake.params.decision),
    )
    study = load_study(Path(snakemake.params.codebook))
    judge_study(study, Path(snakemake.output.claims).parent, bars)
