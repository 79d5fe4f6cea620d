"""Predictors of a simulated study: what exists before any model draws scores."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.codebook.scale import Measure, Scale
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.names import ROLE, UNIT, WAVE
from securebase.simulation.persons import asked
from securebase.simulation.predictorsettings import Correlation, Distribution, Predictors

Array = NDArray[np.float64]


def with_predictors(
    persons: pd.DataFrame, study: Study, predictors: Predictors | None, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw every distribution of the settings.

    Parameters
    ----------
    persons : pd.DataFrame
        See `persons_at_waves`.
    study : Study
        Says who is asked what when.
    predictors : Predictors, optional
        What to draw; None: nothing.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    pd.DataFrame
        The rows of `persons` with a column per scale and covariate, NaN where nothing is drawn.

    Raises
    ------
    InputError
        For correlations that no data can have.
    """
    waves = persons.assign(**dict.fromkeys(study.measures(), np.nan))
    for name, covariate in study.covariates.items():
        waves[name] = waves[name].astype(object if covariate.type == "categorical" else float)
    if predictors is None:
        return waves
    # leaders are units of their own: what they have and what members have is drawn apart
    leads = persons[ROLE] == study.roles.leader
    for distributions, rows in zip(by_leadership(predictors, study), (~leads, leads), strict=True):
        units = persons.loc[rows, UNIT].unique()
        drawn = _values(distributions, len(units), study, predictors, rng)
        for one, values in zip(distributions, drawn, strict=True):
            _put(waves, one, pd.DataFrame(values, units, list(study.waves.levels)), study)
    return waves


def by_leadership(
    predictors: Predictors, study: Study
) -> tuple[list[Distribution], list[Distribution]]:
    """Split distributions: those of members and of leaders."""
    leader = study.roles.leader
    own = [one for one in predictors.distributions if leader is not None and one.role == leader]
    return [one for one in predictors.distributions if one not in own], own


def _values(
    distributions: Sequence[Distribution],
    units: int,
    study: Study,
    predictors: Predictors,
    rng: np.random.Generator,
) -> list[NDArray[np.object_] | Array]:
    """Values (unit, wave) of each distribution."""
    waves = len(study.waves.levels)
    normal = [one for one in distributions if one.shares is None]
    varying = [one for one in normal if one.within_sd is not None]
    factor = _factor(normal, predictors.correlations, "correlations", study)
    within = _factor(varying, predictors.within_correlations, "within_correlations", study)
    means = rng.standard_normal((units, len(normal))) @ factor.T
    deviations = rng.standard_normal((units, waves, len(varying))) @ within.T
    found: list[NDArray[np.object_] | Array] = []
    for one in distributions:
        if one.shares is not None:
            lots = lots_of(one.shares, units, rng)
            found.append(np.repeat(lots[:, None], waves, axis=1))
            continue
        values = np.repeat(means[:, normal.index(one), None], waves, axis=1) * (one.sd or 0.0)
        if one.within_sd is not None:
            values = values + one.within_sd * deviations[:, :, varying.index(one)]
        found.append(_within_range(values + (one.mean or 0.0), one, study))
    return found


def _within_range(values: Array, one: Distribution, study: Study) -> Array:
    measure = study.measures()[one.measure]
    low, high = limits(measure)
    clipped = np.clip(values, low, high)
    return clipped if isinstance(measure, Scale) else clipped.round(one.decimals)


def limits(measure: Measure) -> tuple[float, float]:
    """Give the lowest and highest possible value of a score or a covariate."""
    if isinstance(measure, Scale):
        return measure.score_range
    return measure.range or (-np.inf, np.inf)


def lots_of(shares: dict[str, float], count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """Deal levels to units by lot.

    Parameters
    ----------
    shares : dict of str to float
        Share of each level.
    count : int
        Number of units.
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    ndarray (unit,) of str
        Each level as often as its share says; units left over by whole numbers go to the levels
        that lack most.
    """
    wanted = np.array(list(shares.values())) * count
    counts = np.floor(wanted + 1e-9).astype(int)
    lacking = np.argsort(counts - wanted, kind="stable")
    counts[lacking[: count - counts.sum()]] += 1
    return rng.permutation(np.repeat(np.array(list(shares), dtype=object), counts))


def _put(waves: pd.DataFrame, one: Distribution, values: pd.DataFrame, study: Study) -> None:
    """Put values (unit, wave) into the rows of those who are asked the measure."""
    here = asked(study.measures()[one.measure], waves) & waves[UNIT].isin(values.index).to_numpy()
    if one.role is not None:
        here &= (waves[ROLE] == one.role).to_numpy()
    rows = values.index.get_indexer(pd.Index(waves.loc[here, UNIT]))
    columns = values.columns.get_indexer(pd.Index(waves.loc[here, WAVE]))
    waves.loc[here, one.measure] = values.to_numpy()[rows, columns]


def _factor(
    distributions: Sequence[Distribution],
    correlations: Sequence[Correlation],
    key: str,
    study: Study,
) -> Array:
    """Lower triangular factor of the correlations between distributions."""
    names = [one.name for one in distributions]
    corr = np.eye(len(names))
    for pair in correlations:
        if set(pair.between) <= set(names):
            row, column = (names.index(name) for name in pair.between)
            corr[row, column] = corr[column, row] = pair.value
    try:
        return np.linalg.cholesky(corr)
    except np.linalg.LinAlgError:
        smallest = float(np.linalg.eigvalsh(corr)[0])
        fault = Fault(
            f"config/simulations/{study.study}.yaml",
            f"the correlations have the eigenvalue {smallest:.3g}",
            "a positive definite matrix",
            "make the largest correlations smaller",
            column=f"predictors.{key}",
        )
        raise InputError(f"simulation {study.study}", [fault]) from None
