"""An audit on the command line: run, told, and written."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from securebase.audit.attestation import as_json, findings, statement
from securebase.audit.bundled import BundledModels
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Outcome, counts
from securebase.audit.page import audit_page
from securebase.audit.registry import audited, readers_seed
from securebase.audit.signatures import sign
from securebase.audit.untested import untested
from securebase.bundle.opening import open_bundle
from securebase.faults import Fault, InputError
from securebase.report.rendering import write_page
from securebase.whole_files import write_whole


def run_audit(arguments: argparse.Namespace) -> int:
    """Audit a bundle as the command line says.

    Returns
    -------
    int
        0 only where no check failed.

    Raises
    ------
    InputError
        Where there is no bundle, or one of another tier.
    """
    path: Path = arguments.bundle
    if not path.is_file():
        return _run(Opened(path, signers=arguments.signers), arguments)
    with open_bundle(path) as bundle:
        return _run(Opened(bundle.folder, archive=path, signers=arguments.signers), arguments)


def _run(opened: Opened, arguments: argparse.Namespace) -> int:
    _refuse(opened, arguments)
    seed = readers_seed(opened) if arguments.seed is None else arguments.seed
    outcomes = audited(opened, arguments.level, seed, BundledModels())
    left = untested(opened, outcomes)
    for line in (*outcomes, "", *closing(outcomes, left, arguments.level, seed)):
        print(line)
    if arguments.json:
        write_whole(as_json(findings(opened, outcomes, left)), arguments.json)
    if arguments.html:
        write_page(audit_page(opened, outcomes, left, arguments.level, seed), arguments.html)
    if arguments.attest:
        write_whole(as_json(statement(opened, outcomes, arguments.level, seed)), arguments.attest)
        if arguments.sign:
            sign(arguments.attest, arguments.sign)
    return int(any(one.status == "FAIL" for one in outcomes))


def _refuse(opened: Opened, arguments: argparse.Namespace) -> None:
    """Refuse what is no bundle, or not of the asked tier."""
    faults = []
    if not opened.folder.is_dir():
        faults.append(Fault(str(opened.folder), "no such file or folder", "a bundle"))
    elif not opened.has("bundle.json"):
        faults.append(Fault(str(opened.folder), "no bundle.json", "an unpacked bundle"))
    elif arguments.tier not in (None, opened.about.tier):
        given, expected = f"tier {opened.about.tier}", f"tier {arguments.tier}"
        faults.append(Fault("bundle.json", given, expected, column="tier"))
    if arguments.sign and not arguments.attest:
        faults.append(Fault("--sign", "nothing to sign", "--attest FILE"))
    if faults:
        raise InputError(f"the bundle {opened.folder.name}", faults)


def closing(outcomes: Sequence[Outcome], left: Sequence[str], level: str, seed: int) -> list[str]:
    """Count the outcomes, and say what was not tested."""
    return [
        f"{counts(outcomes)} (level {level}, seed {seed}).",
        "Not tested:",
        *(f"  - {one}" for one in left),
    ]
