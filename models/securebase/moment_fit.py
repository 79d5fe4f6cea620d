"""How far observed moments lie from those a model implies, beside those of replicated studies.

What was not observed is filled in by the model, in the mean and in the covariance: an expectation
step. So residual moments of a right model are zero on average whoever left, as long as leaving
went by what had been observed; where little was observed they are small, in replicated studies too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.family import Built
from securebase.moments.statistics import distinct_patterns
from securebase.names import COMPOSITION
from securebase.panel import Composition, Panel
from securebase.part import Part
from securebase.predictive import Array, Implied
from securebase.residual_series import residual_series

MOMENT, DATA = "moment", "data"
OBSERVED, REPLICATED = "observed", "replicated"
MEAN = "mean"

type Study = tuple[list[Implied], list[Array]]
"""Moments implied at a draw, and the scores of a study replicated there, by part."""


@dataclass(frozen=True)
class Residuals:
    """Residual moments of one part, in implied standard deviations and as correlations.

    Parameters
    ----------
    mean : ndarray (row,)
        NaN where no unit was asked.
    cov : ndarray (row, column)
    """

    mean: Array
    cov: Array

    @property
    def values(self) -> Array:
        """Means, then the covariances that `labels` lists."""
        return np.concatenate([self.mean, self.cov[_kept(self.cov)]])

    @property
    def root_mean_square(self) -> float:
        """Standardised root mean square residual, the means included."""
        return float(np.sqrt(np.nanmean(self.values**2)))


def _kept(cov: Array) -> NDArray[np.bool_]:
    """Each moment once: of a square matrix the lower triangle, beside it all that is lagged."""
    rows, columns = cov.shape
    kept = np.tri(rows, dtype=bool)
    return np.hstack([kept, np.ones((rows, columns - rows), dtype=bool)])


def residuals(part: Part, implied: Implied, score: Array, swap: Sequence[int]) -> Residuals:
    """Compare scores with the moments that are implied for them.

    Parameters
    ----------
    part : Part
    implied : dict of str to ndarray
        Its moments at a draw.
    score : ndarray (unit, response)
        Observed or replicated; NaN where missing.
    swap : sequence of int
        Where each response goes when two exchangeable members change places, so that nothing
        depends on who was called first; empty where roles are told apart.

    Returns
    -------
    Residuals
        Rows are responses; where units have times of their own they are series, and columns go on
        with the same series one wave later.
    """
    if part.effects.unit_basis is None:
        found = _at_shared_times(part, implied, score)
        order = list(swap)
    else:
        found = Residuals(*residual_series(part, part.effects.unit_basis, implied, score))
        order = _swapped_series(part, swap)
    if not order:
        return found
    both = [*order, *(len(order) + np.array(order))][: found.cov.shape[1]]
    other = Residuals(found.mean[order], found.cov[np.ix_(order, both)])
    return Residuals((found.mean + other.mean) / 2, (found.cov + other.cov) / 2)


def _at_shared_times(part: Part, implied: Implied, score: Array) -> Residuals:
    cov = implied["cov"]
    if part.cluster is not None:
        cov = cov + implied["loading"] @ implied["cluster_cov"] @ implied["loading"].T
    deviation = score - part.predictors @ implied["mean"].T
    patterns, place = distinct_patterns(~np.isnan(score))
    mean, excess = np.zeros(len(cov)), np.zeros_like(cov)
    for number, seen in enumerate(patterns):
        mine = deviation[place == number][:, seen]
        filled = np.linalg.solve(cov[np.ix_(seen, seen)], cov[seen]).T
        mean += filled @ mine.sum(axis=0)
        excess += filled @ (mine.T @ mine - len(mine) * cov[np.ix_(seen, seen)]) @ filled.T
    sd = np.sqrt(np.diag(cov))
    return Residuals(mean / sd / len(score), excess / np.outer(sd, sd) / len(score))


def _swapped_series(part: Part, swap: Sequence[int]) -> list[int]:
    """Where each series goes when members change places."""
    series = part.effects.series
    pairs = {int(series[here]): int(series[there]) for here, there in enumerate(swap)}
    return [pairs[one] for one in sorted(pairs)]


def swapped(part: Part, composition: Composition) -> list[int]:
    """Say where each response of two exchangeable members goes when they change places."""
    if not composition.exchangeable:
        return []
    first, second = composition.slots
    other = {first: second, second: first}
    place = {name: column for column, name in enumerate(part.responses)}
    parts = (name.split(" ") for name in part.responses)
    return [place[f"{wave} {other[slot]} {outcome}"] for wave, slot, outcome in parts]


def labels(part: Part) -> Iterator[tuple[str, str]]:
    """Name the moments of `Residuals.values`: of what, and with what; a mean with `MEAN`."""
    if part.effects.unit_basis is None:
        rows, columns = list(part.responses), list(part.responses)
    else:
        rows = _series_names(part)
        columns = [*rows, *(f"next {name}" for name in rows)]
    yield from ((name, MEAN) for name in rows)
    kept = _kept(np.empty((len(rows), len(columns))))
    yield from ((rows[row], columns[column]) for row, column in np.argwhere(kept))


def _series_names(part: Part) -> list[str]:
    series = part.effects.series
    names = [name.partition(" ")[2] for name in part.responses]
    return [names[int(np.flatnonzero(series == one)[0])] for one in range(int(series.max()) + 1)]


def moment_fit(built: Built, panel: Panel, studies: Sequence[Study]) -> xr.Dataset:
    """Assess the fit of implied moments: Levy (2011), doi:10.1080/10705511.2011.607723.

    Parameters
    ----------
    studies : sequence
        Moments at some draws, and a study replicated at each: see `predictive.replications`.

    Returns
    -------
    xr.Dataset
        `discrepancy` (composition, data, draw): standardised root mean square residual of the
        observed and of a replicated study at each draw. `residual` (moment): of the observed
        scores, averaged over the draws, in implied standard deviations (means) and as
        correlations; with coordinates `of`, `with` and `moment_composition`.
    """
    compositions = {one.name: one for one in panel.compositions}
    swaps = [swapped(part, compositions[part.name]) for part in built.parts]
    sizes = [len(list(labels(part))) for part in built.parts]
    mean = [np.zeros(size) for size in sizes]
    count = len(studies)
    apart = np.empty((len(built.parts), 2, count))
    for row, (moments, replicated) in enumerate(studies):
        for place, (part, implied) in enumerate(zip(built.parts, moments, strict=True)):
            seen = residuals(part, implied, part.score, swaps[place])
            other = residuals(part, implied, replicated[place], swaps[place])
            mean[place] += seen.values / count
            apart[place, :, row] = seen.root_mean_square, other.root_mean_square
    return _arranged(built.parts, mean, apart)


def fit_tables(found: xr.Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tabulate what `moment_fit` found.

    Returns
    -------
    fit : pd.DataFrame
        Columns composition; moments, how many; observed and replicated, the standardised root
        mean square residual averaged over the draws; ppp, the share of draws whose replicated
        study lies at least as far from the implied moments as the observed one.
    residual : pd.DataFrame
        Columns composition, of, with, residual.
    """
    residual = found["residual"].to_dataframe().reset_index(drop=True)
    residual = residual.rename(columns={"moment_composition": COMPOSITION})
    residual = residual[[COMPOSITION, "of", "with", "residual"]]
    seen, other = (found["discrepancy"].sel(data=one, drop=True) for one in (OBSERVED, REPLICATED))
    fit = pd.DataFrame(
        {
            COMPOSITION: found[COMPOSITION].values.astype(str),
            OBSERVED: seen.mean("draw"),
            REPLICATED: other.mean("draw"),
            "ppp": (other >= seen).mean("draw"),
        }
    )
    counts = residual.dropna().value_counts(COMPOSITION, sort=False)
    fit.insert(1, "moments", fit[COMPOSITION].map(counts).to_numpy())
    return fit, residual


def _arranged(parts: Sequence[Part], mean: Sequence[Array], apart: Array) -> xr.Dataset:
    named = [(part.name, of, other) for part in parts for of, other in labels(part)]
    columns: Mapping[str, tuple[str, ...]] = dict(
        zip(("moment_composition", "of", "with"), zip(*named, strict=True), strict=True)
    )
    coords = {name: (MOMENT, list(values)) for name, values in columns.items()}
    return xr.Dataset(
        {
            "discrepancy": ((COMPOSITION, DATA, "draw"), apart),
            "residual": (MOMENT, np.concatenate(mean)),
        },
        coords={
            COMPOSITION: [part.name for part in parts],
            DATA: [OBSERVED, REPLICATED],
            **coords,
        },
    )
