"""Who is lost: units that end, persons who miss a wave."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from securebase.codebook.study import Study
from securebase.names import ROLE, UNIT, WAVE
from securebase.simulation.settings import BreakUp, Simulation

Array = NDArray[np.float64]


def present(
    scores: pd.DataFrame, study: Study, settings: Simulation, rng: np.random.Generator
) -> pd.Series:
    """Say which rows exist: the person came, and the unit had not ended.

    Parameters
    ----------
    scores : pd.DataFrame
        Columns unit, role, wave and a column per scale with the scores as observed.
    study : Study
        The waves in their order.
    settings : Simulation
        Shares and what they depend on.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    pd.Series
        True or False, aligned with `scores`.
    """
    first = next(iter(study.waves.levels))
    missed = (rng.random(len(scores)) < settings.absent) & (scores[WAVE] != first)
    if settings.break_up is None:
        return pd.Series(~missed, index=scores.index)
    # units without the role that decides, such as leaders, do not end
    ending = list(scores.loc[scores[ROLE] == settings.break_up.role, UNIT].unique())
    last = _last_wave(scores[~missed], ending, study, settings.break_up, rng)
    order = {wave: number for number, wave in enumerate(study.waves.levels)}
    end = scores[UNIT].map(last).fillna(len(order)).to_numpy()
    before_end = scores[WAVE].map(order).to_numpy() <= end
    return pd.Series(~missed & before_end, index=scores.index)


def _last_wave(
    seen: pd.DataFrame, units: Sequence[str], study: Study, rule: BreakUp, rng: np.random.Generator
) -> pd.Series:
    """Number of the last wave of each unit that may end."""
    waves = list(study.waves.levels)
    last = pd.Series(len(waves) - 1, index=pd.Index(units, name=UNIT))
    share = 1.0
    for number, wave in enumerate(waves[1:], start=1):
        alive = last.index[last == len(waves) - 1]
        known = seen[seen[WAVE].isin(waves[:number]) & (seen[ROLE] == rule.role)]
        # the last observed score of each scale, also where a wave was missed
        latest = known.groupby(UNIT)[list(rule.on)].last().reindex(alive)
        ended = 1.0 - rule.together.get(wave, share) / share
        odds = _chances(latest, rule, ended)
        last[alive[rng.random(len(alive)) < odds]] = number - 1
        share = rule.together.get(wave, share)
    return last


def _chances(latest: pd.DataFrame, rule: BreakUp, ended: float) -> Array:
    """Chance of an end of each unit; its mean is the expected share."""
    if ended <= 0 or len(latest) == 0:
        return np.zeros(len(latest))
    standard = ((latest - latest.mean()) / latest.std()).fillna(0.0)
    pull = standard.to_numpy(float) @ np.array(list(rule.on.values()), float)
    start = brentq(lambda base: float(expit(base + pull).mean()) - ended, -30.0, 30.0)
    return np.asarray(expit(start + pull))
