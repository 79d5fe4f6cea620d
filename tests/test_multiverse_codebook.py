"""Declared multiverses: read, refused with every fault at once, listed as specifications."""

import copy
from pathlib import Path
from typing import Any

import pytest
from small_study import codebook, write_codebook

from securebase.codebook.loading import load_study
from securebase.codebook.specifications import specifications
from securebase.codebook.study import Study
from securebase.config import Multiverse
from securebase.faults import InputError
from securebase.multiverse.batches import batches

ROPE = {"low": -0.1, "high": 0.1, "reason": "too small to be noticed"}
MORE = {"scales": {"anxiety": {"minimum_items": 5}}}
MIDDLE = {"analyses": {"growth": {"time": {"origin": "w2"}}}}
FREE = {"analyses": {"growth": {"time": {"shape": "free", "origin": None}}}}
COMPLETE = {"analyses": {"growth": {"complete_waves": 3}}}


def choice(*changes: dict[str, Any], kind: str = "equivalent") -> dict[str, Any]:
    """A choice whose options are called declared, other, other2, …"""
    names = ["declared", "other", *(f"other{n}" for n in range(2, len(changes) + 1))]
    reason = {"reason": "as good as any"}
    options = [reason, *(reason | {"change": one} for one in changes)]
    return {"kind": kind, "options": dict(zip(names, options, strict=True))}


