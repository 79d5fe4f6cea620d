"""A reviewer's own structures for the same moments, declared as rivals of a codebook are."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import TypeAdapter, ValidationError

from securebase.audit.questions.asked import Asking, read_questions
from securebase.bundle.opening import Bundle
from securebase.bundle.rival import rival_of
from securebase.codebook.claim import Term
from securebase.codebook.document import Document, KeyPath, error_details, nearest
from securebase.faults import Fault, InputError

_KEYS: Final = ("reason", "change", "claims")
_TERMS: Final = TypeAdapter(tuple[Term, ...])
_NO_REASON: Final = "the reviewer gives none"


def read_own_rivals(path: Path, bundle: Bundle) -> list[Asking]:
    """Read a reviewer's rivals: ``{analysis: {name: {change, reason, claims}}}``.

    Parameters
    ----------
    path : pathlib.Path
        YAML. `change` has keys of an analysis and their values, see `rival.rival_of`; `claims`
        the estimand of a claim in the words of a codebook, where the declared one is not of this
        structure.
    bundle : Bundle

    Returns
    -------
    list of Asking
        One for each rival.

    Raises
    ------
    InputError
        Once, with every fault: unknown analyses and keys, and what the moments do not tell.
    """

    def read(
        document: Document, analysis: str, content: Mapping[Any, Any]
    ) -> Iterable[Asking | Fault]:
        template, claims = bundle.template(analysis), _claims(bundle, analysis)
        for name, given in content.items():
            faults = list(_faults(document, (analysis, name), given, template, claims))
            if faults:
                yield from faults
            else:
                yield _asking(analysis, str(name), given)

    return read_questions(path, bundle, "own rivals", read)


def _faults(
    document: Document,
    place: KeyPath,
    given: Any,
    template: Mapping[str, Any],
    claims: Sequence[str],
) -> Iterator[Fault]:
    if not isinstance(given, dict) or not isinstance(given.get("change"), dict):
        expected = "a change: keys of the analysis and their values"
        yield document.fault(place, f"given {given!r}", expected, "as rivals of a codebook")
        return
    for key in given:
        if key not in _KEYS:
            expected = f"one of: {', '.join(_KEYS)}"
            yield document.fault(
                (*place, key), f"unknown key '{key}'", expected, nearest(key, _KEYS)
            )
    yield from _claim_faults(document, (*place, "claims"), given.get("claims", {}), claims)
    try:
        rival_of(template, given["change"])
    except InputError as error:
        for one in error.faults:
            path = (one.column or "").split(".") if one.file == "change" and one.column else []
            yield document.fault((*place, "change", *path), one.given, one.expected, one.remedy)


def _claims(bundle: Bundle, analysis: str) -> list[str]:
    """Name the claims of an analysis."""
    said = yaml.safe_load(bundle.path("study.yaml").read_text(encoding="utf-8"))
    return [str(one["id"]) for one in said["claims"] if one["analysis"] == analysis]


def _claim_faults(
    document: Document, place: KeyPath, given: Any, known: Sequence[str]
) -> Iterator[Fault]:
    if not isinstance(given, dict):
        yield document.fault(place, f"given {given!r}", "{claim: [terms of its estimand]}")
        return
    for claim, terms in given.items():
        if claim not in known:
            expected = f"one of: {', '.join(known)}"
            yield document.fault((*place, claim), f"no claim '{claim}'", expected)
        try:
            _TERMS.validate_python(terms)
        except ValidationError as error:
            for one in error_details(error):
                message = str(one["msg"]).removeprefix("Input should be ")
                yield document.fault((*place, claim, *one["loc"]), f"{one['input']!r}", message)


def _asking(analysis: str, name: str, given: Mapping[str, Any]) -> Asking:
    changes = tuple(
        (f"{key}: {json.dumps(value, ensure_ascii=False)}", str(given.get("reason", _NO_REASON)))
        for key, value in given["change"].items()
    )
    changes += tuple(
        (f"{claim}: {json.dumps(terms)}", "its estimand in this structure")
        for claim, terms in given.get("claims", {}).items()
    )
    estimands = {
        str(claim): _TERMS.validate_python(terms)
        for claim, terms in given.get("claims", {}).items()
    }
    return Asking("rival", name, analysis, changes, None, given["change"], estimands)
