"""A62: no path, address or label of a person in any file, attributes and markup included."""

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import xarray as xr

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes

_ROOTS: Final = r"home|Users|root|tmp|var|mnt|media|srv|opt|scratch|work|private|Volumes|workspace"
_ROOTED: Final = rf"(?<![\w:/.<])/(?:{_ROOTS})/[\w.~-][!#-&*-+\--:=?-{{}}~]*"
_PATH: Final = re.compile(
    _ROOTED + r"|(?<![\w])[A-Za-z]:\\{1,2}(?:Users|Documents|home)[^\s\"'<>|,;)]*"
    r"|(?<![\w])\\\\[\w.-]+\\[\w$.-]+|file://[^\s\"'<>]+|(?<![\w~/])~[\w-]*/[\w.-]+"
)
_MAIL: Final = re.compile(r"(?<![\w.+/-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b")
_HOST: Final = re.compile(
    r"\b[\w-]+\.(?:local|lan|internal|localdomain|corp|intranet)\b|\blocalhost\b", re.IGNORECASE
)
_KINDS: Final = {
    "path": _PATH, "rooted path": re.compile(_ROOTED), "host name": _HOST, "e-mail": _MAIL
}  # fmt: skip
# who answers for a bundle is named there
_CONTACTS: Final = ("README.md", "codecheck.yml", "ro-crate-metadata.json")
_SHOWN: Final = 60


def nothing_private(opened: Opened) -> Iterator[Said]:
    """A62: search every file for absolute paths, host names and e-mails."""
    count = 0
    for name in opened.files():
        count += 1
        if name.endswith(".nc"):
            yield from _in_draws(opened, name)
        else:
            kinds = ("path", "host name") if name in _CONTACTS else ("path", "host name", "e-mail")
            yield from _found(name, opened.text(name), kinds)
    yield passes(f"No absolute paths, host names or e-mails in {count} files and their attributes.")


def _in_draws(opened: Opened, name: str) -> Iterator[Said]:
    """Search attributes and labels; and, as nothing may hide between them, the bytes."""
    kinds = ("path", "host name", "e-mail")
    told = [
        one
        for place, text in _texts(opened.tree(name))
        for one in _found(f"{name}, {place}", text, kinds)
    ]
    yield from told
    if not told:
        # compressed numbers make e-mails by chance alone, but no path as long as these
        raw = opened.path(name).read_bytes().decode("latin-1")
        yield from _found(name, raw, ("rooted path",))


def _found(place: str, text: str, kinds: tuple[str, ...]) -> Iterator[Said]:
    for kind in kinds:
        match = _KINDS[kind].search(text)
        if match:
            yield fails(f"{place} contains a {kind.removeprefix('rooted ')}: {match[0][:_SHOWN]}")


def _texts(tree: xr.DataTree) -> Iterator[tuple[str, str]]:
    """Texts of a file: attributes, labels of coordinates, values that are texts."""
    for node in tree.subtree:
        yield from ((f"attribute {key}", str(value)) for key, value in _attributes(node))
        for name, variable in node.variables.items():
            for key, value in variable.attrs.items():
                yield f"attribute {key} of {name}", str(value)
            if variable.dtype.kind in "UOST":
                yield str(name), "\n".join(map(str, np.ravel(variable.values)))


def _attributes(node: xr.DataTree) -> Iterator[tuple[Any, Any]]:
    yield from node.attrs.items()
