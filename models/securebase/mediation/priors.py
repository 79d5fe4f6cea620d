"""Default priors of mediated change: those of growth, and of the arrows."""

from securebase.growth.priors import growth_blocks, time_span
from securebase.mediation.arrows import Arrows
from securebase.mediation.design import MediatedDesign
from securebase.panel import Panel
from securebase.priors import Prior

_REASON = "Over the whole range of the source the target may move over its own."


def default_priors(panel: Panel) -> dict[str, Prior]:
    """Weak priors, scaled by each outcome's range and the time the study spans."""
    span = time_span(panel) or 1.0
    width = {name: high - low for name, (low, high) in panel.ranges.items()}
    blocks = growth_blocks(panel, span)
    for part, time in (("level", 1.0), ("change", span)):
        spread = {name: round(one / time, 6) for name, one in width.items()}
        unit = "points" if part == "level" else f"points per {panel.time_unit}"
        name = f"path_on_{part}"
        blocks[name] = Prior(
            name, "normal", f"{unit} per whole range of the source", _REASON,
            dict.fromkeys(width, 0.0), spread,
        )  # fmt: skip
    used = _used_blocks(panel)
    return {name: one for name, one in blocks.items() if name in used}


def source_range(design: MediatedDesign, level: Arrows, source: int) -> float:
    """Width of the scale a source moves on; per unit of time where it is a change."""
    growth, _, outcome = level.effects[source]
    low, high = design.growth.panel.ranges[outcome]
    time = 1.0 if growth == "level" else time_span(design.growth.panel)
    return (high - low) / time


def _used_blocks(panel: Panel) -> set[str]:
    """Blocks that this analysis has parameters of."""
    analysis = panel.analysis
    parts = ("level", "change") if panel.data.sizes["wave"] > 1 else ("level",)
    used = {*parts, *(f"{part}_sd" for part in parts), "unit_corr"}
    predicted = {part for one in analysis.predictors for part in one.on}
    predicted |= {part for one in analysis.products for part in one.on}
    used |= {f"on_{part}" for part in parts if part in predicted}
    used |= {f"path_on_{part}" for part in parts if analysis.paths}
    if analysis.clusters:
        used |= {f"cluster_{part}_sd" for part in parts} | {"cluster_corr"}
    return used
