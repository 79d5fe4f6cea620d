"""The gate: what it refuses is broken by an attack, what it lets out is not."""

from dataclasses import replace

import numpy as np
import pytest
from disclosure_examples import EIGHTEENTHS, Floats, sample, scores, with_patterns

from securebase.disclosure import (
    CellRecords,
    ClusteredSample,
    Outgoing,
    Sample,
    cells_of,
    gate,
    inspect,
    mask,
    mask_clusters,
)
from securebase.disclosure.attacks import PointwiseLoglik
from securebase.disclosure.clustered import release_of
from securebase.disclosure.masking import WITHHELD
from securebase.faults import InputError


def refused(outgoing: Outgoing) -> set[str]:
    """Rules and attacks that refuse a release."""
    return {one.rule for one in inspect(outgoing) if one.fails}


def study(rng: np.random.Generator, n: int = 150) -> Sample:
    """Couples of whom some leave at each of three waves, and some miss one."""
    y = scores(rng, n, 12)
    last = 4 * rng.choice([1, 2, 3], size=n, p=[0.2, 0.2, 0.6])
    y[np.arange(12) >= last[:, None]] = np.nan
    missed = rng.random(n) < 0.06
    y[missed, 4:6] = np.nan
    married = (rng.random((n, 1)) < 0.5).astype(float)
    return sample(y, married)


def test_small_cells_are_refused_and_broken(rng: np.random.Generator) -> None:
    s = sample(with_patterns(scores(rng, 90, 12), [(60, range(12)), (10, range(10))]))
    with pytest.raises(InputError) as caught:
        gate(Outgoing({"growth": cells_of(s)}))
    assert [str(fault) for fault in caught.value.faults if "(R2)" in fault.given] == [
        "growth, cell 2: 10 couples, 10 measured variables: every record could be recovered (R2); "
        "expected 22 couples -> mask it to an admissible cell, or withhold it"
    ]
    (broken,) = (fault for fault in caught.value.faults if "lattice attack" in fault.given)
    assert broken.file == "growth, cell 2"


@pytest.mark.parametrize("seed", range(6))
def test_masked_studies_pass_with_no_record_recovered(seed: int) -> None:
    s = study(np.random.default_rng(seed))
    before = Outgoing({"growth": cells_of(s)})
    assert {"R1", "R2", "lattice attack"} <= refused(before)
    masked = mask(s)
    assert {one.rule for one in gate(Outgoing({"growth": masked.cells}))} <= {"R3"}
    assert (masked.actions["action"] != WITHHELD).sum() > 2


def test_who_is_alone_with_a_level_refuses_the_release(rng: np.random.Generator) -> None:
    alone = (np.arange(80) == 4).astype(float)[:, None]
    outgoing = Outgoing({"growth": cells_of(sample(scores(rng, 80, 4), alone))})
    assert refused(outgoing) == {"R3", "R4", "lattice attack", "singleton attack"}


def test_two_samples_that_differ_by_one_refuse_the_release(rng: np.random.Generator) -> None:
    s = sample(scores(rng, 80, 4), rng.normal(size=(80, 1)))
    fewer = cells_of(s.only(np.delete(np.arange(80), 11)))
    outgoing = Outgoing({"everyone": cells_of(s), "without outliers": fewer})
    found = [one for one in inspect(outgoing) if one.fails]
    assert {one.rule for one in found} == {"R5", "differencing attack"}
    assert found[0].what.startswith("everyone and without outliers")
    many = cells_of(s.only(np.arange(60)))
    assert refused(Outgoing({"everyone": cells_of(s), "sixty": many})) == set()


def test_a_withdrawal_since_an_earlier_release_refuses_the_next(rng: np.random.Generator) -> None:
    s = sample(scores(rng, 80, 4), rng.normal(size=(80, 1)))
    before = {"version 1": [one.cell for one in cells_of(s)]}
    assert refused(Outgoing({"growth": cells_of(s)}, earlier=before)) == set()
    fewer = cells_of(s.only(np.delete(np.arange(80), 11)))
    found = [one for one in inspect(Outgoing({"growth": fewer}, earlier=before)) if one.fails]
    assert [one.rule for one in found] == ["R5", "differencing attack"]
    # who withdrew is in the earlier release only
    assert found[1].given == "1 claimed record, 0 of them in the present data"
    more = {"version 1": [one.cell for one in fewer]}
    rules = refused(Outgoing({"growth": cells_of(s)}, earlier=more))
    assert rules == {"R5", "differencing attack"}


