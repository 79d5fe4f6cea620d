"""A study: its codebook, read and checked."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from securebase.codebook.consistency import inconsistencies
from securebase.codebook.document import (
    Document,
    KeyPath,
    error_details,
    model_faults,
    nearest,
    read_document,
)
from securebase.codebook.plan import with_plan
from securebase.codebook.specifications import multiverse_problems
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError

__all__ = ["Study", "load_study", "study_path"]


def study_path(name: str, codebooks: Path) -> Path:
    """Find a study's codebook by its name.

    Raises
    ------
    InputError
        Where there is none, with the names there are.
    """
    path = codebooks / f"{name}.yaml"
    if path.is_file():
        return path
    known = sorted(one.stem for one in codebooks.glob("*.yaml"))
    expected = f"one of: {', '.join(known)}" if known else f"a codebook {path}"
    fault = Fault(str(codebooks), f"no study '{name}'", expected, nearest(name, known))
    raise InputError(f"study {name}", [fault])


def load_study(path: Path, pinned: bool = True) -> Study:
    """Read a codebook and check it.

    Parameters
    ----------
    path : Path
        config/studies/<study>.yaml.
    pinned : bool
        Whether raw files have to match its digests; false leaves the digests out.

    Returns
    -------
    Study
        Frozen, with every name resolved. Where a plan is registered, only claims that are as it
        says count as confirmatory.

    Raises
    ------
    InputError
        With every fault: file, line, key, what was given, the valid keys or names.
    """
    document = read_document(path)
    study, faults = _validated(document)
    if study is not None:
        faults += [document.fault(*problem) for problem in inconsistencies(study, path.stem)]
        study, unplanned = with_plan(study, document)
        faults += unplanned
    if study is not None and not faults:
        faults += [document.fault(*problem) for problem in multiverse_problems(study)]
    if study is None or faults:
        raise InputError(f"study {path.stem}", faults)
    return study if pinned else study.unpinned()


def _validated(document: Document) -> tuple[Study | None, list[Fault]]:
    """Check the parts; where a part that may be left out is at fault, go on without it."""
    try:
        return Study.model_validate(document.data), []
    except ValidationError as error:
        details = error_details(error)
        faults = model_faults(error, document, Study)
    if any(detail["type"] == "missing" for detail in details):
        return None, faults
    paths = {document.known(detail["loc"]) for detail in details}
    try:
        return Study.model_validate(_without(document.data, paths)), faults
    except ValidationError:
        return None, faults


def _without(data: Any, paths: Iterable[KeyPath]) -> Any:
    pruned = copy.deepcopy(data)
    # later list entries first, so that positions of the earlier ones stay what they are
    for path in sorted((path for path in paths if path), key=str, reverse=True):
        place = pruned
        for key in path[:-1]:
            place = place[_own_key(place, key)]
        del place[_own_key(place, path[-1])]
    return pruned


def _own_key(place: Any, key: str | int) -> Any:
    if isinstance(place, dict):
        return next((own for own in place if str(own) == str(key)), key)
    return key
