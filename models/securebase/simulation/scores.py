"""True scores of a simulated study: predictors drawn, then model after model by its family."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.analysis import Analysis
from securebase.codebook.study import Study
from securebase.families import load_family
from securebase.names import OUTCOME, ROLE, UNIT, WAVE
from securebase.panel import Panel, modelled_roles, panel_from_waves
from securebase.simulation.persons import asked
from securebase.simulation.predictors import with_predictors
from securebase.simulation.settings import Simulation, World
from securebase.simulation.truth import truth_of

# name under which a model of the settings stands among the analyses of the study
_MODEL = "model"


@dataclass(frozen=True)
class TrueScores:
    """What a study would hold if everybody answered without error.

    Parameters
    ----------
    waves : pd.DataFrame
        The rows of `persons_at_waves` with a column per scale and covariate, NaN where not asked.
    truths : tuple of xr.Dataset
        The parameters the scores were drawn from, model by model.
    """

    waves: pd.DataFrame
    truths: tuple[xr.Dataset, ...]


def draw_scores(
    persons: pd.DataFrame,
    study: Study,
    settings: Simulation,
    world: World,
    rng: np.random.Generator,
) -> TrueScores:
    """Draw predictors, then the scores of each model, which may rest on those before.

    Parameters
    ----------
    persons : pd.DataFrame
        See `persons_at_waves`.
    study : Study
        Says who is asked what when.
    settings : Simulation
        The models and their truths.
    world : {"source", "null", "reversed"}
        See `truth_of`.
    rng : numpy.random.Generator
        The source of chance.

    Raises
    ------
    InputError
        With every fault of the settings against the study.
    """
    waves = with_predictors(persons, study, settings.predictors, rng)
    truths = []
    for number, model in enumerate(settings.models):
        family = load_family(model.analysis.family)
        where = (settings.file, f"models.{number}")
        family.refuse_other_keys(model.analysis, ", ".join(where))
        panel = _panel(waves, study, model.analysis)
        key = (settings.file, f"models.{number}.truth")
        truth = truth_of(model.truth, family, panel, world, key)
        drawn = family.simulate(rng, truth, panel)
        waves = _with_scores(waves, drawn, study)
        truths.append(truth)
    return TrueScores(waves, tuple(truths))


def drawn_rows(
    study: Study, analysis: Analysis, outcome: str, rows: pd.DataFrame
) -> NDArray[np.bool_]:
    """Say in which rows (columns role, wave) a model draws one of its outcomes."""
    roles, waves = modelled_roles(study, analysis), analysis.waves or study.waves.levels
    modelled = rows[ROLE].isin(list(roles)) & rows[WAVE].isin(list(waves))
    return asked(study.scales[outcome], rows) & modelled.to_numpy(dtype=bool)


def _panel(waves: pd.DataFrame, study: Study, analysis: Analysis) -> Panel:
    """Arrange the panel of a model, with a score of 0 wherever it will draw one."""
    to_draw = {
        outcome: waves[outcome].mask(drawn_rows(study, analysis, outcome, waves), 0.0)
        for outcome in analysis.outcomes
    }
    modelled = study.model_copy(update={"analyses": {_MODEL: analysis}})
    return panel_from_waves(waves.assign(**to_draw), modelled, _MODEL)


def _with_scores(waves: pd.DataFrame, panel: Panel, study: Study) -> pd.DataFrame:
    """Put drawn scores into the rows of the waves."""
    score = panel.data["score"].transpose(UNIT, WAVE, ROLE, OUTCOME)
    indexes = {dim: score.get_index(dim) for dim in (UNIT, WAVE, ROLE)}
    places = [index.get_indexer(pd.Index(waves[dim])) for dim, index in indexes.items()]
    # units that the panel cannot use get no score
    found = np.all([place >= 0 for place in places], axis=0)
    drawn = waves.copy()
    for number, outcome in enumerate(score[OUTCOME].values):
        values = np.where(found, score.values[places[0], places[1], places[2], number], np.nan)
        here = drawn_rows(study, panel.analysis, str(outcome), waves)
        drawn[outcome] = np.where(here, values, waves[outcome])
    return drawn
