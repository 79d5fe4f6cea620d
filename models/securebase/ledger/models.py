"""What tells one model of a study from another: all that is declared, and what matters most."""

import json
from collections.abc import Mapping
from typing import Any

from securebase.codebook.analysis import Analysis
from securebase.ledger.entries import digest


def declared_digest(analysis: Analysis) -> str:
    """SHA-256 of what an analysis declares: its words (question, reasons) and rivals apart."""
    said = analysis.model_dump(mode="json", exclude={"question", "rivals"})
    priors = {
        name: {key: value for key, value in one.items() if key != "reason"}
        for name, one in said["priors"].items()
    }
    return digest(json.dumps(said | {"priors": priors}, sort_keys=True).encode())


def choices(analysis: Analysis) -> Mapping[str, Any]:
    """List the choices of an analysis that a reader tells models by."""
    return {
        "family": analysis.family,
        "outcomes": list(analysis.outcomes),
        "time": analysis.time.shape,
        "predictors": [one.term for one in analysis.predictors],
        "products": [one.name for one in analysis.products],
        "paths": [one.name for one in analysis.paths],
        "clusters": analysis.clusters,
        "priors": sorted(analysis.priors),
    }
