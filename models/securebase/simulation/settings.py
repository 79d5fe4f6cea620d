"""What a simulated study is made of: closed, typed, with a reason for every number that matters."""

import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, ValidationError

from securebase.codebook.analysis import Analysis
from securebase.codebook.closed import Closed, Label, Sentence
from securebase.codebook.document import model_faults, read_document
from securebase.faults import InputError
from securebase.simulation.faultsettings import PlantedFault
from securebase.simulation.predictorsettings import Predictors

World = Literal["source", "null", "reversed"]
WORLDS: Final[tuple[World, ...]] = get_args(World)
Size = Literal["small", "full"]
FACTORS: Final[dict[World, float]] = {"source": 1.0, "null": 0.0, "reversed": -1.0}
"""What the claimed effects are multiplied with in each world."""

Share = Annotated[float, Field(ge=0, lt=1)]


class Cell(Closed):
    """One number of the truth."""

    at: dict[Label, str] = Field(
        {}, description="{dim: label}; dims left out are all of their labels."
    )
    value: float = Field(description="The true value, in the unit of the variable.")
    null: float | None = Field(
        None,
        description="The value in the world `null`, where another than `claimed` gives: for what "
        "follows from effects that are gone. null: as `claimed` says.",
    )
    reversed: float | None = Field(
        None,
        description="The same in the world `reversed`: a claim that something makes no difference "
        "is untrue there if a value outside of its ROPE stands here.",
    )

    def value_in(self, world: World, claimed: bool) -> float:
        """Give the value of one of the worlds."""
        own = {"source": None, "null": self.null, "reversed": self.reversed}[world]
        if own is not None:
            return own
        return self.value * FACTORS[world] if claimed else self.value


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
        description="The values. Effects, paths and correlations that nobody names are 0; means "
        "and standard deviations must all be named.",
    )


class Model(Closed):
    """What scores are drawn from."""

    analysis: Analysis = Field(
        description="The model; it may have more outcomes than the codebook's analyses."
    )
    truth: tuple[Effects, ...] = Field(description="Its true parameters.")


class Clusters(Closed):
    """How units are dealt to clusters."""

    reason: Sentence = Field(description="Why so many, so large: mandatory.")
    count: int = Field(ge=2, description="Number of clusters: of leaders where there are any.")
    sizes: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = Field(
        description="Smallest and largest number of units in a cluster."
    )


class SmallSize(Closed):
    """The size of the study whose files lie in data/example."""

    reason: Sentence = Field(description="Why so many: mandatory.")
    units: int = Field(ge=2, description="Number of units that begin.")
    clusters: int | None = Field(None, ge=2, description="Number of clusters, where there are any.")


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
    units: int = Field(ge=2, description="Number of units that begin, leaders aside.")
    clusters: Clusters | None = Field(
        None, description="The clusters that units are in, with their leaders; null: none."
    )
    small: SmallSize | None = Field(
        None, description="The size of the example; null: as large as the study itself."
    )
    absent: Share = Field(
        0.0, description="Share of persons who miss a wave after the first but stay, at random."
    )
    predictors: Predictors | None = Field(None, description="Measures that no model draws.")
    models: tuple[Model, ...] = Field(
        min_length=1,
        description="Models that scores are drawn from, one after the other: what one has drawn "
        "may predict in the next.",
    )
    truths: dict[Label, tuple[Effects, ...]] = Field(
        {},
        description="{analysis of the codebook: its true parameters}, where they are not those of "
        "the model that it is part of; what is not named is taken from that model.",
    )
    answers: Answers = Field(description="How scores become answers.")
    break_up: BreakUp | None = Field(None, description="How units end; null: none does.")
    dates: Dates | None = Field(None, description="When people answered; null: no dates.")
    column_order: dict[Label, Literal["codebook", "alphabetical"]] = Field(
        {}, description="{wave: order of the columns in its files}; codebook unless named."
    )
    faults: tuple[PlantedFault, ...] = Field((), description="Faults planted in the raw files.")

    @property
    def file(self) -> str:
        """How messages call the settings."""
        return f"config/simulations/{self.study}.yaml"

    def sized(self, size: Size | None = None) -> "Simulation":
        """Give the settings of one size; None: the small one where it is declared."""
        if self.small is None or size == "full":
            return self.model_copy(update={"small": None})
        clusters = self.clusters
        if clusters is not None and self.small.clusters is not None:
            clusters = clusters.model_copy(update={"count": self.small.clusters})
        own = {"units": self.small.units, "clusters": clusters, "small": None}
        return self.model_copy(update=own)


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
