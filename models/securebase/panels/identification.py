"""What keeps a panel from being fitted, and the designs of one that can be."""

from collections.abc import Iterator, Sequence
from graphlib import CycleError

from securebase.codebook.terms import Path
from securebase.faults import Fault, InputError
from securebase.growth.design import GrowthDesign, composition_designs
from securebase.growth.identification import predictor_faults
from securebase.names import WAVE
from securebase.panel import Panel
from securebase.panels.arrows import stable_pairs, state_pairs
from securebase.panels.design import PanelDesign, dynamics_of
from securebase.panels.grid import Grid, grid_of
from securebase.panels.series import Series, ends, series_of
from securebase.structure.ranks import ranks_of


def panel_designs(panel: Panel) -> list[PanelDesign]:
    """Design of each composition that has units.

    Raises
    ------
    InputError
        With everything that keeps the model from being identified: series of one wave, scores
        of fewer than four, steps that are no multiples of one, paths between what is not there
        or that lead back, informants alone, predictors that predict nothing.
    """
    measured = composition_designs(panel)
    every = [(one, series_of(one)) for one in measured]
    faults = [fault for one, series in every for fault in _series_faults(one, series)]
    faults += _analysis_faults(panel)
    faults += [fault for one in panel.analysis.paths for fault in _path_faults(one, every)]
    grid = _grid(panel, [one for _, series in every for one in series])
    if isinstance(grid, Fault):
        raise InputError("dyadic panel", [*faults, grid])
    designs = [PanelDesign(one, series, grid) for one, series in every]
    faults += [fault for one in designs for fault in _order_faults(one)]
    if not faults:
        faults += predictor_faults([one.predicted for one in designs])
        faults += _idle_predictors(designs)
    if faults:
        raise InputError("dyadic panel", faults)
    return designs


def _series_faults(measured: GrowthDesign, series: Sequence[Series]) -> Iterator[Fault]:
    scores = dynamics_of(measured.panel.analysis).kind == "scores"
    for one in series:
        given = f"{one.slot} {one.outcome} is measured at {len(one.waves)} waves"
        if scores and len(one.waves) < 4:
            yield Fault("panel", given, "four or more: innovations and noise are told apart by "
                        "them", "use kind: deviations")  # fmt: skip
        elif len(one.waves) < 2:
            yield Fault("panel", given, "two for a level and a change, three or more to move")
        elif len(one.reporters) > 1 and not one.moving:
            yield Fault("panel", f"{given}, by informants", "three or more")
        for _, scale in one.reporters if len(one.reporters) > 1 else ():
            asked = [wave for wave, _, own in measured.responses if own == scale]
            if len(set(asked)) < 2:
                yield Fault("panel", f"informant's {scale} is measured once", "two waves or more")
    told = {who for one in series for who in one.reporters}
    for slot, scale in measured.series:
        if (slot, scale) not in told:
            given = f"{scale} of {slot} reports on nobody"
            yield Fault("informants", given, "a member who answers the first scale of the list")


def _analysis_faults(panel: Panel) -> Iterator[Fault]:
    analysis = panel.analysis
    scores = dynamics_of(analysis).kind == "scores"
    for name, scales in analysis.informants.items():
        if len(scales) < 2:
            yield Fault("informants", f"{name} has one informant", "two or more",
                        "name the scale itself as outcome")  # fmt: skip
        if name in analysis.outcomes:
            yield Fault("informants", f"{name} is also an outcome", "a name of its own")
    if scores and analysis.informants:
        yield Fault("informants", "informants of scores that drive each other", "none",
                    "use kind: deviations")  # fmt: skip
    for one in analysis.predictors:
        if one.varying:
            yield Fault("predictors", f"'{one.term}' varies over waves", "what is known once",
                        "make it an outcome with a path of lag 0")  # fmt: skip


def _path_faults(path: Path, every: Sequence[tuple[GrowthDesign, list[Series]]]) -> Iterator[Fault]:
    panel = every[0][0].panel
    pairs = [pair for _, series in every for pair in ends(series, path)]
    where = f"paths, '{path.name}'"
    if not pairs:
        yield Fault(where, "no member has its source and its target", "see `of`, and who answers")
    if path.source_part != "level":
        yield Fault(where, "from_part: change", "level: a panel's sources are levels and states")
    if path.lag == 1 and any(not one.moving for pair in pairs for one in pair):
        yield Fault(where, "lag 1 with an outcome measured twice", "three waves or more",
                    "use lag: 0, on: [change]")  # fmt: skip
    if path.lag == 0 and dynamics_of(panel.analysis).kind == "scores":
        yield Fault(where, "lag 0 where scores drive each other", "lag: 1")


def _grid(panel: Panel, series: Sequence[Series]) -> Grid | Fault:
    moving = {wave for one in series if one.moving for wave in one.waves}
    if not moving:
        return Fault("panel", "no outcome is measured at three waves or more", "one that is",
                     "two waves: use family mediated_change or dyadic_growth")  # fmt: skip
    time = panel.data["time"]
    waves = [str(wave) for wave in panel.data[WAVE].values if str(wave) in moving]
    times = {wave: float(time.sel({WAVE: wave})) for wave in waves}
    dynamics = dynamics_of(panel.analysis)
    named = [
        f"{key}: {value}"
        for key, value in (("effects", dynamics.effects), ("innovations", dynamics.innovations))
        if value != "equal"
    ]
    return grid_of(times, dynamics.step, ", ".join(named))


def _order_faults(design: PanelDesign) -> Iterator[Fault]:
    pairs = {"stable parts": stable_pairs(design), "a wave": state_pairs(design)}
    for what, own in pairs.items():
        try:
            ranks_of(design.series, own)
        except CycleError:
            yield Fault("paths", f"paths of lag 0 within {what} lead back to where they start",
                        "an order without a circle", "give one of them lag: 1")  # fmt: skip


def _idle_predictors(designs: Sequence[PanelDesign]) -> Iterator[Fault]:
    """Terms that are only on the change of outcomes that have none."""
    moved = {(one.variable, one.at[0]) for design in designs for one in design.regressions()}
    analysis = designs[0].panel.analysis
    terms = [(str(one.of), one.name, one.on) for one in analysis.predictors]
    terms += [("interaction", one.name, one.on) for one in analysis.interactions]
    for source, name, on in terms:
        labels = {label for variable, label in moved if variable.startswith(f"{source}_on_")}
        if name not in {label.partition("[")[0] for label in labels}:
            yield Fault("predictors", f"'{name}' predicts nothing: on {', '.join(on)}",
                        "on: [level]", "only outcomes measured twice have a change")  # fmt: skip
