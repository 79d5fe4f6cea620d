"""What each study contributes to the headline, on which scale, and what is claimed of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError, model_validator

from securebase.codebook.claim import Claim, Rope, Term
from securebase.codebook.closed import Closed, Label, Sentence
from securebase.codebook.document import model_faults, nearest, read_document
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError

UNIT: Final = "baseline sds"


class BaselineSd(Closed):
    """How far people differ at the beginning: the unit of the common scale."""

    terms: tuple[Term, ...] = Field(
        (),
        description="Standard deviations of the posterior; their squares are added (between units, "
        "between clusters). Empty: `value`.",
    )
    value: float | None = Field(
        None, gt=0, description="A number instead, in the unit of the outcome."
    )
    reason: Sentence = Field(description="Why this is the spread at the beginning: mandatory.")

    @model_validator(mode="after")
    def _terms_or_value(self) -> "BaselineSd":
        if bool(self.terms) == (self.value is not None):
            raise ValueError("either terms or a value, not both")
        return self


class Side(Closed):
    """An effect on anxiety or on avoidance, and its scale."""

    estimand: tuple[Term, ...] = Field(
        min_length=1, description="Weighted sum over posterior variables, as in a claim."
    )
    baseline_sd: BaselineSd = Field(description="What the effect is divided by.")


class Multiplier(Closed):
    """A number both effects are multiplied with."""

    by: float = Field(gt=0, description="Factor, such as the months of a study.")
    reason: Sentence = Field(description="Why: mandatory.")


class Contribution(Closed):
    """What one study says of the security-enhancing effect."""

    study: Label = Field(description="The study.")
    analysis: Label = Field(description="Its analysis whose posterior is taken.")
    sentence: Sentence = Field(description="What the effect is, in plain words.")
    predictor: Sentence = Field(
        description='What the effect is per: "one sd of the partner\'s sensitivity".'
    )
    anxiety: Side = Field(description="The effect on anxiety.")
    avoidance: Side = Field(description="The effect on avoidance.")
    secure: Literal["negative", "positive"] = Field(
        "negative",
        description="Sign of estimands when people become more secure; positive ones are turned, "
        "so that below zero always means less anxious, less avoidant.",
    )
    multiply: Multiplier | None = Field(
        None, description="To the length of the study; null: effects are taken as they are."
    )

    @property
    def factor(self) -> float:
        """What both effects are multiplied with, sign included."""
        sign = 1.0 if self.secure == "negative" else -1.0
        return sign * (self.multiply.by if self.multiply else 1.0)


class HeadlineClaim(Closed):
    """The claim about the mean over studies of the effect on anxiety minus that on avoidance."""

    sentence: Sentence = Field(description="The claim in plain words.")
    direction: Literal["positive", "negative", "zero"] = Field(
        "negative", description="negative: anxiety gives way more than avoidance."
    )
    rope: Rope = Field(description="Region of practical equivalence, in baseline sds.")
    declared: Literal["confirmatory", "exploratory"] = Field(
        "exploratory", description="confirmatory: registered before the data were seen."
    )


class PriorSd(Closed):
    """Spread of a prior centred at zero, in baseline standard deviations."""

    sd: float = Field(gt=0, description="Standard deviation of the normal, or of the half-normal.")
    reason: Sentence = Field(description="Why: mandatory.")


class Synthesis(Closed):
    """The whole of config/synthesis.yaml."""

    question: Sentence = Field(description="The question, one sentence.")
    claim: HeadlineClaim = Field(description="What is claimed of the mean over studies.")
    mean: PriorSd = Field(description="Prior of the mean over studies: normal.")
    heterogeneity: PriorSd = Field(
        description="Prior of the standard deviation between studies: half-normal."
    )
    contributions: tuple[Contribution, ...] = Field(
        min_length=1, description="One per study: several of one study are not independent."
    )

    @model_validator(mode="after")
    def _one_per_study(self) -> "Synthesis":
        names = [one.study for one in self.contributions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"one contribution per study, more of: {', '.join(twice)}")
        return self

    def as_claim(self) -> Claim:
        """Give its claim as claims of studies are declared."""
        return Claim(
            id="headline",
            sentence=self.claim.sentence,
            analysis="headline",
            estimand=(Term(variable="anxiety"), Term(variable="avoidance", weight=-1.0)),
            unit=UNIT,
            direction=self.claim.direction,
            rope=self.claim.rope,
            declared=self.claim.declared,
        )


def load_synthesis(path: Path) -> Synthesis:
    """Read what studies contribute.

    Raises
    ------
    InputError
        With every fault: line, key, what was given, the valid keys.
    """
    document = read_document(path)
    try:
        return Synthesis.model_validate(document.data)
    except ValidationError as error:
        faults = model_faults(error, document, Synthesis)
        raise InputError(f"synthesis {path}", faults) from None


def synthesis_faults(
    synthesis: Synthesis, studies: Mapping[str, Study], file: str
) -> Iterator[Fault]:
    """List the analyses that contributions name and codebooks do not have."""
    for place, one in enumerate(synthesis.contributions):
        known = list(studies[one.study].analyses) if one.study in studies else [one.analysis]
        if one.analysis not in known:
            given, expected = f"no analysis '{one.analysis}' in {one.study}", ", ".join(known)
            column = f"contributions.{place}.analysis"
            yield Fault(file, given, expected, nearest(one.analysis, known), column=column)
