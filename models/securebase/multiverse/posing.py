"""Specifications as questions: each with the waves, the panel and the model that it declares."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from securebase.claims import refuse_faulty_claims
from securebase.codebook.extracts import claims_of, data_part
from securebase.codebook.specifications import Specification
from securebase.codebook.study import Study
from securebase.fitting import Question, posed
from securebase.multiverse.sharing import Data, data_for
from securebase.waves.clean import clean


@dataclass(frozen=True)
class Posed:
    """A specification that is ready to be fitted.

    Parameters
    ----------
    specification : Specification
    question : Question
    shared : dict or None
        Data that make the base's model that of this question; None where it needs its own.
    """

    specification: Specification
    question: Question
    shared: Data | None

    @property
    def data(self) -> Data:
        """Data of its task."""
        question = self.question
        return self.shared or question.built.data_of(question.panel)


@dataclass(frozen=True)
class Refused:
    """A specification that cannot be fitted, and why."""

    specification: Specification
    failure: str


@dataclass
class Raw:
    """Raw files, cleaned and scored once for every codebook that treats them alike.

    Parameters
    ----------
    root : Path
        Folder the raw files' paths start from.
    """

    root: Path
    _cleaned: dict[str, pd.DataFrame] = field(default_factory=dict)

    def waves(self, study: Study) -> pd.DataFrame:
        """Scored waves of a codebook; see `waves.clean.clean`."""
        key = json.dumps(data_part(study), sort_keys=True)
        if key not in self._cleaned:
            self._cleaned[key] = clean(study, self.root).waves
        return self._cleaned[key]

    def question(self, one: Specification) -> Question:
        """Write the model of a specification.

        Raises
        ------
        InputError
            Where its data cannot be cleaned, or cannot answer.
        """
        return posed(one.study, one.analysis, self.waves(one.study))


def posed_specification(one: Specification, base: Question, raw: Raw) -> Posed | Refused:
    """Write the model of a specification, and see whether the base's will do."""
    try:
        question = raw.question(one)
        shared = data_for(question, base)
        if shared is None:
            refuse_unanswered(question)
    except ValueError as error:  # what cannot be fitted is told in the table, and counted there
        return Refused(one, f"{type(error).__name__}: {error}")
    return Posed(one, question, shared)


def refuse_unanswered(question: Question) -> None:
    """Raise one `InputError` where a model has no number for a claim."""
    claims = claims_of(question.study, question.name)
    refuse_faulty_claims(claims, question.prior(2, 0), question.family, question.study.study)
