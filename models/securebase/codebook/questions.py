"""What a codebook asks must be about what it measured: analyses and claims against its names."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from securebase.codebook.analysis import Analysis
from securebase.codebook.document import KeyPath, nearest
from securebase.codebook.study import Study
from securebase.codebook.terms import Curve, Predictor

Problem = tuple[KeyPath, str, str, str]


def unknown(
    path: KeyPath, names: Iterable[str] | None, known: Iterable[str], what: str
) -> Iterator[Problem]:
    """Report the names that are not among the known ones."""
    known = list(known)
    for name in names or ():
        if name not in known:
            listed = ", ".join(known) or "none is declared"
            yield path, f"unknown {what} '{name}'", f"one of: {listed}", nearest(name, known)


def question_problems(study: Study) -> Iterator[Problem]:
    """Find analyses and claims that use names the study does not have.

    Coordinates of a claim are not judged here: which exist depends on the family.
    """
    for name, analysis in study.analyses.items():
        yield from _analysis(("analyses", name), analysis, study)
    seen: set[str] = set()
    for position, claim in enumerate(study.claims):
        place: KeyPath = ("claims", position)
        yield from unknown((*place, "analysis"), [claim.analysis], study.analyses, "analysis")
        if claim.id in seen:
            yield (*place, "id"), f"id '{claim.id}' again", "each id once", ""
        seen.add(claim.id)


@cache
def families() -> tuple[str, ...]:
    """List the model families: the file names in families/."""
    folder = Path(__file__).parents[1] / "families"
    return tuple(sorted(path.stem for path in folder.glob("[!_]*.py")))


def _analysis(place: KeyPath, analysis: Analysis, study: Study) -> Iterator[Problem]:
    yield from unknown((*place, "family"), [analysis.family], families(), "family")
    yield from unknown((*place, "outcomes"), analysis.outcomes, study.scales, "scale")
    yield from unknown((*place, "roles"), analysis.roles, study.roles.levels, "role")
    yield from unknown((*place, "waves"), analysis.waves, study.waves.levels, "wave")
    yield from _time((*place, "time"), analysis, study)
    if analysis.clusters and study.raw.columns.cluster is None:
        yield (*place, "clusters"), "clusters without a column", "`raw.columns.cluster`", ""
    for position, predictor in enumerate(analysis.predictors):
        yield from _predictor((*place, "predictors", position), predictor, study)
        yield from _on_both_sides((*place, "predictors", position), predictor, analysis, study)
    for position, curve in enumerate(analysis.curves):
        yield from _curve((*place, "curves", position), curve, analysis, study)


def _curve(place: KeyPath, curve: Curve, analysis: Analysis, study: Study) -> Iterator[Problem]:
    """Find what a curve lacks: its square stands beside a line, its products beside both."""
    by_term = {one.term: one for one in analysis.predictors}
    if curve.by == curve.of:
        yield (*place, "by"), f"'{curve.by}' bends its own curve", "another predictor", ""
    for key, term in (("of", curve.of), ("by", curve.by)):
        # terms that no predictor has are refused with the analysis
        if term is None or (predictor := by_term.get(term)) is None:
            continue
        covariate = study.covariates.get(predictor.name)
        if covariate is not None and covariate.type == "categorical":
            yield (*place, key), f"'{term}' is categorical", "a continuous predictor", ""
        for what, wanted, has in (
            ("on", curve.on, predictor.on),
            ("outcomes", curve.outcomes or analysis.outcomes, predictor.outcomes),
        ):
            lacking = [name for name in wanted if has is not None and name not in has]
            if lacking:
                given = f"'{term}' does not predict {', '.join(lacking)}, which the curve does"
                remedy = f"add them to `{what}` of '{term}', or take them from the curve"
                yield (*place, key), given, "a predictor of all that the curve predicts", remedy


def _time(place: KeyPath, analysis: Analysis, study: Study) -> Iterator[Problem]:
    waves = [wave for wave in study.waves.levels if wave in (analysis.waves or study.waves.levels)]
    shape = analysis.time
    if shape.origin is not None:
        yield from unknown((*place, "origin"), [shape.origin], waves, "wave")
    yield from unknown((*place, "knots"), shape.knots, waves, "wave")
    knots = [waves.index(knot) for knot in shape.knots if knot in waves]
    inner = range(1, len(waves) - 1)
    if knots != sorted(set(knots)) or any(knot not in inner for knot in knots):
        given = f"knots {', '.join(shape.knots)}"
        yield (*place, "knots"), given, "waves between the first and the last, in their order", ""


def _predictor(place: KeyPath, predictor: Predictor, study: Study) -> Iterator[Problem]:
    measures = study.measures()
    if predictor.mean_of:
        yield from unknown((*place, "mean_of"), predictor.mean_of, measures, "scale or covariate")
    else:
        names = [predictor.name]
        yield from unknown((*place, "name"), names, measures, "scale or covariate")
    if predictor.of == "partner" and len(study.roles.members) < 2:
        yield (*place, "of"), "partner in a study of one role", "actor or unit", ""
    if predictor.of == "leader" and study.roles.leader is None:
        yield (*place, "of"), "leader in a study without leaders", "`roles.leader`", ""
    if predictor.of == "group" and study.raw.columns.cluster is None:
        yield (*place, "of"), "group in a study without clusters", "`raw.columns.cluster`", ""
    yield from _wave_of(place, predictor, study)
    covariate = study.covariates.get(predictor.name)
    levels = covariate.levels if covariate is not None else None
    if predictor.reference is not None:
        known = (levels or {}).values()
        yield from unknown((*place, "reference"), [predictor.reference], known, "level")


def _on_both_sides(
    place: KeyPath, predictor: Predictor, analysis: Analysis, study: Study
) -> Iterator[Problem]:
    """Find a person's score that predicts itself: its error would be cause and effect."""
    if predictor.of != "actor" or predictor.varying:
        return
    predicted = predictor.outcomes or analysis.outcomes
    for name in predictor.mean_of or (predictor.name,):
        if name in predicted and name in study.scales:
            wave = predictor.wave or next(iter(study.scales[name].waves or study.waves.levels))
            if wave in (analysis.waves or study.waves.levels):
                given = f"{name} of wave {wave} predicts itself"
                remedy = "keep that wave out of `waves`, or `outcomes` of the predictor to others"
                yield (*place, "name"), given, "a wave that is not modelled", remedy


def _wave_of(place: KeyPath, predictor: Predictor, study: Study) -> Iterator[Problem]:
    if predictor.wave is None:
        return
    yield from unknown((*place, "wave"), [predictor.wave], study.waves.levels, "wave")
    for name in predictor.mean_of or (predictor.name,):
        measure = study.scales.get(name) or study.covariates.get(name)
        if measure is not None and measure.waves and predictor.wave in study.waves.levels:
            waves = ", ".join(measure.waves)
            if predictor.wave not in measure.waves:
                given = f"{name} at wave {predictor.wave}"
                yield (*place, "wave"), given, f"a wave that asks it: {waves}", ""
