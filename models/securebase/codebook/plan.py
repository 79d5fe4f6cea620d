"""Plans as they were registered: frozen copies of what a codebook asks, and by which rule."""

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from securebase.codebook.closed import Closed, Label
from securebase.codebook.document import Document, model_faults, read_document
from securebase.codebook.registration import Registration
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError

_OF_STUDY: Final = ("exclusions", "scales", "covariates", "analyses", "claims")
# a claim that differs in one of these is another claim
_ASKED: Final = ("analysis", "estimand", "direction", "declared")


class Plan(Closed):
    """What was registered. Its parts are kept as they were said, whatever a codebook may say now.

    Parameters
    ----------
    study : str
    note : str or None
        What a reader has to know of the registration.
    securebase : str
        Version whose default priors stood behind it.
    decision : dict
        The rule of verdicts.
    exclusions, scales, covariates, analyses, claims
        See `study.Study`.
    """

    study: Label
    note: str | None = None
    securebase: str
    decision: dict[str, Any]
    exclusions: tuple[dict[str, Any], ...]
    scales: dict[str, dict[str, Any]]
    covariates: dict[str, dict[str, Any]]
    analyses: dict[str, dict[str, Any]]
    claims: tuple[dict[str, Any], ...] = Field(min_length=1)


def plan_of(study: Study, decision: Closed, version: str, note: str | None = None) -> Plan:
    """Freeze what a codebook asks, every default written out."""
    said = study.model_dump(mode="json", by_alias=True, include=set(_OF_STUDY))
    rule = decision.model_dump(mode="json")
    head = {"study": study.study, "note": note, "securebase": version}
    return Plan.model_validate(head | {"decision": rule} | said)


def read_plan(registration: Registration) -> Plan:
    """Read the plan that a codebook says was registered.

    Raises
    ------
    InputError
        Where the file is missing, was changed since, or is not a plan.
    """
    path = Path(registration.file)
    document = read_document(path)
    found = sha256(path.read_bytes()).hexdigest()
    if found != registration.sha256:
        fault = Fault(
            str(path),
            f"changed after it was registered, its SHA-256 is {found}",
            registration.sha256,
            "restore the copy that was deposited; what is different now belongs in the codebook",
        )
        raise InputError(f"the registered plan {path}", [fault])
    try:
        return Plan.model_validate(document.data)
    except ValidationError as error:
        faults = model_faults(error, document, Plan)
        raise InputError(f"the registered plan {path}", faults) from None


def with_plan(study: Study, document: Document) -> tuple[Study, list[Fault]]:
    """Hold a codebook against its plan: only what was registered counts as confirmatory.

    Parameters
    ----------
    study : Study
    document : Document
        Its file, from whose folder the path of the plan starts.

    Returns
    -------
    (study, faults)
        The study with the path of its plan resolved.
    """
    said = study.registration
    if said is None:
        return study, []
    file = os.path.normpath(Path(document.file).parent / said.file)
    said = said.model_copy(update={"file": Path(file).as_posix()})
    try:
        plan = read_plan(said)
    except InputError as error:
        return study, list(error.faults)
    if plan.study != study.study:
        given = f"the plan of study '{plan.study}'"
        return study, [document.fault(("registration", "file"), given, f"that of {study.study}")]
    claims = tuple(
        one
        if confirmed(one.model_dump(mode="json"), plan)
        else one.model_copy(update={"declared": "exploratory"})
        for one in study.claims
    )
    return study.model_copy(update={"registration": said, "claims": claims}), []


def confirmed(claim: Mapping[str, Any], plan: Plan) -> bool:
    """Say whether a claim, as plain values, was registered as confirmatory and is the same."""
    registered = next((one for one in plan.claims if one.get("id") == claim["id"]), None)
    if registered is None or claim["declared"] != "confirmatory":
        return False
    limits = [{key: one["rope"][key] for key in ("low", "high")} for one in (claim, registered)]
    return limits[0] == limits[1] and all(registered.get(key) == claim[key] for key in _ASKED)
