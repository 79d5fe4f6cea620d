"""What recovery takes from a simulator: panels of analyses, and their truths."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from simulation_blocks import effects
from simulation_examples import camp_settings, example, pairs_settings, pairs_truth

from securebase.claims import refuse_faulty_claims
from securebase.codebook.extracts import claims_of
from securebase.codebook.loading import Study, load_study
from securebase.families import load_family
from securebase.faults import InputError
from securebase.simulation import Simulation, load_simulation, simulate_study
from securebase.simulation.designs import design_panel, truth_for


@pytest.fixture(scope="module")
def lavi(root: Path) -> tuple[Study, Simulation]:
    config = root / "config"
    return (
        load_study(config / "studies" / "lavi2007.yaml"),
        load_simulation(config / "simulations" / "lavi2007.yaml"),
    )


def test_the_panel_is_that_of_observed_waves(lavi: tuple[Study, Simulation]) -> None:
    study, settings = lavi
    panel = design_panel(study, settings, "growth", seed=12)
    waves = simulate_study(study, settings, seed=12).waves
    own = waves[(waves["role"] == "participant") & (waves["wave"] == "m4")]
    score = panel.data["score"].sel(wave="m4", role="participant", outcome="rs_anxiety")
    observed = own.set_index("unit")["rs_anxiety"].reindex(score["unit"].values)
    np.testing.assert_array_equal(score.values, observed.to_numpy())
    assert panel.data.sizes["unit"] == 100
    assert 10 < np.isnan(score).sum() < 35, "couples have ended by then"


@pytest.mark.parametrize(("world", "factor"), [("source", 1), ("null", 0), ("reversed", -1)])
def test_a_part_of_the_generating_model_has_its_truth(
    lavi: tuple[Study, Simulation], world: Any, factor: int
) -> None:
    study, settings = lavi
    panel = design_panel(study, settings, "growth")
    truth = truth_for(study, settings, "growth", panel, world)
    whole = simulate_study(study, settings, world).truths[0]
    assert "satisfaction" in whole["outcome"]
    assert "satisfaction" not in truth["outcome"]
    effect = truth["partner_on_change"].sel(
        partner_predictor="behavioural_sensitivity", role="participant", outcome="rs_anxiety"
    )
    assert float(effect) == -0.05 * factor
    # the residuals of scores are those of observed ones, as the settings say for this analysis
    own = {"residual_sd", "residual_corr"}
    for name, values in truth.data_vars.items():
        labels = {dim: values[dim].values for dim in values.dims}
        model = whole[name].sel(labels).values
        if name in own:
            assert not np.array_equal(values.values, model)
        else:
            np.testing.assert_array_equal(values.values, model)
    bare = settings.model_copy(update={"truths": {}})
    alone = truth_for(study, bare, "growth", panel, world)
    xr.testing.assert_equal(alone.drop_vars(own), truth.drop_vars(own))
    labels = {"series": alone["series"].values}
    np.testing.assert_array_equal(alone["residual_sd"], whole["residual_sd"].sel(labels))
    family = load_family("dyadic_growth")
    assert family.simulate(np.random.default_rng(1), truth, panel).data["score"].notnull().any()


@pytest.mark.parametrize("world", ["source", "null", "reversed"])
def test_every_analysis_of_the_example_can_be_recovered(
    lavi: tuple[Study, Simulation], world: Any
) -> None:
    study, settings = lavi
    for name, analysis in study.analyses.items():
        panel = design_panel(study, settings, name)
        truth = truth_for(study, settings, name, panel, world)
        family = load_family(analysis.family)
        refuse_faulty_claims(claims_of(study, name), truth, family, study.study)


def test_a_claim_for_the_rope_is_untrue_in_the_reversed_world(
    lavi: tuple[Study, Simulation],
) -> None:
    study, settings = lavi
    panel = design_panel(study, settings, "growth_controlled")
    (claim,) = (one for one in study.claims if one.id == "L7a")
    (term,) = claim.estimand
    for world, inside in (("source", True), ("null", True), ("reversed", False)):
        truth = truth_for(study, settings, "growth_controlled", panel, world)
        value = float(truth[term.variable].sel(term.at))
        assert (claim.rope.low <= value <= claim.rope.high) is inside


def test_an_analysis_of_other_predictors_needs_a_truth_of_its_own(
    lavi: tuple[Study, Simulation],
) -> None:
    study, settings = lavi
    bare = settings.model_copy(update={"truths": {}})
    panel = design_panel(study, bare, "growth_controlled")
    with pytest.raises(InputError) as caught:
        truth_for(study, bare, "growth_controlled", panel)
    message = str(caught.value)
    assert "2 faults" in message
    assert "other interactions" in message
    assert "other predictors (partner behavioural_sensitivity" in message
    assert "truths: {growth_controlled: [...]}" in message


def test_all_that_the_model_does_not_have_is_listed(tmp_path: Path) -> None:
    posed = {"family": "dyadic_growth", "question": "How do both scales grow?"}
    skill = {"name": "skill", "of": "partner", "scale": "sd"}
    analyses = {"both": posed | {"outcomes": ["anxiety", "avoidance"], "predictors": [skill]}}
    pairs = example("pairs", tmp_path, analyses=analyses)
    settings = pairs.settings(units=40)
    panel = design_panel(pairs.study, settings, "both")
    with pytest.raises(InputError) as caught:
        truth_for(pairs.study, settings, "both", panel)
    message = str(caught.value)
    assert "1 fault" in message
    # the model lets skill predict changes only
    assert "no value of partner_on_level for skill, leader, follower, anxiety, avoid" in message
    effect = effects("partner_on_level", {"value": 0.1})
    given = pairs.settings(units=40, truths={"both": [*pairs_truth(), effect]})
    assert float(truth_for(pairs.study, given, "both", panel)["partner_on_level"].min()) == 0.1


def test_the_later_of_two_models_is_found_by_its_outcomes(tmp_path: Path) -> None:
    (model,) = pairs_settings()["models"]
    analysis = model["analysis"] | {"outcomes": ["anxiety"]}
    split = [
        {"analysis": analysis | {"outcomes": [outcome]}, "truth": truth_of_one(outcome, level)}
        for outcome, level in (("anxiety", 4.0), ("avoidance", 3.5))
    ]
    pairs = example("pairs", tmp_path, analyses={"later": analysis | {"outcomes": ["avoidance"]}})
    settings = pairs.settings(units=40, models=split)
    panel = design_panel(pairs.study, settings, "later")
    assert float(truth_for(pairs.study, settings, "later", panel)["level"].min()) == 3.5


def truth_of_one(outcome: str, level: float) -> list[dict[str, Any]]:
    return [
        effects("level", {"value": level}),
        effects("unit_sd", {"value": 0.3}),
        effects("residual_sd", {"value": 0.2}),
        effects("change", {"at": {"outcome": outcome}, "value": 0.01}),
    ]


def test_clusters_and_their_leaders_are_in_the_panel(tmp_path: Path) -> None:
    camp = example("camp", tmp_path)
    panel = design_panel(camp.study, camp.settings(), "growth", "full")
    assert panel.data.sizes["unit"] == 120
    assert len(set(panel.data["cluster"].values)) == 20
    truth = truth_for(camp.study, camp.settings(), "growth", panel)
    named = camp_settings()["models"][0]["truth"]
    assert {one["variable"] for one in named} <= set(truth)
    assert float(truth["leader_on_change"].squeeze()) == -0.15
