"""An audit as an in-toto statement: the test-result predicate, version 0.1."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from securebase.audit.outcomes import Outcome, Status
from securebase.audit.questions.telling import as_values
from securebase.audit.report import Report
from securebase.deposit.attestation import STATEMENT
from securebase.deposit.contents import MANIFEST
from securebase.digests import digest_of

PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"


def result(outcomes: Sequence[Outcome]) -> str:
    """Sum up an audit: PASSED, WARNED or FAILED."""
    found = {one.status for one in outcomes}
    return "FAILED" if "FAIL" in found else "WARNED" if "WARN" in found else "PASSED"


def statement(report: Report) -> dict[str, Any]:
    """State what an audit found of a bundle.

    Parameters
    ----------
    report : Report

    Returns
    -------
    dict
        Plain values. Subjects are the manifest, which stands for every file, and the archive.
    """
    opened, outcomes = report.opened, report.outcomes

    def told(status: Status) -> list[str]:
        return [f"{one.id} {one.title}" for one in outcomes if one.status == status]

    subjects = [(MANIFEST, opened.path(MANIFEST))]
    if opened.archive is not None:
        subjects.append((opened.archive.name, opened.archive))
    asked = {"level": report.level, "seed": report.seed, "skipped": told("SKIP")}
    return {
        "_type": STATEMENT,
        "subject": [
            {"name": name, "digest": {"sha256": digest_of(path)}} for name, path in subjects
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "result": result(outcomes),
            "configuration": [
                {
                    "name": "securebase audit",
                    "uri": f"pkg:generic/securebase@{version('securebase')}",
                    "annotations": asked,
                }
            ],
            "passedTests": told("PASS"),
            "warnedTests": told("WARN"),
            "failedTests": told("FAIL"),
        },
    }


def as_json(values: Any) -> str:
    """Write plain values as text, always alike."""
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def findings(report: Report) -> dict[str, Any]:
    """Tell an audit as plain values: every sentence of every check, and every answer."""
    return {
        "bundle": report.opened.manifest_sha256[:12],
        "securebase": version("securebase"),
        "result": result(report.outcomes),
        "checks": [
            {
                "id": one.id,
                "title": one.title,
                "status": one.status,
                "message": one.message,
                "said": [{"status": each.status, "words": each.words} for each in one.said],
            }
            for one in report.outcomes
        ],
        "answers": as_values(report.answers, report.seed),
        "claims_not_asked": report.not_asked,
        "not_tested": list(report.untested),
    }
