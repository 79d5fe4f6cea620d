from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from securebase.codebook.loading import Study, load_study
from securebase.codebook.scale import Scale
from securebase.faults import InputError
from securebase.simulation import Simulation, load_simulation, simulate_study, write_study
from securebase.simulation.answers import item_answers, unbiased_place
from securebase.simulation.settings import ItemModel

ITEMS = 12
LEVEL = {"anxiety": 4.0, "avoidance": 3.5}
STUDY: dict[str, Any] = {
    "study": "pairs",
    "title": "Pairs over three waves",
    "source": "made for a test",
    "raw": {
        "files": [{"path": f"pairs/{wave}.csv", "wave": wave} for wave in ("w1", "w2", "w3")],
        "columns": {"unit": "pair", "person": "id", "role": "role", "date": "date"},
    },
    "roles": {"levels": {"leader": {"code": 1}, "follower": {"code": 2}}},
    "waves": {
        "time_unit": "week",
        "levels": {"w1": {"time": 0}, "w2": {"time": 2}, "w3": {"time": 4}},
    },
    "scales": {
        "anxiety": {
            "items": [f"A{number}" for number in range(ITEMS)],
            "range": [1, 7],
            "reverse": ["A3"],
            "minimum_items": ITEMS - 2,
        },
        "avoidance": {
            "items": [f"V{number}" for number in range(ITEMS)],
            "range": [1, 7],
            "minimum_items": ITEMS - 2,
        },
    },
    "covariates": {
        "skill": {"column": "skill", "type": "continuous", "range": [0, 1], "waves": ["w1"]}
    },
}
SERIES = [f"{role} {outcome}" for role in ("leader", "follower") for outcome in LEVEL]


def cells(dim: str, values: dict[str, float]) -> list[dict[str, Any]]:
    return [{"at": {dim: label}, "value": value} for label, value in values.items()]


def settings_of(**changes: Any) -> dict[str, Any]:
    """Give settings of a small study; both roles answer, growth differs by role."""
    effects = {f"level {one}": 0.7 for one in SERIES} | {f"change {one}": 0.1 for one in SERIES}
    settings: dict[str, Any] = {
        "study": "pairs",
        "seed": 5,
        "units": 400,
        "model": {
            "family": "dyadic_growth",
            "question": "What are the true scores?",
            "outcomes": list(LEVEL),
            "predictors": [{"name": "skill", "of": "partner", "scale": "sd", "on": ["change"]}],
        },
        "truth": [
            {"variable": "level", "reason": "for a test", "cells": cells("outcome", LEVEL)},
            {
                "variable": "change",
                "claimed": True,
                "reason": "for a test",
                "cells": [{"at": {"role": "follower", "outcome": "anxiety"}, "value": -0.2}],
            },
            {
                "variable": "partner_on_change",
                "claimed": True,
                "reason": "for a test",
                "cells": [{"at": {"role": "follower", "outcome": "anxiety"}, "value": -0.1}],
            },
            {"variable": "unit_sd", "reason": "for a test", "cells": cells("effect", effects)},
            {
                "variable": "unit_corr",
                "reason": "for a test",
                "cells": [
                    {
                        "at": {
                            "effect": "level leader anxiety",
                            "effect_bis": "level follower anxiety",
                        },
                        "value": 0.6,
                    }
                ],
            },
            {
                "variable": "residual_sd",
                "reason": "for a test",
                "cells": cells("series", dict.fromkeys(SERIES, 0.2)),
            },
        ],
        "predictors": {
            "reason": "for a test",
            "distributions": [
                {"role": role, "measure": "skill", "mean": 0.5, "sd": 0.15, "decimals": 3}
                for role in ("leader", "follower")
            ],
            "correlations": [{"between": ["leader skill", "follower skill"], "value": 0.5}],
        },
        "answers": {
            "reason": "for a test",
            "scales": {name: {"noise": 1.0} for name in LEVEL},
        },
        "dates": {"first": "2020-01-06", "recruitment_days": 30},
    }
    return settings | changes


@dataclass(frozen=True)
class Pairs:
    study: Study
    settings: Callable[..., Simulation]


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    (tmp_path / "pairs.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return Pairs(
        load_study(tmp_path / "pairs.yaml"),
        lambda **changes: Simulation.model_validate(settings_of(**changes)),
    )


def wide(waves: pd.DataFrame, role: str, scale: str) -> pd.DataFrame:
    own = waves[waves["role"] == role]
    return own.pivot(index="unit", columns="wave", values=scale)


def slope_on(outcome: pd.Series, predictor: pd.Series) -> float:
    both = pd.concat([outcome, predictor], axis=1).dropna()
    return float(np.polyfit(both.iloc[:, 1], both.iloc[:, 0], 1)[0])


