"""Words of a level diagram: what varies, whose values predict, and which outcomes are meant."""

from collections.abc import Iterable
from typing import Final

from securebase.report.analysed import Analysed
from securebase.report.wording import listed

_WHOSE: Final = {
    "actor": "own ",
    "own": "own ",
    "partner": "partner's ",
    "partner's": "partner's ",
    "unit": "",
    "leader": "leader's ",
    "group": "group mean of ",
}


def measure_words(one: Analysed, name: str) -> str:
    """Give the label of a scale, a covariate or a composite."""
    covariate = one.study.covariates.get(name)
    label = covariate.label if covariate else None
    return label or one.labels.get(name, name.replace("_", " "))


def term_words(one: Analysed, term: str) -> str:
    """Say a term: "partner sensitivity" is "partner's sensitivity"."""
    whose, _, name = term.partition(" ")
    if whose in _WHOSE and name:
        return _WHOSE[whose] + term_words(one, name)
    part, _, rest = term.partition(" ")
    if rest:
        return f"{kind_words(one, part)} of {measure_words(one, rest)}"
    return measure_words(one, term)


def product_words(one: Analysed, name: str) -> str:
    """Say what an interaction or a part of a curve multiplies."""
    factors = next(each.of for each in one.analysis.products if each.name == name)
    counts = {term: factors.count(term) for term in factors}
    return " × ".join(
        term_words(one, term) + (" squared" if count == 2 else "") for term, count in counts.items()
    )


def kind_words(one: Analysed, kind: str) -> str:
    """Say what varies: a level, a change of some time, a slope."""
    time = one.analysis.time
    if time.shape == "steps" and kind in one.study.waves.levels:
        return f"change by {one.study.waves.levels[kind].label or kind}"
    if kind in time.phase_names and len(time.phase_names) > 1:
        return f"change in {kind.replace('_', ' ')}"
    whose, _, name = kind.partition(" ")
    return f"slope of {_WHOSE[whose]}{measure_words(one, name)}" if name else kind


def of_outcomes(one: Analysed, outcomes: Iterable[str], everything: Iterable[str]) -> str:
    """Say which outcomes are meant, where these are not all."""
    meant = list(dict.fromkeys(outcomes))
    if set(meant) >= set(everything) or set(meant) >= set(one.analysis.latents):
        return ""
    return f" of {listed(measure_words(one, name) for name in meant)}"
