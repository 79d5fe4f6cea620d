"""Settings and codebook must agree: every name that settings use is one the codebook declares."""

from collections.abc import Iterable, Iterator

from securebase.codebook.document import nearest
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.simulation.persons import DAYS
from securebase.simulation.settings import Simulation

Problem = tuple[str, str, str, str]


def refuse_disagreement(study: Study, settings: Simulation) -> None:
    """Compare settings with their codebook.

    Raises
    ------
    InputError
        With every name that the codebook does not know and every scale without an item model.
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
    yield from _unknown("model.outcomes", settings.model.outcomes, study.scales, "scale")
    yield from _scales(study, settings)
    yield from _predictors(study, settings)
    yield from _losses(study, settings)
    yield from _unknown("column_order", settings.column_order, study.waves.levels, "wave")
    if settings.dates is not None and study.waves.time_unit not in DAYS:
        given = f"dates with the time unit {study.waves.time_unit}"
        yield "dates", given, f"one of: {', '.join(DAYS)}", "dates: null"
    if study.roles.compositions or study.raw.columns.cluster:
        given = "a codebook with compositions or clusters"
        yield "study", given, "units of one make-up, not in clusters", ""


def _scales(study: Study, settings: Simulation) -> Iterator[Problem]:
    yield from _unknown("answers.scales", settings.answers.scales, study.scales, "scale")
    drawn = (
        [one.measure for one in settings.predictors.distributions] if settings.predictors else []
    )
    for name in study.scales:
        if name not in settings.answers.scales:
            yield "answers.scales", f"no item model of {name}", "one per scale", ""
        if (name in settings.model.outcomes) == (name in drawn):
            given = f"{name} is {'both' if name in drawn else 'neither'}"
            yield "model.outcomes", given, "an outcome of the model or a predictor", ""


def _predictors(study: Study, settings: Simulation) -> Iterator[Problem]:
    if settings.predictors is None:
        return
    place, measures = "predictors.distributions", {**study.scales, **study.covariates}
    names = [one.name for one in settings.predictors.distributions]
    for one in settings.predictors.distributions:
        yield from _unknown(place, [one.measure], measures, "scale or covariate")
        yield from _unknown(place, [one.role], study.roles.levels, "role")
        covariate = study.covariates.get(one.measure)
        if covariate is not None and covariate.type == "categorical":
            yield place, f"{one.measure} is categorical", "numbers only", ""
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield place, f"'{name}' twice", "each measure of a role once", ""
    for pair in settings.predictors.correlations:
        yield from _unknown("predictors.correlations", pair.between, names, "predictor")


def _losses(study: Study, settings: Simulation) -> Iterator[Problem]:
    rule = settings.break_up
    if rule is None:
        return
    later = list(study.waves.levels)[1:]
    yield from _unknown("break_up.together", rule.together, later, "later wave")
    yield from _unknown("break_up.role", [rule.role], study.roles.levels, "role")
    yield from _unknown("break_up.on", rule.on, study.scales, "scale")
    shares = [1.0, *(rule.together[wave] for wave in later if wave in rule.together)]
    if shares != sorted(shares, reverse=True):
        yield "break_up.together", f"shares {shares[1:]}", "shares that never rise", ""


def _unknown(
    place: str, names: Iterable[str], known: Iterable[str], what: str
) -> Iterator[Problem]:
    known = list(known)
    for name in names:
        if name not in known:
            yield (
                place,
                f"unknown {what} '{name}'",
                f"one of: {', '.join(known)}",
                nearest(name, known),
            )
