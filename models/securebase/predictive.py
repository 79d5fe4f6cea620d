"""Replicated studies: what a model says the scores should look like, as summaries.

Only means, standard deviations and correlations leave this module: a replicated score of
a unit would be as identifying as a score.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pytensor
import xarray as xr
from numpy.typing import NDArray

from securebase.correlation import normal_rows
from securebase.family import Built
from securebase.names import COMPOSITION, OUTCOME, ROLE, SAMPLES, WAVE
from securebase.panel import Composition, Panel
from securebase.part import Part

Array = NDArray[np.float64]
Implied = dict[str, Array]
"""Moments of one part at one draw: mean and cov, and loading, cluster_cov where it has clusters.

Where units have times of their own: regression, own and residual in place of mean and cov.
"""


def implied_moments(built: Built) -> Callable[[Mapping[str, Array]], list[Implied]]:
    """Compile the family's function from parameters to moments.

    Returns
    -------
    callable
        From one draw (variable name to value) to the moments of each part.
    """
    variables = built.model.free_RVs
    outputs, names = [], []
    for number, part in enumerate(built.parts):
        for name, tensor in _tensors(part):
            outputs.append(tensor)
            names.append((number, name))
    compiled = pytensor.function(variables, outputs, mode="FAST_COMPILE", on_unused_input="ignore")

    def at(draw: Mapping[str, Array]) -> list[Implied]:
        values = compiled(*(np.asarray(draw[one.name]) for one in variables))
        moments: list[Implied] = [{} for _ in built.parts]
        for (number, name), value in zip(names, values, strict=True):
            moments[number][name] = value
        return moments

    return at


def moments_at_draws(built: Built, draws: xr.Dataset, count: int) -> Iterator[list[Implied]]:
    """Give the moments of each part at some of the draws (chain, draw), evenly spaced."""
    at = implied_moments(built)
    stacked = draws[[one.name for one in built.model.free_RVs]].stack(sample=SAMPLES)
    variables = {str(name): stacked[name].transpose("sample", ...).values for name in stacked}
    for place in np.linspace(0, stacked.sizes["sample"] - 1, count).astype(int):
        yield at({name: value[place] for name, value in variables.items()})


def _tensors(part: Part) -> Iterator[tuple[str, object]]:
    if part.effects.unit_basis is None:
        yield "mean", part.mean
        yield "cov", part.effects.cov
    else:
        yield "regression", part.regression
        yield "own", part.effects.own
        yield "residual", part.effects.residual
    if part.loading is not None:
        yield "loading", part.loading
        yield "cluster_cov", part.cluster_cov


def replicate(rng: np.random.Generator, part: Part, implied: Implied) -> Array:
    """Draw scores (unit, response) of a part, missing where the observed are."""
    if part.effects.unit_basis is not None:
        score = _at_own_times(rng, part, part.effects.unit_basis, implied)
    else:
        score = part.predictors @ implied["mean"].T
        score = score + normal_rows(rng, implied["cov"], len(score))
        if part.cluster is not None:
            score = score + (_of_clusters(rng, part, implied) @ implied["loading"].T)
    return np.where(np.isnan(part.score), np.nan, score)


def _of_clusters(rng: np.random.Generator, part: Part, implied: Implied) -> Array:
    """Cluster effects (unit, cluster_effect) of each unit's cluster."""
    count = int(part.cluster.max()) + 1  # type: ignore[union-attr]
    return normal_rows(rng, implied["cluster_cov"], count)[part.cluster]


def _at_own_times(rng: np.random.Generator, part: Part, basis: Array, implied: Implied) -> Array:
    """Draw scores of units whose basis (unit, response, effect) is their own."""
    effects = part.predictors @ implied["regression"].T
    effects = effects + normal_rows(rng, implied["own"], len(effects))
    if part.cluster is not None and part.shared is not None:
        effects = effects + _of_clusters(rng, part, implied) @ part.shared.T
    score = np.einsum("ire,ie->ir", basis, effects)
    wave = np.array(part.effects.wave)
    for name in dict.fromkeys(part.effects.wave):
        here = np.flatnonzero(wave == name)
        noise = normal_rows(rng, implied["residual"], len(score))
        score[:, here] += noise[:, part.effects.series[here]]
    return score


@dataclass(frozen=True)
class Statistic:
    """One number that summarises scores: which, where it is kept, and of what.

    Parameters
    ----------
    name : {"mean", "sd", "partner_corr"}
    at : dict of str to str
        Its coordinates.
    part : int
        The part whose scores are summarised.
    columns : tuple of int
        Responses: pooled for a mean or sd, the two members for a correlation.
    exchangeable : bool
        Whether a pair counts once in each order.
    """

    name: str
    at: Mapping[str, str]
    part: int
    columns: tuple[int, ...]
    exchangeable: bool = False

    def of(self, scores: list[Array]) -> float:
        """Compute it from scores (unit, response) of each part; NaN where too few are there."""
        values = scores[self.part][:, self.columns]
        if self.name == "partner_corr":
            return _correlation(values, self.exchangeable)
        answered = values[~np.isnan(values)]
        if self.name == "mean":
            return float(answered.mean()) if len(answered) else np.nan
        return float(answered.std(ddof=1)) if len(answered) > 1 else np.nan


