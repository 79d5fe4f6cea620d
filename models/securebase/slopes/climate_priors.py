"""Default priors of groups and their climate, and what keeps them on the scales of the data."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from securebase.growth.priors import POINTS
from securebase.growth.time import LEVEL
from securebase.panel import Panel
from securebase.priors import Prior, Priors
from securebase.slopes.climate import ClimateDesign
from securebase.slopes.coefficients import Spreads
from securebase.slopes.occasions import has_trend
from securebase.slopes.priors import only, slope_blocks
from securebase.structure.blocks import Block
from securebase.structure.cells import At

Array = NDArray[np.float64]

GROUPS: Final = 0.1
"""Part of the scale by which groups differ, a priori."""
ROUNDING: Final = 0.01
"""Part of the scale that the residual of a scale is which is measured once."""


def climate_blocks(panel: Panel) -> dict[str, Prior]:
    """Blocks that an analysis has parameters of."""
    width = {name: high - low for name, (low, high) in panel.ranges.items()}
    latent = {panel.analysis.latent_of(name): one for name, one in width.items()}

    def share(widths: dict[str, float], part: float) -> dict[str, float]:
        return {name: round(part * one, 6) for name, one in widths.items()}

    fewer = "Groups differ less than persons."
    path = "Over the whole range of the source the target may move over its own."
    blocks = slope_blocks(panel) | {
        prior.block: prior
        for prior in (
            Prior("level_sd", "half-normal", POINTS, "Persons differ by up to half the scale.",
                  sd=share(latent, 0.25)),
            Prior("path_on_level", "normal", "points per whole range of the source", path,
                  dict.fromkeys(latent, 0.0), share(latent, 1.0)),
            Prior("cluster_level_sd", "half-normal", POINTS, fewer, sd=share(latent, GROUPS)),
            Prior("cluster_slope_sd", "half-normal",
                  f"{POINTS} per standard deviation of the predictor",
                  "Slopes of groups differ less than persons.", sd=share(width, 0.05)),
            Prior("cluster_corr", "lkj", "correlation", "Any correlation, extremes less.",
                  eta=2.0),
            Prior("informant_sd", "half-normal", POINTS, "Informants differ less than persons.",
                  sd=share(width, 0.15)),
            Prior("cluster_informant_sd", "half-normal", POINTS, fewer, sd=share(width, 0.05)),
        )
    }  # fmt: skip
    return only(blocks, _used(panel))


def _used(panel: Panel) -> set[str]:
    analysis = panel.analysis
    used = {LEVEL, "level_sd", "residual_sd", "unit_corr", "residual_corr"}
    used |= {"cluster_level_sd", "cluster_corr"}
    used |= {"on_level"} if analysis.predictors else set()
    used |= {"change"} if has_trend(panel) else set()
    used |= {"path_on_level"} if analysis.paths else set()
    if any(term in analysis.group_means for one in analysis.interactions for term in one.of):
        used.add("cluster_slope_sd")
    if any(len(scales) > 1 for scales in analysis.informants.values()):
        used |= {"informant_sd", "cluster_informant_sd"}
    return used


def cluster_sds(design: ClimateDesign, block: Block, priors: Priors) -> Array:
    """Spread of the half-normal of each effect of a group in a block."""
    sds = []
    for row, (_, _, outcome) in zip(block.rows, block.covariance.quantities, strict=True):
        if row < len(design.latents):
            sds.append(priors["cluster_level_sd"].sds([outcome])[0])
        else:
            spread = slope_spread(design, row - len(design.latents))
            sds.append(priors["cluster_slope_sd"].sds([outcome])[0] / spread)
    return np.array(sds)


def slope_spread(design: ClimateDesign, number: int) -> float:
    """Standard deviation over persons of what a slope is the slope of."""
    occasions = design.occasions
    return float(occasions.multiplied(occasions.effects.index(design.slopes[number])).std())


def moderation_spreads(design: ClimateDesign) -> dict[At, float]:
    """Spread of predictor times group mean, as far as groups differ a priori."""
    panel = design.panel
    return {
        one.at: slope_spread(design, one.row - len(design.latents))
        * GROUPS
        * _range(panel, design.latents[one.column])
        for one in design.moderated
    }


def arrow_spreads(design: ClimateDesign) -> Spreads:
    """Range of the source of each path."""
    found: Spreads = {}
    for level in (design.within, design.between):
        for one in level.placements:
            reach = _range(design.panel, design.latents[one.column])
            found.setdefault(one.variable, {})[one.at] = reach
    return found


def _range(panel: Panel, latent: str) -> float:
    low, high = panel.ranges[panel.analysis.informants.get(latent, (latent,))[0]]
    return high - low


def fixed_residual(design: ClimateDesign) -> Array:
    """Residual variance (series, series) of the scales that are measured once."""
    variance = np.zeros(len(design.scales))
    for row, scale in enumerate(design.scales):
        if row not in design.repeated:
            low, high = design.panel.ranges[scale]
            variance[row] = (ROUNDING * (high - low)) ** 2
    return np.diag(variance)
