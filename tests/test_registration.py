"""Registered plans: what is frozen, what deviates from it, what counts as confirmatory."""

import copy
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from registration_example import Project

from securebase.cli import main
from securebase.codebook.loading import load_study
from securebase.codebook.plan import plan_of
from securebase.config import Decision
from securebase.faults import InputError
from securebase.registration.deviations import deviations, explanation_faults

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_registering_freezes_the_plan_and_tells_what_to_add(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.register()
    said = capsys.readouterr().out
    digest = sha256(project.plan.read_bytes()).hexdigest()
    block = yaml.safe_load(said[said.index("registration:") :].replace("date:  ", "#"))
    assert block["registration"]["sha256"] == digest
    assert block["registration"]["file"] == "../registrations/couples_example.yaml"
    frozen = yaml.safe_load(project.plan.read_text())
    assert frozen["decision"] == Decision().model_dump()
    assert [one["id"] for one in frozen["claims"]] == ["H1", "H2", "H3", "H4"]
    assert frozen["claims"][1]["rope"] == project.values["claims"][1]["rope"]
    assert frozen["analyses"]["growth"]["priors"]["change"]["sd"] == 1.0
    (entry,) = map(json.loads, (project.folder / "ledger.jsonl").read_text().splitlines())
    assert (entry["event"], entry["plan_sha256"]) == ("registered", digest)
    assert project.found() == []


def test_a_frozen_plan_is_not_frozen_again(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.register()
    before = project.plan.read_bytes()
    project.values["claims"] = []
    del project.values["registration"]
    project.write()
    assert main(["register", "couples_example"]) == 1
    said = capsys.readouterr().err
    assert "a plan: 2 faults" in said
    assert "a plan that is frozen already" in said
    assert "no claims" in said
    assert project.plan.read_bytes() == before


def test_without_a_registration_nothing_deviates(project: Project) -> None:
    assert project.found(Decision(probability=0.5 + 1e-9)) == []


def add_claim(values: dict[str, Any]) -> None:
    new = copy.deepcopy(values["claims"][0])
    values["claims"].append(new | {"id": "H9", "sentence": "Something else falls."})


def reorder_claims(values: dict[str, Any]) -> None:
    values["claims"].reverse()


def change(*path: Any, to: Any) -> Any:
    def changed(values: dict[str, Any]) -> None:
        *most, last = path
        place: Any = values
        for key in most:
            place = place[key]
        place[last] = to

    return changed


GROWTH = ("analyses", "growth")


CHANGES = {
    f"ROPE of H2: {MINUS}0.1 to 0.1 -> {MINUS}0.05 to 0.1": (
        change("claims", 1, "rope", "low", to=-0.05)
    ),
    "direction of H2: negative -> zero": change("claims", 1, "direction", to="zero"),
    "estimand of H2: change (anxiety, patient) -> change (anxiety, partner)": (
        change("claims", 1, "estimand", 0, "at", "role", to="partner")
    ),
    "estimand of H1: change (anxiety), mean over role minus change (avoidance), mean over role -> "
    "change (anxiety), mean over role minus 0.5 × change (avoidance), mean over role": (
        change("claims", 0, "estimand", 1, "weight", to=-0.5)
    ),
    "reason of the ROPE of H2: a tenth of a scale point in a year is not noticed -> "
    "a guess of ours": (change("claims", 1, "rope", "reason", to="a guess of ours")),
    "claim H9: not there -> Something else falls.": add_claim,
    "claim H4: The change of avoidance is the same in patients and in partners. -> not there": (
        lambda values: values["claims"].pop()
    ),
    "": reorder_claims,
    "time in growth: shape linear -> shape free": change(*GROWTH, "time", "shape", to="free"),
    "predictor actor age in growth: name age, of actor, on level, change, centre grand, scale sd, "
    "varying no -> none": change(*GROWTH, "predictors", to=[]),
    "predictor actor age in growth: scale sd -> scale none": (
        change(*GROWTH, "predictors", 0, "scale", to="none")
    ),
    "prior of change in growth: sd 1 -> sd 0.5": (
        change(*GROWTH, "priors", "change", "sd", to=0.5)
    ),
    "prior of unit_corr in growth: none -> eta 4, reason they differ little": (
        change(*GROWTH, "priors", "unit_corr", to={"eta": 4.0, "reason": "they differ little"})
    ),
    "exclusion where PTNUM is 2222: a test row of the web form -> not there\n"
    "exclusion where PTNUM is 2222, 17: not there -> did not fit in": (
        change("exclusions", to=[{"where": {"PTNUM": [2222, 17]}, "reason": "did not fit in"}])
    ),
    "minimum items of scale anxiety: 16 -> 10": (
        change("scales", "anxiety", "minimum_items", to=10)
    ),
    "range of covariate age: 18, 99 -> 18, 60": change("covariates", "age", "range", to=[18, 60]),
}


@pytest.mark.parametrize("told", CHANGES)
def test_every_deviation_is_one_line(project: Project, told: str) -> None:
    project.register()
    CHANGES[told](project.values)
    assert project.found() == told.splitlines()


@pytest.mark.parametrize("path", [("title",), ("claims", 1, "declared")])
def test_what_is_no_part_of_the_plan_may_change(project: Project, path: Any) -> None:
    project.register()
    change(*path, to="exploratory")(project.values)
    assert project.found() == []


def test_another_analysis_is_one_deviation(project: Project) -> None:
    project.register()
    again = project.values["analyses"]["growth"] | {"question": "And without predictors?"}
    project.values["analyses"]["bare"] = again | {"predictors": []}
    assert project.found() == ["analysis bare: not there -> And without predictors?"]


def test_the_rule_of_verdicts_is_part_of_the_plan(project: Project) -> None:
    project.register()
    assert project.found(Decision(probability=0.9)) == ["probability a verdict needs: 0.95 -> 0.9"]


def test_a_deviation_is_explained_by_its_name(project: Project) -> None:
    project.register({"what": "ROPE of H2", "reason": "Norms were published since."})
    project.values["claims"][1]["rope"]["high"] = 0.2
    project.values["claims"][2]["rope"]["high"] = 0.2
    reasons = [(one.what, one.reason) for one in deviations(project.study(), Decision())]
    assert reasons == [("ROPE of H2", "Norms were published since."), ("ROPE of H3", "")]
    assert list(explanation_faults(project.study(), Decision())) == []


def test_a_reason_for_what_did_not_change_is_a_fault(project: Project) -> None:
    project.register({"what": "ROPE of H3", "reason": "Norms were published since."})
    project.values["claims"][1]["rope"]["high"] = 0.2
    (fault,) = explanation_faults(project.study(), Decision())
    assert "'ROPE of H3' is as it was registered; expected one of: ROPE of H2" in str(fault)


@pytest.mark.parametrize(
    ("changed", "confirmed"),
    [
        (change("title", to="Another title of the study"), ["H1", "H2"]),
        (change("claims", 1, "rope", "high", to=0.2), ["H1"]),
        (change("claims", 1, "direction", to="positive"), ["H1"]),
        (change("claims", 0, "estimand", 0, "weight", to=2.0), ["H2"]),
        (change("claims", 2, "declared", to="confirmatory"), ["H1", "H2"]),
        (change("claims", 1, "sentence", to="In other words, it falls."), ["H1", "H2"]),
        (lambda values: values["claims"].append(
            values["claims"][0] | {"id": "H9", "sentence": "Found in the data."}
        ), ["H1", "H2"]),
    ],
)  # fmt: skip
def test_only_what_was_registered_counts_as_confirmatory(
    project: Project, changed: Any, confirmed: list[str]
) -> None:
    project.register()
    changed(project.values)
    found = [one.id for one in project.study().claims if one.declared == "confirmatory"]
    assert found == confirmed


def test_a_plan_that_was_edited_is_refused_with_its_digest(project: Project) -> None:
    project.register()
    project.plan.write_text(project.plan.read_text().replace("low: -0.1", "low: -0.2"))
    with pytest.raises(InputError, match="changed after it was registered") as caught:
        project.study()
    assert sha256(project.plan.read_bytes()).hexdigest() in str(caught.value)


def test_a_plan_that_is_not_there_or_another_study_s_is_refused(project: Project) -> None:
    project.register()
    other = project.plan.with_name("other.yaml")
    other.write_text(project.plan.read_text().replace("study: couples_example", "study: other"))
    said = project.values["registration"]
    said |= {"file": "../registrations/other.yaml"}
    said |= {"sha256": sha256(other.read_bytes()).hexdigest()}
    with pytest.raises(InputError, match="the plan of study 'other'; expected that of couples_ex"):
        project.study()
    other.unlink()
    with pytest.raises(InputError, match=r"registrations/other.yaml: no such file"):
        project.study()


def test_keys_that_came_later_or_are_gone_are_no_reason_to_fail(project: Project) -> None:
    project.register()
    plan = yaml.safe_load(project.plan.read_text())
    del plan["analyses"]["growth"]["curves"]  # had been introduced later, as the margin
    del plan["decision"]["mcse_margin"]
    plan["claims"][3]["margin"] = 0.1  # had been a key when the plan was frozen
    project.plan.write_text(yaml.safe_dump(plan))
    digest = sha256(project.plan.read_bytes()).hexdigest()
    project.values["registration"]["sha256"] = digest
    assert project.found() == []


def test_shipped_plans_are_kept(root: Path) -> None:
    codebooks = sorted((root / "config" / "studies").glob("*.yaml"))
    studies = [load_study(path) for path in codebooks]
    registered = [one for one in studies if one.registration is not None]
    assert [one.study for one in registered] == ["asem_models"]
    for one in registered:
        assert one.simulated
        assert deviations(one, Decision()) == []


def test_a_plan_says_every_default(project: Project) -> None:
    plan = plan_of(project.study(), Decision(), "0.1.0")
    assert plan.claims[0]["estimand"][0]["weight"] == 1.0
    assert plan.analyses["growth"]["time"]["shape"] == "linear"
