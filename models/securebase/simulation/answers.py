"""From scores to answers: items around a score, on the steps of the form."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from securebase.codebook.scale import Scale
from securebase.codebook.study import Study
from securebase.simulation.settings import ItemModel, Simulation

Array = NDArray[np.float64]


def draw_answers(
    scores: pd.DataFrame, study: Study, settings: Simulation, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw every item of every scale, keyed (more is more of what the scale measures).

    Parameters
    ----------
    scores : pd.DataFrame
        A row per person and wave, a column per scale.
    study : Study
        Items, ranges and steps.
    settings : Simulation
        Item models and the share of skipped items.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    pd.DataFrame
        Aligned with `scores`: a column per item, NaN where not asked or skipped.
    """
    columns: dict[str, Array] = {}
    for name, scale in study.scales.items():
        items = item_answers(
            scores[name].to_numpy(float), scale, settings.answers.scales[name], rng
        )
        columns.update(zip(scale.items, items.T, strict=True))
    answers = pd.DataFrame(columns, index=scores.index)
    return answers.mask(rng.random(answers.shape) < settings.answers.skipped)


def item_answers(score: Array, scale: Scale, model: ItemModel, rng: np.random.Generator) -> Array:
    """Draw the items of one scale.

    The expected answer to item j is ``centre + loading[j] * (score - centre) + shift[j]``: loadings
    average 1 and shifts 0, so the expected scale score is the score, wherever on the scale it is.

    Parameters
    ----------
    score : ndarray (row,)
        True scores; NaN gives no answers.
    scale : Scale
        Items, range, step.
    model : ItemModel
        Scatter of the items.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    ndarray (row, item)
        Answers on the scale's steps.
    """
    count = len(scale.items)
    mean = score / count if scale.score == "sum" else score
    loading = 1.0 + model.loading_spread * rng.permutation(_ladder(count))
    shift = model.shift_spread * rng.permutation(_ladder(count))
    # loadings turn around the middle of the scale, whoever answers: persons stay independent
    centre = sum(scale.range) / 2
    expected = centre + loading * (mean[:, None] - centre) + shift
    step = scale.step or 1.0
    place = unbiased_place(expected, scale.range, step, model.noise)
    scattered = place + model.noise * rng.standard_normal(expected.shape)
    low, high = scale.range
    return np.clip(low + step * np.round((scattered - low) / step), low, high)


def _ladder(count: int) -> Array:
    """Even numbers from -1 to 1 that add up to 0."""
    return np.linspace(-1.0, 1.0, count) if count > 1 else np.zeros(1)


def unbiased_place(
    expected: Array, limits: tuple[float, float], step: float, noise: float
) -> Array:
    """Find the normal mean whose rounded and clipped draws average the expected answer.

    Without it clipping would push scores away from the ends of the scale, and shrink every effect.

    Parameters
    ----------
    expected : ndarray
        Answers to be expected, in points.
    limits : (float, float)
        Lowest and highest answer.
    step : float
        Distance of two answers.
    noise : float
        Standard deviation of the normal.

    Returns
    -------
    ndarray
        Of the shape of `expected`.
    """
    low, high = limits
    grid = np.linspace(low - 4 * noise, high + 4 * noise, 801)
    bounds = np.arange(low + step / 2, high, step)
    # an answer is the lowest plus one step per bound that the draw passes
    average = low + step * norm.sf(bounds, loc=grid[:, None], scale=noise).sum(axis=1)
    return np.interp(expected, average, grid)


def observed_scores(answers: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Score keyed answers as the cleaning does.

    Returns
    -------
    pd.DataFrame
        A column per scale; NaN where too few items were answered.
    """
    scores = {}
    for name, scale in study.scales.items():
        items = answers[list(scale.items)]
        factor = len(scale.items) if scale.score == "sum" else 1
        enough = items.count(axis=1) >= scale.needed_items
        scores[name] = (items.mean(axis=1) * factor).where(enough)
    return pd.DataFrame(scores, index=answers.index)
