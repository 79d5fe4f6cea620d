"""`securebase audit`: every check of a bundle that needs no raw data."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from securebase.audit.outcomes import LEVELS, REPLICATES
from securebase.faults import Fault, InputError


def add_audit_command(commands: Any, selftest: Callable[[bool], int]) -> None:
    """Add the command to those of ``securebase``.

    Parameters
    ----------
    commands : argparse subparsers
    selftest : callable (quick) -> exit code
        Tests the audit itself.
    """
    audit = commands.add_parser(
        "audit", help="check a bundle: hashes, numbers, draws, moments, disclosure"
    )
    audit.add_argument(
        "bundle", type=Path, metavar="BUNDLE", nargs="?", default=None,
        help="bundle.zip, or its unpacked folder",
    )  # fmt: skip
    audit.add_argument(
        "--selftest", action="store_true",
        help="make bundles, tamper with them, and see what the audit catches; takes no BUNDLE",
    )  # fmt: skip
    audit.add_argument(
        "--quick", action="store_true", help="of the self-test: one bundle, without re-fits"
    )
    _add_what_is_asked(audit)
    _add_what_is_handed_over(audit)
    _add_what_is_written(audit)
    audit.set_defaults(command=partial(_audit, selftest))


def _add_what_is_asked(audit: argparse.ArgumentParser) -> None:
    audit.add_argument(
        "--level", choices=LEVELS, default="quick",
        help="quick: without sampling; refit: fit again; full: all there is (default: %(default)s)",
    )  # fmt: skip
    audit.add_argument(
        "--seed", type=int, default=None, metavar="N",
        help="of re-fits (default: from the manifest and chance; it is told)",
    )  # fmt: skip
    audit.add_argument(
        "--priors", type=Path, metavar="FILE",
        help="your own priors (YAML): every claim under them too; level refit at least",
    )  # fmt: skip
    audit.add_argument(
        "--rival", type=Path, metavar="FILE",
        help="your own structures (YAML) for the same moments: likewise",
    )  # fmt: skip
    audit.add_argument(
        "--replicates", type=int, default=REPLICATES, metavar="N",
        help="level full: simulated studies that calibrate each posterior (default: %(default)s)",
    )  # fmt: skip
    audit.add_argument(
        "--cores", type=int, default=1, metavar="N",
        help="chains side by side; no number depends on it (default: %(default)s)",
    )  # fmt: skip
    audit.add_argument(
        "--tier", choices=("public", "controlled"), default=None,
        help="refuse a bundle of another tier",
    )  # fmt: skip


def _add_what_is_handed_over(audit: argparse.ArgumentParser) -> None:
    audit.add_argument(
        "--nonces", type=Path, metavar="FILE",
        help="nonces.json of the author, with --raw: opens the seal (data editors)",
    )  # fmt: skip
    audit.add_argument(
        "--raw", type=Path, metavar="FOLDER",
        help="folder of the raw files: seals are opened, and moments taken again from them",
    )  # fmt: skip
    audit.add_argument("--signers", type=Path, metavar="FILE", help="whose signatures you trust")


def _add_what_is_written(audit: argparse.ArgumentParser) -> None:
    audit.add_argument("--json", type=Path, metavar="FILE", help="write all findings there")
    audit.add_argument("--html", type=Path, metavar="FILE", help="write a page of findings there")
    audit.add_argument(
        "--attest", type=Path, metavar="FILE", help="write an in-toto test result there"
    )
    audit.add_argument(
        "--sign", type=Path, metavar="KEY", help="sign the test result with ssh-keygen"
    )


def _audit(selftest: Callable[[bool], int], arguments: argparse.Namespace) -> int:
    refuse_other_words(arguments)
    if arguments.selftest:
        return selftest(arguments.quick)
    # this imports pandas and more: other commands do without
    from securebase.audit.running import run_audit

    return run_audit(arguments)


def refuse_other_words(arguments: argparse.Namespace) -> None:
    """Refuse words that do not go together.

    Raises
    ------
    InputError
        Neither a bundle nor a self-test, or both; a quick audit of a bundle.
    """
    faults = []
    if arguments.selftest == (arguments.bundle is not None):
        given = "both" if arguments.selftest else "neither"
        faults.append(Fault("securebase audit", given, "either BUNDLE or --selftest"))
    if arguments.quick and not arguments.selftest:
        expected = "--selftest beside it"
        faults.append(Fault("--quick", "alone", expected, "a bundle is audited by --level quick"))
    if faults:
        raise InputError("an audit", faults)
