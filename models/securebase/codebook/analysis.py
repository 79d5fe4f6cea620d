"""An analysis of a study, as a codebook declares it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import Field, model_validator

from securebase.codebook.closed import Closed, Label, Sentence
from securebase.codebook.terms import Curve, Dynamics, Interaction, Path, Predictor, TimeShape


class PriorOverride(Closed):
    """Another prior for one block of parameters."""

    mean: float | None = Field(None, description="Location, in the parameter's unit.")
    sd: float | None = Field(
        None,
        gt=0,
        description="Spread: of a normal; of the half-normal of a standard deviation.",
    )
    eta: float | None = Field(
        None, gt=0, description="Shape of the LKJ prior of a correlation matrix; 1 is uniform."
    )
    reason: Sentence = Field(description="Why this prior: mandatory.")


class Rival(Closed):
    """Another model of the same scores, compared by how well it foretells who was left out."""

    reason: Sentence = Field(description="What it says that this model does not: mandatory.")
    change: dict[Label, Any] = Field(
        min_length=1,
        description="Keys of the analysis that are otherwise in it, such as `predictors: []`.",
    )


class Analysis(Closed):
    """One model of one study."""

    family: Label = Field(description="Model family: a file name in securebase/families.")
    question: Sentence = Field(description="The question this analysis answers, one sentence.")
    outcomes: tuple[Label, ...] = Field(
        min_length=1, description="Scales modelled jointly; levels of the dim `outcome`."
    )
    roles: tuple[Label, ...] | None = Field(
        None, description="Roles whose outcomes are modelled; null: all that answer the scales."
    )
    waves: tuple[Label, ...] | None = Field(
        None, description="Waves whose outcomes are modelled; null: all that ask the scales."
    )
    complete_waves: int = Field(
        0,
        ge=0,
        description="Waves that a unit must have answered in full, all modelled roles and "
        "outcomes, to be analysed; 0: any answer will do.",
    )
    time: TimeShape = Field(TimeShape(), description="How the outcomes move with time.")
    predictors: tuple[Predictor, ...] = Field((), description="Predictors of level and change.")
    interactions: tuple[Interaction, ...] = Field((), description="Products of predictors.")
    curves: tuple[Curve, ...] = Field(
        (), description="Predictors whose effect may turn within the observed range."
    )
    paths: tuple[Path, ...] = Field((), description="Arrows between outcomes.")
    informants: dict[Label, tuple[Label, ...]] = Field(
        {}, description="{latent outcome: scales that each measure it, by different informants}."
    )
    dynamics: Dynamics | None = Field(
        None, description="How a panel moves from wave to wave; null: the defaults."
    )
    clusters: bool = Field(
        False, description="Units share a cluster (clinic, company): random level and change."
    )
    priors: dict[Label, PriorOverride] = Field(
        {}, description="Overrides of the family's priors, by parameter."
    )
    rivals: dict[Label, Rival] = Field(
        {}, description="Other models of the same scores, to compare with."
    )

    @property
    def products(self) -> tuple[Interaction, ...]:
        """Interactions, and the products that curves are made of."""
        curved = (term for one in self.curves for term in (one.square, *one.moderated))
        return (*self.interactions, *curved)

    @property
    def latents(self) -> tuple[str, ...]:
        """Outcomes as paths know them: informants of one stand for it."""
        return tuple(dict.fromkeys(map(self.latent_of, self.outcomes)))

    def latent_of(self, scale: str) -> str:
        """What a scale measures: itself, or what it shares with other informants."""
        return next((name for name, own in self.informants.items() if scale in own), scale)

    @property
    def group_means(self) -> dict[str, str]:
        """Terms that name an outcome's latent group mean, {"group cohesion": "cohesion"}."""
        predictors = {predictor.term for predictor in self.predictors}
        every = {f"group {name}": name for name in self.latents}
        return {term: name for term, name in every.items() if term not in predictors}

    @model_validator(mode="after")
    def _terms_fit(self) -> "Analysis":
        problems = list(self._faults_of_terms())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _faults_of_terms(self) -> Iterator[str]:
        yield from self._named_twice()
        yield from self._coded_differently()
        yield from self._without_predictor()
        yield from self._without_outcome()

    def _named_twice(self) -> Iterator[str]:
        listings = (
            ("outcome", self.outcomes),
            ("role", self.roles or ()),
            ("wave", self.waves or ()),
        )
        for what, listed in listings:
            for name in _repeated(listed):
                yield f"{what} '{name}' is listed twice"
        for term in _repeated(predictor.term for predictor in self.predictors):
            yield f"predictor '{term}' is declared twice"
        for name in _repeated(product.name for product in self.products):
            yield f"interaction '{name}' is declared twice"

    def _coded_differently(self) -> Iterator[str]:
        own = [one for one in self.predictors if one.of not in ("leader", "group")]
        for one in own:
            for other in own:
                if one.name == other.name and one.of < other.of and one.coding != other.coding:
                    yield f"'{one.term}' and '{other.term}' must be taken and scaled alike"

    def _without_predictor(self) -> Iterator[str]:
        terms = [predictor.term for predictor in self.predictors]
        for product in self.products:
            for term in dict.fromkeys(product.of):
                if term not in terms and term not in self.group_means:
                    known = f"known: {', '.join(terms) or 'none'}"
                    yield f"interaction '{product.name}': no predictor '{term}' ({known})"

    def _without_outcome(self) -> Iterator[str]:
        asked = [(one.name, one.outcomes) for one in self.predictors]
        asked += [(one.name, one.outcomes) for one in self.products]
        asked += [(f"informants of {name}", scales) for name, scales in self.informants.items()]
        for name, outcomes in asked:
            for outcome in outcomes or ():
                if outcome not in self.outcomes:
                    yield f"'{name}': '{outcome}' is not an outcome of this analysis"
        for path in self.paths:
            for end in (path.source, path.target):
                if end not in self.latents:
                    known = f"known: {', '.join(self.latents)}"
                    yield f"path '{path.name}': '{end}' is not an outcome here ({known})"


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)
