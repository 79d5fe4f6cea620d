"""Claims: statements about the posterior of an analysis, declared before it is seen."""

from typing import Literal

from pydantic import Field, model_validator

from securebase.codebook.closed import Closed, Label, Sentence


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


def claimed_column(direction: str) -> str:
    """Name the column that holds the probability of what is claimed: that of the ROPE for zero."""
    return "p_rope" if direction == "zero" else "p_beyond"


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
