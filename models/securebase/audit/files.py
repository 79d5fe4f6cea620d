"""A01 and A02: the files are those of the manifest, unchanged, and of kinds that run nothing."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes
from securebase.bundle.archive import SUFFIXES
from securebase.deposit.contents import MANIFEST
from securebase.digests import digest_of
from securebase.faults import Fault, InputError

SIGNATURE: Final = f"{MANIFEST}.sig"
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](\S.*)")
_KINDS: Final = SUFFIXES | {".sig"}


def manifest_of(opened: Opened) -> Mapping[str, str]:
    """Read the manifest: digest by file.

    Raises
    ------
    InputError
        Lines that are none of ``sha256sum``, or a file that is named twice.
    """
    found: dict[str, str] = {}
    faults = []
    for number, line in enumerate(opened.text(MANIFEST).splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            expected = "a digest, two spaces and a file, each once"
            faults.append(Fault(MANIFEST, f"'{line[:60]}'", expected, row=number))
        else:
            found[match[2]] = match[1]
    if faults:
        raise InputError("the manifest", faults)
    return found


def hashes(opened: Opened) -> Iterator[Said]:
    """A01: every file that the manifest lists is as it was."""
    listed = manifest_of(opened)
    for name, digest in listed.items():
        if not opened.has(name):
            continue
        if digest_of(opened.path(name)) != digest:
            yield fails(
                f"{name} differs from the manifest: it was changed after the bundle was built."
            )
    if not listed:
        yield fails("The manifest lists no file.")
    yield passes(f"All {len(listed)} files match the manifest.")


def listing(opened: Opened) -> Iterator[Said]:
    """A02: no file is missing, none is there that the manifest does not list."""
    listed, there = manifest_of(opened), list(opened.files())
    for name in there:
        if (opened.folder / name).is_symlink():
            yield fails(f"{name} is a link: it leads out of the bundle.")
        elif Path(name).suffix not in _KINDS:
            yield fails(f"{name} is of a kind that has no place in a bundle.")
        elif name not in listed and name not in (MANIFEST, SIGNATURE):
            yield fails(f"{name} is not in the manifest.")
    for name in listed:
        if name not in there:
            yield fails(f"{name} is in the manifest, but not in the bundle.")
    yield passes("No unlisted files, and none is missing.")
