"""What a simulated study is made of: closed, typed, with a reason for every number that matters."""

import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from securebase.codebook.analysis import Analysis, Closed, Label, Sentence
from securebase.codebook.document import model_faults, read_document
from securebase.faults import InputError
from securebase.simulation.faultsettings import PlantedFault

World = Literal["source", "null", "reversed"]
FACTORS: Final[dict[World, float]] = {"source": 1.0, "null": 0.0, "reversed": -1.0}
"""What the claimed effects are multiplied with in each world."""

Share = Annotated[float, Field(ge=0, lt=1)]


class Cell(Closed):
    """One number of the truth."""

    at: dict[Label, str] = Field(
        {}, description="{dim: label}; dims left out are all of their labels."
    )
    value: float = Field(description="The true value, in the unit of the variable.")


class Effects(Closed):
    """True values of a posterior variable."""

    variable: Label = Field(description="Posterior variable, such as `change` or `unit_corr`.")
    claimed: bool = Field(
        False,
        description="true: the values are what a claim is about: 0 in the world `null`, of "
        "opposite sign in the world `reversed`.",
    )
    reason: Sentence = Field(description="Why these values: mandatory.")
    cells: tuple[Cell, ...] = Field(
        min_length=1,
        description="The values. Means, effects and correlations that nobody names are 0; levels "
        "and standard deviations must all be named.",
    )


class Distribution(Closed):
    """How a predictor is distributed over the persons of a role."""

    role: Label = Field(description="Whose.")
    measure: Label = Field(description="A covariate, or a scale whose answers follow the value.")
    mean: float = Field(description="Mean of the normal distribution it is drawn from.")
    sd: float = Field(gt=0, description="Its standard deviation; clipped to the measure's range.")
    decimals: int = Field(2, ge=0, description="Decimals a covariate is written with.")

    @property
    def name(self) -> str:
        """How correlations call it: "figure empathy"."""
        return f"{self.role} {self.measure}"


class Correlation(Closed):
    """Correlation of two predictors; pairs that nobody names are uncorrelated."""

    between: tuple[str, str] = Field(description='Two predictors, such as "figure empathy".')
    value: float = Field(gt=-1, lt=1, description="The correlation.")


class Predictors(Closed):
    """Measures that exist before growth begins."""

    reason: Sentence = Field(description="Why these values: mandatory.")
    distributions: tuple[Distribution, ...] = Field((), description="One per role and measure.")
    correlations: tuple[Correlation, ...] = Field((), description="Sparse.")


class ItemModel(Closed):
    """How the items of a scale scatter around the score."""

    noise: float = Field(gt=0, description="Standard deviation of an answer before rounding.")
    loading_spread: float = Field(
        0.25, ge=0, lt=1, description="Loadings lie evenly between 1 minus and 1 plus this."
    )
    shift_spread: float = Field(
        0.5, ge=0, description="Items' means lie evenly within this distance of the score's."
    )


class Answers(Closed):
    """How scores become answers."""

    reason: Sentence = Field(description="Why these values: mandatory.")
    scales: dict[Label, ItemModel] = Field(description="One item model per scale.")
    skipped: Share = Field(0.0, description="Share of cells that nobody filled in, at random.")


class BreakUp(Closed):
    """Units that end, for good, more often the worse they fare."""

    reason: Sentence = Field(description="Why these values: mandatory.")
    together: dict[Label, Annotated[float, Field(gt=0, le=1)]] = Field(
        description="{wave: expected share of units that are still together}."
    )
    role: Label = Field(description="Whose last observed scores decide: missing at random.")
    on: dict[Label, float] = Field(
        {}, description="{scale: change of the log odds of an end per standard deviation}."
    )


class Dates(Closed):
    """When people answered."""

    first: datetime.date = Field(description="First day of recruitment.")
    recruitment_days: int = Field(ge=1, description="Units start evenly over this many days.")
    late_days: int = Field(0, ge=0, description="People answer up to this many days later.")


class Simulation(Closed):
    """The whole of config/simulations/<study>.yaml."""

    study: Label = Field(description="Name of the study: the name of this file.")
    seed: int = Field(ge=0, description="The same seed gives the same bytes.")
    units: int = Field(ge=2, description="Number of units that begin.")
    absent: Share = Field(
        0.0, description="Share of persons who miss a wave after the first but stay, at random."
    )
    model: Analysis = Field(
        description="The model scores are drawn from; it may have more outcomes than the analyses."
    )
    truth: tuple[Effects, ...] = Field(description="Its true parameters.")
    predictors: Predictors | None = Field(None, description="Measures that are not outcomes.")
    answers: Answers = Field(description="How scores become answers.")
    break_up: BreakUp | None = Field(None, description="How units end; null: none does.")
    dates: Dates | None = Field(None, description="When people answered; null: no dates.")
    column_order: dict[Label, Literal["codebook", "alphabetical"]] = Field(
        {}, description="{wave: order of the columns in its file}; codebook unless named."
    )
    faults: tuple[PlantedFault, ...] = Field((), description="Faults planted in the raw files.")


def load_simulation(path: Path) -> Simulation:
    """Read the settings of a simulated study.

    Parameters
    ----------
    path : Path
        config/simulations/<study>.yaml.

    Raises
    ------
    InputError
        With every fault: line, key, what was given, the valid keys. Names are compared with the
        codebook when the study is simulated.
    """
    document = read_document(path)
    try:
        return Simulation.model_validate(document.data)
    except ValidationError as error:
        faults = model_faults(error, document, Simulation)
        raise InputError(f"simulation {path.stem}", faults) from None
