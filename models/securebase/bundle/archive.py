"""Bundles as files: a manifest and a zip whose bytes depend on their content only."""

import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from securebase.deposit.contents import MANIFEST
from securebase.whole_files import whole

SUFFIXES: Final = frozenset(
    {".nc", ".json", ".csv", ".tsv", ".svg", ".html", ".yaml", ".yml", ".md",
     ".jsonl", ".head", ".sha256", ".lock", ".R"}
)  # fmt: skip
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """List digests as sha256sum does, sorted by path."""
    lines = (f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return "".join(lines).encode()


def write_archive(files: Mapping[str, bytes], path: Path) -> str:
    """Write a zip, whole or not at all; the same files give the same bytes.

    Parameters
    ----------
    files : mapping of str to bytes
        By path inside the bundle, the manifest aside.
    path : pathlib.Path

    Returns
    -------
    str
        The bundle's id: first twelve hex digits of the manifest's digest.
    """
    manifest = manifest_of(files)
    with whole(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, content in sorted({**files, MANIFEST: manifest}.items()):
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=6)
    return sha256(manifest).hexdigest()[:12]


def json_bytes(content: Any) -> bytes:
    """Write JSON: numbers whole, one key a line."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
