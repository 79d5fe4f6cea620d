"""What a claim is about: all of a codebook that decides which number its estimand is."""

from collections.abc import Iterator
from typing import Any

from securebase.codebook.analysis import Analysis
from securebase.codebook.claim import Claim
from securebase.codebook.study import Study
from securebase.codebook.terms import Dynamics, Predictor


def differences(claim: Claim, declared: Study, other: Study) -> Iterator[tuple[str, str]]:
    """Say where two codebooks mean different numbers by one claim: (declared, other)."""
    before, after = meaning(claim, declared), meaning(claim, other)
    for what in {**before, **after}:
        first, second = before.get(what), after.get(what)
        if first != second:
            yield f"{what} {_said(first)}", _said(second)


def meaning(claim: Claim, study: Study) -> dict[str, Any]:
    """Collect what decides the number that a claim asks for, by what it is in words.

    Models may differ, samples and scores too; units, spans and parameters may not.
    """
    analysis = study.analyses[claim.analysis]
    asked = list(analysis.waves or study.waves.levels)
    times = study.waves.levels
    found: dict[str, Any] = {
        "family": analysis.family,
        "first wave at": times[asked[0]].time,
        "last wave at": times[asked[-1]].time,
        "phases divided at": analysis.time.knots,
        "phases called": analysis.time.phase_names,
        "changes in steps": analysis.time.shape == "steps",
    }
    for name in analysis.outcomes:
        scale = study.scales[name]
        found[f"score of {name}"] = scale.score
        found[f"range of {name}"] = scale.range
    dynamics = analysis.dynamics or Dynamics()
    found["dynamics of"] = dynamics.kind
    found["length of a step"] = dynamics.step
    found["effects of steps"] = dynamics.effects
    if _concerns_level(claim):
        found["level at"] = analysis.time.origin or asked[0]
    averaged = {dim for term in claim.estimand for dim in term.mean_over}
    if "role" in averaged:
        found["averaged over roles"] = analysis.roles
    if "outcome" in averaged:
        found["averaged over outcomes"] = analysis.outcomes
    return found | dict(_predictors(claim, analysis))


def _concerns_level(claim: Claim) -> bool:
    return any(
        "level" in term.variable or any(one.startswith("level") for one in term.at.values())
        for term in claim.estimand
    )


def _predictors(claim: Claim, analysis: Analysis) -> Iterator[tuple[str, Any]]:
    """Units of the predictors whose effects are asked, and what 0 means on those beside them."""
    labels = {label for term in claim.estimand for label in term.at.values()}
    for one in analysis.predictors:
        if one.name in labels:
            yield f"unit of {one.term}", _unit(one)
    for product in analysis.products:
        members = [one for one in analysis.predictors if one.term in product.of]
        for one in members:
            if product.name in labels:
                yield f"unit of {one.term}", _unit(one)
            elif labels & ({other.name for other in members} - {one.name}):
                yield f"zero of {one.term}", one.centre


def _unit(one: Predictor) -> tuple[Any, ...]:
    # in its own standard deviations a composite has the same unit, whoever told it
    made_of = () if one.scale == "sd" else one.mean_of
    return (one.scale, one.reference, made_of, one.varying)


def _said(value: Any) -> str:
    if isinstance(value, tuple | list):
        return " and ".join(map(_said, value)) or "nowhere"
    return "as the data say" if value is None else f"{value:g}" if _number(value) else str(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
