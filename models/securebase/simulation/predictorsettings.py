"""How the predictors of a simulated study are distributed, as its settings declare them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, model_validator

from securebase.codebook.closed import Closed, Label, Sentence


class Distribution(Closed):
    """How a predictor is distributed: normal over persons, over persons and waves, or by lot."""

    role: Label | None = Field(
        None, description="Whose; null: a covariate of the unit, the same for its members."
    )
    measure: Label = Field(description="A covariate, or a scale whose answers follow the value.")
    mean: float | None = Field(None, description="Mean of the normal distribution it is from.")
    sd: float | None = Field(
        None, gt=0, description="Its standard deviation; clipped to the measure's range."
    )
    within_sd: float | None = Field(
        None,
        gt=0,
        description="Standard deviation of each wave around the person's own mean; null: every "
        "wave has the same value.",
    )
    shares: dict[str, Annotated[float, Field(gt=0, le=1)]] | None = Field(
        None,
        description="Categorical: {level: share}, drawn by lot so that the shares are kept as "
        "exactly as whole numbers can; instead of mean and sd.",
    )
    decimals: int = Field(2, ge=0, description="Decimals a covariate is written with.")

    @property
    def name(self) -> str:
        """How correlations call it: "figure empathy"."""
        return self.measure if self.role is None else f"{self.role} {self.measure}"

    @model_validator(mode="after")
    def _is_one_of_two(self) -> "Distribution":
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        if self.shares is None:
            if self.mean is None or self.sd is None:
                yield f"'{self.name}': mean and sd, or shares"
            return
        if {self.mean, self.sd, self.within_sd} != {None}:
            yield f"'{self.name}': shares, or mean and sd, not both"
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-9:
            yield f"'{self.name}': shares that add up to 1, given {total:g}"


class Correlation(Closed):
    """Correlation of two predictors; pairs that nobody names are uncorrelated."""

    between: tuple[str, str] = Field(description='Two predictors, such as "figure empathy".')
    value: float = Field(gt=-1, lt=1, description="The correlation.")


class Predictors(Closed):
    """Measures that exist before the models draw."""

    reason: Sentence = Field(description="Why these values: mandatory.")
    distributions: tuple[Distribution, ...] = Field((), description="One per role and measure.")
    correlations: tuple[Correlation, ...] = Field(
        (), description="Of persons' values or means, within a unit. Sparse."
    )
    within_correlations: tuple[Correlation, ...] = Field(
        (), description="Of one wave's deviations from the persons' means, within a unit. Sparse."
    )
