"""An audit as an in-toto statement: the test-result predicate, version 0.1."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from securebase.audit.files import digest_of
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Level, Outcome, Status
from securebase.deposit.attestation import STATEMENT
from securebase.deposit.contents import MANIFEST

PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"


def result(outcomes: Sequence[Outcome]) -> str:
    """Sum up an audit: PASSED, WARNED or FAILED."""
    found = {one.status for one in outcomes}
    return "FAILED" if "FAIL" in found else "WARNED" if "WARN" in found else "PASSED"


def statement(
    opened: Opened, outcomes: Sequence[Outcome], level: Level, seed: int
) -> dict[str, Any]:
    """State what an audit found of a bundle.

    Parameters
    ----------
    opened : Opened
    outcomes : sequence of Outcome
    level : str
    seed : int
        Of re-fits.

    Returns
    -------
    dict
        Plain values. Subjects are the manifest, which stands for every file, and the archive.
    """

    def told(status: Status) -> list[str]:
        return [f"{one.id} {one.title}" for one in outcomes if one.status == status]

    subjects = [(MANIFEST, opened.path(MANIFEST))]
    if opened.archive is not None:
        subjects.append((opened.archive.name, opened.archive))
    asked = {"level": level, "seed": seed, "skipped": told("SKIP")}
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


def findings(
    opened: Opened, outcomes: Sequence[Outcome], untested: Sequence[str]
) -> dict[str, Any]:
    """Tell an audit as plain values: every sentence of every check."""
    return {
        "bundle": opened.manifest_sha256[:12],
        "securebase": version("securebase"),
        "result": result(outcomes),
        "checks": [
            {
                "id": one.id,
                "title": one.title,
                "status": one.status,
                "message": one.message,
                "said": [{"status": each.status, "words": each.words} for each in one.said],
            }
            for one in outcomes
        ],
        "not_tested": list(untested),
    }
