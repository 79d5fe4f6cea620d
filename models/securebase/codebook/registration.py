"""A registered plan: where its frozen copy lies, and what became different from it and why."""

import datetime
from typing import Annotated

from pydantic import Field

from securebase.codebook.closed import Closed, Sentence


class Explanation(Closed):
    """Why something is not as it was registered."""

    what: str = Field(description="As the page of claims names it, such as `ROPE of H2`.")
    reason: Sentence = Field(description="Why: mandatory.")


class Registration(Closed):
    """A plan that was registered before the data were seen."""

    file: str = Field(
        description="Its frozen copy, which `securebase register` writes; from the folder of this "
        "codebook: ../registrations/<study>.yaml."
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="Digest of that file, as it was deposited; with another one nothing runs."
    )
    date: datetime.date = Field(description="Day on which it was deposited, YYYY-MM-DD.")
    doi: str | None = Field(None, description="DOI of the deposit.")
    url: str | None = Field(None, description="Address of the deposit, where it has no DOI.")
    deviations: tuple[Explanation, ...] = Field(
        (), description="What is different from the plan, each with its reason."
    )

    @property
    def place(self) -> str:
        """Where the plan was deposited; empty where that is not said."""
        return f"doi:{self.doi}" if self.doi else self.url or ""