def values(choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Give a codebook with two claims, on a change and on a correlation."""
    growth = {
        "family": "dyadic_growth",
        "question": "How does anxiety change?",
        "outcomes": ["anxiety"],
        "time": {"origin": "w1"},
        "predictors": [{"name": "age", "of": "actor"}],
    }
    claims = [
        {
            "id": name,
            "sentence": "Anxiety falls over the year.",
            "analysis": "growth",
            "estimand": [{"variable": "change", "mean_over": ["role"], "at": at}],
            "direction": "negative",
            "rope": ROPE,
        }
        for name, at in (("H1", {"outcome": "anxiety"}),)
    ]
    said = {"analyses": {"growth": growth}, "claims": claims}
    return codebook(**said, multiverse={"choices": choices, **more})


def loaded(folder: Path, choices: dict[str, Any], **more: Any) -> Study:
    return load_study(write_codebook(folder, values(choices, **more)))


def faults(folder: Path, choices: dict[str, Any], **more: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        loaded(folder, choices, **more)
    return [str(one).partition("small.yaml, ")[2] for one in caught.value.faults]


def test_equivalent_choices_are_crossed_and_assumptions_tested_one_at_a_time(
    tmp_path: Path,
) -> None:
    choices = {
        "scoring": choice(MORE),
        "origin": choice(MIDDLE),
        "missing": choice(COMPLETE, kind="assumption"),
        "age": choice({"analyses": {"growth": {"predictors": []}}}, kind="assumption"),
    }
    single = specifications(loaded(tmp_path, choices))
    # 2 × 2 equivalent ones, under none or one of two assumptions
    assert len(single) == 4 * 3
    kinds = [one.kind for one in single]
    assert kinds == ["declared"] + 3 * ["equivalent"] + 8 * ["assumption"]
    assert single[0].key == "scoring=declared, origin=declared, missing=declared, age=declared"
    crossed = specifications(loaded(tmp_path, choices, assumptions="crossed"))
    assert len(crossed) == 4 * 4
    assert {one.key for one in single} < {one.key for one in crossed}


def test_a_specification_is_the_codebook_with_its_changes(tmp_path: Path) -> None:
    study = loaded(tmp_path, {"scoring": choice(MORE), "origin": choice(MIDDLE)})
    last = specifications(study)[-1]
    assert last.options == {"scoring": "other", "origin": "other"}
    assert last.study.scales["anxiety"].minimum_items == 5
    assert last.study.analyses["growth"].time.origin == "w2"
    # what no option names stays as it was
    assert last.study.scales["avoidance"] == study.scales["avoidance"]
    assert last.study.claims == study.claims
    assert study.scales["anxiety"].minimum_items == 4


def test_specifications_that_come_to_the_same_are_listed_once(tmp_path: Path) -> None:
    # a free path starts at the first wave, whatever the origin
    study = loaded(tmp_path, {"origin": choice(MIDDLE), "time": choice(FREE, kind="assumption")})
    keys = [one.key for one in specifications(study)]
    assert keys == [
        "origin=declared, time=declared",
        "origin=other, time=declared",
        "origin=declared, time=other",
    ]


def test_an_analysis_that_no_choice_concerns_is_not_fitted_again(tmp_path: Path) -> None:
    said = values({"origin": choice(MIDDLE)})
    said["analyses"]["other"] = said["analyses"]["growth"] | {"outcomes": ["avoidance"]}
    other = copy.deepcopy(said["claims"][0]) | {"id": "H2", "analysis": "other"}
    other["estimand"][0]["at"] = {"outcome": "avoidance"}
    said["claims"].append(other)
    study = load_study(write_codebook(tmp_path, said))
    assert {one.analysis for one in specifications(study)} == {"growth"}


def test_reasons_and_labels_do_not_tell_specifications_apart(tmp_path: Path) -> None:
    one = {"priors": {"change": {"sd": 1.0, "reason": "one reason for it"}}}
    two = {"priors": {"change": {"sd": 1.0, "reason": "another reason"}}}
    changes = [{"analyses": {"growth": prior}} for prior in (one, two)]
    (fault,) = faults(tmp_path, {"prior": choice(*changes)})
    assert "'other2' comes to the same as 'other'" in fault


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown scale": (
        {"scales": {"anxeity": {"minimum_items": 5}}},
        "scales.anxeity: no 'anxeity' among the scales; expected one of: anxiety, avoidance "
        "-> did you mean 'anxiety'?",
    ),
    "unknown key": (
        {"scales": {"anxiety": {"minimum_item": 5}}},
        "scales.anxiety.minimum_item: unknown key 'minimum_item'",
    ),
    "unknown part": (
        {"scale": {"anxiety": {}}},
        "scale: 'scale' cannot be changed; expected one of: analyses, covariates, exclusions, "
        "scales -> did you mean 'scales'?",
    ),
    "a claim": ({"claims": []}, "claims: 'claims' cannot be changed"),
    "a name the study has not": (
        {"analyses": {"growth": {"time": {"origin": "w9"}}}},
        "analyses.growth.time.origin: unknown wave 'w9'",
    ),
    "a value out of bounds": (
        {"scales": {"anxiety": {"minimum_items": 0}}},
        "scales.anxiety.minimum_items: 0",
    ),
    "no mapping": ({"scales": "all"}, "scales: given 'all'; expected a mapping"),
    "nothing": ({"scales": {"anxiety": {"minimum_items": 4}}}, "comes to the same as 'declared'"),
    "what no claim rests on": (
        {"analyses": {"growth": {"question": "Is it asked otherwise?"}}},
        "comes to the same as 'declared'",
    ),
    "the score": ({"scales": {"anxiety": {"score": "sum"}}}, "score of anxiety mean, here sum"),
    "the span": (
        {"analyses": {"growth": {"waves": ["w1", "w2"]}}},
        "H1 would ask for another number (last wave at 1.5, here 0.5)",
    ),
    "phases": (
        {"analyses": {"growth": {"time": {"shape": "piecewise", "knots": ["w2"]}}}},
        "(phases divided at nowhere, here w2)",
    ),
    "who is averaged over": (
        {"analyses": {"growth": {"roles": ["patient"]}}},
        "(averaged over roles as the data say, here patient)",
    ),
}


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG)
def test_a_faulty_option_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    found = faults(tmp_path, {"scoring": choice(change)})
    place = "multiverse.choices.scoring.options.other.change"
    assert any(place in fault and words in fault for fault in found), found


def test_all_faulty_options_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    changes = [change for change, _ in WRONG.values()]
    path = write_codebook(tmp_path, values({"a": choice(*changes), "b": choice(changes[0])}))
    with pytest.raises(InputError) as caught:
        load_study(path)
    assert len(caught.value.faults) >= len(WRONG) + 1
    lines = path.read_text().splitlines()
    for one in caught.value.faults:
        assert one.row is not None
        # the line is that of the last key of the path which the file has
        assert any(f"{key}:" in lines[one.row - 1] for key in str(one.column).split("."))


def test_words_of_a_choice_are_mandatory_and_the_first_option_is_as_declared(
    tmp_path: Path,
) -> None:
    silent, moved, same = choice(MORE), choice(MORE), choice(MORE)
    silent["options"]["other"]["reason"] = ""
    moved["options"]["declared"]["change"] = COMPLETE
    del same["options"]["other"]["change"]
    found = faults(tmp_path, {"silent": silent, "moved": moved, "same": same, "odd": {"kind": "?"}})
    assert any("silent.options.other.reason" in one and "8 characters" in one for one in found)
    assert any("option 'declared' comes first" in one for one in found)
    assert any("option 'other' has no `change`" in one for one in found)
    assert any("choices.odd.options" in one and "missing" in one for one in found)
    assert any("choices.odd.kind" in one for one in found)


def test_an_option_named_twice_is_told(tmp_path: Path) -> None:
    path = write_codebook(tmp_path, values({"scoring": choice(MORE)}))
    path.write_text(path.read_text() + "        other: {reason: as good as any}\n")
    with pytest.raises(InputError, match="key 'other' again"):
        load_study(path)


def test_options_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    kept = {"analyses": {"growth": {"time": {"shape": "free"}}}}
    study = values({"time": choice(kept, kind="assumption"), "origin": choice(MIDDLE)})
    del study["analyses"]["growth"]["time"]["origin"]
    with pytest.raises(InputError) as caught:
        load_study(write_codebook(tmp_path, study))
    (fault,) = caught.value.faults
    assert "time=other, origin=other together: a free path starts at the first wave" in str(fault)


def test_the_level_moves_with_its_origin(tmp_path: Path) -> None:
    study = values({"origin": choice(MIDDLE)})
    study["claims"][0]["estimand"][0]["variable"] = "level"
    with pytest.raises(InputError, match="level at w1, here w2"):
        load_study(write_codebook(tmp_path, study))


def test_the_unit_of_an_effect_is_part_of_what_is_asked(tmp_path: Path) -> None:
    scaled = {
        "analyses": {"growth": {"predictors": [{"name": "age", "of": "actor", "scale": "sd"}]}}
    }
    study = values({"unit": choice(scaled)})
    loaded_as_change = load_study(write_codebook(tmp_path, copy.deepcopy(study)))
    assert len(specifications(loaded_as_change)) == 2
    term = {"variable": "actor_on_change", "at": {"actor_predictor": "age", "outcome": "anxiety"}}
    study["claims"][0]["estimand"] = [term | {"mean_over": ["role"]}]
    with pytest.raises(InputError, match="unit of actor age"):
        load_study(write_codebook(tmp_path, study))


def test_a_multiverse_needs_claims(tmp_path: Path) -> None:
    study = values({"scoring": choice(MORE)}) | {"claims": []}
    with pytest.raises(InputError, match="a multiverse without claims"):
        load_study(write_codebook(tmp_path, study))


def test_batches_hold_what_may_share_a_model_and_no_more_than_there_is_time_for(
    tmp_path: Path,
) -> None:
    study = loaded(
        tmp_path, {"scoring": choice(MORE), "origin": choice(MIDDLE), "missing": choice(COMPLETE)}
    )
    # 60 s less 30 s to compile are enough for three fits of 10 s
    asked = Multiverse(minutes_per_batch=1.0, seconds_to_compile=30.0, seconds_per_fit=10.0)
    cut = batches(study, asked)
    assert {name: len(one.members) for name, one in cut.items()} == {
        "growth_01": 3, "growth_02": 1, "growth_03": 3, "growth_04": 1,
    }  # fmt: skip
    # every member of the whole grid, each once
    keys = [member.key for one in cut.values() for member in one.members]
    assert sorted(keys) == sorted(one.key for one in specifications(study))
    # whatever the size, the same model is compiled
    whole = batches(study, Multiverse())
    bases = {member.key: one.base.key for one in whole.values() for member in one.members}
    assert all(one.base.key == bases[member.key] for one in cut.values() for member in one.members)
    assert len(whole) == 2


def test_a_batch_has_one_fit_even_where_there_is_no_time() -> None:
    assert Multiverse(minutes_per_batch=0.1, seconds_per_fit=1000.0).fits_per_batch == 1
