"""codecheck.yml, ro-crate-metadata.json and build.intoto.json by the rules of their standards."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from deposit_example import contents_of, facts

from securebase.deposit.attestation import COMMITMENT, attestation
from securebase.deposit.codecheck import codecheck
from securebase.deposit.contents import ATTESTATION, CRATE, MANIFEST, TO_FILL_IN, WORKFLOW, Contents
from securebase.deposit.crate import crate
from securebase.deposit.dcas import answers_in
from securebase.deposit.jobs import WAVES, jobs_of, workflow_text
from securebase.deposit.readme import readme

LATER = (ATTESTATION, MANIFEST)
TIMES = {"fit growth": ("2026-03-02T10:00:00Z", "2026-03-02T10:01:00Z")}


@pytest.fixture(scope="module")
def contents(root: Path) -> Contents:
    found = contents_of(root, "couples_ecr", times=TIMES)
    described = {path: facts(path) for path in (WORKFLOW, "README.md", "analyses/growth/a b.csv")}
    return replace(found, files={**found.files, **described})


# --- CODECHECK: what codecheck-py's validation asks, written from its rules ---------------------

MANDATORY = {
    *("manifest", "codechecker", "report", "version", "paper", "repository", "check_time"),
    *("certificate", "summary"),
}
PLACEHOLDER = re.compile(
    r"(?<![^\W_])(FIXME|TODO|template|example|X{5,}|placeholder)(?![^\W_])", re.IGNORECASE
)


def not_filled_in(told: dict[str, Any]) -> set[str]:
    """Name the fields that the validation finds missing or to be placeholders."""
    open_ones = {
        field
        for field in MANDATORY
        if not told.get(field) or (isinstance(told[field], str) and PLACEHOLDER.search(told[field]))
    }
    if re.match(r"^(YYYY-\d{3}|(\d{4}|YYYY)-NNN)$", told["certificate"]):
        open_ones.add("certificate")
    if re.search("YYYY|MM|DD|HH|SS", told["check_time"]):
        open_ones.add("check_time")
    return open_ones


def structure_errors(told: dict[str, Any]) -> Iterator[str]:
    """Say what the validation calls an error, beyond fields that are not filled in."""
    for entry in told["manifest"]:
        if not (isinstance(entry, dict) and isinstance(entry.get("file"), str) and entry["file"]):
            yield f"manifest: {entry}"
        elif entry["file"].startswith("/") or ".." in entry["file"]:
            yield f"manifest leads out: {entry}"
    people = [told["codechecker"], *told["paper"]["authors"]]
    for person in people:
        if not (isinstance(person, dict) and person.get("name")):
            yield f"no name: {person}"
        elif "ORCID" in person:
            yield "a skeleton knows no ORCID"
    if {"title", "authors", "reference"} - told["paper"].keys():
        yield "paper lacks a field"
    for field in ("certificate", "check_time", "report", "summary", "repository"):
        if not isinstance(told[field], str):
            yield f"{field} is no text"


def test_codecheck_is_valid_but_for_what_people_fill_in(contents: Contents) -> None:
    text = codecheck(contents)
    told = yaml.safe_load(text)
    assert told.keys() == MANDATORY
    assert told["version"] == "https://codecheck.org.uk/spec/config/1.0/"
    assert list(structure_errors(told)) == []
    filled = {"manifest", "codechecker", "version", "paper"}
    assert not_filled_in(told) == MANDATORY - filled
    people = [told["codechecker"]["name"], *(one["name"] for one in told["paper"]["authors"])]
    for words in (*people, told["paper"]["title"], told["paper"]["reference"]):
        assert PLACEHOLDER.search(words)
        assert TO_FILL_IN in words


def test_manifest_of_codecheck_is_in_the_bundle(contents: Contents) -> None:
    listed = {
        one["file"]: one["comment"] for one in yaml.safe_load(codecheck(contents))["manifest"]
    }
    assert listed.keys() <= contents.files.keys()
    assert {"claims.csv", "pages/claims.html", "pages/growth.html", "pages/panel.html"} <= set(
        listed
    )
    assert all(listed.values())
    fewer = {path: one for path, one in contents.files.items() if path != "pages/panel.html"}
    again = yaml.safe_load(codecheck(replace(contents, files=fewer)))["manifest"]
    assert "pages/panel.html" not in {one["file"] for one in again}


# --- RO-Crate ------------------------------------------------------------------------------------


def graph_of(text: str) -> dict[str, dict[str, Any]]:
    entities = json.loads(text)["@graph"]
    counts = Counter(one["@id"] for one in entities)
    assert [name for name, count in counts.items() if count > 1] == []
    return {one["@id"]: one for one in entities}


def references(entity: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in entity.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                assert one.keys() == {"@id"}
                yield key, one["@id"]


def of_type(graph: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in graph.values() if kind in (one["@type"], *one["@type"])]


@pytest.fixture(scope="module")
def graph(contents: Contents) -> dict[str, dict[str, Any]]:
    return graph_of(crate(contents, LATER))


def listed(value: Any) -> list[str]:
    """Give the ids a property refers to."""
    return [one["@id"] for one in (value if isinstance(value, list) else [value])]


def test_every_reference_leads_somewhere(graph: dict[str, dict[str, Any]]) -> None:
    # addresses of things on the web that RO-Crate only points to
    web = {"identifier", "url"}
    for name, entity in graph.items():
        for key, to in references(entity):
            if name == CRATE and to == "https://w3id.org/ro/crate/1.1":
                continue
            assert key in web or to in graph, f"{name} {key} {to}"


def test_every_file_is_described_once(contents: Contents, graph: dict[str, dict[str, Any]]) -> None:
    described = {unquote(one["@id"]) for one in of_type(graph, "File")}
    assert described == {*contents.files, *LATER}
    parts = listed(graph["./"]["hasPart"])
    assert sorted(map(unquote, parts)) == sorted(described)
    assert "analyses/growth/a%20b.csv" in parts
    for path, one in contents.files.items():
        entity = graph[path.replace(" ", "%20")]
        assert (entity["sha256"], entity["contentSize"]) == (one.sha256, str(one.size))
    assert "sha256" not in graph[MANIFEST]
    assert CRATE not in parts


def test_profiles_are_those_of_a_provenance_run_crate(graph: dict[str, dict[str, Any]]) -> None:
    wanted = [
        *(f"https://w3id.org/ro/wfrun/{one}/0.5" for one in ("process", "workflow", "provenance")),
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    ]
    assert listed(graph["./"]["conformsTo"]) == wanted
    for name in wanted:
        assert graph[name]["@type"] == "CreativeWork"
        assert graph[name]["version"] == name.rsplit("/", 1)[1]
    assert listed(graph[CRATE]["conformsTo"]) == ["https://w3id.org/ro/crate/1.1", wanted[3]]
    assert graph[CRATE]["about"] == {"@id": "./"}


def test_any_study_can_be_described(root: Path) -> None:
    for path in sorted((root / "config" / "studies").glob("*.yaml")):
        found = contents_of(root, path.stem)
        graph = graph_of(crate(found, LATER))
        assert {unquote(one["@id"]) for one in of_type(graph, "File")} >= found.files.keys()
        assert json.loads(attestation(found))["predicate"]["buildDefinition"]
        assert len(answers_in(readme(found))) == 16


def test_workflow_its_tools_and_its_steps(graph: dict[str, dict[str, Any]]) -> None:
    main = graph[graph["./"]["mainEntity"]["@id"]]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"} == set(main["@type"])
    tools = set(listed(main["hasPart"]))
    steps = [graph[name] for name in listed(main["step"])]
    assert {one["@id"] for one in of_type(graph, "HowToStep")} == {one["@id"] for one in steps}
    assert [one["position"] for one in steps] == [str(number) for number in range(len(steps))]
    assert {one["workExample"]["@id"] for one in steps} == tools
    (organized,) = of_type(graph, "OrganizeAction")
    assert graph[organized["result"]["@id"]]["instrument"] == {"@id": main["@id"]}
    controls = of_type(graph, "ControlAction")
    assert len(controls) == len(listed(organized["object"])) == len(steps)
    for one in controls:
        action = graph[one["object"]["@id"]]
        assert graph[one["instrument"]["@id"]]["workExample"] == action["instrument"]


def test_one_action_for_each_job_with_what_it_took_and_made(
    contents: Contents, graph: dict[str, dict[str, Any]]
) -> None:
    jobs = {job.name: job for job in jobs_of(contents)}
    actions = {one["name"]: one for one in of_type(graph, "CreateAction")}
    assert actions.keys() == {*jobs, "Run of the workflow"}
    mentioned = set(listed(graph["./"]["mentions"]))
    for name, job in jobs.items():
        action = actions[name]
        assert action["@id"] in mentioned
        assert graph[action["instrument"]["@id"]]["name"] == job.script
        taken = set(map(unquote, listed(action["object"])))
        assert taken == {f"#{one}" if one not in contents.files else one for one in job.takes}
        assert len(listed(action["result"])) == len(job.makes)
    fit = actions["fit growth"]
    assert {"@id": "config.json"} in fit["object"]
    assert {"@id": f"#{WAVES}"} in fit["object"]
    assert {"@id": "analyses/growth/posterior.nc"} in fit["result"]
    assert (fit["startTime"], fit["endTime"]) == TIMES["fit growth"]
    assert "endTime" not in actions["judge"]
    assert graph[f"#{WAVES}"]["@type"] == "CreativeWork"


def test_days_are_told_only_where_they_are_given(contents: Contents) -> None:
    assert "datePublished" not in crate(contents)
    told = graph_of(crate(replace(contents, published="2026-03-02")))
    assert told["./"]["datePublished"] == "2026-03-02"
    assert crate(contents, LATER) == crate(contents, tuple(reversed(LATER)))


# --- in-toto, SLSA -------------------------------------------------------------------------------


def test_statement_has_every_file_as_a_subject(contents: Contents) -> None:
    sealed = {**contents.files, **{path: facts(path) for path in LATER}}
    told = json.loads(attestation(replace(contents, files=sealed)))
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {one["name"]: one["digest"] for one in told["subject"]}
    assert len(subjects) == len(told["subject"])
    assert subjects == {path: {"sha256": one.sha256} for path, one in contents.files.items()}
    assert list(subjects) == sorted(subjects)


def test_predicate_says_what_it_was_built_from(contents: Contents) -> None:
    predicate = json.loads(attestation(contents))["predicate"]
    built, run = predicate["buildDefinition"], predicate["runDetails"]
    assert built.keys() == {"buildType", "externalParameters", "resolvedDependencies"}
    assert built["externalParameters"]["config"] == contents.settings
    assert run["builder"]["id"] == "pkg:generic/securebase@0.1.0"
    assert "metadata" not in run
    depends = {one["name"]: one for one in built["resolvedDependencies"]}
    for one in depends.values():
        assert one.keys() & {"uri", "digest", "content"}
    (raw,) = contents.study.raw.files
    assert depends[raw.path]["digest"] == {COMMITMENT: contents.commitments[raw.path]}
    lock = contents.files["env/requirements.lock"].sha256
    assert depends["env/requirements.lock"]["digest"] == {"sha256": lock}
    assert depends["pymc"]["uri"] == "pkg:pypi/pymc@6.4.0"


def test_digest_of_a_raw_file_is_nowhere(contents: Contents) -> None:
    (raw,) = contents.study.raw.files
    assert raw.sha256
    for text in (attestation(contents), crate(contents), codecheck(contents)):
        assert raw.sha256 not in text


def test_times_of_the_build_are_told_where_given(contents: Contents) -> None:
    times = {"bundle": ("2026-03-02T11:00:00Z", "2026-03-02T11:02:00Z")}
    told = json.loads(attestation(replace(contents, times=times)))
    assert told["predicate"]["runDetails"]["metadata"] == {
        "startedOn": "2026-03-02T11:00:00Z",
        "finishedOn": "2026-03-02T11:02:00Z",
    }


def test_workflow_lists_the_jobs(contents: Contents) -> None:
    told = json.loads(workflow_text(contents))
    assert [one["name"] for one in told["jobs"]] == [job.name for job in jobs_of(contents)]
    assert told["not_in_the_bundle"] == ["raw/couples_ecr/ecr.csv", WAVES]
    named = {path for one in told["jobs"] for path in (*one["takes"], *one["makes"])}
    assert named - set(told["not_in_the_bundle"]) == contents.files.keys()
