"""Scales and covariates: what was measured, and how its answers become numbers."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator

from securebase.codebook.closed import Closed, Label, Sentence

Column = Annotated[str, Field(min_length=1)]


class Rekeyed(Closed):
    """An item whose keying differs in some waves."""

    item: Column = Field(description="The item.")
    waves: tuple[Label, ...] = Field(min_length=1, description="Waves it differs in.")
    reason: Sentence = Field(description="Why: mandatory.")


class Scale(Closed):
    """A questionnaire scale: items, keys and the rule of its score."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    label: str | None = Field(None, description="Name in reports; null: the key.")
    items: tuple[Column, ...] = Field(min_length=1, description="Columns of the items.")
    range: tuple[float, float] = Field(description="Lowest and highest answer.")
    step: float | None = Field(
        1.0,
        gt=0,
        description="Distance of two answers on the form, counted from the lowest; an answer "
        "between two steps is quarantined. null: any value in the range.",
    )
    reverse: tuple[Column, ...] = Field((), description="Items keyed against the scale.")
    missing_codes: tuple[float, ...] = Field(
        (), description="Numbers that mean no answer, such as -9."
    )
    minimum_items: int | None = Field(
        None, ge=1, description="Answered items a score needs; null: all of them."
    )
    score: Literal["mean", "sum"] = Field(
        "mean",
        description="mean of the answered items, or sum (that mean times the number of items).",
    )
    roles: tuple[Label, ...] | None = Field(None, description="Roles that answer it; null: all.")
    waves: tuple[Label, ...] | None = Field(None, description="Waves that ask it; null: all.")
    rekeyed: tuple[Rekeyed, ...] = Field(
        (), description="Items whose keying is the opposite of `reverse` in some waves."
    )
    accepted_items: dict[Column, Sentence] = Field(
        {}, description="{item: why a negative item-rest correlation is right here}."
    )

    @property
    def needed_items(self) -> int:
        """Number of answered items a score needs."""
        return len(self.items) if self.minimum_items is None else self.minimum_items

    @property
    def score_range(self) -> tuple[float, float]:
        """Smallest and largest possible score."""
        factor = len(self.items) if self.score == "sum" else 1
        return (self.range[0] * factor, self.range[1] * factor)

    def is_reversed(self, item: str, wave: str) -> bool:
        """Whether an item is keyed against the scale at a wave."""
        flips = sum(one.item == item and wave in one.waves for one in self.rekeyed)
        return (item in self.reverse) != bool(flips % 2)

    def asked(self, role: str | None, wave: str | None) -> bool:
        """Whether a role answers the scale at a wave; None stands for any."""
        return _asked(self.roles, role) and _asked(self.waves, wave)


class Covariate(Closed):
    """A measure that is one column: sex, age, the score of a test."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    column: Column = Field(description="Its column.")
    label: str | None = Field(None, description="Name in reports; null: the key.")
    type: Literal["continuous", "categorical"] = Field(description="Number or level.")
    levels: dict[str, str] | None = Field(
        None, description="Categorical: {code in the raw file: name of the level}."
    )
    range: tuple[float, float] | None = Field(
        None, description="Continuous: lowest and highest possible value."
    )
    unit: str | None = Field(None, description="Continuous: unit of measurement, in words.")
    of: Literal["person", "unit"] = Field("person", description="Whom it describes.")
    waves: tuple[Label, ...] | None = Field(None, description="Waves that ask it; null: all.")
    roles: tuple[Label, ...] | None = Field(None, description="Roles that have it; null: all.")
    missing_codes: tuple[str, ...] = Field(
        (), description="Values that mean no answer, such as -9."
    )

    @field_validator("levels", mode="before")
    @classmethod
    def _codes_are_text(cls, value: object) -> object:
        return {str(key): name for key, name in value.items()} if isinstance(value, dict) else value

    def asked(self, role: str | None, wave: str | None) -> bool:
        """Whether a role has the covariate at a wave; None stands for any."""
        return _asked(self.roles, role) and _asked(self.waves, wave)


Measure = Scale | Covariate


def _asked(levels: tuple[str, ...] | None, level: str | None) -> bool:
    return levels is None or level is None or level in levels
