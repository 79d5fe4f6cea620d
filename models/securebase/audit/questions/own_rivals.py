"""A reviewer's own structures for the same moments, declared as rivals of a codebook are."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from securebase.audit.questions.asked import Asking, read_questions
from securebase.bundle.opening import Bundle
from securebase.bundle.rival import rival_of
from securebase.codebook.document import Document, KeyPath, nearest
from securebase.faults import Fault, InputError

_KEYS: Final = ("reason", "change")
_NO_REASON: Final = "the reviewer gives none"


def read_own_rivals(path: Path, bundle: Bundle) -> list[Asking]:
    """Read a reviewer's rivals: ``{analysis: {name: {change, reason}}}``.

    Parameters
    ----------
    path : pathlib.Path
        YAML. `change` has keys of an analysis and their values, see `rival.rival_of`.
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
        template = bundle.template(analysis)
        for name, given in content.items():
            faults = list(_faults(document, (analysis, name), given, template))
            if faults:
                yield from faults
            else:
                yield _asking(analysis, str(name), given)

    return read_questions(path, bundle, "own rivals", read)


def _faults(
    document: Document, place: KeyPath, given: Any, template: Mapping[str, Any]
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
    try:
        rival_of(template, given["change"])
    except InputError as error:
        for one in error.faults:
            path = (one.column or "").split(".") if one.file == "change" and one.column else []
            yield document.fault((*place, "change", *path), one.given, one.expected, one.remedy)


def _asking(analysis: str, name: str, given: Mapping[str, Any]) -> Asking:
    changes = tuple(
        (f"{key}: {json.dumps(value, ensure_ascii=False)}", str(given.get("reason", _NO_REASON)))
        for key, value in given["change"].items()
    )
    return Asking("rival", name, analysis, changes, change=given["change"])
