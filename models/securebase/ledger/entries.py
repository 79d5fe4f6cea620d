"""Entries of a ledger: a line of JSON each, sealed by its digest and bound to the one before."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

Entry = Mapping[str, Any]

STARTED: Final = "started"
FINISHED: Final = "finished"
FAILED: Final = "failed"
TORN: Final = "torn"

_SEAL: Final = b', "hash": "'


def sealed(values: Entry) -> bytes:
    """Write an entry as a line; its last key, `hash`, is the SHA-256 of all that stands before.

    Parameters
    ----------
    values : mapping
        Plain values, at least one; a number that is none must be null.

    Returns
    -------
    bytes
        UTF-8, with the end of the line, and no other.
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    return text[:-1] + _SEAL + digest(text).encode() + b'"}\n'


def opened(line: bytes) -> Entry | None:
    """Read a line without its end; None where it is not as it was sealed, to the byte."""
    body, _, end = line.rpartition(_SEAL)
    if end != digest(body + b"}").encode() + b'"}':
        return None
    found: dict[str, Any] = json.loads(line)
    return found


def mark_of(line: bytes) -> str:
    """Give what the next entry names as `previous`: the hash of a line, whatever became of it."""
    entry = opened(line)
    return digest(line) if entry is None else str(entry["hash"])


def digest(text: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return sha256(text).hexdigest()
