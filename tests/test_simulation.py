from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from simulation_blocks import ITEMS, slope_on, wide
from simulation_examples import Example, example

from securebase.codebook.scale import Scale
from securebase.simulation import simulate_study, write_study
from securebase.simulation.answers import item_answers, unbiased_place
from securebase.simulation.settings import ItemModel


@pytest.fixture
def pairs(tmp_path: Path) -> Example:
    return example("pairs", tmp_path)


def partner_effect(waves: pd.DataFrame) -> float:
    """Regress the followers' change per week on the leaders' standardised skill."""
    paths = wide(waves, "follower", "anxiety")
    skill = wide(waves, "leader", "skill")["w1"]
    owned = waves.loc[waves["skill"].notna(), "skill"]
    return slope_on((paths["w3"] - paths["w1"]) / 4, (skill - owned.mean()) / owned.std(ddof=1))


@pytest.mark.parametrize(("world", "factor"), [("source", 1), ("null", 0), ("reversed", -1)])
def test_claimed_effects_are_in_the_scores_of_each_world(
    pairs: Example, world: Any, factor: int
) -> None:
    waves = simulate_study(pairs.study, pairs.settings(units=3000), world).waves
    paths = wide(waves, "follower", "anxiety")
    assert (paths["w3"] - paths["w1"]).mean() / 4 == pytest.approx(-0.2 * factor, abs=0.012)
    assert partner_effect(waves) == pytest.approx(-0.1 * factor, abs=0.012)
    others = wide(waves, "leader", "anxiety")
    assert (others["w3"] - others["w1"]).mean() / 4 == pytest.approx(0.0, abs=0.012)
    levels = [wide(waves, role, "anxiety")["w1"] for role in ("leader", "follower")]
    # level correlation .6; the variance of a score adds residual and item error to .7²
    spread = np.mean([level.var() for level in levels])
    assert np.cov(*levels)[0, 1] == pytest.approx(0.6 * 0.49, abs=0.04)
    assert spread == pytest.approx(0.49 + 0.04 + (1 + 1 / 12) / ITEMS, abs=0.05)


def test_answers_average_the_score_near_the_end_of_the_scale(rng: np.random.Generator) -> None:
    scale = Scale(items=tuple(f"x{number}" for number in range(8)), range=(1, 5))
    score = np.full(20_000, 1.4)
    answers = item_answers(score, scale, ItemModel(noise=1.2, shift_spread=0.2), rng)
    assert answers.mean() == pytest.approx(1.4, abs=0.01)
    assert set(np.unique(answers)) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    naive = np.clip(np.round(1.4 + 1.2 * rng.standard_normal(answers.shape)), 1, 5)
    assert naive.mean() > 1.65, "clipping alone would push the score inwards"


def test_the_place_of_a_middle_answer_is_itself() -> None:
    assert unbiased_place(np.array([4.0]), (1, 7), 1.0, 1.3) == pytest.approx(4.0, abs=1e-6)


def test_couples_end_as_often_as_declared_and_more_often_when_insecure(pairs: Example) -> None:
    rule = {
        "reason": "for a test",
        "together": {"w2": 0.8, "w3": 0.7},
        "role": "follower",
        "on": {"avoidance": 1.0},
    }
    drawn = simulate_study(pairs.study, pairs.settings(units=3000, break_up=rule))
    units = drawn.waves.groupby("wave")["unit"].nunique() / 3000
    assert units["w2"] == pytest.approx(0.8, abs=0.03)
    assert units["w3"] == pytest.approx(0.7, abs=0.03)
    there = drawn.waves.groupby("unit")["wave"].agg(set)
    assert not any("w3" in waves and "w2" not in waves for waves in there), "no one comes back"
    first = wide(drawn.waves, "follower", "avoidance")["w1"]
    ended = ~first.index.isin(drawn.waves.loc[drawn.waves["wave"] == "w2", "unit"])
    assert first[ended].mean() - first[~ended].mean() > 0.5 * first.std()
    # missing at random: given the observed score the true one has no part in it
    true = wide(drawn.true_waves, "follower", "avoidance")["w1"]
    fits = [np.polyfit(first, values, 1) for values in (ended.astype(float), true)]
    ended_left, true_left = ended - np.polyval(fits[0], first), true - np.polyval(fits[1], first)
    assert abs(np.corrcoef(ended_left, true_left)[0, 1]) < 0.055


def test_persons_miss_single_waves_and_return(pairs: Example) -> None:
    waves = simulate_study(pairs.study, pairs.settings(absent=0.1)).waves
    counts = waves.groupby("wave").size()
    assert counts["w1"] == 800
    assert counts["w2"] == pytest.approx(720, abs=40)
    there = waves.groupby("person")["wave"].agg(set)
    assert any("w3" in seen and "w2" not in seen for seen in there)


def test_a_seed_decides_every_byte_and_worlds_share_its_chance(
    pairs: Example, tmp_path: Path
) -> None:
    def files(folder: str, **options: Any) -> list[bytes]:
        settings = pairs.settings(units=30, **options)
        return [path.read_bytes() for path in write_study(pairs.study, settings, tmp_path / folder)]

    assert files("one") == files("two")
    assert files("three", seed=6) != files("one")
    source, null = (
        simulate_study(pairs.study, pairs.settings(units=30), world) for world in ("source", "null")
    )
    same = source.waves["role"] == "leader"
    pd.testing.assert_series_equal(source.waves["anxiety"][same], null.waves["anxiety"][same])
