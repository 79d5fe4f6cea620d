"""What a plan says, as lines of words: "ROPE of H2" is "−0.1 to 0.1"."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ValidationError

from securebase.codebook.analysis import Analysis
from securebase.codebook.claim import Claim
from securebase.codebook.plan import Plan
from securebase.codebook.scale import Covariate, Scale
from securebase.config import Decision

Said = Mapping[str, Any]

NONE: Final = "none"
_RULE: Final = {
    "probability": "probability a verdict needs",
    "mcse_margin": "Monte Carlo errors a verdict must clear",
    "robust_share": "share of re-fits that makes a verdict robust",
    "fragile_share": "share of re-fits below which a verdict is fragile",
}
_TERMS: Final = {
    "predictors": "predictor",
    "interactions": "interaction",
    "curves": "curve",
    "paths": "path",
}
_NAMED: Final = {"priors": "prior of", "rivals": "rival", "informants": "informants of"}


class Line(NamedTuple):
    """One thing that a plan says.

    Parameters
    ----------
    whole : str
        The claim, analysis, … that it is said of; the line of that name says the whole in brief.
    what : str
        What it is.
    value : object
        Plain.
    """

    whole: str
    what: str
    value: Any


def lines(plan: Plan) -> Iterator[Line]:
    """Say a whole plan."""
    for key, value in _as_now(Decision, plan.decision).items():
        yield Line("verdicts", _RULE.get(key, key), value)
    for one in plan.exclusions:
        name = exclusion_name(one["where"])
        yield Line(name, name, one["reason"])
    yield from _measures("scale", plan.scales, Scale)
    yield from _measures("covariate", plan.covariates, Covariate)
    yield from _analyses(plan.analyses)
    yield from _claims(plan.claims)


def exclusion_name(where: Said) -> str:
    """Name an exclusion by the columns and codes that rows are left out by."""
    codes = " and ".join(f"{column} is {text(codes)}" for column, codes in where.items())
    return f"exclusion where {codes}"


def _measures(word: str, measures: Mapping[str, Said], kind: type[BaseModel]) -> Iterator[Line]:
    for name, said in measures.items():
        whole, one = f"{word} {name}", _as_now(kind, said)
        yield Line(whole, whole, one.pop("label", None) or name)
        for key, value in one.items():
            yield Line(whole, f"{key.replace('_', ' ')} of {whole}", value)


def _analyses(analyses: Mapping[str, Said]) -> Iterator[Line]:
    for name, said in analyses.items():
        whole, one = f"analysis {name}", _as_now(Analysis, said)
        yield Line(whole, whole, one.pop("question"))
        for key, word in _TERMS.items():
            for term in one.pop(key, ()):
                yield Line(whole, f"{word} {_title(term)} in {name}", term)
        for key, word in _NAMED.items():
            for inner, value in one.pop(key, {}).items():
                yield Line(whole, f"{word} {inner} in {name}", value)
        for key, value in one.items():
            yield Line(whole, f"{key} in {name}", value)


def _claims(claims: Sequence[Said]) -> Iterator[Line]:
    for said in claims:
        one = _as_now(Claim, said)
        name, rope = one["id"], one["rope"]
        whole = f"claim {name}"
        yield Line(whole, whole, one["sentence"])
        for key in ("analysis", "direction", "unit"):
            yield Line(whole, f"{key} of {name}", one.get(key))
        estimand = " ".join(map(_summand, one["estimand"])).removeprefix("plus ")
        yield Line(whole, f"estimand of {name}", estimand)
        yield Line(whole, f"ROPE of {name}", f"{text(rope['low'])} to {text(rope['high'])}")
        yield Line(whole, f"reason of the ROPE of {name}", rope["reason"])


def _as_now(kind: type[BaseModel], said: Said) -> dict[str, Any]:
    """Fill in keys that codebooks did not have when a plan was frozen; one of then is kept."""
    try:
        return kind.model_validate(said).model_dump(mode="json", by_alias=True)
    except ValidationError:
        return dict(said)


def _title(term: Said) -> str:
    if "from" in term:
        return f"{term['of']} {term['from']} to {term['to']}"
    own = isinstance(term["of"], str) and "by" not in term
    return f"{term['of']} {term['name']}" if own else str(term["name"])


def _summand(term: Said) -> str:
    weight = float(term["weight"])
    sign, factor = "minus" if weight < 0 else "plus", abs(weight)
    at = f" ({', '.join(map(str, term['at'].values()))})" if term["at"] else ""
    mean = f", mean over {text(term['mean_over'])}" if term["mean_over"] else ""
    times = "" if factor == 1 else f"{text(factor)} × "
    return f"{sign} {times}{term['variable']}{at}{mean}"


def text(value: Any) -> str:
    """Say a value: "0.05", "anxiety, avoidance", "sd 9, reason Nothing is known."."""
    if value is None or value in ({}, [], (), ""):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")
    if isinstance(value, Mapping):
        told = {key: text(one) for key, one in value.items()}
        return ", ".join(f"{key} {one}" for key, one in told.items() if one != NONE)
    return value if isinstance(value, str) else ", ".join(map(text, value))


def contrast(before: Any, after: Any) -> tuple[str, str]:
    """Say two values that differ; of two mappings, the keys in which they do."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return text(before), text(after)
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    first, second = (
        ", ".join(f"{key} {text(one.get(key))}" for key in keys) for one in (before, after)
    )
    return first, second
