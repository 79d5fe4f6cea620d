"""What keeps persons in groups from being fitted."""

from collections.abc import Iterator

from securebase.faults import Fault, InputError
from securebase.growth.design import composition_designs
from securebase.growth.identification import constant_faults
from securebase.panel import Panel
from securebase.slopes.climate import ClimateDesign, design_of, moderators_of


def climate_design(panel: Panel) -> ClimateDesign:
    """Design of persons in groups.

    Raises
    ------
    InputError
        With everything that keeps the design from being fitted.
    """
    faults = list(_faults_of_analysis(panel))
    if faults:
        raise InputError("group climate", faults)
    (growth,) = composition_designs(panel)
    design = design_of(growth)
    faults = list(_faults_of_design(design))
    if faults:
        raise InputError("group climate", faults)
    return design


def _faults_of_analysis(panel: Panel) -> Iterator[Fault]:
    analysis = panel.analysis
    if analysis.time.shape != "linear" or analysis.time.measured_by != "wave":
        given = f"time of shape {analysis.time.shape}, by {analysis.time.measured_by}"
        yield Fault("panel", given, "linear, by wave", "leave `time` out: no trend")
    if not analysis.clusters:
        yield Fault("panel", "persons without groups", "clusters: true")
    slots = {slot for one in panel.compositions for slot in one.slots}
    if len(panel.compositions) > 1 or len(slots) > 1:
        given = f"persons of {len(slots)} roles in {len(panel.compositions)} compositions"
        yield Fault("panel", given, "one role", "name it: `roles: [...]`")
    for one in analysis.predictors:
        if one.varying or "level" not in one.on:
            how = "varying" if one.varying else f"on {', '.join(one.on)}"
            given = f"predictor '{one.term}', {how}"
            yield Fault("panel", given, "one value of a person, on the level")
    for path in analysis.paths:
        if path.lag or path.of != "actor":
            given = f"path '{path.name}' of the {path.of} with lag {path.lag}"
            yield Fault("panel", given, "of: actor, lag: 0")
    for name, scales in analysis.informants.items():
        if len({panel.ranges[scale] for scale in scales}) > 1:
            given = f"informants of {name} on scales of different ranges"
            yield Fault("panel", given, "one range: a point has to be a point of each")
    yield from _faults_of_interactions(panel)


def _faults_of_interactions(panel: Panel) -> Iterator[Fault]:
    for interaction in panel.analysis.interactions:
        moderators = moderators_of(panel, interaction)
        if moderators and (len(moderators) > 1 or len(interaction.of) > 2):
            given = f"interaction '{interaction.name}' of {', '.join(interaction.of)}"
            expected = "one predictor of persons and one outcome's group mean"
            yield Fault("panel", given, expected)
        for moderator in moderators:
            own = [panel.analysis.latent_of(scale) for scale in interaction.outcomes or ()]
            if moderator in own:
                given = f"interaction '{interaction.name}': the group mean of {moderator}"
                yield Fault("panel", given, "that of another outcome than it moderates")


def _faults_of_design(design: ClimateDesign) -> Iterator[Fault]:
    occasions = design.occasions
    yield from constant_faults(occasions.columns, occasions.predictors(design.panel))
    if not design.repeated:
        remedy = "or family: mediated_change"
        yield Fault("panel", "no outcome is measured twice", "at least one that is", remedy)
    yield from design.within.faults()
    groups = design.growth.cluster(design.panel)
    if groups is not None and groups.max() < 1:
        yield Fault("panel", "a single group", "several, to tell them from persons")
