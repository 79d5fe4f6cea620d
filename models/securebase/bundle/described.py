"""The files that describe a bundle, written in an order in which each can name those before it.

workflow.json tells which job made what of the content; README, codecheck.yml and lavaan.R are of
both, the crate names them all, and the attestation has a digest of each.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from securebase.bundle.order import Order
from securebase.bundle.tables import Files
from securebase.deposit.attestation import attestation
from securebase.deposit.codecheck import codecheck
from securebase.deposit.contents import (
    ATTESTATION,
    CODECHECK,
    CRATE,
    LAVAAN,
    MANIFEST,
    README,
    WORKFLOW,
    Contents,
    FileFacts,
)
from securebase.deposit.crate import crate
from securebase.deposit.jobs import workflow_text
from securebase.deposit.lavaan import lavaan_script
from securebase.deposit.measured import measured_jobs, times_of_fits
from securebase.deposit.readme import readme
from securebase.panel import Panel
from securebase.report.sections.tried import Record


def contents_of(
    order: Order, files: Files, told: Mapping[str, Any], record: Record | None
) -> Contents:
    """Say of a bundle what its descriptions are made from.

    Parameters
    ----------
    order : Order
        Its study as the bundle has it.
    files : dict of str to bytes
        What the bundle holds, but for what describes it.
    told : mapping
        The same files as values: bundle.json, config.json, env/versions.json and
        seal/commitments.json.
    record : Record or None
        The ledger.
    """
    study, about = order.study, told["bundle.json"]
    times = times_of_fits(record.reading.entries, study) if record else {}
    return Contents(
        study=study,
        tier=about["tier"],
        files=_facts(files),
        settings=told["config.json"],
        versions={**told["env/versions.json"], "securebase": about["securebase"]},
        units_withheld=about["units_withheld"],
        values_masked=about["values_masked"],
        commitments=told["seal/commitments.json"]["raw"],
        measured=measured_jobs(order.project.logs, study, times),
        times=times,
    )


def described(contents: Contents, panels: Mapping[str, Panel]) -> Files:
    """Write the files that describe a bundle.

    Parameters
    ----------
    contents : Contents
        Of all that the bundle holds beside.
    panels : mapping of str to Panel
        By analysis; of those whose moments are released.

    Returns
    -------
    dict of str to bytes
    """
    script = lavaan_script(contents.study, panels, contents.tier)
    steps: dict[str, Callable[[Contents], str]] = {
        WORKFLOW: workflow_text,
        LAVAAN: lambda _: script,
        CODECHECK: codecheck,
        README: readme,
        CRATE: lambda so_far: crate(so_far, later=(ATTESTATION, MANIFEST)),
        ATTESTATION: attestation,
    }
    files: Files = {}
    for name, write in steps.items():
        files[name] = write(replace(contents, files={**contents.files, **_facts(files)})).encode()
    return files


def _facts(files: Files) -> dict[str, FileFacts]:
    return {
        name: FileFacts(sha256(content).hexdigest(), len(content))
        for name, content in files.items()
    }
