"""Default priors of models with slopes, scaled by the ranges of the outcomes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from securebase.growth.priors import POINTS, time_span
from securebase.panel import Panel
from securebase.priors import Prior, Priors
from securebase.slopes.occasions import OccasionDesign

Array = NDArray[np.float64]


def slope_blocks(panel: Panel) -> dict[str, Prior]:
    """Every block a model with slopes may need, those of clusters aside."""
    width = {name: high - low for name, (low, high) in panel.ranges.items()}
    centre = {name: (high + low) / 2 for name, (low, high) in panel.ranges.items()}
    span = time_span(panel)
    zero = dict.fromkeys(width, 0.0)

    def share(part: float) -> dict[str, float]:
        return {name: round(part * one, 6) for name, one in width.items()}

    per_sd = "per standard deviation of the predictor"
    blocks = (
        Prior("level", "normal", POINTS, "Any mean on the scale is plausible.", centre, share(0.5)),
        Prior(
            "change", "normal", f"points per {panel.time_unit}",
            "A quarter of the scale over the study is large.", zero, share(0.25 / (span or 1.0)),
        ),
        Prior("on_level", "normal", f"{POINTS} {per_sd}", "A fifth of the scale is large.", zero,
              share(0.2)),
        Prior("on_moment", "normal", f"{POINTS} {per_sd}", "A tenth of the scale is large.", zero,
              share(0.1)),
        Prior("level_sd", "half-normal", POINTS, "Units differ by up to half the scale.",
              sd=share(0.25)),
        Prior("slope_sd", "half-normal", f"{POINTS} {per_sd}",
              "Slopes differ by up to a tenth of the scale.", sd=share(0.05)),
        Prior("residual_sd", "half-normal", POINTS, "Within units less than between them.",
              sd=share(0.15)),
        Prior("unit_corr", "lkj", "correlation", "Any correlation, extremes less.", eta=2.0),
        Prior("residual_corr", "lkj", "correlation", "Any correlation, extremes less.", eta=2.0),
    )  # fmt: skip
    return {prior.block: prior for prior in blocks}


def unit_sds(design: OccasionDesign, priors: Priors) -> Array:
    """Spread of the half-normal of each effect in which units differ.

    A slope's is divided by the standard deviation of what it is multiplied with, over all
    members who share its label.
    """
    sds = []
    for place in design.varying:
        effect, spread = design.effects[place], 1.0
        if effect.factors:
            alike = [other for other in design.varying if _shared(design, other, place)]
            spread = float(np.concatenate([design.multiplied(one) for one in alike]).std())
        block = priors["slope_sd" if effect.factors else "level_sd"]
        sds.append(block.sds([effect.outcome])[0] / spread)
    return np.array(sds)


def _shared(design: OccasionDesign, one: int, other: int) -> bool:
    """Whether two effects are the same but for members who are exchangeable."""
    labels = design.growth.label_of_slot
    keys = [
        (effect.kind, labels[effect.slot], effect.outcome)
        for effect in (design.effects[one], design.effects[other])
    ]
    return keys[0] == keys[1]


def only(blocks: Mapping[str, Prior], used: set[str]) -> dict[str, Prior]:
    """Keep the blocks that an analysis has parameters of."""
    return {name: prior for name, prior in blocks.items() if name in used}
