"""Faults that a simulated study holds on purpose, as its settings declare them."""

from typing import Annotated, Literal

from pydantic import Field

from securebase.codebook.closed import Closed, Label, Sentence


class Reasoned(Closed):
    """A fault, and how it came about."""

    reason: Sentence = Field(description="How such a fault comes about: mandatory.")


class RowFault(Reasoned):
    """Where a fault is planted: one person's row at one wave."""

    wave: Label = Field(description="Wave whose file gets it.")
    role: Label = Field(description="Role of the person.")
    place: int = Field(
        ge=1,
        description="Which of the rows of that wave and role, counted from 1 in the order of ids: "
        "so that every seed and world has it.",
    )


class WrongCell(RowFault):
    """A cell that holds what it cannot."""

    kind: Literal["cell"]
    column: str = Field(min_length=1, description="Column, as the codebook calls it.")
    value: str = Field(min_length=1, description="What the cell holds.")
    rule: Literal["out_of_range", "off_grid", "missing_code", "not_a_number"] = Field(
        description="Rule of the cleaning that has to name it."
    )


class Duplicate(RowFault):
    """The same submission twice."""

    kind: Literal["duplicate"]


class Resubmission(RowFault):
    """The form filled in a second time, with other answers."""

    kind: Literal["resubmission"]
    days: int = Field(ge=1, description="Days after the first.")
    answers: dict[str, str] = Field(min_length=1, description="{column: the other answer}.")


class Blank(RowFault):
    """A form that was opened and left, before the one that counts."""

    kind: Literal["blank"]
    days: int = Field(ge=1, description="Days before the form that counts.")


class LostId(RowFault):
    """A row without the id of its unit."""

    kind: Literal["lost_id"]


class Misspelt(RowFault):
    """A person's id in lower case."""

    kind: Literal["misspelt"]


class Swap(Reasoned):
    """The ids of the two members of a unit exchanged at one wave."""

    kind: Literal["swap"]
    wave: Label = Field(description="Wave at which both members answer.")
    place: int = Field(
        ge=1, description="Which of the units that are there at every wave, in the order of ids."
    )


class TrialRow(Reasoned):
    """A row of nobody, left from trying out the form."""

    kind: Literal["trial_row"]
    wave: Label = Field(description="Wave whose file gets it.")
    role: Label = Field(description="Role it was filled in as.")
    unit: str = Field(min_length=1, description="What it holds for the id of the unit.")


class TurnedItem(Reasoned):
    """An item that one wave's file holds turned round, unlike the other waves."""

    kind: Literal["turned_item"]
    wave: Label = Field(description="Wave whose file gets it.")
    item: str = Field(min_length=1, description="The item.")


PlantedFault = Annotated[
    WrongCell | Duplicate | Resubmission | Blank | LostId | Misspelt | Swap | TrialRow | TurnedItem,
    Field(discriminator="kind"),
]
