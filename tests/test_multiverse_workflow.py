"""Specifications as jobs: batches, the rule graph, going on after a kill."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_workflow import planned
from workflow_example import SMALL_RUN, WAVES, codebook, raw_wave, write_yaml

Run = Callable[..., subprocess.CompletedProcess[str]]
GOAL = "results/small/specs.csv"
BATCHES = "results/small/multiverse"
MULTIVERSE = {
    "choices": {
        "scoring": {
            "kind": "equivalent",
            "options": {
                "most": {"reason": "three of four items"},
                "all": {
                    "reason": "all of the items",
                    "change": {"scales": {"anxiety": {"minimum_items": 4}}},
                },
            },
        },
        "prior": {
            "kind": "equivalent",
            "options": {
                "default": {"reason": "that of the family"},
                "narrow": {
                    "reason": "changes are small",
                    "change": {
                        "analyses": {
                            "growth": {
                                "priors": {"change": {"sd": 0.3, "reason": "a narrow prior"}}
                            }
                        }
                    },
                },
            },
        },
    }
}
# two specifications a batch
ASKED = {
    **{"run": True, "draws": 100, "tune": 100, "ess": 10, "r_hat": 1.5},
    **{"minutes_per_batch": 1.0, "seconds_to_compile": 0.0, "seconds_per_fit": 30.0},
}


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of its own, with one study."""
    folder = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in ("models", "workflow"):
        shutil.copytree(root / part, folder / part, ignore=ignored)
    shutil.copy(root / "environment.yml", folder)
    (folder / "config" / "studies").mkdir(parents=True)
    config = {**SMALL_RUN, "studies": ["small"], "synthesis": None, "multiverse": ASKED}
    write_yaml(folder / "config" / "config.yaml", config)
    write_yaml(
        folder / "config" / "studies" / "small.yaml", codebook("small") | {"multiverse": MULTIVERSE}
    )
    (folder / "raw" / "small").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for place, wave in enumerate(WAVES):
        raw_wave(rng, place).to_csv(folder / "raw" / "small" / f"{wave}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def snakemake(folder: Path) -> Run:
    """Call snakemake in the checkout, with the code of that checkout."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(folder / "models")}
        command = [sys.executable, "-m", "snakemake", *arguments]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture(scope="module")
def finished(snakemake: Run) -> subprocess.CompletedProcess[str]:
    run = snakemake("--cores", "2", "--", GOAL)
    assert run.returncode == 0, run.stderr
    return run


def test_every_specification_of_every_batch_is_gathered(
    finished: subprocess.CompletedProcess[str], folder: Path
) -> None:
    found = sorted(path.name for path in (folder / BATCHES).iterdir())
    assert found == ["growth_01.parquet", "growth_02.parquet"]
    table = pd.read_parquet(folder / "results" / "small" / "multiverse.parquet")
    assert list(table["specification"]) == [
        "scoring=most, prior=default",
        "scoring=most, prior=narrow",
        "scoring=all, prior=default",
        "scoring=all, prior=narrow",
    ]
    assert set(table["failure"]) == {""}
    assert len(pd.read_csv(folder / GOAL)) == 4


def test_what_was_killed_goes_on_with_the_batches_that_are_missing(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    assert planned(snakemake("-n", "--", GOAL)) == {}
    whole = (folder / "results" / "small" / "multiverse.parquet").read_bytes()
    # a job that is killed leaves the file that it was at, under another name
    batch = folder / BATCHES / "growth_02.parquet"
    batch.rename(batch.with_name(f".{batch.name}.partial"))
    (folder / "results" / "small" / "multiverse.parquet").unlink()
    (folder / GOAL).unlink()
    assert planned(snakemake("-n", "--", GOAL)) == {"fit_specifications": 1, "multiverse": 1}
    again = snakemake("--cores", "1", "--", GOAL)
    assert again.returncode == 0, again.stderr
    assert (folder / "results" / "small" / "multiverse.parquet").read_bytes() == whole


def test_another_reason_fits_nothing_again(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    path = folder / "config" / "studies" / "small.yaml"
    text = path.read_text()
    path.write_text(text.replace("changes are small", "changes are known to be small"))
    jobs = planned(snakemake("-n", "--", GOAL))
    path.write_text(text)
    assert "fit_specifications" not in jobs


def test_another_option_fits_the_batches_that_have_it(
    finished: subprocess.CompletedProcess[str], snakemake: Run, folder: Path
) -> None:
    path = folder / "config" / "studies" / "small.yaml"
    text = path.read_text()
    path.write_text(text.replace("minimum_items: 4", "minimum_items: 2"))
    jobs = planned(snakemake("-n", "--", GOAL))
    path.write_text(text)
    assert jobs["fit_specifications"] == 1


def test_the_rule_graph_shows_it(snakemake: Run) -> None:
    graph = snakemake("--rulegraph", "--", "results/small/claims.html").stdout
    labels = {label: line.split("[")[0].strip() for line in graph.splitlines()
              for label in ("fit_specifications", "multiverse", "write_pages_small")
              if f'label = "{label}"' in line}  # fmt: skip
    arrows = {tuple(part.strip() for part in line.split("->")) for line in graph.splitlines()
              if "->" in line}  # fmt: skip
    assert (labels["fit_specifications"], labels["multiverse"]) in arrows
    assert (labels["multiverse"], labels["write_pages_small"]) in arrows


def test_without_the_switch_nothing_of_it_runs(snakemake: Run) -> None:
    jobs = planned(snakemake("-n", "--config", "multiverse={run: false}"))
    assert "write_pages_small" in jobs
    assert not {"fit_specifications", "multiverse"} & set(jobs)
