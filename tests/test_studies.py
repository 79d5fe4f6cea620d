"""Simulated studies: their files, their planted faults, their claims in every world.

Nothing is sampled here. Each study is told by its codebook, its settings and one row below.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from securebase.claims import estimand_draws
from securebase.codebook.claim import Claim
from securebase.codebook.loading import Study, load_study
from securebase.families import load_family
from securebase.fitting import question_faults
from securebase.simulation import Simulation, World, load_simulation, write_study
from securebase.simulation.designs import design_panel, truth_for
from securebase.simulation.files import PLANTED
from securebase.waves.clean import CleanWaves, clean

KEY = ["file", "row", "rule", "column"]
CLAIMS = {
    "asem_moments": "A1a A1b A2a A2b A3a A3b A8a A8b",
    "asem_models": "A4a A4b A5a A5b A6a A6b A7a A7b",
    "asem_tightrope": "A8a A8b A9a A9b A10a A10b A11a A11b A11c A11d",
    "caregiving_transition": "P1a P1b P1c P1d P1e",
    "davidovitz_combat": "C1 C2a C2b C2c C3a C3b C4a C4b C4c C4d C5a C5b C5c C6a C6b C6c C7a C7b",
    "davidovitz_workshop": "D1a D1b D2a D2b D3a D3b D4a D4b D5a D5b D5c D5d D5e D5f",
    "litman_counselling": "T1a T1b T2a T2b T2c T2d",
    "gur_residential": "G1a G1b G2a G2b G3a G3b G4a G4b G5",
    "rom_missions": "R1a R1b R1c R2a R2b R2c R2d R2e R2f R3a R3b R3c R3d R4a R4b R5a R5b R5c "
    "R6a R6b R6c R6d",
    "stanton_closeness": "S1 S2a S2b S2c",
    "zuroff_depression": "Z1 Z2a Z2b Z3a Z3b Z3c",
}
"""Every claim of a study; a letter where one claim is asked as several estimands."""


@dataclass(frozen=True)
class Example:
    """A study and its files."""

    name: str
    study: Study
    settings: Simulation
    raw_root: Path
    cleaned: CleanWaves


@pytest.fixture(scope="module", params=CLAIMS)
def example(request: pytest.FixtureRequest, root: Path) -> Example:
    name = str(request.param)
    study = load_study(root / "config" / "studies" / f"{name}.yaml")
    settings = load_simulation(root / "config" / "simulations" / f"{name}.yaml")
    raw_root = root / "data" / "example"
    return Example(name, study, settings, raw_root, clean(study, raw_root))


def faults_of(table: pd.DataFrame) -> list[tuple[str, ...]]:
    rows = table[table["rule"] != "turned_item"]
    return sorted(map(tuple, rows[KEY].astype(str).to_numpy().tolist()))


def test_tracked_files_are_what_the_settings_make(example: Example, tmp_path: Path) -> None:
    written = write_study(example.study, example.settings, tmp_path)
    tracked = [one for one in (example.raw_root / example.name).iterdir() if one.is_file()]
    assert sorted(one.name for one in tracked) == sorted(one.name for one in written)
    remedy = f"securebase simulate {example.name} --into data/example, and pin the new digests"
    for path in written:
        own = example.raw_root / path.relative_to(tmp_path)
        assert own.read_bytes() == path.read_bytes(), f"{own.name} differs: {remedy}"
    assert all("SIMULATED" in one.name for one in tracked)
    assert sum(one.stat().st_size for one in tracked) < 400_000
    assert all(one.sha256 for one in example.study.raw.files)


def test_planted_faults_are_named_once_and_nothing_else(example: Example) -> None:
    folder = example.raw_root / example.name
    planted = pd.read_csv(folder / PLANTED, sep="\t", dtype=str).fillna("")
    assert faults_of(example.cleaned.exclusions) == faults_of(planted)
    assert set(example.cleaned.scoring["verdict"]) == {"ok"}


def test_pages_say_that_the_study_is_simulated(example: Example) -> None:
    assert example.study.simulated
    assert "No original data" in example.study.source


def test_every_claim_is_declared_and_can_be_asked(example: Example) -> None:
    assert [one.id for one in example.study.claims] == CLAIMS[example.name].split()
    assert question_faults(example.study, example.cleaned.waves) == []


def holds(claim: Claim, value: float) -> bool:
    """Say whether a value lies where a claim says that it does."""
    beyond = {"positive": value > claim.rope.high, "negative": value < claim.rope.low}
    return beyond.get(claim.direction, claim.rope.low <= value <= claim.rope.high)


@pytest.mark.parametrize("world", ["source", "null", "reversed"])
def test_claims_are_true_in_the_world_of_the_source_only(example: Example, world: World) -> None:
    for name, analysis in example.study.analyses.items():
        panel = design_panel(example.study, example.settings, name)
        family = load_family(analysis.family)
        truth = truth_for(example.study, example.settings, name, panel, world)
        values = family.implied(truth, panel)
        for claim in (one for one in example.study.claims if one.analysis == name):
            value = float(estimand_draws(claim, values))
            absent = world == "null" and claim.direction == "zero"
            expected = world == "source" or absent
            assert holds(claim, value) == expected, f"{claim.id} is {value:.4f} in {world}"
