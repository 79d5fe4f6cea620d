"""A researcher's folder with a codebook and, once it is registered, a plan."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from report_example import example_study

from securebase.cli import main
from securebase.codebook.loading import Study, load_study
from securebase.config import Decision
from securebase.registration.deviations import deviations

PREDICTOR = {"name": "age", "of": "actor", "scale": "sd"}


def declared() -> dict[str, Any]:
    """Codebook of the example, as plain values: a predictor, a prior of its own, two confirmed."""
    values = example_study().model_dump(mode="json", by_alias=True)
    values["covariates"] = {
        "age": {"column": "age", "type": "continuous", "range": [18, 99], "unit": "years"}
    }
    growth = values["analyses"]["growth"]
    growth["predictors"] = [PREDICTOR]
    growth["priors"] = {"change": {"sd": 1.0, "reason": "A point a year is much."}}
    values["claims"][1]["declared"] = "confirmatory"
    return values


class Project:
    """A folder with a codebook and a configuration, as a researcher has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values = declared()
        (folder / "config" / "studies").mkdir(parents=True)
        (folder / "config" / "config.yaml").write_text("studies: [couples_example]\n")

    @property
    def codebook(self) -> Path:
        return self.folder / "config" / "studies" / "couples_example.yaml"

    @property
    def plan(self) -> Path:
        return self.folder / "config" / "registrations" / "couples_example.yaml"

    def write(self) -> Path:
        self.codebook.write_text(yaml.safe_dump(self.values, sort_keys=False))
        return self.codebook

    def register(self, *deviations: dict[str, str], **more: str) -> None:
        """Freeze the codebook as it is, and name the plan in it."""
        self.write()
        assert main(["register", "couples_example"]) == 0
        self.values["registration"] = {
            "file": "../registrations/couples_example.yaml",
            "sha256": sha256(self.plan.read_bytes()).hexdigest(),
            "date": "2026-11-27",
            "deviations": list(deviations),
            **more,
        }

    def study(self) -> Study:
        return load_study(self.write())

    def found(self, decision: Decision | None = None) -> list[str]:
        return [str(one) for one in deviations(self.study(), decision or Decision())]
