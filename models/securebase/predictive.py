"""Replicated studies: what a model says the scores should look like, as summaries.

Only means, standard deviations and correlations leave this module: a replicated score of
a unit would be as identifying as a score.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytensor
import xarray as xr
from numpy.typing import NDArray

from securebase.family import Built, Part
from securebase.names import COMPOSITION, OUTCOME, ROLE, WAVE
from securebase.panel import Composition, Panel

Array = NDArray[np.float64]
Implied = dict[str, Array]
"""Moments of one part at one draw: mean, cov, and loading, cluster_cov where it has clusters."""


def implied_moments(built: Built) -> Callable[[xr.Dataset], list[Implied]]:
    """Compile the family's function from parameters to moments.

    Returns
    -------
    callable
        From one draw (a dataset without chain and draw) to the moments of each part.
    """
    variables = built.model.free_RVs
    outputs, names = [], []
    for number, part in enumerate(built.parts):
        for name, tensor in _tensors(part):
            outputs.append(tensor)
            names.append((number, name))
    compiled = pytensor.function(variables, outputs, mode="FAST_COMPILE", on_unused_input="ignore")

    def at(draw: xr.Dataset) -> list[Implied]:
        values = compiled(*(np.asarray(draw[one.name].values) for one in variables))
        moments: list[Implied] = [{} for _ in built.parts]
        for (number, name), value in zip(names, values, strict=True):
            moments[number][name] = value
        return moments

    return at


def _tensors(part: Part) -> Iterator[tuple[str, object]]:
    yield "mean", part.mean
    yield "cov", part.effects.cov
    if part.loading is not None:
        yield "loading", part.loading
        yield "cluster_cov", part.cluster_cov


def replicate(rng: np.random.Generator, part: Part, implied: Implied) -> Array:
    """Draw scores (unit, response) of a part, missing where the observed are."""
    score = part.predictors @ implied["mean"].T
    score = score + _rows(rng, implied["cov"], len(score))
    if part.cluster is not None:
        shared = _rows(rng, implied["cluster_cov"], int(part.cluster.max()) + 1)
        score = score + (shared @ implied["loading"].T)[part.cluster]
    return np.where(np.isnan(part.score), np.nan, score)


def _rows(rng: np.random.Generator, cov: Array, count: int) -> Array:
    values, vectors = np.linalg.eigh(cov)
    # the symmetric root: the signs of eigenvectors differ between machines
    root = vectors * np.sqrt(np.clip(values, 0.0, None)) @ vectors.T
    return np.asarray(rng.standard_normal((count, len(cov))) @ root)


def summary_statistics(scores: list[Array], built: Built, panel: Panel) -> xr.Dataset:
    """Summarise scores as a reader would.

    Parameters
    ----------
    scores : list of ndarray (unit, response)
        One per part of `built`.

    Returns
    -------
    xr.Dataset
        `mean`, `sd` (wave, role, outcome) in points and `partner_corr`
        (composition, wave, outcome), the correlation of the two members; exchangeable
        members count once in each order. NaN where not measured.
    """
    compositions = {one.name: one for one in panel.compositions}
    used = [compositions[part.name] for part in built.parts]
    labels = list(dict.fromkeys(label for one in used for label in one.labels))
    coords = {
        WAVE: [str(wave) for wave in panel.data[WAVE].values],
        ROLE: labels,
        OUTCOME: list(panel.analysis.outcomes),
        COMPOSITION: [one.name for one in used],
    }
    empty = {
        name: xr.DataArray(np.nan, coords={dim: coords[dim] for dim in dims}, dims=dims)
        for name, dims in (
            ("mean", (WAVE, ROLE, OUTCOME)),
            ("sd", (WAVE, ROLE, OUTCOME)),
            ("partner_corr", (COMPOSITION, WAVE, OUTCOME)),
        )
    }
    for part, composition, score in zip(built.parts, used, scores, strict=True):
        _fill(empty, part, composition, score)
    return xr.Dataset(empty)


def _fill(
    arrays: dict[str, xr.DataArray], part: Part, composition: Composition, score: Array
) -> None:
    columns = {tuple(name.split(" ")): score[:, n] for n, name in enumerate(part.responses)}
    for wave, outcome in dict.fromkeys((wave, outcome) for wave, _, outcome in columns):
        members = [
            columns[wave, slot, outcome]
            for slot in composition.slots
            if (wave, slot, outcome) in columns
        ]
        for label in dict.fromkeys(composition.labels):
            own = [
                columns[wave, slot, outcome]
                for slot, one in zip(composition.slots, composition.labels, strict=True)
                if one == label and (wave, slot, outcome) in columns
            ]
            if own:
                at = {WAVE: wave, ROLE: label, OUTCOME: outcome}
                pooled = np.concatenate(own)
                arrays["mean"].loc[at] = np.nanmean(pooled)
                arrays["sd"].loc[at] = np.nanstd(pooled, ddof=1)
        if len(members) == 2:
            pairs: Array = np.column_stack(members)
            pairs = pairs[~np.isnan(pairs).any(axis=1)]
            if composition.exchangeable:
                pairs = np.vstack([pairs, pairs[:, ::-1]])
            at = {COMPOSITION: composition.name, WAVE: wave, OUTCOME: outcome}
            if len(pairs) > 2:
                arrays["partner_corr"].loc[at] = np.corrcoef(pairs[:, 0], pairs[:, 1])[0, 1]


def predictive_statistics(
    built: Built, panel: Panel, draws: xr.Dataset, count: int, seed: int
) -> xr.Dataset:
    """Summary statistics of studies replicated at draws of a posterior or prior.

    Parameters
    ----------
    draws : xr.Dataset
        Free variables with dims chain, draw.
    count : int
        How many draws to use, evenly spaced.

    Returns
    -------
    xr.Dataset
        As `summary_statistics`, with a leading dim `draw`.
    """
    rng = np.random.default_rng(seed)
    at = implied_moments(built)
    stacked = draws[[one.name for one in built.model.free_RVs]].stack(sample=("chain", "draw"))
    chosen = np.linspace(0, stacked.sizes["sample"] - 1, count).astype(int)
    replicated = []
    for place in chosen:
        moments = at(stacked.isel(sample=place))
        scores = [replicate(rng, part, one) for part, one in zip(built.parts, moments, strict=True)]
        replicated.append(summary_statistics(scores, built, panel))
    return xr.concat(replicated, dim="draw").expand_dims("chain")
