"""A copy of the bundle made by hand, tampered with by somebody who knows of manifests."""

import shutil
from pathlib import Path

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Outcome
from securebase.audit.registry import audited
from securebase.selftest.changes import Tampering, seal

GROWTH = "analyses/growth"


def tampered(bundle: Path, copy: Path, tampering: Tampering) -> dict[str, Outcome]:
    """Audit a copy of a bundle that was tampered with, and sealed anew."""
    shutil.copytree(bundle, copy)
    tampering(copy)
    seal(copy)
    return {one.id: one for one in audited(Opened(copy))}


def failed(outcomes: dict[str, Outcome]) -> set[str]:
    """Name the checks that failed."""
    return {name for name, one in outcomes.items() if one.status == "FAIL"}