def _correlation(pairs: Array, exchangeable: bool) -> float:
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    if len(pairs) < 3 or not pairs.std(axis=0).all():
        return np.nan
    if exchangeable:
        pairs = np.vstack([pairs, pairs[:, ::-1]])
    return float(np.corrcoef(pairs[:, 0], pairs[:, 1])[0, 1])


def statistics(built: Built, panel: Panel) -> list[Statistic]:
    """List what is summarised: what a reader would look at first.

    Means and standard deviations by wave, role and outcome, in points; correlations of
    the two members by composition, wave and outcome.
    """
    compositions = {one.name: one for one in panel.compositions}
    return [
        statistic
        for number, part in enumerate(built.parts)
        for statistic in _statistics_of(number, part, compositions[part.name])
    ]


def _statistics_of(number: int, part: Part, composition: Composition) -> Iterator[Statistic]:
    place = {tuple(name.split(" ")): column for column, name in enumerate(part.responses)}
    slots = list(zip(composition.slots, composition.labels, strict=True))
    for wave, outcome in dict.fromkeys((wave, outcome) for wave, _, outcome in place):
        measured = [(slot, label) for slot, label in slots if (wave, slot, outcome) in place]
        for role in dict.fromkeys(label for _, label in measured):
            own = tuple(place[wave, slot, outcome] for slot, label in measured if label == role)
            at = {WAVE: wave, ROLE: role, OUTCOME: outcome}
            yield Statistic("mean", at, number, own)
            yield Statistic("sd", at, number, own)
        if len(measured) == 2:
            both = tuple(place[wave, slot, outcome] for slot, _ in measured)
            at = {COMPOSITION: composition.name, WAVE: wave, OUTCOME: outcome}
            yield Statistic("partner_corr", at, number, both, composition.exchangeable)


def arranged(values: Array, described: list[Statistic]) -> xr.Dataset:
    """Arrange statistics by their coordinates.

    Parameters
    ----------
    values : ndarray (draw, statistic)

    Returns
    -------
    xr.Dataset
        `mean`, `sd` (chain, draw, wave, role, outcome) and, where units have two members,
        `partner_corr` (chain, draw, composition, wave, outcome); NaN where not measured.
    """
    arrays = {}
    for name in dict.fromkeys(one.name for one in described):
        places = [place for place, one in enumerate(described) if one.name == name]
        cells = [described[place].at for place in places]
        coords = {dim: list(dict.fromkeys(at[dim] for at in cells)) for dim in cells[0]}
        array = np.full((len(values), *map(len, coords.values())), np.nan)
        for place, at in zip(places, cells, strict=True):
            cell = np.ravel_multi_index(
                [coords[dim].index(at[dim]) for dim in coords], array.shape[1:]
            )
            array.reshape(len(values), -1)[:, cell] = values[:, place]
        arrays[name] = xr.DataArray(array[None], coords=coords, dims=("chain", "draw", *coords))
    return xr.Dataset(arrays)


def observed_statistics(built: Built, panel: Panel) -> xr.Dataset:
    """Summarise the observed scores; see `arranged`, without chain and draw."""
    described = statistics(built, panel)
    scores = [part.score for part in built.parts]
    values = np.array([[one.of(scores) for one in described]])
    return arranged(values, described).isel(chain=0, draw=0)


def predictive_statistics(
    built: Built, panel: Panel, draws: xr.Dataset, count: int, seed: int
) -> xr.Dataset:
    """Summarise studies replicated at draws of a posterior or prior; see `arranged`.

    Parameters
    ----------
    draws : xr.Dataset
        Free variables with dims chain, draw.
    count : int
        How many draws to use, evenly spaced.
    """
    studies = replications(built, draws, count, seed)
    return replicated_statistics(built, panel, (scores for _, scores in studies))


def replicated_statistics(built: Built, panel: Panel, studies: Iterable[list[Array]]) -> xr.Dataset:
    """Summarise studies, each the scores (unit, response) of every part; see `arranged`."""
    described = statistics(built, panel)
    values = np.array([[one.of(scores) for one in described] for scores in studies])
    return arranged(values, described)


def replications(
    built: Built, draws: xr.Dataset, count: int, seed: int
) -> Iterator[tuple[list[Implied], list[Array]]]:
    """Replicate a study at some of the draws: the moments there, and scores of each part."""
    rng = np.random.default_rng(seed)
    for moments in moments_at_draws(built, draws, count):
        pairs = zip(built.parts, moments, strict=True)
        yield moments, [replicate(rng, *pair) for pair in pairs]
