"""Groups drawn forward: their climate, their persons, and each mission."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.correlation import normal_rows
from securebase.mediation.arrows import Arrows
from securebase.names import MEASURE, OUTCOME, OWNER, ROLE, UNIT, WAVE
from securebase.slopes.climate import ClimateDesign
from securebase.slopes.climate_priors import ROUNDING
from securebase.slopes.occasions import has_trend
from securebase.slopes.terms import Term, terms_of
from securebase.structure.blocks import Block, blocks_cov
from securebase.structure.cells import cell

Array = NDArray[np.float64]


def simulated_climate(
    rng: np.random.Generator, truth: xr.Dataset, design: ClimateDesign
) -> xr.DataArray:
    """Draw new scores (unit, wave, role, outcome), missing where the old are."""
    panel, growth = design.panel, design.growth
    group = growth.cluster(panel)
    number = np.zeros(panel.data.sizes[UNIT], int) if group is None else group
    groups = _of_groups(rng, truth, design, int(number.max()) + 1)
    persons = _latents(rng, truth, design.within, design.within.blocks, len(number))
    score, waves = panel.data["score"].copy(deep=True), panel.data[WAVE].values
    noise = normal_rows(rng, design.residual.stated(truth), len(number) * len(waves))
    for row, scale in enumerate(design.scales):
        place = design.latents.index(panel.analysis.latent_of(scale))
        person = groups[number, place] + persons[:, place]
        if scale in design.informants:
            for name in ("informant_sd", "cluster_informant_sd"):
                sd = float(truth[name].sel(informant=scale))
                drawn = rng.normal(0.0, sd, max(len(number), number.max() + 1))
                person = person + (drawn[: len(number)] if name[0] == "i" else drawn[number])
        person = person + _predicted(truth, design, groups[number], scale)
        if row in design.repeated:
            own = noise[:, design.repeated.index(row)].reshape(-1, len(waves))
        else:
            low, high = panel.ranges[scale]
            own = rng.normal(0.0, ROUNDING * (high - low), (len(number), len(waves)))
        at = {ROLE: design.slot, OUTCOME: scale}
        old = score.sel(at).transpose(UNIT, WAVE).values
        new = person[:, None] + _trend(truth, design, row) + own
        score.loc[at] = xr.DataArray(np.where(np.isnan(old), np.nan, new), dims=(UNIT, WAVE))
    return score


def _of_groups(
    rng: np.random.Generator, truth: xr.Dataset, design: ClimateDesign, count: int
) -> Array:
    """Latent group means, then slopes (group, effect)."""
    drawn = _latents(rng, truth, design.between, design.between_blocks, count, len(design.slopes))
    for one in design.moderated:
        drawn[:, one.row] += float(cell(truth[one.variable], one.at)) * drawn[:, one.column]
    return drawn


def _latents(
    rng: np.random.Generator,
    truth: xr.Dataset,
    level: Arrows,
    blocks: Sequence[Block],
    count: int,
    slopes: int = 0,
) -> Array:
    """Levels in the order of the paths, slopes beside them (row, effect)."""
    size = len(level.effects) + slopes
    drawn = normal_rows(rng, blocks_cov(blocks, truth, size), count)
    for effect in np.argsort(level.ranks, kind="stable"):
        for one in level.placements:
            if one.row == effect:
                drawn[:, effect] += float(cell(truth[one.variable], one.at)) * drawn[:, one.column]
    return drawn


def _predicted(truth: xr.Dataset, design: ClimateDesign, groups: Array, scale: str) -> Array:
    """What predictors add to the level of a scale (unit,), by the slopes of their groups."""
    total = np.full(len(groups), float(truth["level"].sel(role=design.role, outcome=scale)))
    for term in terms_of(design.growth):
        if scale in term.outcomes:
            at = (term.label, design.role, scale)
            effect = cell(truth[f"{term.source}_on_level"], at)
            total += effect * _multiplied(design, term)
    slopes = {one.term: one for one in design.moderations if one.outcome == scale}
    for term in slopes:
        kinds = [(slope.kind, slope.outcome) for slope in design.slopes]
        place = kinds.index((f"{term.source} {term.label}", scale))
        total += groups[:, len(design.latents) + place] * _multiplied(design, term)
    return total


def _multiplied(design: ClimateDesign, term: Term) -> Array:
    values = np.ones(design.panel.data.sizes[UNIT])
    for name, owner in term.static:
        values *= design.panel.data["predictor_value"].sel({MEASURE: name, OWNER: owner}).values
    return values


def _trend(truth: xr.Dataset, design: ClimateDesign, row: int) -> Array:
    """What time adds to a scale (wave,)."""
    panel, time = design.panel, design.panel.data["time"]
    if not has_trend(panel) or row not in design.repeated:
        return np.zeros(len(time))
    origin = panel.analysis.time.origin
    since = time - (time.sel(wave=origin) if origin else time[0])
    change = truth["change"].sel(role=design.role, outcome=design.scales[row])
    return np.asarray(float(change) * since.values)
