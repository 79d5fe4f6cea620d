"""Extracts of a codebook: what each job rests on, so that a change re-runs no other."""

from typing import Any

from securebase.codebook.analysis import Claim
from securebase.codebook.loading import Study


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
    return parts | covariates | {"analysis": study.analyses[name].model_dump(mode="json")}


def claims_of(study: Study, name: str) -> list[Claim]:
    """Claims asked of one analysis, in the declared order."""
    return [claim for claim in study.claims if claim.analysis == name]


def claims_part(study: Study, name: str | None = None) -> list[dict[str, Any]]:
    """Extract the claims, of one analysis or all, as plain values."""
    claims = study.claims if name is None else claims_of(study, name)
    return [claim.model_dump(mode="json") for claim in claims]
