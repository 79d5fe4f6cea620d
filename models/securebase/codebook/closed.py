"""What every part of a configuration is: typed, frozen, closed to keys it does not know."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Label = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Sentence = Annotated[str, Field(min_length=8)]


class Closed(BaseModel):
    """A part of a configuration: a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
