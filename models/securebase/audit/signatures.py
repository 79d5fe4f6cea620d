"""A03: signatures, made and verified by ``ssh-keygen``, which is no part of Securebase."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from securebase.audit.files import SIGNATURE
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.deposit.contents import MANIFEST
from securebase.faults import Fault, InputError

NAMESPACE: Final = "securebase"
_TOOL: Final = "ssh-keygen"
_SECONDS: Final = 30


def signature(opened: Opened) -> Iterator[Said]:
    """A03: who signed the manifest, if anybody did."""
    if not opened.has(SIGNATURE):
        yield warns("Bundle is unsigned.")
    elif shutil.which(_TOOL) is None:
        yield skips(f"{_TOOL} is not on this machine: the signature cannot be verified.")
    elif opened.signers is None:
        yield from _of_some_key(opened)
    else:
        yield from _of_a_signer(opened, opened.signers)


def _of_some_key(opened: Opened) -> Iterator[Said]:
    asked = ["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(opened.path(SIGNATURE))]
    done = _run(asked, opened.path(MANIFEST))
    key = re.search(r"SHA256:\S+", done.stdout)
    if done.returncode or key is None:
        yield fails("Signature does not verify.")
    else:
        yield passes(f"Signed by key {key[0]}: whose key that is, --signers would tell.")


def _of_a_signer(opened: Opened, signers: Path) -> Iterator[Said]:
    mark = str(opened.path(SIGNATURE))
    known = _run(["-Y", "find-principals", "-s", mark, "-f", str(signers)], None)
    names = known.stdout.split()
    if known.returncode or not names:
        yield fails(f"Signature is by no key of {signers.name}.")
        return
    asked = ["-Y", "verify", "-f", str(signers), "-I", names[0], "-n", NAMESPACE, "-s", mark]
    if _run(asked, opened.path(MANIFEST)).returncode:
        yield fails("Signature does not verify.")
    else:
        yield passes(f"Signed by {names[0]}.")


def sign(file: Path, key: Path) -> Path:
    """Sign a file; the signature stands beside it, as ``<file>.sig``.

    Raises
    ------
    InputError
        Where there is no ``ssh-keygen``, or it refuses.
    """
    if shutil.which(_TOOL) is None:
        raise InputError(
            "a signature", [Fault(_TOOL, "not on this machine", "OpenSSH 8.2 or newer")]
        )
    mark = file.with_name(f"{file.name}.sig")
    # it would ask before it overwrites one
    mark.unlink(missing_ok=True)
    done = _run(["-Y", "sign", "-n", NAMESPACE, "-f", str(key), str(file)], None)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason"]
        raise InputError("a signature", [Fault(str(key), lines[-1], "a key to sign with")])
    return mark


def _run(arguments: list[str], given: Path | None) -> subprocess.CompletedProcess[str]:
    command = [_TOOL, *arguments]
    with (given or Path(os.devnull)).open("rb") as text:
        return subprocess.run(
            command, stdin=text, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
