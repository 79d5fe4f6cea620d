"""Settings and codebook must agree: every name that settings use is one the codebook declares."""

from collections.abc import Iterator

from securebase.codebook.questions import question_problems
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.simulation.drawing import drawing_problems
from securebase.simulation.persons import DAYS
from securebase.simulation.predictorproblems import Problem, predictor_problems, unknown
from securebase.simulation.settings import Simulation


def refuse_disagreement(study: Study, settings: Simulation) -> None:
    """Compare settings with their codebook.

    Raises
    ------
    InputError
        With every name that the codebook does not know, every measure that nobody draws or that
        is drawn twice, every scale without an item model, sizes that cannot be.
    """
    file = f"config/simulations/{settings.study}.yaml"
    faults = [
        Fault(file, given, expected, remedy, column=place)
        for place, given, expected, remedy in _problems(study, settings)
    ]
    if faults:
        raise InputError(f"simulation {settings.study}", faults)


def _problems(study: Study, settings: Simulation) -> Iterator[Problem]:
    if settings.study != study.study:
        yield "study", f"study '{settings.study}'", f"'{study.study}', as the codebook", ""
    yield from _models(study, settings)
    yield from drawing_problems(study, settings)
    yield from _answers(study, settings)
    yield from _clusters(study, settings)
    if settings.predictors is not None:
        yield from predictor_problems(study, settings.predictors)
    yield from _losses(study, settings)
    yield from unknown("column_order", settings.column_order, study.waves.levels, "wave")
    yield from unknown("truths", settings.truths, study.analyses, "analysis")
    if settings.dates is not None and study.waves.time_unit not in DAYS:
        given = f"dates with the time unit {study.waves.time_unit}"
        yield "dates", given, f"one of: {', '.join(DAYS)}", "dates: null"
    if study.roles.compositions:
        yield "study", "a codebook with compositions", "units of one make-up", ""


def _models(study: Study, settings: Simulation) -> Iterator[Problem]:
    analyses = {str(number): model.analysis for number, model in enumerate(settings.models)}
    posed = study.model_copy(update={"analyses": analyses, "claims": ()})
    for (_, number, *keys), given, expected, remedy in question_problems(posed):
        yield ".".join(map(str, ("models", number, "analysis", *keys))), given, expected, remedy


def _answers(study: Study, settings: Simulation) -> Iterator[Problem]:
    yield from unknown("answers.scales", settings.answers.scales, study.scales, "scale")
    for name in study.scales:
        if name not in settings.answers.scales:
            yield "answers.scales", f"no item model of {name}", "one per scale", ""


def _clusters(study: Study, settings: Simulation) -> Iterator[Problem]:
    clusters = settings.clusters
    if clusters is None:
        wanting = {
            f"a leader '{study.roles.leader}'": study.roles.leader,
            f"a column '{study.raw.columns.cluster}' of clusters": study.raw.columns.cluster,
        }
        for what in (what for what, given in wanting.items() if given is not None):
            yield "clusters", f"none, and {what} in the codebook", "count, sizes and a reason", ""
        if settings.small is not None and settings.small.clusters is not None:
            yield "small.clusters", "clusters of the small size only", "clusters of both", ""
        return
    if study.raw.columns.cluster is None:
        yield "clusters", "clusters without a column", "raw.columns.cluster in the codebook", ""
    low, high = clusters.sizes
    if low > high:
        yield "clusters.sizes", f"sizes from {low} to {high}", "the smaller first", ""
        return
    for size in ("full", "small") if settings.small else ("full",):
        one = settings.sized(size)
        count = one.clusters.count if one.clusters else 0
        if not low * count <= one.units <= high * count:
            given = f"{one.units} units in {count} clusters of {low} to {high}"
            place = "units" if size == "full" else "small.units"
            yield place, given, f"from {low * count} to {high * count} units", ""


def _losses(study: Study, settings: Simulation) -> Iterator[Problem]:
    rule = settings.break_up
    if rule is None:
        return
    later = list(study.waves.levels)[1:]
    yield from unknown("break_up.together", rule.together, later, "later wave")
    yield from unknown("break_up.role", [rule.role], study.roles.levels, "role")
    yield from unknown("break_up.on", rule.on, study.scales, "scale")
    shares = [1.0, *(rule.together[wave] for wave in later if wave in rule.together)]
    if shares != sorted(shares, reverse=True):
        yield "break_up.together", f"shares {shares[1:]}", "shares that never rise", ""
