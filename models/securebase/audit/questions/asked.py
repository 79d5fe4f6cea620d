"""A reviewer's questions: an analysis, and what is different in them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from securebase.bundle.models import BundledModel, modelled
from securebase.bundle.opening import Bundle
from securebase.bundle.rival import rival_of
from securebase.codebook.claim import Claim, Term
from securebase.codebook.document import Document, nearest, read_document
from securebase.faults import Fault, InputError
from securebase.priors import Priors


@dataclass(frozen=True)
class Asking:
    """One re-fit that a reviewer asks for.

    Parameters
    ----------
    kind : {"priors", "rival"}
    name : str
        What the reviewer calls it: the file of the priors, or the rival.
    analysis : str
    changes : tuple of (what, reason)
        In words.
    priors : Priors, optional
        All of the model, the reviewer's among them.
    change : mapping, optional
        Another structure, see `rival.rival_of`.
    estimands : mapping of str to tuple of Term
        What claims come to there, by id, where the declared terms are not of this structure.
    """

    kind: Literal["priors", "rival"]
    name: str
    analysis: str
    changes: tuple[tuple[str, str], ...]
    priors: Priors | None = None
    change: Mapping[str, Any] | None = None
    estimands: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)

    def read(self, claims: Sequence[Claim]) -> list[Claim]:
        """Give claims the estimands that they have in this structure."""
        return [
            one.model_copy(update={"estimand": self.estimands.get(one.id, one.estimand)})
            for one in claims
        ]

    def model(self, bundle: Bundle) -> BundledModel:
        """Write its model, with the bundle's moments as data."""
        template, priors = bundle.template(self.analysis), self.priors
        if self.change is not None:
            template, priors = rival_of(template, self.change)
        own = bundle.priors(self.analysis) if priors is None else priors
        return modelled(template, own, bundle.moments(self.analysis))


def read_questions(
    path: Path,
    bundle: Bundle,
    what: str,
    read: Callable[[Document, str, Mapping[Any, Any]], Iterable[Asking | Fault]],
) -> list[Asking]:
    """Read a reviewer's file: a mapping of analyses to what is asked of them.

    Parameters
    ----------
    path : pathlib.Path
    bundle : Bundle
    what : str
        What the file holds, for messages.
    read : callable (document, analysis, content) -> iterable of Asking or Fault
        For what is said of one analysis.

    Raises
    ------
    InputError
        Once, with every fault of the file.
    """
    document = read_document(path)
    found: list[Asking | Fault] = []
    for name, content in document.data.items():
        try:
            fault = _analysis_fault(document, bundle, name, content)
            found += [fault] if fault else read(document, name, content)
        except InputError:
            raise
        except (OSError, KeyError, ValueError) as error:
            given = f"{type(error).__name__} in the files of {name}"
            found.append(Fault("bundle", given, "files that Securebase writes"))
    faults = [one for one in found if isinstance(one, Fault)]
    if faults:
        raise InputError(what, faults)
    return [one for one in found if isinstance(one, Asking)]


def _analysis_fault(document: Document, bundle: Bundle, name: Any, content: Any) -> Fault | None:
    if name not in bundle.analyses:
        expected = f"one of: {', '.join(bundle.analyses)}"
        return document.fault((name,), f"no analysis '{name}'", expected, _near(name, bundle))
    if not isinstance(content, dict) or not content:
        return document.fault((name,), f"given {content!r}", "names below the analysis")
    try:
        bundle.moments(name)
    except InputError as error:
        (one,) = error.faults
        return document.fault((name,), f"{one.file}: {one.given}", one.expected, one.remedy)
    return None


def _near(name: Any, bundle: Bundle) -> str:
    return nearest(name, bundle.analyses) or "the names stand in bundle.json"
