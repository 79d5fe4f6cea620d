"""ro-crate-metadata.json: a Provenance Run Crate 0.5 of the run that led to a bundle.

https://w3id.org/ro/wfrun/provenance/0.5, on RO-Crate 1.1. The workflow is the file `WORKFLOW`; a
tool is the program of a rule, an action one job. Raw data and scores, which are not in a bundle,
are named as works that jobs took and made. Times stand there where they are given: there is no
clock. Who did it is left out, for nobody has said so.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from securebase.deposit.availability import has_licence
from securebase.deposit.contents import CRATE, README, TO_FILL_IN, WORKFLOW, Contents
from securebase.deposit.jobs import RAW, WAVES, Job, jobs_of, raw_files

type Entity = dict[str, Any]

CRATE_1_1: Final = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE: Final = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES: Final = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
_CONTEXT: Final = (f"{CRATE_1_1}/context", "https://w3id.org/ro/terms/workflow-run/context")
_SNAKEMAKE: Final = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
_BIOSCHEMAS: Final = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_RUN, _ORGANIZE, _LICENCE = "#run", "#organize", "#licence"
_MEDIA: Final = {
    **{".csv": "text/csv", ".tsv": "text/tab-separated-values", ".json": "application/json"},
    **{".jsonl": "application/x-ndjson", ".nc": "application/x-netcdf", ".html": "text/html"},
    **{".md": "text/markdown", ".yaml": "application/yaml", ".yml": "application/yaml"},
    **{".svg": "image/svg+xml"},
}


def crate(contents: Contents, later: Sequence[str] = ()) -> str:
    """Write ro-crate-metadata.json.

    Parameters
    ----------
    contents : Contents
        With `WORKFLOW` among its files, or among the later ones.
    later : sequence of str
        Files of the bundle that are written afterwards: described without digest and size.

    Returns
    -------
    str
        JSON-LD with every file once, the crate's own apart.
    """
    jobs = jobs_of(contents)
    graph = [
        _descriptor(),
        _root(contents, later, jobs),
        *_profiles(),
        *_licence(contents),
        *_workflow(contents, jobs),
        *_actions(contents, jobs),
        *_not_provided(contents),
        *(_file(contents, path) for path in _files(contents, later) if path != WORKFLOW),
    ]
    return json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=2, ensure_ascii=False) + "\n"


def _files(contents: Contents, later: Iterable[str]) -> list[str]:
    return sorted({*contents.files, *later, WORKFLOW} - {CRATE})


def _ids(paths: Iterable[str]) -> Entity | list[Entity]:
    """Refer to entities; to a single one without a list, as RO-Crate has it."""
    found = [{"@id": path} for path in paths]
    return found[0] if len(found) == 1 else found


def _id_of(path: str) -> str:
    """Name a file in JSON-LD; what is not in the bundle gets a name inside of this file."""
    outside = path == WAVES or path.startswith(RAW)
    return f"#{quote(path)}" if outside else quote(path)


def _descriptor() -> Entity:
    return {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": _ids((CRATE_1_1, WORKFLOW_CRATE)),
    }


def _root(contents: Contents, later: Sequence[str], jobs: Sequence[Job]) -> Entity:
    study = contents.study
    simulated = "Simulated data: effect sizes are ours. " if study.simulated else ""
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Securebase: {study.title}",
        "description": f"{simulated}What may be given away of study {study.study}: tables, draws, "
        f"pages and moments. Tier: {contents.tier}. Source: {study.source}",
        "conformsTo": _ids(PROFILES),
        "license": {"@id": _LICENCE},
        "mainEntity": {"@id": WORKFLOW},
        "hasPart": _ids(map(_id_of, _files(contents, later))),
        "mentions": _ids((_ORGANIZE, _RUN, *map(_action, jobs))),
    }
    if contents.published:
        root["datePublished"] = contents.published
    return root


def _profiles() -> Iterator[Entity]:
    for address, (name, version) in PROFILES.items():
        yield {"@id": address, "@type": "CreativeWork", "name": name, "version": version}
    name = "Bioschemas ComputationalWorkflow"
    yield {"@id": _BIOSCHEMAS, "@type": "CreativeWork", "name": name, "version": "1.0-RELEASE"}


def _licence(contents: Contents) -> Iterator[Entity]:
    stated = contents.study.licence if has_licence(contents) else f"none stated ({TO_FILL_IN})"
    yield {"@id": _LICENCE, "@type": "CreativeWork", "name": f"Licence of the data: {stated}"}


def _tools(jobs: Sequence[Job]) -> dict[str, Job]:
    """Give one job of each rule: what is said of the rule is the same in all."""
    return {job.rule: job for job in reversed(jobs)}


def _tool(contents: Contents, job: Job) -> str:
    """Name the program of a job by an address that tells its version."""
    return f"pkg:generic/securebase@{contents.securebase}#{job.script}"


def _engine(contents: Contents) -> str:
    version = contents.versions.get("snakemake")
    return f"pkg:pypi/snakemake@{version}" if version else "pkg:pypi/snakemake"


def _named(kind: str, job: Job) -> str:
    return f"#{kind}-{quote(job.name.replace(' ', '-'))}"


def _action(job: Job) -> str:
    return _named("action", job)


def _workflow(contents: Contents, jobs: Sequence[Job]) -> Iterator[Entity]:
    tools = [job for job in jobs if _tools(jobs)[job.rule] is job]
    yield {
        **_file(contents, WORKFLOW),
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "Workflow of Securebase: its jobs in this run",
        "version": contents.securebase,
        "conformsTo": {"@id": _BIOSCHEMAS},
        "programmingLanguage": {"@id": _SNAKEMAKE},
        "hasPart": _ids(_tool(contents, job) for job in tools),
        "step": _ids(_named("step", job) for job in jobs),
    }
    yield {
        "@id": _SNAKEMAKE,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        "url": {"@id": "https://snakemake.readthedocs.io"},
    }
    engine = {"@id": _engine(contents), "@type": "SoftwareApplication", "name": "Snakemake"}
    version = contents.versions.get("snakemake")
    yield {**engine, "softwareVersion": version} if version else engine
    for job in tools:
        yield {
            "@id": _tool(contents, job),
            "@type": "SoftwareApplication",
            "name": job.script,
            "description": job.does,
            "softwareVersion": contents.securebase,
        }
    for position, job in enumerate(jobs):
        yield {
            "@id": _named("step", job),
            "@type": "HowToStep",
            "position": str(position),
            "workExample": {"@id": _tool(contents, job)},
        }


def _actions(contents: Contents, jobs: Sequence[Job]) -> Iterator[Entity]:
    """Describe the engine's run, the workflow's, and each job with the step that asked for it."""
    yield {
        "@id": _ORGANIZE,
        "@type": "OrganizeAction",
        "name": "Run of Snakemake",
        "instrument": {"@id": _engine(contents)},
        "object": _ids(_named("control", job) for job in jobs),
        "result": {"@id": _RUN},
    }
    made = {path for job in jobs for path in job.makes}
    taken = dict.fromkeys(path for job in jobs for path in job.takes if path not in made)
    results = sorted(made - {WAVES})
    told = f"snakemake --config studies=[{contents.study.study}] raw_root=FOLDER"
    run = _create(_RUN, "Run of the workflow", WORKFLOW, taken, results)
    yield {**run, "description": told}
    for job in jobs:
        action = _create(_action(job), job.name, _tool(contents, job), job.takes, job.makes)
        action["description"] = f"Rule {job.rule}. {job.does}"
        if job.name in contents.times:
            action["startTime"], action["endTime"] = contents.times[job.name]
        yield action
        yield {
            "@id": _named("control", job),
            "@type": "ControlAction",
            "name": f"Orchestrate {job.name}",
            "instrument": {"@id": _named("step", job)},
            "object": {"@id": _action(job)},
        }


def _create(
    name: str, words: str, instrument: str, takes: Iterable[str], makes: Iterable[str]
) -> Entity:
    return {
        "@id": name,
        "@type": "CreateAction",
        "name": words,
        "instrument": {"@id": instrument},
        "object": _ids(map(_id_of, takes)),
        "result": _ids(map(_id_of, makes)),
    }


def _not_provided(contents: Contents) -> Iterator[Entity]:
    """Name what jobs took and made, and the bundle does not hold."""
    for path in raw_files(contents):
        work = {"@id": _id_of(path), "@type": "CreativeWork", "name": path.removeprefix(RAW)}
        seal = contents.commitments.get(path.removeprefix(RAW))
        work["description"] = "Raw answers; not provided."
        yield {**work, "identifier": f"sha256(nonce || file) {seal}"} if seal else work
    yield {
        "@id": _id_of(WAVES),
        "@type": "CreativeWork",
        "name": WAVES,
        "description": "Scores of persons at waves; not provided.",
    }


def _file(contents: Contents, path: str) -> Entity:
    found: Entity = {"@id": _id_of(path), "@type": "File", "name": PurePosixPath(path).name}
    found["encodingFormat"] = _MEDIA.get(PurePosixPath(path).suffix, "text/plain")
    if path == README:
        found["about"] = {"@id": "./"}
    facts = contents.files.get(path)
    if facts is not None:
        found |= {"contentSize": str(facts.size), "sha256": facts.sha256}
    return found
