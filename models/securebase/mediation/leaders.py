"""Leaders as units and as predictors at once: what that asks of an analysis."""

from collections.abc import Iterator, Sequence

from securebase.faults import Fault
from securebase.growth.design import GrowthDesign
from securebase.panel import Panel


def leader_faults(panel: Panel, designs: Sequence[GrowthDesign]) -> Iterator[Fault]:
    """List predictors of leaders that are modelled outcomes of theirs, and do not go with that.

    Such a predictor predicts members only, in the unit of the outcome: else the product of what
    leads to it and what it leads to is no effect.
    """
    own = [one for one in designs if one.composition.slots == (panel.leader,)]
    answered = {outcome for one in own for _, outcome in one.series}
    for predictor in panel.analysis.predictors:
        if predictor.of != "leader" or predictor.name not in answered:
            continue
        outcomes = predictor.outcomes or panel.analysis.outcomes
        both = [outcome for outcome in outcomes if outcome in answered]
        if both:
            given = f"'{predictor.term}' predicts {', '.join(both)}, which leaders answer with it"
            rest = ", ".join(one for one in panel.analysis.outcomes if one not in answered)
            remedy = "`outcomes` of the predictor; `paths` between what leaders answer"
            yield Fault("panel", given, f"outcomes among: {rest or 'what members answer'}", remedy)
        if predictor.scale == "sd":
            given = f"'{predictor.term}' in standard deviations, and as an outcome in points"
            yield Fault("panel", given, "one unit, points", "`scale: none`")
