"""What may be asked of a study: closed keys, and every rule of analyses and claims."""

from typing import Any

import pytest
from draws_by_hand import claim
from pydantic import ValidationError

from securebase.codebook.analysis import Analysis, PriorOverride
from securebase.codebook.claim import Claim, Rope, Term
from securebase.codebook.terms import Interaction, Predictor, TimeShape

ANALYSIS: dict[str, Any] = {
    "family": "dyadic_growth",
    "question": "What changes, and how?",
    "outcomes": ["anxiety", "avoidance"],
}
AGE = {"name": "age", "of": "actor"}
SKILL = {"name": "skill", "of": "partner"}


def analysis(**more: Any) -> Analysis:
    return Analysis.model_validate(ANALYSIS | more)


def test_defaults_are_the_plainest_model() -> None:
    one = analysis()
    assert (one.time.shape, one.predictors, one.interactions) == ("linear", (), ())
    assert (one.roles, one.clusters, one.priors) == (None, False, {})


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Analysis, ANALYSIS),
        (TimeShape, {}),
        (Predictor, AGE),
        (Interaction, {"name": "both", "of": ["actor age", "partner skill"]}),
        (PriorOverride, {"sd": 1.0, "reason": "known from before"}),
        (Term, {"variable": "change"}),
        (Rope, {"low": -1, "high": 1, "reason": "too small to matter"}),
        (Claim, claim().model_dump()),
    ],
)
def test_unknown_keys_are_refused_and_values_stay(model: Any, values: dict[str, Any]) -> None:
    one = model.model_validate(values)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate(values | {"outcom": "anxiety"})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(one, next(iter(model.model_fields)), None)


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        analysis(outcomes=[], question="short", time={"shape": "curved"}, colour="red")
    places = {error["loc"] for error in caught.value.errors()}
    assert places == {("outcomes",), ("question",), ("time", "shape"), ("colour",)}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shape": "piecewise"}, "piecewise needs at least one"),
        ({"knots": ["w2"]}, "knots belong to shape piecewise"),
        ({"shape": "free", "knots": ["w2"]}, "knots belong to shape piecewise"),
        ({"shape": "free", "origin": "w1"}, "a free path starts at the first wave"),
        (
            {"shape": "piecewise", "knots": ["w2"], "phases": ["early"]},
            "1 knots make 2 phases, 1 are named",
        ),
        ({"shape": "piecewise", "knots": ["w2"], "phases": ["early on", "late"]}, "match pattern"),
    ],
)
def test_faults_of_time(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TimeShape.model_validate(values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ("phase_1",)),
        ({"shape": "piecewise", "knots": ["w2", "w3"]}, ("phase_1", "phase_2", "phase_3")),
        (
            {"shape": "piecewise", "knots": ["w2"], "phases": ["early", "late"]},
            ("early", "late"),
        ),
    ],
)
def test_names_of_phases(values: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert TimeShape.model_validate(values).phase_names == expected


def test_term_of_a_predictor_says_whose() -> None:
    assert Predictor.model_validate(SKILL).term == "partner skill"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"predictors": [AGE, AGE]}, "predictor 'actor age' is declared twice"),
        (
            {"predictors": [AGE, {"name": "age", "of": "partner", "scale": "sd"}]},
            "'actor age' and 'partner age' must be taken and scaled alike",
        ),
        (
            {"predictors": [AGE, {"name": "age", "of": "partner", "wave": "w2"}]},
            "must be taken and scaled alike",
        ),
        ({"predictors": [AGE, {"name": "age", "of": "unit"}]}, "must be taken and scaled alike"),
        (
            {"predictors": [AGE], "interactions": [{"name": "x", "of": ["actor age", "skill"]}]},
            r"interaction 'x': no predictor 'skill' \(known: actor age\)",
        ),
        (
            {"interactions": [{"name": "x", "of": ["actor age", "skill"]}]},
            r"no predictor 'skill' \(known: none\)",
        ),
        (
            {
                "predictors": [AGE, SKILL],
                "interactions": [{"name": "x", "of": ["actor age", "partner skill"]}] * 2,
            },
            "interaction 'x' is declared twice",
        ),
        (
            {"predictors": [AGE | {"outcomes": ["warmth"]}]},
            "'age': 'warmth' is not an outcome of this analysis",
        ),
        (
            {
                "predictors": [AGE, SKILL],
                "interactions": [
                    {"name": "x", "of": ["actor age", "partner skill"], "outcomes": ["warmth"]}
                ],
            },
            "'x': 'warmth' is not an outcome of this analysis",
        ),
    ],
)
def test_faults_of_terms(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        analysis(**more)


def test_faults_of_terms_are_all_listed() -> None:
    with pytest.raises(ValidationError) as caught:
        analysis(
            predictors=[AGE, AGE | {"outcomes": ["warmth"]}],
            interactions=[{"name": "x", "of": ["one", "two"]}],
        )
    for message in ("declared twice", "'one'", "'two'", "'warmth'"):
        assert message in str(caught.value)


def test_actor_and_partner_taken_alike_are_accepted() -> None:
    one = analysis(
        predictors=[AGE, {"name": "age", "of": "partner", "on": ["change"]}],
        interactions=[{"name": "gap", "of": ["actor age", "partner age"]}],
    )
    assert one.interactions[0].on == ("change",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sd": 1.0}, "reason"),
        ({"sd": 0.0, "reason": "known from before"}, "greater than 0"),
        ({"eta": -1.0, "reason": "known from before"}, "greater than 0"),
        ({"sd": 1.0, "reason": "why"}, "at least 8 characters"),
    ],
)
def test_faults_of_priors(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PriorOverride.model_validate(values)


@pytest.mark.parametrize("limits", [(0.1, 0.1), (0.2, -0.2)])
def test_region_of_equivalence_has_a_width(limits: tuple[float, float]) -> None:
    low, high = limits
    with pytest.raises(ValidationError, match=f"low must be below high, given {low} and {high}"):
        Rope(low=low, high=high, reason="too small to matter")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"direction": "up"}, "'positive', 'negative' or 'zero'"),
        ({"estimand": []}, "at least 1 item"),
        ({"id": "1st"}, "match pattern"),
        ({"sentence": "It is."}, "at least 8 characters"),
        ({"declared": "maybe"}, "'confirmatory' or 'exploratory'"),
    ],
)
def test_faults_of_claims(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        claim(**more)


def test_claim_is_exploratory_unless_registered() -> None:
    assert claim().declared == "exploratory"
    assert claim(declared="confirmatory").declared == "confirmatory"
