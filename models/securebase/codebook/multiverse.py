"""Other ways an analysis could have been done: choices, each with a reason and a kind."""

from typing import Any, Literal

from pydantic import Field, model_validator

from securebase.codebook.closed import Closed, Label, Sentence


class Option(Closed):
    """One way to decide a choice: parts of the codebook in the place of others."""

    label: str | None = Field(None, description="Name in reports; null: the key.")
    reason: Sentence = Field(description="Why one might decide so: mandatory.")
    change: dict[str, Any] = Field(
        {},
        description="Keys of the codebook, nested as there, with what they say instead. Mappings "
        "are changed key by key, lists are replaced whole. Empty in the first option only: as "
        "declared.",
    )


class Choice(Closed):
    """A decision that could have been taken otherwise."""

    label: str | None = Field(None, description="Name in reports; null: the key.")
    kind: Literal["equivalent", "assumption"] = Field(
        description="equivalent: by theory every option asks the same of the same, only these "
        "count for the grade; assumption: another option assumes something else, and so tests it "
        "(doi:10.1177/2515245920954925)."
    )
    options: dict[Label, Option] = Field(
        min_length=2, description="The first is as declared and changes nothing."
    )

    @property
    def declared(self) -> str:
        """Name of the option that the codebook is declared with."""
        return next(iter(self.options))

    @model_validator(mode="after")
    def _first_is_as_declared(self) -> "Choice":
        problems = [
            f"option '{name}' comes first, so it is as declared: it must not have a `change`"
            if name == self.declared
            else f"option '{name}' has no `change`"
            for name, one in self.options.items()
            if bool(one.change) == (name == self.declared)
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self


class Multiverse(Closed):
    """The grid of specifications that an analysis is fitted under, declared before it is."""

    choices: dict[Label, Choice] = Field(
        min_length=1,
        description="In this order; where two of them change the same key, the later one decides.",
    )
    assumptions: Literal["one_at_a_time", "crossed"] = Field(
        "one_at_a_time",
        description="one_at_a_time: each option of an assumption on its own, in every "
        "specification of the equivalent choices; crossed: with every other as well.",
    )
