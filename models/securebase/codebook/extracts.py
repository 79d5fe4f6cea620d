"""Extracts of a codebook: what each job rests on, so that a change re-runs no other."""

from typing import Any

from securebase.codebook.claim import Claim
from securebase.codebook.document import nearest
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError


def data_part(study: Study) -> dict[str, Any]:
    """Extract all that decides the cleaned waves, as plain values."""
    parts = {"study", "raw", "roles", "waves", "scales", "covariates", "exclusions"}
    return study.model_dump(mode="json", include=parts)


def analysis_part(study: Study, name: str) -> dict[str, Any]:
    """Extract all that decides one posterior, given the waves."""
    parts = study.model_dump(
        mode="json", include={"study", "simulated", "roles", "waves", "scales"}
    )
    covariates = study.model_dump(mode="json", include={"covariates"})
    declared = study.analyses[name].model_dump(mode="json", exclude={"rivals"})
    return parts | covariates | {"analysis": declared}


def rivals_part(study: Study, name: str) -> dict[str, Any]:
    """Extract the rivals of an analysis, as plain values."""
    return study.analyses[name].model_dump(mode="json", include={"rivals"})


def claims_of(study: Study, name: str) -> list[Claim]:
    """Claims asked of one analysis, in the declared order."""
    return [claim for claim in study.claims if claim.analysis == name]


def claims_part(study: Study, name: str | None = None) -> list[dict[str, Any]]:
    """Extract the claims, of one analysis or all, as plain values."""
    claims = study.claims if name is None else claims_of(study, name)
    return [claim.model_dump(mode="json") for claim in claims]


def refuse_unknown_analysis(study: Study, name: str) -> None:
    """Raise an `InputError` for an analysis that a codebook does not declare."""
    known = list(study.analyses)
    if name not in known:
        expected = f"one of: {', '.join(known)}"
        file = f"config/studies/{study.study}.yaml"
        fault = Fault(file, f"no analysis '{name}'", expected, nearest(name, known))
        raise InputError(f"study {study.study}", [fault])
