"""Bundles to describe: files by the layout of bundles, digests made of their names."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from securebase.codebook.loading import load_study
from securebase.config import Decision, Dropout, Prediction, Sampling, Sensitivity, Thresholds
from securebase.deposit.contents import Contents, FileFacts
from securebase.deposit.measured import Measured

OF_STUDY = (
    *("bundle.json", "study.yaml", "config.json", "claims.csv", "flow.csv", "codebook.csv"),
    *("scoring.tsv", "exclusions.csv", "fits.csv", "ledger.jsonl", "ledger.head"),
    *("pages/claims.html", "seal/commitments.json", "env/versions.json", "env/requirements.lock"),
)
OF_ANALYSIS = (
    *("model.json", "priors.csv", "priors.json", "moments.nc", "moments.csv", "cells.csv"),
    *("posterior.nc", "public.nc", "fidelity.csv", "summary.csv", "parameters.csv"),
    *("trajectories.csv", "patterns.csv", "levels.csv", "checks.tsv", "power_scaling.csv"),
    *("moment_fit.csv", "residual_moments.csv", "curves.csv", "slopes.csv", "prior_grid.csv"),
)


def facts(path: str) -> FileFacts:
    return FileFacts(sha256(path.encode()).hexdigest(), 1000 + len(path))


def contents_of(root: Path, name: str, **more: Any) -> Contents:
    """Make the contents of a public bundle of a study of this checkout."""
    study = load_study(root / "config" / "studies" / f"{name}.yaml")
    paths = [*OF_STUDY]
    for analysis in study.analyses:
        paths += [f"analyses/{analysis}/{file}" for file in OF_ANALYSIS]
        paths.append(f"pages/{analysis}.html")
    settings = {
        one.__name__.lower(): one().model_dump(mode="json")
        for one in (Decision, Thresholds, Sampling, Sensitivity, Dropout, Prediction)
    }
    fits = {f"fit {one}": Measured(50.0, 600.0) for one in study.analyses}
    contents = Contents(
        study=study,
        tier="public",
        files={path: facts(path) for path in paths},
        settings=settings,
        versions={
            "securebase": "0.1.0",
            "python": "3.13.5",
            "pymc": "6.4.0",
            "snakemake": "9.27.1",
        },
        units_withheld=dict.fromkeys(study.analyses, 11),
        values_masked=dict.fromkeys(study.analyses, 350),
        commitments={file.path: facts(f"sealed {file.path}").sha256 for file in study.raw.files},
        measured={"clean": Measured(3.0, 200.0), **fits},
    )
    return replace(contents, **more)
