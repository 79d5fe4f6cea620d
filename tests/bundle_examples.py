"""Small studies with results, to make bundles of: couples with names that no file may hold."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from small_study import small_table, study_in

from securebase.bundle.order import Order, Project
from securebase.codebook.loading import Study
from securebase.config import Config, Decision, Sampling, Thresholds, parse_config
from securebase.fitting import fit_analysis
from securebase.judgement import Bars, judge_study
from securebase.ledger.recording import recording
from securebase.waves.clean import clean

MARK = "qxz"
"""In the name of every couple and person."""
COUPLES = 44
SAMPLING: dict[str, Any] = {
    "chains": 2, "draws": 150, "tune": 150, "prior_draws": 100, "predictive_draws": 50,
}  # fmt: skip

ANALYSES: dict[str, Any] = {
    "growth": {
        "family": "dyadic_growth",
        "question": "How do both scales change over the study?",
        "outcomes": ["anxiety", "avoidance"],
        "predictors": [{"name": "age", "of": "actor"}],
    }
}
CLAIMS: list[dict[str, Any]] = [
    {
        "id": "H1",
        "sentence": "Anxiety falls over the study.",
        "analysis": "growth",
        "estimand": [{"variable": "change", "at": {"outcome": "anxiety"}, "mean_over": ["role"]}],
        "direction": "negative",
        "rope": {"low": -0.1, "high": 0.1, "reason": "a tenth of a point a year is little"},
    }
]


def named_table(rng: np.random.Generator, left: int) -> pd.DataFrame:
    """Make couples of whom the first few leave before the last wave, and one after the first."""
    table = small_table(rng, COUPLES)
    number = table["couple"].astype(int) - 101
    gone = (number < left) & (table["time"] == "3")
    gone |= (number == left) & (table["time"] != "1") if left else False
    test = table[number == COUPLES - 1].head(1).assign(couple="999", id="9991")
    kept = pd.concat([table[~gone], test], ignore_index=True)
    return kept.assign(couple=MARK + kept["couple"], id=MARK + kept["id"])


def small_bundle_study(folder: Path, rng: np.random.Generator, left: int) -> Study:
    """Write the codebook and the raw file."""
    exclusions = [{"where": {"couple": f"{MARK}999"}, "reason": "a test row, not a couple"}]
    return study_in(
        folder, named_table(rng, left), analyses=ANALYSES, claims=CLAIMS, exclusions=exclusions
    )


def small_results(folder: Path, left: int, thresholds: Thresholds | None = None) -> Order:
    """Clean, fit and judge a small study; say what a bundle is to be made of.

    By default its few draws fail the checks, as they should.
    """
    bars = thresholds or Thresholds()
    study = small_bundle_study(folder, np.random.default_rng(20261123), left)
    results = folder / "results" / study.study
    results.mkdir(parents=True)
    clean(study, folder).write(results)
    waves, ledger = results / "waves.parquet", folder / "ledger.jsonl"
    for name in study.analyses:
        with recording(ledger, waves):
            fit_analysis(study, name, waves, Sampling(**SAMPLING), 1).write(results / name)
    judge_study(study, results, Bars(bars, 0.05, Decision()))
    asked = {"sampling": SAMPLING, "thresholds": bars.model_dump()}
    config: Config = parse_config({"studies": [study.study], **asked})
    nowhere = folder / "none"
    project = Project(ledger, nowhere, nowhere, nowhere)
    return Order(study, results, config, folder, project)
