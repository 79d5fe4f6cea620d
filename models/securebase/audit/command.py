"""`securebase audit`: every check of a bundle that needs no raw data."""

import argparse
from pathlib import Path
from typing import Any

from securebase.audit.outcomes import LEVELS, REPLICATES


def add_audit_command(commands: Any) -> None:
    """Add the command to those of ``securebase``."""
    audit = commands.add_parser(
        "audit", help="check a bundle: hashes, numbers, draws, moments, disclosure"
    )
    audit.add_argument(
        "bundle", type=Path, metavar="BUNDLE", help="bundle.zip, or its unpacked folder"
    )
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
    audit.add_argument(
        "--nonces", type=Path, metavar="FILE",
        help="nonces.json of the author, with --raw: opens the seal (data editors)",
    )  # fmt: skip
    audit.add_argument(
        "--raw", type=Path, metavar="FOLDER",
        help="folder of the raw files: seals are opened, and moments taken again from them",
    )  # fmt: skip
    audit.add_argument("--signers", type=Path, metavar="FILE", help="whose signatures you trust")
    audit.add_argument("--json", type=Path, metavar="FILE", help="write all findings there")
    audit.add_argument("--html", type=Path, metavar="FILE", help="write a page of findings there")
    audit.add_argument(
        "--attest", type=Path, metavar="FILE", help="write an in-toto test result there"
    )
    audit.add_argument(
        "--sign", type=Path, metavar="KEY", help="sign the test result with ssh-keygen"
    )
    audit.set_defaults(command=_audit)


def _audit(arguments: argparse.Namespace) -> int:
    # this imports pandas and more: other commands do without
    from securebase.audit.running import run_audit

    return run_audit(arguments)
