"""Who draws what: every measure of every role at every wave once, and nothing before its causes."""

from collections.abc import Iterator, Mapping

from securebase.codebook.analysis import Analysis
from securebase.codebook.study import Study
from securebase.panel import modelled_roles
from securebase.simulation.predictorproblems import Problem
from securebase.simulation.settings import Simulation

Cell = tuple[str, str, str]
"""Measure, role, wave."""


def drawing_problems(study: Study, settings: Simulation) -> Iterator[Problem]:
    """List measures that nobody or more than one draws, and predictors drawn too late."""
    drawers: dict[Cell, list[str]] = {cell: [] for cell in _asked(study)}
    for name, cells in _drawn_by_distributions(study, settings):
        _note(drawers, name, cells)
    for number, model in enumerate(settings.models):
        analysis = model.analysis
        yield from _too_late(f"models.{number}.analysis", analysis, study, drawers)
        _note(drawers, f"models.{number}", _drawn_by_model(study, analysis))
    yield from _not_once(study, drawers)


def _asked(study: Study) -> Iterator[Cell]:
    for name, measure in study.measures().items():
        for role in study.roles.levels:
            for wave in study.waves.levels:
                if measure.asked(role, wave):
                    yield name, role, wave


def _note(drawers: Mapping[Cell, list[str]], name: str, cells: Iterator[Cell]) -> None:
    for cell in cells:
        if cell in drawers:
            drawers[cell].append(name)


def _drawn_by_distributions(
    study: Study, settings: Simulation
) -> Iterator[tuple[str, Iterator[Cell]]]:
    for one in settings.predictors.distributions if settings.predictors else ():
        roles = study.roles.members if one.role is None else (one.role,)
        cells = [(one.measure, role, wave) for role in roles for wave in study.waves.levels]
        yield f"predictors '{one.name}'", iter(cells)


def _drawn_by_model(study: Study, analysis: Analysis) -> Iterator[Cell]:
    if not set(analysis.outcomes) <= set(study.scales):
        return
    for outcome in analysis.outcomes:
        for role in modelled_roles(study, analysis):
            for wave in analysis.waves or study.waves.levels:
                yield outcome, role, wave


def _too_late(
    place: str, analysis: Analysis, study: Study, drawers: Mapping[Cell, list[str]]
) -> Iterator[Problem]:
    drawn = {cell[0] for cell, names in drawers.items() if names}
    for number, one in enumerate(analysis.predictors):
        for name in one.mean_of or (one.name,):
            if name in study.measures() and name not in drawn:
                given = f"predictor '{name}' that nothing before this model draws"
                expected = f"one of: {', '.join(sorted(drawn)) or 'none is drawn before'}"
                yield f"{place}.predictors.{number}", given, expected, ""


def _not_once(study: Study, drawers: Mapping[Cell, list[str]]) -> Iterator[Problem]:
    """Tell each role of a measure with the waves that are wrong in the same way."""
    found: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (name, role, wave), names in drawers.items():
        if len(names) != 1:
            found.setdefault((name, role, tuple(names)), []).append(wave)
    for (name, role, by), waves in found.items():
        place = "models" if name in study.scales else "predictors.distributions"
        drawn = f"drawn by {' and '.join(by) or 'no one'}"
        given = f"{name} of {role} at {', '.join(waves)} is {drawn}"
        yield place, given, "a distribution of the predictors or one model", ""
