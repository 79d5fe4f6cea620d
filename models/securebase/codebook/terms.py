"""What an analysis is made of: time, predictors, their products and curves, arrows, dynamics."""

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from securebase.codebook.closed import Closed, Label


class TimeShape(Closed):
    """How an outcome moves with time."""

    shape: Literal["linear", "piecewise", "free", "steps"] = Field(
        "linear",
        description="linear: one change per unit of time; piecewise: one change per phase; "
        "free: the path between the first and the last wave is estimated, `change` is the average "
        "change per unit of time from first to last wave; steps: a change of its own from the "
        "first wave to each later one, named by it, without a residual.",
    )
    measured_by: Literal["wave", "date"] = Field(
        "wave",
        description="wave: everybody answers at the planned time of a wave; date: each member at "
        "the date of answering, counted from the unit's first dated wave.",
    )
    origin: str | None = Field(
        None, description="Wave at which `level` is measured; null: the first wave."
    )
    knots: tuple[str, ...] = Field(
        (), description="Waves at which the change may turn (piecewise only)."
    )
    phases: tuple[Label, ...] = Field(
        (),
        description="Names of the phases, one more than knots; empty: phase_1, phase_2, ….",
    )

    @model_validator(mode="after")
    def _knots_go_with_piecewise(self) -> "TimeShape":
        if (self.shape == "piecewise") != bool(self.knots):
            raise ValueError("knots belong to shape piecewise, and piecewise needs at least one")
        if self.shape == "free" and self.origin is not None:
            raise ValueError("a free path starts at the first wave: leave origin out")
        if self.shape in ("free", "steps") and self.measured_by == "date":
            raise ValueError("free paths and steps are between waves: dates have no place in them")
        if self.shape == "steps" and self.origin is not None:
            raise ValueError("steps start at the first wave: leave origin out")
        if {"level", "change"} & set(self.phases) or len(set(self.phases)) < len(self.phases):
            raise ValueError("phases need distinct names other than level and change")
        if self.phases and len(self.phases) != len(self.knots) + 1:
            raise ValueError(
                f"{len(self.knots)} knots make {len(self.knots) + 1} phases, "
                f"{len(self.phases)} are named"
            )
        return self

    @property
    def phase_names(self) -> tuple[str, ...]:
        """Names of the phases in order; one phase unless piecewise."""
        return self.phases or tuple(f"phase_{n + 1}" for n in range(len(self.knots) + 1))


Part = Literal["level", "change"]


class Predictor(Closed):
    """A covariate or a scale score that predicts level or change."""

    name: Label = Field(description="A covariate or a scale; with `mean_of`, a new name.")
    of: Literal["actor", "partner", "unit", "leader", "group"] = Field(
        description="Whose value: the person's own (actor), the other member's (partner), one the "
        "members share (unit), that of the leader of the cluster (leader), or the mean over the "
        "members of the cluster as observed, leaders aside (group)."
    )
    on: tuple[Part, ...] = Field(("level", "change"), min_length=1, description="What it predicts.")
    outcomes: tuple[Label, ...] | None = Field(
        None, description="Outcomes it predicts; null: every outcome of the analysis."
    )
    wave: str | None = Field(
        None,
        description="Wave at which it is taken; null: a scale at the first wave that measures it, "
        "a covariate at the first wave at which the person told it.",
    )
    mean_of: tuple[Label, ...] = Field(
        (), description="Composite: mean of these measures, each first brought to mean 0 and sd 1."
    )
    centre: Literal["grand", "none"] = Field(
        "grand", description="grand: minus the mean over all persons who have it; none: as it is."
    )
    scale: Literal["sd", "none"] = Field(
        "none", description="sd: divided by the standard deviation; none: in its own unit."
    )
    reference: str | None = Field(
        None, description="Categorical: the level the others are compared with; null: the first."
    )
    varying: bool = Field(
        False,
        description="true: the value of each wave predicts the outcomes of that wave, split into "
        "the person's mean over waves and the deviation from it.",
    )

    @model_validator(mode="after")
    def _varies_over_all_waves(self) -> "Predictor":
        if self.varying and (self.wave is not None or self.mean_of):
            raise ValueError("a varying predictor is taken at every wave, and as it is")
        return self

    @property
    def coding(self) -> tuple[object, ...]:
        """All that decides a value: equal for two predictors of the same name."""
        shared = self.of == "unit"
        return (self.wave, self.mean_of, self.centre, self.scale, self.reference, shared)

    @property
    def term(self) -> str:
        """How other places call it: "partner sensitivity"."""
        return f"{self.of} {self.name}"


