"""A codebook with some of its parts replaced: a codebook like any other."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from securebase.codebook.consistency import inconsistencies
from securebase.codebook.document import KeyPath, error_details, nearest, valid_keys
from securebase.codebook.questions import Problem
from securebase.codebook.study import Study

PATCHED: Final = frozenset({"scales", "covariates", "exclusions", "analyses"})
"""Parts an option may change; with another claim, wave or role it would be about something else."""

_NAMED: Final = ("scales", "covariates", "analyses")


def patched(study: Study, changes: Mapping[str, Any]) -> Study:
    """Replace parts of a codebook, without its plan, its rivals and its multiverse.

    Parameters
    ----------
    study : Study
    changes : mapping
        Nested as the codebook is; see `multiverse.Option`.

    Raises
    ------
    ValidationError
        Where what comes out is no codebook; none of a multiverse that was loaded.
    """
    rivals = {name: {"rivals"} for name in study.analyses}
    apart: Any = {"multiverse": True, "registration": True, "analyses": rivals}
    said = study.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=apart)
    return Study.model_validate(merged(said, changes))


def merged(said: Any, changes: Any) -> Any:
    """Change mappings key by key, and replace all else."""
    if not (isinstance(said, Mapping) and isinstance(changes, Mapping)):
        return changes
    kept = {**said}
    for key, value in changes.items():
        kept[key] = merged(said[key], value) if key in said else value
    return kept


def patch_problems(study: Study, changes: Mapping[str, Any], place: KeyPath) -> Iterator[Problem]:
    """Find what keeps changes from making a codebook; `place` is the key path they stand at."""
    unknown = list(_unknown(study, changes, place))
    yield from unknown
    if unknown:
        return
    try:
        other = patched(study, changes)
    except ValidationError as error:
        yield from (_said(detail, place) for detail in error_details(error))
        return
    # the codebook itself has been checked: what is found here comes from the changes
    for path, *words in inconsistencies(other, study.study):
        given, expected, remedy = words
        yield (*place, *path), given, expected, remedy


def _said(detail: Any, place: KeyPath) -> Problem:
    path = tuple(detail["loc"])
    if detail["type"] == "extra_forbidden":
        keys = valid_keys(Study, path[:-1])
        given, expected = f"unknown key '{path[-1]}'", f"one of: {', '.join(keys)}"
        return (*place, *path), given, expected, nearest(path[-1], keys)
    message = str(detail["msg"]).removeprefix("Value error, ")
    return (*place, *path), f"{detail['input']!r}", message, ""


def _unknown(study: Study, changes: Mapping[str, Any], place: KeyPath) -> Iterator[Problem]:
    for part, inner in changes.items():
        if part not in PATCHED:
            given, expected = f"'{part}' cannot be changed", f"one of: {', '.join(sorted(PATCHED))}"
            yield (*place, part), given, expected, nearest(part, PATCHED)
        elif part in _NAMED and not isinstance(inner, Mapping):
            yield (*place, part), f"given {inner!r}", "a mapping of names to what changes", ""
        elif part in _NAMED:
            known = list(getattr(study, part))
            for name in inner:
                if name not in known:
                    expected = f"one of: {', '.join(known) or 'none is declared'}"
                    given = f"no '{name}' among the {part}"
                    yield (*place, part, str(name)), given, expected, nearest(name, known)
