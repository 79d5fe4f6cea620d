"""Exclusions without the values that may name a person, in codebook, plan and deviations."""

from pathlib import Path

import pytest
from registration_example import Project

from securebase.codebook.plan import read_plan
from securebase.config import Decision
from securebase.registration.deviations import deviations
from securebase.registration.withholding import (
    plan_beside,
    study_without_values,
    values_withheld,
)

NAME = "qxz17"
"""Of a couple that is left out."""
TEST_ROW = {"where": {"couple": NAME}, "reason": "A test row, not a couple."}
LATE = {"where": {"couple": f"{NAME}b"}, "reason": "Enrolled after the end."}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    made = Project(tmp_path)
    made.values["exclusions"] = [TEST_ROW]
    return made


def test_no_value_is_left(project: Project) -> None:
    project.values["raw"]["files"][0]["sha256"] = "a" * 64
    study = project.study()
    assert NAME in study.model_dump_json()
    told = study_without_values(study)
    assert values_withheld(told)
    assert not values_withheld(study)
    assert NAME not in told.model_dump_json()
    assert told.raw.files[0].sha256 is None
    assert told.exclusions[0].reason == TEST_ROW["reason"]


def test_what_is_as_registered_is_no_deviation(project: Project) -> None:
    project.register()
    told = study_without_values(project.study())
    assert deviations(told, Decision()) == []
    assert told.registration is not None
    plan = read_plan(told.registration)
    assert NAME in str(plan.exclusions)
    assert NAME not in str(plan_beside(plan, told).exclusions)
    assert plan_beside(plan, project.study()) == plan


def test_a_late_exclusion_is_a_deviation_with_its_reason_and_no_name(project: Project) -> None:
    project.values["exclusions"] = []
    name = f"exclusion where couple is {NAME}b"
    project.register({"what": name, "reason": "Found when the file was closed."})
    project.values["exclusions"] = [LATE]
    (known,) = deviations(project.study(), Decision())
    assert known.what == name
    (told,) = deviations(study_without_values(project.study()), Decision())
    assert told.what == "exclusion where couple is withheld"
    assert told.reason == known.reason
