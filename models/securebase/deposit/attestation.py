"""attest/build.intoto.json: what a bundle was made from, as in-toto statement of SLSA provenance.

Statement https://in-toto.io/Statement/v1, predicate https://slsa.dev/provenance/v1. It is not
signed: whoever builds a bundle can write any statement. A signature over it, or over the manifest,
says who does.

Raw files are named by their commitments, under a name of our own (`COMMITMENT`), since they are
digests of secret number and file together, and not of the file: lower-case hexadecimal SHA-256 of
a nonce of 32 bytes followed by the bytes of the file.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from securebase.deposit.contents import ATTESTATION, MANIFEST, Contents

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://slsa.dev/provenance/v1"
COMMITMENT: Final = "securebaseCommitment"
_GIVEN: Final = ("study.yaml", "config.json", "plan.yaml", "env/requirements.lock")


def attestation(contents: Contents) -> str:
    """Write build.intoto.json.

    Parameters
    ----------
    contents : Contents
        Every file it is to speak of; itself and the manifest, which is made of it, it cannot.

    Returns
    -------
    str
        JSON.
    """
    told = {
        "_type": STATEMENT,
        "subject": [
            {"name": path, "digest": {"sha256": facts.sha256}}
            for path, facts in sorted(contents.files.items())
            if path not in (ATTESTATION, MANIFEST)
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": "pkg:generic/securebase#bundle/1",
                "externalParameters": {
                    "study": contents.study.study,
                    "tier": contents.tier,
                    "config": contents.settings,
                },
                "resolvedDependencies": list(_dependencies(contents)),
            },
            "runDetails": _run(contents),
        },
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _dependencies(contents: Contents) -> Iterator[dict[str, Any]]:
    for path in dict.fromkeys(file.path for file in contents.study.raw.files):
        if path in contents.commitments:
            yield {"name": path, "digest": {COMMITMENT: contents.commitments[path]}}
    for path in _GIVEN:
        if path in contents.files:
            yield {"name": path, "digest": {"sha256": contents.files[path].sha256}}
    for library, version in sorted(contents.versions.items()):
        if library not in ("python", "securebase"):
            yield {"name": library, "uri": f"pkg:pypi/{library}@{version}"}


def _run(contents: Contents) -> dict[str, Any]:
    """Say who built it, and when where that is given."""
    versions = {
        name: contents.versions[name]
        for name in ("securebase", "python")
        if name in contents.versions
    }
    builder = {"id": f"pkg:generic/securebase@{contents.securebase}", "version": versions}
    if "bundle" not in contents.times:
        return {"builder": builder}
    started, finished = contents.times["bundle"]
    return {"builder": builder, "metadata": {"startedOn": started, "finishedOn": finished}}
