"""The design of groups: persons answer over missions, and share a climate that shapes them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from securebase.codebook.terms import Interaction, Path
from securebase.growth.design import Column, GrowthDesign
from securebase.growth.time import CHANGE, LEVEL
from securebase.mediation.arrows import Arrows
from securebase.panel import Panel
from securebase.slopes.occasions import TIME, Effect, OccasionDesign, has_trend
from securebase.slopes.terms import Term, terms_of
from securebase.structure.blocks import Block
from securebase.structure.cells import Placement
from securebase.structure.covariance import MemberCovariance
from securebase.structure.ranks import explained

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moderation:
    """A slope that differs between groups, and by how they rate an outcome.

    Parameters
    ----------
    name : str
        The interaction's.
    outcome : str
        Scale whose slope it is.
    moderator : str
        Outcome whose latent group mean moderates.
    term : Term
        The predictors whose slope it is.
    """

    name: str
    outcome: str
    moderator: str
    term: Term


@dataclass(frozen=True)
class ClimateDesign:
    """Persons in groups.

    Effects of a person are the level of each scale, a change of each that is the same for
    all, and the slopes that differ between groups. Effects of a group are the level of each
    latent, these slopes, and what each informant says too high of whole groups.

    Parameters
    ----------
    occasions : OccasionDesign
        Persons, with all that moves their scales.
    moderations : sequence of Moderation
    """

    occasions: OccasionDesign
    moderations: Sequence[Moderation]

    @property
    def growth(self) -> GrowthDesign:
        """Responses and series."""
        return self.occasions.growth

    @property
    def panel(self) -> Panel:
        """Panel of the analysis."""
        return self.growth.panel

    @property
    def slot(self) -> str:
        """Role of the persons."""
        return self.growth.composition.slots[0]

    @property
    def role(self) -> str:
        """Its label."""
        return self.growth.composition.labels[0]

    @cached_property
    def scales(self) -> list[str]:
        """Outcomes that are measured, one per series."""
        return [outcome for _, outcome in self.growth.series]

    @cached_property
    def latents(self) -> list[str]:
        """What the scales measure: informants of one latent together."""
        return list(dict.fromkeys(self.panel.analysis.latent_of(scale) for scale in self.scales))

    @cached_property
    def informants(self) -> list[str]:
        """Scales that share a latent with another."""
        latents = [self.panel.analysis.latent_of(scale) for scale in self.scales]
        pairs = zip(self.scales, latents, strict=True)
        return [scale for scale, latent in pairs if latents.count(latent) > 1]

    @cached_property
    def within(self) -> Arrows:
        """Levels of a person, and the paths among them."""
        return self._arrows("")

    @cached_property
    def between(self) -> Arrows:
        """Levels of a group, and the paths among them."""
        return self._arrows("cluster_")

    @property
    def paths(self) -> list[Path]:
        """Paths as declared, and to each outcome that none touches from where paths start.

        Else what comes later would be regressed on those outcomes as well.
        """
        declared = list(self.panel.analysis.paths)
        touched = {end for path in declared for end in (path.source, path.target)}
        sources = dict.fromkeys(path.source for path in declared)
        return declared + [
            Path.model_validate({"from": source, "to": latent})
            for latent in self.latents
            if latent not in touched
            for source in sources
        ]

    def _arrows(self, prefix: str) -> Arrows:
        slots, labels = (self.slot,), (self.role,)
        levels = [(LEVEL, self.slot, latent) for latent in self.latents]
        return Arrows(prefix, "", levels, slots, labels, self.paths)

    @cached_property
    def between_blocks(self) -> list[Block]:
        """What groups differ in: levels, and slopes with those levels that come last."""
        blocks = self.between.blocks
        if not self.moderations:
            return blocks
        slopes = [slope.quantity for slope in self.slopes]
        rows = [len(self.latents) + place for place in range(len(slopes))]
        last = blocks[-1]
        moderators = {self.latents.index(one.moderator) for one in self.moderations}
        levels: list[int] = []
        rank = len(blocks)
        if len(blocks) > 1 and not moderators & set(last.rows):
            blocks, levels, rank = blocks[:-1], list(last.rows), rank - 1
        quantities = [self.between.effects[row] for row in levels] + slopes
        covariance = MemberCovariance(
            f"cluster{explained(rank)}", f"cluster_effect{explained(rank)}", quantities,
            (self.slot,), (self.role,),
        )  # fmt: skip
        return [*blocks, Block(covariance, [*levels, *rows])]

    @cached_property
    def slopes(self) -> list[Effect]:
        """Slopes that differ between groups."""
        every = (_slope(one.term, self.slot, one.outcome) for one in self.moderations)
        return list(dict.fromkeys(every))

    @property
    def cluster_size(self) -> int:
        """Number of effects of a group."""
        return len(self.latents) + len(self.slopes) + len(self.informants)

    @cached_property
    def shared(self) -> Array:
        """From effects of a group to those of its persons (effect, cluster_effect)."""
        place = np.zeros((len(self.occasions.effects), self.cluster_size))
        place[: len(self.scales), : len(self.latents)] = self.of_latents[: len(self.scales)]
        for number, slope in enumerate(self.slopes):
            place[self.occasions.effects.index(slope), len(self.latents) + number] = 1.0
        first = len(self.latents) + len(self.slopes)
        for number, scale in enumerate(self.informants):
            place[self.scales.index(scale), first + number] = 1.0
        return place

    @cached_property
    def of_latents(self) -> Array:
        """From latents to effects of a person (effect, latent): the level of each scale."""
        place = np.zeros((len(self.occasions.effects), len(self.latents)))
        for row, scale in enumerate(self.scales):
            place[row, self.latents.index(self.panel.analysis.latent_of(scale))] = 1.0
        return place

    @property
    def moderated(self) -> list[Placement]:
        """Coefficients of moderation among the effects of a group."""
        return [
            Placement(
                "interaction_on_level",
                (one.name, self.role, one.outcome),
                len(self.latents) + self.slopes.index(_slope(one.term, self.slot, one.outcome)),
                self.latents.index(one.moderator),
            )
            for one in self.moderations
        ]

    @cached_property
    def repeated(self) -> list[int]:
        """Series measured at several waves: only these tell a residual from a person."""
        counts = np.bincount(self.growth.series_of_response)
        return np.flatnonzero(counts > 1).tolist()

    @property
    def residual(self) -> MemberCovariance:
        """Residuals of one mission."""
        quantities = [("", self.slot, self.scales[row]) for row in self.repeated]
        return MemberCovariance("residual", "series", quantities, (self.slot,), (self.role,))


def design_of(growth: GrowthDesign) -> ClimateDesign:
    """Design of persons in groups, whether or not it can be fitted."""
    terms, moderations = list(terms_of(growth)), list(_moderations(growth))
    slot, role = growth.composition.slots[0], growth.composition.labels[0]
    scales = [outcome for _, outcome in growth.series]
    effects = [Effect(LEVEL, slot, scale) for scale in scales]
    columns: list[Column] = list(dict.fromkeys([(), *(term.static for term in terms)]))
    placements = [Placement(LEVEL, (role, scale), row, 0) for row, scale in enumerate(scales)]
    for term in terms:
        place = columns.index(term.static)
        placements += [
            Placement(f"{term.source}_on_{LEVEL}", (term.label, role, scale), row, place)
            for row, scale in enumerate(scales)
            if scale in term.outcomes
        ]
    if has_trend(growth.panel):
        repeated = [scale for scale in scales if _waves(growth, scale) > 1]
        placements += [
            Placement(CHANGE, (role, scale), len(effects) + place, 0)
            for place, scale in enumerate(repeated)
        ]
        effects += [Effect(CHANGE, slot, scale, (TIME,), varies=False) for scale in repeated]
    effects += dict.fromkeys(_slope(one.term, slot, one.outcome) for one in moderations)
    return ClimateDesign(OccasionDesign(growth, effects, placements, columns), moderations)


def _waves(growth: GrowthDesign, scale: str) -> int:
    return sum(outcome == scale for _, _, outcome in growth.responses)


def _slope(term: Term, slot: str, outcome: str) -> Effect:
    factors = tuple(("value", *pair) for pair in term.static)
    return Effect(_kind(term), slot, outcome, factors, varies=False)


def _kind(term: Term) -> str:
    return f"{term.source} {term.label}"


def _moderations(growth: GrowthDesign) -> Iterator[Moderation]:
    """Slopes that an interaction with an outcome's group mean moderates, scale by scale."""
    analysis = growth.panel.analysis
    scales = [outcome for _, outcome in growth.series]
    predictors = {one.term: one for one in analysis.predictors}
    for interaction in analysis.interactions:
        for moderator in moderators_of(growth.panel, interaction):
            (predictor,) = (predictors[term] for term in interaction.of if term in predictors)
            labels = growth.labels_of(predictor)
            for term in terms_of(growth):
                if term.source == predictor.of and term.label in labels:
                    _, bracket, level = term.label.partition("[")
                    for scale in interaction.outcomes or scales:
                        if analysis.latent_of(scale) != moderator:
                            name = interaction.name + bracket + level
                            yield Moderation(name, scale, moderator, term)


def moderators_of(panel: Panel, interaction: Interaction) -> list[str]:
    """Outcomes whose latent group mean is a term of an interaction."""
    means = panel.analysis.group_means
    return [means[term] for term in interaction.of if term in means]
