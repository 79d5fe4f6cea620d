"""Default priors of panels, scaled by each outcome's range."""

from collections.abc import Iterator
from typing import Final

from securebase.growth.priors import POINTS
from securebase.growth.time import CHANGE, LEVEL
from securebase.panel import Panel
from securebase.panels.arrows import BASELINE_ON_CHANGE, LAGGED, STABLE_ON_CHANGE
from securebase.panels.design import PanelDesign
from securebase.panels.identification import panel_designs
from securebase.panels.spreads import noises, spreads
from securebase.panels.variables import range_of, variables
from securebase.priors import Prior

PER_POINT: Final = "points per point, were the ranges equal"
PER_SD: Final = "per standard deviation of the predictor"
ANY: Final = "Any correlation, extremes less."


def default_priors(panel: Panel) -> dict[str, Prior]:
    """Weak priors of the blocks that this analysis has parameters of.

    Raises
    ------
    InputError
        Where the design cannot identify the model (see `panel_designs`).
    """
    designs = panel_designs(panel)
    used = _used(designs)
    every = (*_numbers(designs[0]), *_spreads(designs[0]))
    return {prior.block: prior for prior in every if prior.block in used}


def _used(designs: list[PanelDesign]) -> set[str]:
    used = set()
    for one in variables(designs):
        part = one.name.partition("_on_")[2]
        own = one.name in (STABLE_ON_CHANGE, BASELINE_ON_CHANGE)
        used.add(f"on_{part}" if part and not own else one.name)
    for design in designs:
        for spread in spreads(design):
            used.add(f"{spread.name}_corr")
            used |= {"level_sd", "change_sd"} if spread.name == "unit" else {f"{spread.name}_sd"}
    return used | {f"{one.name}_sd" for one in noises(designs)}


def _widths(panel: Panel) -> dict[str, float]:
    names = dict.fromkeys((*panel.analysis.outcomes, *panel.analysis.latents))
    return {name: range_of(panel, name)[1] - range_of(panel, name)[0] for name in names}


def _numbers(design: PanelDesign) -> Iterator[Prior]:
    panel = design.panel
    width = _widths(panel)
    span = float(panel.data["time"].max() - panel.data["time"].min())
    step = design.grid.step if design.scores else 1.0
    slope = "points per step" if design.scores else f"points per {panel.time_unit}"
    zero, one = dict.fromkeys(width, 0.0), dict.fromkeys(width, 1.0)
    centre = {name: sum(range_of(panel, name)) / 2 for name in width}

    def share(part: float) -> dict[str, float]:
        return {name: round(part * own, 6) for name, own in width.items()}

    any_mean = "Any mean on the scale is plausible."
    own_lag = (
        "Own effects around an unchanged score, other paths around none; half a point each way."
        if design.scores
        else "Effects of a deviation on the next: half of it each way, own or not."
    )
    large = 0.5 if design.scores else 0.25 * step / span
    yield Prior("mean", "normal", POINTS, any_mean, centre, share(0.5))
    yield Prior(LEVEL, "normal", POINTS, any_mean, centre, share(0.5))
    yield Prior(
        CHANGE, "normal", slope,
        "Half the scale: it is the change of a score of 0." if design.scores
        else "A quarter of the scale over the study is large.", zero, share(large),
    )  # fmt: skip
    yield Prior(LAGGED, "normal", PER_POINT, own_lag, one if design.scores else zero,
                dict.fromkeys(width, 0.5))  # fmt: skip
    yield Prior("concurrent", "normal", PER_POINT, "Half of a deviation each way.", zero,
                dict.fromkeys(width, 0.5))  # fmt: skip
    yield Prior("stable_path", "normal", PER_POINT, "Between persons effects may be larger.", zero,
                one)  # fmt: skip
    yield Prior(STABLE_ON_CHANGE, "normal", f"{PER_POINT}, per {panel.time_unit}",
                "Half of the difference between persons over the study.", zero,
                dict.fromkeys(width, round(0.5 / span, 6)))  # fmt: skip
    yield Prior(BASELINE_ON_CHANGE, "normal", f"points per point, per {panel.time_unit}",
                "Half of the difference between persons over the study.", zero,
                dict.fromkeys(width, round(0.5 / span, 6)))  # fmt: skip
    yield Prior("loading", "normal", "points per point", "Informants use a scale alike.", one,
                dict.fromkeys(width, 0.5))  # fmt: skip
    yield Prior("on_level", "normal", f"{POINTS} {PER_SD}", "A fifth of the scale is large.", zero,
                share(0.2))  # fmt: skip
    yield Prior("on_change", "normal", f"{slope} {PER_SD}", "A tenth of the scale over the study.",
                zero, share(0.1 * step / span))  # fmt: skip


def _spreads(design: PanelDesign) -> Iterator[Prior]:
    panel = design.panel
    width = _widths(panel)
    span = float(panel.data["time"].max() - panel.data["time"].min())
    slope = "points per step" if design.scores else f"points per {panel.time_unit}"
    over = 0.1 if design.scores else 0.25 / span
    for block, unit, part, reason in (
        ("stable_sd", POINTS, 0.25, "Persons differ by up to half the scale."),
        ("level_sd", POINTS, 0.25, "Persons differ by up to half the scale."),
        ("first_sd", POINTS, 0.15, "A person's waves differ less than persons do."),
        ("innovation_sd", POINTS, 0.15, "A person's waves differ less than persons do."),
        ("change_sd", slope, over, "Changes differ as much as they may be large."),
        ("noise_sd", POINTS, 0.15, "A person's waves differ less than persons do."),
        ("informant_sd", POINTS, 0.15, "Informants differ less than persons do."),
    ):
        spread = {name: round(part * own, 6) for name, own in width.items()}
        yield Prior(block, "half-normal", unit, reason, sd=spread)
    for block in ("stable_corr", "first_corr", "innovation_corr", "change_corr", "unit_corr"):
        yield Prior(block, "lkj", "correlation", ANY, eta=2.0)
