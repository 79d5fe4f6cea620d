"""Settings that cannot be simulated, refused with all that is wrong in one list."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from simulation_blocks import effects, model
from simulation_examples import (
    SERIES,
    Example,
    camp_settings,
    example,
    pairs_settings,
    pairs_truth,
    trial_settings,
)

from securebase.faults import InputError
from securebase.simulation import Simulation, load_simulation, simulate_study, write_study


@pytest.fixture
def pairs(tmp_path: Path) -> Example:
    return example("pairs", tmp_path)


def models(truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the model of the pairs with another truth."""
    (own,) = pairs_settings()["models"]
    return [own | {"truth": truth}]


def rejected(pairs: Example, **changes: Any) -> str:
    with pytest.raises(InputError) as caught:
        simulate_study(pairs.study, pairs.settings(**changes))
    return str(caught.value)


def test_correlations_that_no_data_can_have_are_refused(pairs: Example) -> None:
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
    message = rejected(pairs, models=models([*pairs_truth(), impossible]))
    assert "unit_corr has the eigenvalue -0.8" in message
    assert "positive definite" in message


def test_every_unknown_name_of_the_truth_is_listed(pairs: Example) -> None:
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
    message = rejected(pairs, models=models([*pairs_truth(), *wrong]))
    assert "3 faults" in message
    assert "no variable 'changes'; expected one of: level, change" in message
    assert "no dim 'rolle'; expected one of: role, outcome" in message
    assert (
        "models.0.truth.7.cells.1.at: no role 'boss'; expected one of: leader, follower" in message
    )


def test_levels_and_spreads_must_be_named(pairs: Example) -> None:
    truth = [one for one in pairs_truth() if one["variable"] != "residual_sd"]
    message = rejected(pairs, models=models(truth))
    assert "4 of 4 values of residual_sd are not named" in message


def test_settings_that_disagree_with_the_codebook_are_refused_at_once(pairs: Example) -> None:
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
    pairs: Example, tmp_path: Path
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
    path.write_text(yaml.safe_dump(pairs_settings(unitz=4), sort_keys=False))
    with pytest.raises(InputError, match="unknown key 'unitz'") as caught:
        load_simulation(path)
    assert "did you mean 'units'?" in str(caught.value)


def camp_message(tmp_path: Path, codebook: dict[str, Any] | None = None, **changes: Any) -> str:
    camp = example("camp", tmp_path, **(codebook or {}))
    with pytest.raises(InputError) as caught:
        simulate_study(camp.study, camp.settings(**changes))
    return str(caught.value)


def test_sizes_that_cannot_be_are_refused_for_both_sizes(tmp_path: Path) -> None:
    small = {"reason": "for a test", "units": 10, "clusters": 5}
    message = camp_message(tmp_path, units=161, small=small)
    assert "2 faults" in message
    assert "units: 161 units in 20 clusters of 4 to 8; expected from 80 to 160 units" in message
    assert "small.units: 10 units in 5 clusters of 4 to 8; expected from 20 to 40" in message
    turned = {"reason": "for a test", "count": 20, "sizes": [8, 4]}
    assert "sizes from 8 to 4" in camp_message(tmp_path, clusters=turned)


def test_leaders_need_clusters(tmp_path: Path) -> None:
    message = camp_message(tmp_path, clusters=None)
    assert "a leader 'officer' in the codebook" in message
    assert "a column 'platoon' of clusters in the codebook" in message


def test_mixed_compositions_are_refused(tmp_path: Path) -> None:
    compositions = {"mf": {"code": 1}, "mm": {"code": 2, "exchangeable": True}}
    pairs = example("pairs", tmp_path)
    roles = pairs.study.roles.model_dump() | {"compositions": compositions}
    study = pairs.study.model_copy(update={"roles": type(pairs.study.roles)(**roles)})
    with pytest.raises(InputError, match="a codebook with compositions"):
        simulate_study(study, pairs.settings())


def test_every_measure_is_drawn_once(tmp_path: Path) -> None:
    predictors = camp_settings()["predictors"]
    own, soldiers = predictors["distributions"]
    health = {"role": "soldier", "measure": "health", "mean": 4, "sd": 1}
    doubled = predictors | {"distributions": [own, health]}
    message = camp_message(tmp_path, predictors=doubled)
    assert "avoidance of soldier at w1 is drawn by no one" in message
    by_both = "drawn by predictors 'soldier health' and models.0"
    assert f"health of soldier at w1, w2, w3 is {by_both}" in message
    assert "2 faults" in message
    assert soldiers["measure"] == "avoidance"