def test_analyses_that_are_one_wide_cell_together_refuse_it(rng: np.random.Generator) -> None:
    s = sample(scores(rng, 20, 27))
    parts = {}
    for name, left in (("a", 0), ("b", 9), ("c", 18)):
        own = (np.arange(27) < left) | (np.arange(27) >= left + 9)
        parts[name] = cells_of(replace(s, y=np.where(own, s.y, np.nan)))
    for name, cells in parts.items():
        assert "lattice attack" not in refused(Outgoing({name: cells}))
    found = [one for one in inspect(Outgoing(parts)) if one.rule == "lattice attack"]
    assert "a, cell 1 and b, cell 1 and c, cell 1" in {one.what for one in found}


def teams(rng: np.random.Generator, sizes: list[int]) -> ClusteredSample:
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    followers = replace(sample(scores(rng, len(cluster), 3)), noun="follower")
    led = Sample(
        np.arange(len(sizes)), scores(rng, len(sizes), 2), np.empty((len(sizes), 0)),
        ("calm", "warmth"), (), dict.fromkeys(("calm", "warmth"), EIGHTEENTHS), "leader",
    )  # fmt: skip
    return ClusteredSample(followers, cluster, led)


def test_a_cluster_of_a_size_of_its_own_is_refused_until_masked(rng: np.random.Generator) -> None:
    sample = teams(rng, [4] * 30 + [7] + [6] * 3)
    rules = refused(Outgoing(clustered={"officers": release_of(sample)}))
    assert {"R6", "lattice attack"} <= rules
    masked = mask_clusters(sample, b"salt")
    assert refused(Outgoing(clustered={"officers": masked.release})) == set()
    assert masked.withheld_clusters == 0
    assert sum(masked.left_out.values()) == 9


@pytest.mark.parametrize("seed", range(4))
def test_masked_teams_pass_with_no_record_recovered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sample = teams(rng, rng.integers(1, 9, size=80).tolist())
    before = inspect(Outgoing(clustered={"officers": release_of(sample)}))
    masked = mask_clusters(sample, b"salt")
    found = gate(Outgoing(clustered={"officers": masked.release}))
    assert {one.rule for one in found} <= {"R3", "R6"}
    assert len(found) < len(before)


def test_the_same_clusters_may_be_released_again(rng: np.random.Generator) -> None:
    sample = teams(rng, [4] * 30 + [7] * 20)
    release = release_of(sample)
    cells = [*(one.records.cell for one in release.between), release.total.cell]
    again = Outgoing(clustered={"officers": release}, earlier={"version 1": cells})
    assert refused(again) == set()
    # one follower has left: two clusters are of another size
    rest = np.arange(1, len(sample.cluster))
    fewer = ClusteredSample(sample.followers.only(rest), sample.cluster[rest], sample.leaders)
    masked = mask_clusters(fewer, b"salt")
    rules = refused(Outgoing(clustered={"officers": masked.release}, earlier={"version 1": cells}))
    assert "R5" in rules


def test_pairs_are_too_near_to_single_followers(rng: np.random.Generator) -> None:
    sample = replace(teams(rng, [2] * 5 + [1] * 40), leaders=None)
    found = inspect(Outgoing(clustered={"officers": release_of(sample)}))
    assert "officers, within clusters" in {one.what for one in found if one.rule == "R6"}


def test_a_log_likelihood_by_unit_refuses_the_release(rng: np.random.Generator) -> None:
    root = rng.normal(size=(3, 3)) + np.eye(3)
    wobble = root + 0.1 * rng.normal(size=(400, 3, 3))
    cov, mean = wobble @ wobble.transpose(0, 2, 1), 3.0 + 0.1 * rng.normal(size=(400, 3))
    y = scores(rng, 5, 3)
    apart = y - mean[:, None]
    square = np.einsum("sui,sij,suj->su", apart, np.linalg.inv(cov), apart)
    constant = 3 * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1]
    told = PointwiseLoglik(
        -0.5 * (square + constant[:, None]), np.repeat(mean[:, None], 5, axis=1), cov,
        np.ones((5, 3), dtype=bool), np.eye(3), ("a", "b", "c"),
    )  # fmt: skip
    assert refused(Outgoing(pointwise=(told, y))) == {"R7", "pointwise attack"}


def test_what_is_written_is_what_is_attacked(rng: np.random.Generator) -> None:
    # moments blurred after they left the records: the attack reads the file, not the records
    (one,) = cells_of(sample(scores(rng, 6, 12)))
    noise: Floats = 1e-3 * np.eye(12)
    blurred = replace(one.cell, scatter=one.cell.scatter + noise)
    exact, other = (
        {"a": [CellRecords(cell, one.units, one.rows, one.grids)]} for cell in (one.cell, blurred)
    )
    assert "lattice attack" in refused(Outgoing(exact))
    assert "lattice attack" not in refused(Outgoing(other))
