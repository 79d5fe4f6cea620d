"""Real couples and real companies: what attacks recover from them before masking, and after."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from securebase.codebook.loading import load_study
from securebase.codebook.study import Study
from securebase.disclosure import (
    ClusteredSample,
    Outgoing,
    Sample,
    cells_of,
    gate,
    inspect,
    mask,
    mask_clusters,
    moments_of_cells,
)
from securebase.disclosure.attacks import count_right, lattice_attack
from securebase.disclosure.of_part import sample_of_part
from securebase.disclosure.rules import admissible
from securebase.fitting import posed
from securebase.likelihood import loglik
from securebase.moments import moments_of
from securebase.names import UNIT
from securebase.part import Part
from securebase.waves.clean import clean


def part_of(root: Path, name: str, analysis: str) -> tuple[Part, Sample]:
    """Give the part of an analysis with one composition, and its records."""
    data = root.parent / "shared" / "data"
    study: Study = load_study(root / "config" / "studies" / f"{name}.yaml")
    if not (data / study.raw.files[0].path).is_file():
        pytest.skip(f"the data of {name} are not on this machine")
    question = posed(study, analysis, clean(study, data).waves)
    (part,) = question.built.parts
    return part, sample_of_part(part, study, question.panel.data[UNIT].values)


@pytest.fixture(scope="module")
def couples(root: Path) -> Sample:
    return part_of(root, "couples_ecr", "growth")[1]


def test_most_small_cells_of_the_real_couples_give_every_record_away(couples: Sample) -> None:
    cells = cells_of(couples)
    assert len(cells) == 43
    assert [one.cell.n for one in cells if admissible(one)] == [62, 13]
    recovered = 0
    for one in cells:
        claims = lattice_attack(one.cell, one.grids)
        right = count_right(claims, one.rows, one.cell.columns)
        assert right == len(claims)
        recovered += right
        assert right == (one.cell.n if one.cell.n <= len(one.cell.columns) else 0)
    assert recovered == 70
    rules = {one.rule for one in inspect(Outgoing({"growth": cells})) if one.fails}
    assert rules == {"R1", "R2", "R3", "R4", "lattice attack"}


def test_the_real_couples_pass_the_gate_once_masked(couples: Sample) -> None:
    masked = mask(couples)
    assert [one.rule for one in gate(Outgoing({"growth": masked.cells}))] == ["R3"] * 3
    assert [one.cell.n for one in masked.cells] == [62, 22, 29, 27]
    assert masked.withheld == 11
    assert masked.values_lost == 350
    assert couples.observed.sum() == 2222


def test_released_cells_of_the_real_couples_have_their_likelihood(
    couples: Sample, rng: np.random.Generator
) -> None:
    masked = mask(couples).sample
    assert masked is not None
    cells = [one.cell for one in cells_of(masked)]
    constant = np.ones((len(masked.units), 1))
    records = moments_of(masked.y, constant, None, masked.responses, ["constant"])
    root = rng.normal(size=(20, 20)) / 5 + np.eye(20)
    mean, cov = rng.normal(3.0, 0.2, size=(20, 1)), root @ root.T
    found = loglik(mean, cov, moments_of_cells(cells, masked.responses))
    assert found == pytest.approx(loglik(mean, cov, records), rel=1e-11)


def test_without_the_last_wave_less_is_lost(couples: Sample) -> None:
    early = np.array([not name.startswith("m12") for name in couples.responses])
    four = replace(couples, y=np.where(early, couples.y, np.nan))
    cells = cells_of(four)
    assert len(cells) == 32
    assert sum(len(lattice_attack(one.cell, one.grids)) for one in cells) == 58
    masked = mask(four)
    assert gate(Outgoing({"growth": masked.cells})) != []
    assert masked.values_lost == 208
    assert masked.withheld == 11
    assert four.observed.sum() == 1854


@pytest.mark.parametrize(
    ("analysis", "sizes", "lost", "values"),
    [
        ("readiness", [(1, 12), (4, 10), (8, 11), (18, 10)], 429, 1389),
        ("joint", [(1, 23), (8, 20)], 2544, 4191),
    ],
)
def test_the_real_companies_pass_the_gate_once_masked(
    root: Path, analysis: str, sizes: list[tuple[int, int]], lost: int, values: int
) -> None:
    part, soldiers = part_of(root, "univbct", analysis)
    assert part.cluster is not None
    masked = mask_clusters(ClusteredSample(soldiers, part.cluster), b"commitment")
    found = [(one.size, one.records.cell.n) for one in masked.release.between]
    assert found == sizes
    assert masked.values_lost == lost
    assert soldiers.observed.sum() == values
    assert {one.rule for one in gate(Outgoing(clustered={analysis: masked.release}))} == {"R6"}
