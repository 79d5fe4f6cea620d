"""What is asked of a study: analyses and claims, as a codebook declares them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Label = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Sentence = Annotated[str, Field(min_length=8)]


class Closed(BaseModel):
    """A part of a configuration: a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeShape(Closed):
    """How an outcome moves with time."""

    shape: Literal["linear", "piecewise", "free"] = Field(
        "linear",
        description="linear: one change per unit of time; piecewise: one change per phase; "
        "free: the path between the first and the last wave is estimated, `change` is the average "
        "change per unit of time from first to last wave.",
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
        if self.shape == "free" and self.measured_by == "date":
            raise ValueError("a free path is estimated at the waves: dates have no place in it")
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
    of: Literal["actor", "partner", "unit"] = Field(
        description="Whose value: the person's own (actor), the other member's (partner), "
        "or one the members share (unit)."
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
        min_length=2, description='Predictors by "whose name", such as "partner sensitivity".'
    )
    on: tuple[Part, ...] = Field(("change",), min_length=1, description="What it predicts.")
    outcomes: tuple[Label, ...] | None = Field(
        None, description="Outcomes it predicts; null: every outcome of the analysis."
    )


class PriorOverride(Closed):
    """Another prior for one block of parameters."""

    mean: float | None = Field(None, description="Location, in the parameter's unit.")
    sd: float | None = Field(
        None,
        gt=0,
        description="Spread: of a normal; of the half-normal of a standard deviation.",
    )
    eta: float | None = Field(
        None, gt=0, description="Shape of the LKJ prior of a correlation matrix; 1 is uniform."
    )
    reason: Sentence = Field(description="Why this prior: mandatory.")


class Analysis(Closed):
    """One model of one study."""

    family: Label = Field(description="Model family: a file name in securebase/families.")
    question: Sentence = Field(description="The question this analysis answers, one sentence.")
    outcomes: tuple[Label, ...] = Field(
        min_length=1, description="Scales modelled jointly; levels of the dim `outcome`."
    )
    roles: tuple[Label, ...] | None = Field(
        None, description="Roles whose outcomes are modelled; null: all that answer the scales."
    )
    time: TimeShape = Field(TimeShape(), description="How the outcomes move with time.")
    predictors: tuple[Predictor, ...] = Field((), description="Predictors of level and change.")
    interactions: tuple[Interaction, ...] = Field((), description="Products of predictors.")
    clusters: bool = Field(
        False, description="Units share a cluster (clinic, company): random level and change."
    )
    priors: dict[Label, PriorOverride] = Field(
        {}, description="Overrides of the family's priors, by parameter."
    )

    @model_validator(mode="after")
    def _terms_fit(self) -> "Analysis":
        problems = list(self._faults_of_terms())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _faults_of_terms(self) -> Iterator[str]:
        for what, listed in (("outcome", self.outcomes), ("role", self.roles or ())):
            for name in sorted({name for name in listed if listed.count(name) > 1}):
                yield f"{what} '{name}' is listed twice"
        terms = [predictor.term for predictor in self.predictors]
        for term in sorted({term for term in terms if terms.count(term) > 1}):
            yield f"predictor '{term}' is declared twice"
        for one in self.predictors:
            for other in self.predictors:
                if one.name == other.name and one.of < other.of and one.coding != other.coding:
                    yield f"'{one.term}' and '{other.term}' must be taken and scaled alike"
        names = [interaction.name for interaction in self.interactions]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"interaction '{name}' is declared twice"
        for interaction in self.interactions:
            for term in interaction.of:
                if term not in terms:
                    known = f"known: {', '.join(terms) or 'none'}"
                    yield f"interaction '{interaction.name}': no predictor '{term}' ({known})"
        asked = [(one.name, one.outcomes) for one in self.predictors]
        asked += [(one.name, one.outcomes) for one in self.interactions]
        for name, outcomes in asked:
            for outcome in outcomes or ():
                if outcome not in self.outcomes:
                    yield f"'{name}': '{outcome}' is not an outcome of this analysis"


class Term(Closed):
    """One summand of an estimand: a posterior variable at named coordinates."""

    variable: Label = Field(description="Posterior variable, such as `change`.")
    at: dict[Label, str] = Field({}, description="Coordinates, one label per dim.")
    mean_over: tuple[Label, ...] = Field((), description="Dims averaged over.")
    weight: float = Field(1.0, description="Factor of this summand.")


class Rope(Closed):
    """Region of practical equivalence, in the unit of the estimand."""

    low: float = Field(description="Lower limit.")
    high: float = Field(description="Upper limit.")
    reason: Sentence = Field(description="Why effects inside do not matter: mandatory.")

    @model_validator(mode="after")
    def _low_below_high(self) -> "Rope":
        if self.low >= self.high:
            raise ValueError(f"low must be below high, given {self.low} and {self.high}")
        return self


class Claim(Closed):
    """A statement about the posterior of one analysis, declared before it is seen."""

    id: Label = Field(description="Short name, such as H1.")
    sentence: Sentence = Field(description="The claim in plain words.")
    analysis: Label = Field(description="The analysis whose posterior is asked.")
    estimand: tuple[Term, ...] = Field(
        min_length=1, description="Contrast: weighted sum over named variables and coordinates."
    )
    unit: str | None = Field(
        None, description="Unit of the estimand; null: taken from the first variable."
    )
    direction: Literal["positive", "negative", "zero"] = Field(
        description="Where the claim says the estimand lies: above the ROPE, below it, inside it."
    )
    rope: Rope = Field(description="Region of practical equivalence.")
    declared: Literal["confirmatory", "exploratory"] = Field(
        "exploratory", description="confirmatory: registered before the data were seen."
    )
