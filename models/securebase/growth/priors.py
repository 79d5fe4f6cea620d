"""Default priors of growth models, scaled by each outcome's range and the study's span."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from securebase.faults import Fault, InputError
from securebase.growth.time import phase_lengths
from securebase.panel import Panel
from securebase.priors import Prior

Array = NDArray[np.float64]
POINTS: Final = "points"
PER_TIME: Final = ("change", "on_change", "change_sd", "cluster_change_sd")
"""Blocks in units per time."""


def default_priors(panel: Panel) -> dict[str, Prior]:
    """Weak priors, scaled by each outcome's range and the time the study spans.

    Raises
    ------
    InputError
        Where the waves span no time: nothing can change.
    """
    span = time_span(panel)
    if not span > 0:
        raise InputError("dyadic growth", [Fault("panel", "a single wave", "three or more waves")])
    used = _used_blocks(panel)
    blocks = growth_blocks(panel, span)
    for name in PER_TIME if (lengths := phase_lengths(panel)) else ():
        blocks[name] = _by_phase(blocks[name], lengths, span)
    return {name: one for name, one in blocks.items() if name in used}


def _by_phase(prior: Prior, lengths: Mapping[str, float], span: float) -> Prior:
    """Allow each phase what the whole study is allowed: the shorter, the more per unit of time."""
    stretch = {
        f"{phase} {outcome}": (outcome, span / length)
        for phase, length in lengths.items()
        for outcome in prior.sd or ()
    }
    sd, mean = prior.sd or {}, prior.mean
    return replace(
        prior,
        mean=mean and {place: mean[outcome] * one for place, (outcome, one) in stretch.items()},
        sd={place: round(sd[outcome] * one, 6) for place, (outcome, one) in stretch.items()},
        reason=f"{prior.reason} Each phase has its own time.",
    )


def time_span(panel: Panel) -> float:
    """Time from the first to the last wave, in the panel's time unit."""
    time = panel.data["time"].values
    return float(time.max() - time.min())


def growth_blocks(panel: Panel, span: float) -> dict[str, Prior]:
    """Every block a model of growth may need.

    Parameters
    ----------
    span : float
        Time the study spans: what changes are scaled by.
    """
    width = {name: high - low for name, (low, high) in panel.ranges.items()}
    centre = {name: (high + low) / 2 for name, (low, high) in panel.ranges.items()}

    def share(part: float) -> dict[str, float]:
        return {name: round(part * one, 6) for name, one in width.items()}

    slope = f"points per {panel.time_unit}"
    per_sd = "per standard deviation of the predictor"
    blocks = (
        Prior("level", "normal", POINTS, "Any mean on the scale is plausible.", centre, share(0.5)),
        Prior(
            "change", "normal", slope, "A quarter of the scale over the study is large.",
            dict.fromkeys(width, 0.0), share(0.25 / span),
        ),
        Prior(
            "on_level", "normal", f"{POINTS} {per_sd}", "A fifth of the scale is large.",
            dict.fromkeys(width, 0.0), share(0.2),
        ),
        Prior(
            "on_change", "normal", f"{slope} {per_sd}", "A tenth of the scale over the study.",
            dict.fromkeys(width, 0.0), share(0.1 / span),
        ),
        Prior("level_sd", "half-normal", POINTS, "Units differ by up to half the scale.",
              sd=share(0.25)),
        Prior("change_sd", "half-normal", slope, "Changes differ as much as they may be large.",
              sd=share(0.25 / span)),
        Prior("residual_sd", "half-normal", POINTS, "Within units less than between them.",
              sd=share(0.15)),
        Prior("unit_corr", "lkj", "correlation", "Any correlation, extremes less.", eta=2.0),
        Prior("residual_corr", "lkj", "correlation", "Any correlation, extremes less.", eta=2.0),
        Prior("loading", "normal", panel.time_unit, "Around a straight line.",
              sd=dict.fromkeys(width, round(span / 2, 6))),
        Prior("cluster_level_sd", "half-normal", POINTS, "Clusters differ less than units.",
              sd=share(0.1)),
        Prior("cluster_change_sd", "half-normal", slope, "Clusters differ less than units.",
              sd=share(0.1 / span)),
        Prior("cluster_corr", "lkj", "correlation", "Any correlation, extremes less.", eta=2.0),
    )  # fmt: skip
    return {prior.block: prior for prior in blocks}


def _used_blocks(panel: Panel) -> set[str]:
    """Blocks that this analysis has parameters of."""
    analysis = panel.analysis
    used = {"level", "change", "level_sd", "change_sd", "residual_sd"}
    used |= {"unit_corr", "residual_corr"}
    used |= {f"on_{part}" for one in analysis.predictors for part in one.on}
    used |= {f"on_{part}" for one in analysis.products for part in one.on}
    if analysis.time.shape == "free":
        used.add("loading")
    if analysis.clusters:
        used |= {"cluster_level_sd", "cluster_change_sd", "cluster_corr"}
    return used
