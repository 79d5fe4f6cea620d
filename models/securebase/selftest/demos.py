"""Demo bundles, from small simulated studies by the path of every run.

Simulated, cleaned, fitted, judged, and bundled with pages of its own.
"""

import contextlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from securebase.bundle.order import Order
from securebase.bundle.writing import write_bundle
from securebase.codebook.document import read_document
from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study, load_study
from securebase.codebook.plan import plan_of
from securebase.config import Config, Sampling, Sensitivity
from securebase.fitting import fit_analysis, posed
from securebase.judgement import Bars, judge_study
from securebase.ledger.recording import recording
from securebase.sensitivity.grid import refit_grid
from securebase.simulation import load_simulation, write_study
from securebase.waves.clean import clean
from securebase.whole_files import write_whole

DEMOS: Final = ("demo_couples", "demo_squads", "demo_groups")
"""Couples and squads with a leader, all of whom are released; groups, some of whom are withheld."""

_HERE: Final = Path(__file__).parent
_REGISTERED: Final = "2020-01-01"
_CHANGED: Final = "Monte Carlo errors a verdict must clear"


@dataclass(frozen=True)
class Demo:
    """An honest bundle, and what it was made of.

    Parameters
    ----------
    name : str
        Of the study.
    folder : pathlib.Path
        The bundle, unpacked.
    archive : pathlib.Path
        The bundle as it is sent.
    order : Order
        What it was made of. Its paths start from `root`.
    root : pathlib.Path
    """

    name: str
    folder: Path
    archive: Path
    order: Order
    root: Path


def make_demo(
    name: str,
    root: Path,
    sampling: Sampling,
    number: int = 0,
    refits: bool = False,
    later_priors: Mapping[str, Mapping[str, Any]] | None = None,
) -> Demo:
    """Make one demo bundle.

    Parameters
    ----------
    name : {"demo_couples", "demo_squads", "demo_groups"}
    root : pathlib.Path
        An empty folder, for raw files, results, ledger and bundle.
    sampling : Sampling
        How posteriors are drawn.
    number : int
        Another than 0: the seed of the data, and part of the study's name, from which the seeds of
        its fits are derived.
    refits : bool
        Whether the analysis is fitted under other priors too.
    later_priors : mapping, optional
        Priors that somebody chose after the plan was registered, as a codebook gives them.
    """
    study_name = f"{name}_{number}" if number else name
    sensitivity = Sensitivity(refits=refits, sd_factors=(0.5,), sd_factors_of_all=(2.0,))
    config = Config(
        studies=(study_name,), sampling=sampling, sensitivity=sensitivity, raw_root="raw"
    )
    root.mkdir(parents=True, exist_ok=True)
    # plans are named from where a project is
    with contextlib.chdir(root):
        for kind in ("studies", "simulations"):
            said = (_HERE / kind / f"{name}.yaml").read_text(encoding="utf-8")
            Path(kind).mkdir()
            write_whole(said.replace(name, study_name), Path(kind, f"{study_name}.yaml"))
        study = _registered(study_name, config, later_priors or {})
        settings = load_simulation(Path("simulations", f"{study_name}.yaml"))
        own = {"seed": number or settings.seed}
        write_study(study, settings.model_copy(update=own), Path("raw"))
        folder = Path("results", study_name)
        _results(study, folder, config)
        order = Order(study, folder, config, Path("raw"))
        archive = root / write_bundle(order)
    unpacked = root / "bundle"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(unpacked)
    return Demo(study_name, unpacked, archive, order, root)


def _registered(name: str, config: Config, priors: Mapping[str, Any]) -> Study:
    """Register a plan with another Monte Carlo margin, and say why it is another now."""
    path = Path("studies", f"{name}.yaml")
    rule = config.decision.model_copy(update={"mcse_margin": 1.0})
    plan = plan_of(load_study(path), rule, version("securebase"))
    text = yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=False)
    Path("registrations").mkdir()
    write_whole(text, Path("registrations", "plan.yaml"))
    said = {
        "file": "../registrations/plan.yaml", "sha256": sha256(text.encode()).hexdigest(),
        "date": _REGISTERED, "doi": "10.0000/demo",
        "deviations": [{"what": _CHANGED, "reason": "One error was too small a margin."}],
    }  # fmt: skip
    codebook = read_document(path).data | {"registration": said}
    if priors:
        next(iter(codebook["analyses"].values()))["priors"] = dict(priors)
    write_whole(yaml.safe_dump(codebook, sort_keys=False), path)
    return load_study(path)


def _results(study: Study, folder: Path, config: Config) -> None:
    """Write what a run leaves."""
    folder.mkdir(parents=True)
    clean(study, Path("raw")).write(folder)
    waves = folder / "waves.parquet"
    with recording("ledger.jsonl", waves):
        for name in study.analyses:
            fitted = fit_analysis(study, name, waves, config.sampling, 1)
            fitted.write(folder / name)
            if config.sensitivity.refits:
                _refitted(study, name, folder, config)
    bars = Bars(config.thresholds, config.sensitivity.threshold, config.decision)
    judge_study(study, folder, bars)


def _refitted(study: Study, name: str, folder: Path, config: Config) -> None:
    question = posed(study, name, pd.read_parquet(folder / "waves.parquet"))
    grid = refit_grid(
        question, claims_of(study, name), config.sensitivity, config.sampling, config.decision,
        cores=1,
    )  # fmt: skip
    grid.to_csv(folder / name / "prior_grid.csv", index=False)
