"""Designs beyond couples over time: leaders and clusters, diaries, trials, models in sequence."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from simulation_blocks import effects, slope_on, wide
from simulation_examples import Example, camp_settings, example

from securebase.simulation import simulate_study, study_files, write_study
from securebase.simulation.persons import cluster_sizes
from securebase.simulation.predictors import lots_of
from securebase.simulation.settings import Clusters
from securebase.waves.clean import clean


@pytest.fixture
def camp(tmp_path: Path) -> Example:
    return example("camp", tmp_path)


@pytest.fixture
def diary(tmp_path: Path) -> Example:
    return example("diary", tmp_path)


@pytest.fixture
def trial(tmp_path: Path) -> Example:
    return example("trial", tmp_path)


def assert_cleaned(made: Example, folder: Path, **options: Any) -> pd.DataFrame:
    """Write faultless files, clean them, and compare with what was drawn."""
    settings = made.settings(**options)
    write_study(made.study, settings, folder, faults=False)
    tables = clean(made.study, folder)
    assert tables.exclusions.empty
    keys = ["unit", "role", "time"]
    columns = [*keys, "person", "cluster", *made.study.scales]
    expected = simulate_study(made.study, settings).waves.sort_values(keys)
    if made.study.raw.columns.person is None:
        columns.remove("person")
    found = tables.waves.fillna({"cluster": ""}).sort_values(keys)
    pd.testing.assert_frame_equal(
        found[columns].reset_index(drop=True),
        expected[columns].reset_index(drop=True),
        check_dtype=False,
    )
    return tables.waves


def test_every_cluster_has_one_leader_who_is_a_unit_of_its_own(camp: Example) -> None:
    waves = simulate_study(camp.study, camp.settings(), size="full").waves
    soldiers, officers = (waves[waves["role"] == role] for role in ("soldier", "officer"))
    assert list(officers["unit"]) == list(officers["cluster"])
    assert officers["unit"].is_unique
    assert set(officers["wave"]) == {"w1"}
    sizes = soldiers.groupby("cluster")["unit"].nunique()
    assert set(sizes.index) == set(officers["unit"])
    assert sizes.sum() == 120
    assert sizes.between(4, 8).all()
    assert sizes.nunique() > 1
    assert soldiers["unit"].str.rpartition("-")[0].equals(soldiers["cluster"])


def test_sizes_of_clusters_fill_the_room_there_is(rng: np.random.Generator) -> None:
    clusters = Clusters(reason="for a test", count=3, sizes=(2, 5))
    assert cluster_sizes(clusters, 6, rng) == [2, 2, 2]
    assert cluster_sizes(clusters, 15, rng) == [5, 5, 5]
    drawn = np.array([cluster_sizes(clusters, 9, rng) for _ in range(500)])
    assert (drawn.sum(axis=1) == 9).all()
    assert drawn.min() == 2
    assert drawn.max() == 5
    # every cluster alike: the mean of each is a third of the units
    np.testing.assert_allclose(drawn.mean(axis=0), 3.0, atol=0.15)


def test_files_of_officers_and_soldiers_are_read_as_they_were_drawn(
    camp: Example, tmp_path: Path
) -> None:
    waves = assert_cleaned(camp, tmp_path)
    assert set(waves["role"]) == {"officer", "soldier"}
    header = (tmp_path / "camp" / "officers_SIMULATED.csv").read_text().splitlines()[0]
    assert header.startswith("code,date,platoon,V0")
    assert "H0" not in header


@pytest.mark.parametrize(
    ("world", "on_change", "on_level"),
    [("source", -0.15, 0.0), ("null", 0.0, 0.0), ("reversed", 0.15, 0.4)],
)
def test_leaders_move_their_soldiers_in_each_world(
    camp: Example, world: Any, on_change: float, on_level: float
) -> None:
    many = {"reason": "for a test", "count": 400, "sizes": [8, 12]}
    settings = camp.settings(units=4000, clusters=many, small=None)
    waves = simulate_study(camp.study, settings, world).true_waves
    officers = waves[waves["role"] == "officer"].set_index("cluster")["avoidance"]
    cluster = waves[waves["role"] == "soldier"].groupby("unit")["cluster"].first()
    own = cluster.map((officers - officers.mean()) / officers.std(ddof=1))
    paths = wide(waves, "soldier", "health")
    # sd of a mean slope of a cluster: 0.05 shared and 0.1 / √10 of its members, and noise
    assert slope_on((paths["w3"] - paths["w1"]) / 4, own) == pytest.approx(on_change, abs=0.012)
    assert slope_on(paths["w1"], own) == pytest.approx(on_level, abs=0.06)
    means = paths["w1"].groupby(cluster).mean() - on_level * own.groupby(cluster).first()
    within = (0.49 + 0.04) / 10
    assert means.var() == pytest.approx(0.09 + within, abs=0.02)


def test_the_example_is_small_and_the_study_full(camp: Example) -> None:
    counts = {
        size: simulate_study(camp.study, camp.settings(), size=size).waves.nunique()
        for size in ("small", "full", None)
    }
    assert counts["small"]["cluster"] == counts[None]["cluster"] == 5
    assert counts["small"]["unit"] == 35
    assert counts["full"]["cluster"] == 20
    assert counts["full"]["unit"] == 140


def test_officers_stay_when_soldiers_leave(camp: Example) -> None:
    rule = {"reason": "for a test", "together": {"w2": 0.5, "w3": 0.5}, "role": "soldier"}
    waves = simulate_study(camp.study, camp.settings(break_up=rule), size="full").waves
    assert (waves["role"] == "officer").sum() == 20
    soldiers = waves[waves["role"] == "soldier"].groupby("wave")["unit"].nunique()
    assert soldiers["w1"] == 120
    assert soldiers["w2"] == pytest.approx(60, abs=20)


def test_faults_are_planted_in_the_file_of_the_role(camp: Example, tmp_path: Path) -> None:
    where = {"wave": "w1", "place": 3, "reason": "for a test"}
    faults = [
        {"kind": "duplicate", "role": "officer", **where},
        {"kind": "lost_id", "role": "soldier", **where},
        {"kind": "turned_item", "wave": "w1", "item": "V2", "reason": "for a test"},
    ]
    _, planted = study_files(camp.study, camp.settings(faults=faults))
    assert list(planted["file"]) == [
        *("camp/officers_SIMULATED.csv", "camp/w1_SIMULATED.csv"),
        *("camp/officers_SIMULATED.csv", "camp/w1_SIMULATED.csv"),
    ]
    write_study(camp.study, camp.settings(faults=faults[:2]), tmp_path)
    found = clean(camp.study, tmp_path).exclusions
    own = ["file", "row", "rule"]
    expected = sorted(map(tuple, planted[own][:2].astype(str).to_numpy()))
    assert sorted(map(tuple, found[own].astype(str).to_numpy())) == expected


def test_a_diary_is_one_long_file_with_a_column_of_days(diary: Example, tmp_path: Path) -> None:
    waves = assert_cleaned(diary, tmp_path)
    assert len(waves) == 50 * 2 * 6
    header = (tmp_path / "diary" / "days_SIMULATED.csv").read_text().splitlines()[0]
    assert header.startswith("pair;id;who;day;T0")


def test_what_varies_has_a_spread_between_and_within_persons(diary: Example) -> None:
    waves = simulate_study(diary.study, diary.settings(units=4000)).true_waves
    women, men = (wide(waves, role, "tension").to_numpy() for role in ("woman", "man"))
    deviations = [values - values.mean(axis=1, keepdims=True) for values in (women, men)]
    # deviations from the mean of six days have 5/6 of the variance
    for values, own in zip((women, men), deviations, strict=True):
        assert (own**2).mean() == pytest.approx(0.16 * 5 / 6, abs=0.005)
        assert values.mean(axis=1).var() == pytest.approx(0.25 + 0.16 / 6, abs=0.02)
    within = np.corrcoef(deviations[0].ravel(), deviations[1].ravel())[0, 1]
    assert within == pytest.approx(0.6, abs=0.02)
    between = np.cov(women.mean(axis=1), men.mean(axis=1))[0, 1]
    assert between == pytest.approx(0.2 * 0.25 + 0.6 * 0.16 / 6, abs=0.02)
    days = np.corrcoef(deviations[0][:, 0], deviations[0][:, 1])[0, 1]
    # independent days, seen as deviations from a mean of six, correlate by -1/5
    assert days == pytest.approx(-0.2, abs=0.04)


def test_lots_keep_shares_as_exactly_as_they_can(rng: np.random.Generator) -> None:
    lots = lots_of({"low": 0.5, "middle": 0.3, "high": 0.2}, 11, rng)
    counts = pd.Series(lots).value_counts()
    # 5.5, 3.3 and 2.2 wanted: the unit left over goes to what lacks most
    assert dict(counts) == {"low": 6, "middle": 3, "high": 2}
    first = [lots_of({"a": 0.5, "b": 0.5}, 2, rng)[0] for _ in range(400)]
    assert np.mean([one == "a" for one in first]) == pytest.approx(0.5, abs=0.08)


def test_arms_are_split_evenly_and_shared_by_couples(trial: Example, tmp_path: Path) -> None:
    waves = assert_cleaned(trial, tmp_path)
    arms = waves[waves["wave"] == "w1"].groupby("unit")["arm"].agg(["first", "nunique"])
    assert (arms["nunique"] == 1).all()
    assert sorted(arms["first"].value_counts()) == [50, 51]
    assert set(arms["first"]) == {"closeness", "control"}


def test_a_model_predicts_from_what_the_one_before_has_drawn(trial: Example) -> None:
    waves = simulate_study(trial.study, trial.settings(units=2001)).true_waves
    arm = (waves[waves["wave"] == "w1"].groupby("unit")["arm"].first() == "closeness").astype(float)
    for role in ("woman", "man"):
        paths = wide(waves, role, "avoidance")
        assert slope_on(paths["w3"] - paths["w1"], arm) == pytest.approx(2 * -0.5, abs=0.05)
    satisfaction = wide(waves, "man", "satisfaction")["w1"]
    women = wide(waves, "woman", "avoidance")["w1"]
    assert slope_on(satisfaction, women) == pytest.approx(-0.4, abs=0.06)
    assert satisfaction.var() == pytest.approx(0.16 * women.var() + 0.49 + 0.04, abs=0.06)


@pytest.mark.parametrize("name", ["camp", "diary", "trial"])
def test_the_same_settings_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    made = example(name, tmp_path)
    one, two = (
        [path.read_bytes() for path in write_study(made.study, made.settings(), tmp_path / folder)]
        for folder in ("one", "two")
    )
    assert one == two
    other = made.settings(seed=99)
    assert one != [path.read_bytes() for path in write_study(made.study, other, tmp_path / "three")]


def test_the_value_of_one_world_stands_in_that_world_only(camp: Example) -> None:
    truths = {
        world: simulate_study(camp.study, camp.settings(), world).truths[0]
        for world in ("source", "null", "reversed")
    }
    found = {world: float(truth["leader_on_level"].squeeze()) for world, truth in truths.items()}
    assert found == {"source": 0.0, "null": 0.0, "reversed": 0.4}
    (own,) = camp_settings()["models"]
    fixed = effects("change", {"value": -0.1, "null": -0.02, "reversed": -0.03}, claimed=True)
    settings = camp.settings(models=[own | {"truth": [*own["truth"], fixed]}])
    changes = [
        float(simulate_study(camp.study, settings, world).truths[0]["change"].squeeze())
        for world in ("source", "null", "reversed")
    ]
    assert changes == [-0.1, -0.02, -0.03]
