"""An audit on the command line: run, told, and written."""

import argparse
from pathlib import Path

from securebase.audit.attestation import as_json, findings, statement
from securebase.audit.bundled import BundledModels
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Level
from securebase.audit.page import audit_page
from securebase.audit.questions.asked import Asking
from securebase.audit.questions.own_priors import read_own_priors
from securebase.audit.questions.own_rivals import read_own_rivals
from securebase.audit.questions.telling import all_answered
from securebase.audit.records.handed import read_handed
from securebase.audit.registry import audited, readers_seed
from securebase.audit.report import Report
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
    asked = _questions(opened, arguments)
    handed = read_handed(arguments.raw, arguments.nonces)
    # what is asked is fitted: then the bundle's own fits are made again too
    level: Level = "refit" if asked and arguments.level == "quick" else arguments.level
    seed = readers_seed(opened) if arguments.seed is None else arguments.seed
    models = BundledModels(arguments.cores)
    outcomes = audited(opened, level, seed, models, handed, arguments.replicates)
    report = Report(
        opened, outcomes, untested(opened, outcomes), level, seed,
        all_answered(opened, asked, seed, arguments.cores),
    )  # fmt: skip
    for line in report.lines():
        print(line)
    _write(report, arguments)
    return int(any(one.status == "FAIL" for one in outcomes))


def _questions(opened: Opened, arguments: argparse.Namespace) -> list[Asking]:
    """Read what the reviewer asks, before anything is computed."""
    bundle = opened.bundle
    asked = read_own_priors(arguments.priors, bundle) if arguments.priors else []
    return asked + (read_own_rivals(arguments.rival, bundle) if arguments.rival else [])


def _write(report: Report, arguments: argparse.Namespace) -> None:
    if arguments.json:
        write_whole(as_json(findings(report)), arguments.json)
    if arguments.html:
        write_page(audit_page(report), arguments.html)
    if arguments.attest:
        write_whole(as_json(statement(report)), arguments.attest)
        if arguments.sign:
            sign(arguments.attest, arguments.sign)


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
