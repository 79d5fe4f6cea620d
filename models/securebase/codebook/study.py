"""What a codebook may say: raw files, roles, waves, scales, covariates, analyses and claims."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from securebase.codebook.analysis import Analysis
from securebase.codebook.cells import as_code
from securebase.codebook.claim import Claim
from securebase.codebook.closed import Closed, Label, Sentence
from securebase.codebook.multiverse import Multiverse
from securebase.codebook.rawfiles import Raw
from securebase.codebook.registration import Registration
from securebase.codebook.scale import Covariate, Measure, Scale

Code = str | int | float
Codes = Code | tuple[Code, ...]


def code_texts(codes: Codes | None, name: str) -> tuple[str, ...]:
    """Write the codes of a level as raw cells would; a level without a code is its own code."""
    given = codes if isinstance(codes, tuple) else (name if codes is None else codes,)
    return tuple(as_code(code) for code in given)


class Level(Closed):
    """A level of a column: what the raw files write for it."""

    code: Codes | None = Field(
        None, description="What the raw files write: a value or a list; null: the key itself."
    )
    label: str | None = Field(None, description="Name in reports; null: the key.")


class WaveLevel(Level):
    """A measurement occasion."""

    time: float = Field(description="When, in `time_unit`; increasing over the waves.")


class CompositionLevel(Level):
    """A make-up of units, such as couples of two women."""

    exchangeable: bool = Field(
        False, description="true: the two role labels carry no meaning in these units."
    )


class Roles(Closed):
    """Who a person is in the unit."""

    levels: Annotated[dict[Label, Level], Field(min_length=1, max_length=3)] = Field(
        description="One or two roles of members, and that of leaders where there are any."
    )
    exchangeable: bool = Field(False, description="true: the two labels carry no meaning.")
    leader: Label | None = Field(
        None,
        description="Role of those who each lead a cluster: units of their own, in the cluster "
        "they lead. null: no one does.",
    )
    compositions: dict[Label, CompositionLevel] | None = Field(
        None, description="Studies that mix exchangeable and distinguishable units; else null."
    )

    def codes(self) -> dict[str, str]:
        """Map each raw code to its role."""
        return codes_of(self.levels)

    @property
    def members(self) -> tuple[str, ...]:
        """Roles of the members of a unit: all but the leader's."""
        return tuple(role for role in self.levels if role != self.leader)


class Waves(Closed):
    """When people were asked."""

    time_unit: str = Field(min_length=1, description="Unit of `time`, and of every change.")
    levels: Annotated[dict[Label, WaveLevel], Field(min_length=1)] = Field(
        description="The waves, first to last."
    )

    def codes(self) -> dict[str, str]:
        """Map each raw code to its wave."""
        return codes_of(self.levels)


class Exclusion(Closed):
    """Rows that the researcher leaves out."""

    where: Annotated[dict[str, Codes], Field(min_length=1)] = Field(
        description="{raw column: value or list of values}; a row that matches all is left out."
    )
    reason: Sentence = Field(description="Why: mandatory.")


class Study(Closed):
    """The whole of a codebook, config/studies/<study>.yaml."""

    study: Label = Field(description="Name of the study: the name of this file.")
    title: Sentence = Field(description="What was studied, one line.")
    simulated: bool = Field(False, description="true: every page of the report says so.")
    source: Sentence = Field(description="Who collected the data; citation.")
    licence: str = Field("none stated", description="Licence of the data.")
    unit: str = Field("couple", min_length=1, description="The word for a unit.")
    raw: Raw = Field(description="The raw files.")
    roles: Roles = Field(description="Who a person is in the unit.")
    waves: Waves = Field(description="When people were asked.")
    scales: Annotated[dict[Label, Scale], Field(min_length=1)] = Field(
        description="Questionnaire scales."
    )
    covariates: dict[Label, Covariate] = Field({}, description="Measures of one column.")
    exclusions: tuple[Exclusion, ...] = Field((), description="Rows left out, each with a reason.")
    analyses: dict[Label, Analysis] = Field({}, description="Models of this study.")
    claims: tuple[Claim, ...] = Field((), description="Statements the analyses are asked about.")
    registration: Registration | None = Field(
        None, description="The plan that was registered; null: none was."
    )
    multiverse: Multiverse | None = Field(
        None, description="Other ways the analyses could have been done; null: none is declared."
    )

    def measures(self) -> dict[str, Measure]:
        """Give scales and covariates by name."""
        return {**self.scales, **self.covariates}

    def unpinned(self) -> "Study":
        """Give the codebook without digests of raw files: for other files of the same layout."""
        files = tuple(one.model_copy(update={"sha256": None}) for one in self.raw.files)
        return self.model_copy(update={"raw": self.raw.model_copy(update={"files": files})})

    def answer_columns(self, role: str | None = None, wave: str | None = None) -> list[str]:
        """List the raw columns of items and covariates that a role has at a wave."""
        items = [
            i for scale in self.scales.values() if scale.asked(role, wave) for i in scale.items
        ]
        singles = [one.column for one in self.covariates.values() if one.asked(role, wave)]
        return list(dict.fromkeys([*items, *singles]))


def codes_of(levels: Mapping[str, Level]) -> dict[str, str]:
    """Map each raw code to the level it stands for."""
    return {code: name for name, one in levels.items() for code in code_texts(one.code, name)}
