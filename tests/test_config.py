"""The configuration of a run: defaults, limits, and all faults with the valid keys."""

from typing import Any

import pytest

from securebase.codebook.analysis import Analysis
from securebase.config import Config, Sampling, parse_config, valid_keys
from securebase.faults import InputError


def test_defaults_are_those_of_the_documentation() -> None:
    config = parse_config({"studies": ["one", "two"]})
    assert config.studies == ("one", "two")
    assert config.raw_root == "data/example"
    assert (config.sampling.chains, config.sampling.draws, config.sampling.tune) == (4, 1000, 1000)
    assert (config.sampling.sampler, config.sampling.target_accept) == ("nutpie", 0.8)
    assert (config.thresholds.r_hat, config.thresholds.ess_focal) == (1.01, 1000)
    assert (config.decision.probability, config.decision.mcse_margin) == (0.95, 2.0)


def test_values_are_taken() -> None:
    config = parse_config(
        {
            "studies": ["one"],
            "raw_root": "../elsewhere",
            "sampling": {"draws": 250, "seed": 0},
            "thresholds": {"divergences_fail": 0},
            "decision": {"probability": 0.9},
        }
    )
    assert (config.raw_root, config.sampling.draws, config.sampling.seed) == (
        "../elsewhere",
        250,
        0,
    )
    assert config.thresholds.divergences_fail == 0
    assert config.decision.probability == 0.9


@pytest.mark.parametrize(
    ("values", "key", "message"),
    [
        (
            {"studies": ["one"], "sampling": {"drawz": 10}},
            "sampling.drawz",
            "unknown key 'drawz'; expected one of: " + ", ".join(Sampling.model_fields),
        ),
        (
            {"studies": ["one"], "study": "one"},
            "study",
            "unknown key 'study'; expected one of: " + ", ".join(Config.model_fields),
        ),
        ({}, "studies", "Field required"),
        ({"studies": []}, "studies", "at least 1 item"),
        ({"studies": ["two words"]}, "studies.0", "given 'two words'"),
        (
            {"studies": ["one"], "sampling": {"sampler": "emcee"}},
            "sampling.sampler",
            "given 'emcee'",
        ),
        ({"studies": ["one"], "sampling": {"chains": 1}}, "sampling.chains", "given 1"),
        ({"studies": ["one"], "sampling": {"draws": 99}}, "sampling.draws", "given 99"),
        ({"studies": ["one"], "sampling": {"tune": 99}}, "sampling.tune", "given 99"),
        ({"studies": ["one"], "sampling": {"seed": -1}}, "sampling.seed", "given -1"),
        (
            {"studies": ["one"], "sampling": {"target_accept": 1.0}},
            "sampling.target_accept",
            "given 1.0",
        ),
        ({"studies": ["one"], "thresholds": {"r_hat": 1.0}}, "thresholds.r_hat", "given 1.0"),
        (
            {"studies": ["one"], "sensitivity": {"sd_factors": [2.0, 0.0]}},
            "sensitivity.sd_factors.1",
            "given 0.0",
        ),
        (
            {"studies": ["one"], "thresholds": {"tree_depth_share": 1.1}},
            "thresholds.tree_depth_share",
            "given 1.1",
        ),
        (
            {"studies": ["one"], "decision": {"probability": 0.5}},
            "decision.probability",
            "given 0.5",
        ),
        (
            {"studies": ["one"], "decision": {"mcse_margin": -1}},
            "decision.mcse_margin",
            "given -1",
        ),
    ],
)
def test_fault_names_key_and_remedy(values: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_config(values, "config/mine.yaml")
    (fault,) = caught.value.faults
    assert (fault.file, fault.column) == ("config/mine.yaml", key)
    assert message in str(fault)
    assert "pydantic" not in str(caught.value)


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(InputError, match=r"configuration config/config\.yaml: 4 faults") as caught:
        parse_config(
            {
                "studies": [],
                "sampling": {"chains": 0, "speed": 1},
                "decision": {"probability": "high"},
            }
        )
    assert {fault.column for fault in caught.value.faults} == {
        "studies", "sampling.chains", "sampling.speed", "decision.probability",
    }  # fmt: skip


@pytest.mark.parametrize("values", [None, ["studies"], "studies"])
def test_what_is_no_mapping_is_one_fault(values: Any) -> None:
    with pytest.raises(InputError, match="1 fault"):
        parse_config(values)


def test_valid_keys_follow_the_parts() -> None:
    assert valid_keys(Config, ("sampling",)) == tuple(Sampling.model_fields)
    assert valid_keys(Config, ()) == tuple(Config.model_fields)
    assert valid_keys(Analysis, ("time",)) == (
        "shape", "measured_by", "origin", "knots", "phases",
    )  # fmt: skip
