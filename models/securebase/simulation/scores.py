"""True scores of a simulated study: predictors drawn, growth drawn by the family itself."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.study import Study
from securebase.families import load_family
from securebase.faults import Fault, InputError
from securebase.names import OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Panel, panel_from_waves
from securebase.simulation.persons import asked
from securebase.simulation.settings import Predictors, Simulation, World
from securebase.simulation.truth import truth_of

Array = NDArray[np.float64]

# name under which the model of the settings stands among the analyses of the study
MODEL = "model"


@dataclass(frozen=True)
class TrueScores:
    """What a study would hold if everybody answered without error.

    Parameters
    ----------
    waves : pd.DataFrame
        The rows of `persons_at_waves` with a column per scale and covariate, NaN where not asked.
    truth : xr.Dataset
        The parameters the scores were drawn from.
    panel : Panel
        The same scores as the model sees them.
    """

    waves: pd.DataFrame
    truth: xr.Dataset
    panel: Panel


def draw_scores(
    persons: pd.DataFrame,
    study: Study,
    settings: Simulation,
    world: World,
    rng: np.random.Generator,
) -> TrueScores:
    """Draw predictors, then the scores of every outcome at every wave.

    Parameters
    ----------
    persons : pd.DataFrame
        See `persons_at_waves`.
    study : Study
        Says who is asked what when.
    settings : Simulation
        The model and its truth.
    world : {"source", "null", "reversed"}
        See `truth_of`.
    rng : numpy.random.Generator
        The source of chance.

    Raises
    ------
    InputError
        With every fault of the settings against the study.
    """
    waves = _with_predictors(persons, study, settings.predictors, rng)
    for outcome in settings.model.outcomes:
        waves[outcome] = np.where(asked(study.scales[outcome], waves), 0.0, np.nan)
    modelled = study.model_copy(update={"analyses": {MODEL: settings.model}})
    panel = panel_from_waves(waves, modelled, MODEL)
    truth = truth_of(settings, panel, world)
    drawn = load_family(settings.model.family).simulate(rng, truth, panel)
    return TrueScores(_with_scores(waves, drawn), truth, drawn)


def _with_predictors(
    persons: pd.DataFrame, study: Study, predictors: Predictors | None, rng: np.random.Generator
) -> pd.DataFrame:
    blank = dict.fromkeys([*study.scales, *study.covariates], np.nan)
    waves = persons.assign(**blank)
    if predictors is None:
        return waves
    units = persons[UNIT].unique()
    normals = rng.standard_normal((len(units), len(predictors.distributions)))
    values = normals @ _factor(predictors, study.study).T
    for place, one in enumerate(predictors.distributions):
        measure = study.scales.get(one.measure) or study.covariates[one.measure]
        low, high = measure.range or (-np.inf, np.inf)
        drawn = np.clip(one.mean + one.sd * values[:, place], low, high)
        if one.measure in study.covariates:
            drawn = drawn.round(one.decimals)
        here = (waves[ROLE] == one.role) & asked(measure, waves)
        by_unit = waves[UNIT].map(dict(zip(units, drawn, strict=True)))
        waves[one.measure] = waves[one.measure].where(~here, by_unit)
    return waves


def _factor(predictors: Predictors, study: str) -> Array:
    """Lower triangular factor of the predictors' correlations."""
    names = [one.name for one in predictors.distributions]
    corr = np.eye(len(names))
    for pair in predictors.correlations:
        row, column = (names.index(name) for name in pair.between)
        corr[row, column] = corr[column, row] = pair.value
    try:
        return np.linalg.cholesky(corr)
    except np.linalg.LinAlgError:
        smallest = float(np.linalg.eigvalsh(corr)[0])
        fault = Fault(
            f"config/simulations/{study}.yaml",
            f"the correlations have the eigenvalue {smallest:.3g}",
            "a positive definite matrix",
            "make the largest correlations smaller",
            column="predictors.correlations",
        )
        raise InputError(f"simulation {study}", [fault]) from None


def _with_scores(waves: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Put drawn scores back into the rows of the waves."""
    score = panel.data["score"].transpose(UNIT, WAVE, ROLE, OUTCOME)
    indexes = {dim: score.get_index(dim) for dim in (UNIT, WAVE, ROLE)}
    places = [index.get_indexer(pd.Index(waves[dim])) for dim, index in indexes.items()]
    # a role that is not modelled has no place: its outcomes were not asked
    modelled = np.all([place >= 0 for place in places], axis=0)
    drawn = waves.copy()
    for number, outcome in enumerate(score[OUTCOME].values):
        values = score.values[places[0], places[1], places[2], number]
        drawn[outcome] = np.where(modelled, values, np.nan)
    return drawn
