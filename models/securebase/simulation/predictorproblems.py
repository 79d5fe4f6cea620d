"""What is wrong with the predictors of a simulated study, given its codebook."""

from collections.abc import Iterable, Iterator

from securebase.codebook.document import nearest
from securebase.codebook.scale import Covariate
from securebase.codebook.study import Study
from securebase.simulation.predictors import by_leadership
from securebase.simulation.predictorsettings import Correlation, Distribution, Predictors

Problem = tuple[str, str, str, str]
"""Key, what was given, what is expected, remedy."""


def predictor_problems(study: Study, predictors: Predictors) -> Iterator[Problem]:
    """List names that the codebook does not know, and what cannot be drawn."""
    names = [one.name for one in predictors.distributions]
    for number, one in enumerate(predictors.distributions):
        yield from _distribution(f"predictors.distributions.{number}", one, study)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "predictors.distributions", f"'{name}' twice", "each measure of a role once", ""
    members, leaders = by_leadership(predictors, study)
    for key, pairs, fits in (
        ("correlations", predictors.correlations, lambda one: one.shares is None),
        ("within_correlations", predictors.within_correlations, lambda one: one.within_sd),
    ):
        sides = [[one.name for one in own if fits(one)] for own in (members, leaders)]
        yield from _correlations(f"predictors.{key}", pairs, sides)


def _correlations(
    place: str, pairs: Iterable[Correlation], sides: list[list[str]]
) -> Iterator[Problem]:
    for number, pair in enumerate(pairs):
        here = f"{place}.{number}.between"
        found = list(unknown(here, pair.between, [*sides[0], *sides[1]], "predictor"))
        yield from found
        if len(set(pair.between)) < 2:
            yield here, f"'{pair.between[0]}' with itself", "two predictors", ""
        elif not found and not any(set(pair.between) <= set(side) for side in sides):
            given = f"'{pair.between[0]}' with '{pair.between[1]}'"
            yield here, given, "predictors of the same unit: leaders are units of their own", ""


def _distribution(place: str, one: Distribution, study: Study) -> Iterator[Problem]:
    measures = study.measures()
    if one.measure not in measures:
        yield from unknown(f"{place}.measure", [one.measure], measures, "scale or covariate")
        return
    measure = measures[one.measure]
    shared = isinstance(measure, Covariate) and measure.of == "unit"
    if one.role is None and not shared:
        yield f"{place}.role", f"no role of '{one.measure}'", "whose it is", ""
    elif one.role is not None and one.role not in study.roles.levels:
        yield from unknown(f"{place}.role", [one.role], study.roles.levels, "role")
    elif one.role in study.roles.members and shared:
        yield f"{place}.role", f"'{one.role}' for a covariate of the unit", "role: null", ""
    elif not measure.asked(one.role, None):
        yield f"{place}.role", f"'{one.role}' is not asked {one.measure}", "a role that is", ""
    levels = list((measure.levels or {}).values()) if isinstance(measure, Covariate) else []
    if bool(levels) != (one.shares is not None):
        needed = "shares of its levels" if levels else "mean and sd"
        given = f"'{one.measure}' is {'' if levels else 'not '}categorical"
        yield place, given, needed, ""
    elif one.shares is not None:
        yield from unknown(f"{place}.shares", one.shares, levels, "level")
    waves = [wave for wave in study.waves.levels if measure.asked(one.role, wave)]
    if one.within_sd is not None and len(waves) < 2:
        yield f"{place}.within_sd", f"{one.measure} at one wave", "a measure of several waves", ""


def unknown(place: str, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[Problem]:
    """List names that are not among the known ones."""
    known = list(known)
    for name in names:
        if name not in known:
            given, listed = f"unknown {what} '{name}'", f"one of: {', '.join(known)}"
            yield place, given, listed, nearest(name, known)