class Interaction(Closed):
    """The product of two or more predictors of the same analysis."""

    name: Label = Field(description="Name of the interaction in results and claims.")
    of: tuple[str, ...] = Field(
        min_length=2,
        description='Predictors by "whose name", such as "partner sensitivity"; in family '
        'group_climate also "group cohesion", the latent group mean of an outcome.',
    )
    on: tuple[Part, ...] = Field(("change",), min_length=1, description="What it predicts.")
    outcomes: tuple[Label, ...] | None = Field(
        None, description="Outcomes it predicts; null: every outcome of the analysis."
    )


class Curve(Closed):
    """A predictor whose effect may turn: a line and a square, alike for all or by a moderator."""

    name: Label = Field(description="Name of the curve in results and claims.")
    of: str = Field(description='The predictor by "whose name", such as "partner support".')
    by: str | None = Field(
        None,
        description='A predictor by "whose name" that changes the line and the square; the curve '
        "is then given one of its standard deviations below, at, and above its mean.",
    )
    on: tuple[Part, ...] = Field(("change",), min_length=1, description="What it predicts.")
    outcomes: tuple[Label, ...] | None = Field(
        None, description="Outcomes it predicts; null: every outcome of the analysis."
    )

    @property
    def square(self) -> Interaction:
        """The square of the predictor."""
        return self._interaction(f"{self.name}_square", (self.of, self.of))

    @property
    def moderated(self) -> tuple[Interaction, ...]:
        """Products with the moderator: of the line, of the square; none without one."""
        if self.by is None:
            return ()
        return (
            self._interaction(f"{self.name}_line_by", (self.of, self.by)),
            self._interaction(f"{self.name}_square_by", (self.of, self.of, self.by)),
        )

    def _interaction(self, name: str, of: tuple[str, ...]) -> Interaction:
        return Interaction(name=name, of=of, on=self.on, outcomes=self.outcomes)


class Path(Closed):
    """An arrow from one outcome to another within a model."""

    model_config = ConfigDict(populate_by_name=True)

    source: Label = Field(alias="from", description="Outcome the arrow starts from.")
    target: Label = Field(alias="to", description="Outcome it points to.")
    of: Literal["actor", "partner"] = Field(
        "actor", description="Whose source: the person's own, or the other member's."
    )
    source_part: Part = Field(
        "level", alias="from_part", description="What of the source, in a model of change."
    )
    on: tuple[Part, ...] = Field(
        ("level", "change"),
        min_length=1,
        description="What of the target, in a model of change; parts it does not have are ignored.",
    )
    lag: Literal[0, 1] = Field(
        0, description="1: from each wave to the next; 0: within a wave, or without waves."
    )

    @property
    def name(self) -> str:
        """How claims call it."""
        whose = "" if self.of == "actor" else "partner "
        return f"{whose}{self.source} to {self.target}"


class Dynamics(Closed):
    """How a panel moves from wave to wave."""

    kind: Literal["deviations", "scores"] = Field(
        "deviations",
        description="deviations: from a person's stable part (random intercept); scores: the "
        "scores themselves drive their next change, beside a constant change of each person's own "
        "(latent change scores).",
    )
    effects: Literal["equal", "by_step"] = Field(
        "equal", description="equal: the same at every step; by_step: each step has its own."
    )
    innovations: Literal["equal", "by_wave"] = Field(
        "equal",
        description="equal: what is new at a step spreads alike at every step; by_wave: each wave "
        "has its own spread and correlations.",
    )
    step: float | None = Field(
        None,
        gt=0,
        description="Length of a step in the study's time unit; unequal steps are made of several. "
        "null: the longest that all steps are multiples of.",
    )