def test_models_come_after_what_they_predict_from(tmp_path: Path) -> None:
    trial = example("trial", tmp_path)
    turned = trial_settings()["models"][::-1]
    with pytest.raises(InputError) as caught:
        simulate_study(trial.study, trial.settings(models=turned))
    message = str(caught.value)
    assert "1 fault" in message
    assert "predictor 'avoidance' that nothing before this model draws" in message
    assert "expected one of: arm" in message


def test_distributions_that_do_not_fit_the_codebook_are_listed_together(tmp_path: Path) -> None:
    wrong = [
        {"role": "officer", "measure": "avoidance", "mean": 3.4, "sd": 0.9, "within_sd": 0.3},
        {"role": "officer", "measure": "health", "mean": 3.4, "sd": 0.9},
        {"role": "soldier", "measure": "avoidance", "shares": {"high": 1.0}},
        {"measure": "avoidance", "mean": 3.4, "sd": 0.9},
        {"role": "cook", "measure": "avoidance", "mean": 3.4, "sd": 0.9},
    ]
    pairs = [
        ["officer avoidance", "soldier avoidance"],
        ["officer avoidance", "officer health"],
        ["officer avoidance", "officer avoidence"],
    ]
    correlations = [{"between": pair, "value": 0.3} for pair in pairs]
    predictors = {"reason": "for a test", "distributions": wrong, "correlations": correlations}
    message = camp_message(tmp_path, predictors=predictors)
    assert "within_sd: avoidance at one wave" in message
    assert "'officer' is not asked health" in message
    assert "'avoidance' is not categorical; expected mean and sd" in message
    assert "no role of 'avoidance'" in message
    assert "unknown role 'cook'" in message
    assert "unknown predictor 'soldier avoidance'" in message
    assert "did you mean 'officer avoidance'?" in message


def test_leaders_do_not_correlate_with_members(tmp_path: Path) -> None:
    pair = {"between": ["officer avoidance", "soldier avoidance"], "value": 0.3}
    predictors = camp_settings()["predictors"] | {"correlations": [pair]}
    message = camp_message(tmp_path, predictors=predictors)
    assert "'officer avoidance' with 'soldier avoidance'" in message
    assert "leaders are units of their own" in message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mean": 3.0}, "mean and sd, or shares"),
        ({"mean": 3.0, "sd": 1.0, "shares": {"a": 1.0}}, "not both"),
        ({"shares": {"a": 0.5, "b": 0.4}}, "shares that add up to 1, given 0.9"),
    ],
)
def test_a_distribution_is_normal_or_by_lot(wrong: dict[str, Any], message: str) -> None:
    settings = trial_settings()
    settings["predictors"]["distributions"] = [{"measure": "arm", **wrong}]
    with pytest.raises(ValueError, match=message):
        Simulation.model_validate(settings)


def test_models_are_checked_like_analyses_of_a_codebook(pairs: Example) -> None:
    wrong = model(["anxiety", "avoidence"], pairs_truth(), roles=["boss"])
    message = rejected(pairs, models=[wrong], truths={"growht": pairs_truth()})
    assert "models.0.analysis.outcomes" in message
    assert "unknown scale 'avoidence'" in message
    assert "unknown role 'boss'" in message
    assert "unknown analysis 'growht'" in message


def test_a_key_that_the_family_does_not_use_is_refused(pairs: Example) -> None:
    odd = model(list(pairs.study.scales), pairs_truth(), dynamics={"kind": "scores"})
    assert "'dynamics' for family dyadic_growth" in rejected(pairs, models=[odd])


def test_a_cell_that_nobody_measures_is_refused(tmp_path: Path) -> None:
    trial = example("trial", tmp_path)
    (first, second) = trial_settings()["models"]
    both = model(
        ["avoidance", "satisfaction"],
        [
            *first["truth"][:1],
            effects("level", {"at": {"role": "woman", "outcome": "satisfaction"}, "value": 1.0}),
        ],
    )
    assert second["analysis"]["outcomes"] == ["satisfaction"]
    with pytest.raises(InputError) as caught:
        simulate_study(trial.study, trial.settings(models=[both]))
    assert "level at woman, satisfaction; expected a cell that the design measures" in str(
        caught.value
    )