def partner_effect(waves: pd.DataFrame) -> float:
    """Regress the followers' change per week on the leaders' standardised skill."""
    paths = wide(waves, "follower", "anxiety")
    skill = wide(waves, "leader", "skill")["w1"]
    owned = waves.loc[waves["skill"].notna(), "skill"]
    return slope_on((paths["w3"] - paths["w1"]) / 4, (skill - owned.mean()) / owned.std(ddof=1))


@pytest.mark.parametrize(("world", "factor"), [("source", 1), ("null", 0), ("reversed", -1)])
def test_claimed_effects_are_in_the_scores_of_each_world(
    pairs: Pairs, world: Any, factor: int
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


def test_couples_end_as_often_as_declared_and_more_often_when_insecure(pairs: Pairs) -> None:
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


def test_persons_miss_single_waves_and_return(pairs: Pairs) -> None:
    waves = simulate_study(pairs.study, pairs.settings(absent=0.1)).waves
    counts = waves.groupby("wave").size()
    assert counts["w1"] == 800
    assert counts["w2"] == pytest.approx(720, abs=40)
    there = waves.groupby("person")["wave"].agg(set)
    assert any("w3" in seen and "w2" not in seen for seen in there)


def test_a_seed_decides_every_byte_and_worlds_share_its_chance(
    pairs: Pairs, tmp_path: Path
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


def rejected(pairs: Pairs, **changes: Any) -> str:
    with pytest.raises(InputError) as caught:
        simulate_study(pairs.study, pairs.settings(**changes))
    return str(caught.value)


def test_correlations_that_no_data_can_have_are_refused(pairs: Pairs) -> None:
    names = [f"level {one}" for one in SERIES[:3]]
    values = [(0, 1, 0.9), (1, 2, 0.9), (0, 2, -0.9)]
    impossible = {
        "variable": "unit_corr",
        "reason": "for a test",
        "cells": [
            {"at": {"effect": names[one], "effect_bis": names[other]}, "value": value}
            for one, other, value in values
        ],
    }
    message = rejected(pairs, truth=[*settings_of()["truth"], impossible])
    assert "unit_corr has the eigenvalue -0.8" in message
    assert "positive definite" in message


def test_every_unknown_name_of_the_truth_is_listed(pairs: Pairs) -> None:
    wrong = [
        {"variable": "changes", "reason": "for a test", "cells": [{"value": 1.0}]},
        {
            "variable": "change",
            "reason": "for a test",
            "cells": [
                {"at": {"rolle": "leader"}, "value": 1.0},
                {"at": {"role": "boss"}, "value": 1},
            ],
        },
    ]
    message = rejected(pairs, truth=[*settings_of()["truth"], *wrong])
    assert "3 faults" in message
    assert "no variable 'changes'; expected one of: level, change" in message
    assert "no dim 'rolle'; expected one of: role, outcome" in message
    assert "truth.7.cells.1.at: no role 'boss'; expected one of: leader, follower" in message


def test_levels_and_spreads_must_be_named(pairs: Pairs) -> None:
    truth = [one for one in settings_of()["truth"] if one["variable"] != "residual_sd"]
    assert "4 of 4 values of residual_sd are not named" in rejected(pairs, truth=truth)


def test_settings_that_disagree_with_the_codebook_are_refused_at_once(pairs: Pairs) -> None:
    answers = {
        "reason": "for a test",
        "scales": {"anxiety": {"noise": 1}, "avoidence": {"noise": 1}},
    }
    rule = {"reason": "for a test", "together": {"w2": 0.7, "w3": 0.8}, "role": "boss"}
    message = rejected(pairs, answers=answers, break_up=rule, column_order={"w9": "alphabetical"})
    assert "unknown scale 'avoidence'" in message
    assert "did you mean 'avoidance'?" in message
    assert "no item model of avoidance" in message
    assert "unknown role 'boss'" in message
    assert "shares that never rise" in message
    assert "unknown wave 'w9'" in message


def test_a_fault_without_a_place_is_refused_and_nothing_written(
    pairs: Pairs, tmp_path: Path
) -> None:
    where = {"wave": "w2", "role": "leader", "place": 31, "reason": "for a test"}
    faults = [
        {"kind": "duplicate", **where},
        {"kind": "turned_item", "wave": "w2", "item": "A99", "reason": "for a test"},
    ]
    with pytest.raises(InputError, match="place 31; expected a place from 1 to 30") as caught:
        write_study(pairs.study, pairs.settings(units=30, faults=faults), tmp_path / "raw")
    assert "no item 'A99'" in str(caught.value)
    assert not (tmp_path / "raw").exists()


def test_a_typing_error_in_the_settings_names_line_and_keys(tmp_path: Path) -> None:
    path = tmp_path / "pairs.yaml"
    path.write_text(yaml.safe_dump(settings_of(unitz=4), sort_keys=False))
    with pytest.raises(InputError, match="unknown key 'unitz'") as caught:
        load_simulation(path)
    assert "did you mean 'units'?" in str(caught.value)
