"""Appending to a ledger: one process at a time, and whole lines, whoever is killed meanwhile.

A writer holds a POSIX record lock (`fcntl.lockf`) on the ledger itself. The system gives it up when
the process ends, however it ends, so that nobody waits for the dead, as one would for a lock file;
and NFS carries it between computers, and reads a file anew once it is locked. The ledger is never
replaced, so the file that was locked is the one that others lock.
"""

import errno
import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from securebase.faults import Fault, InputError
from securebase.ledger.entries import TORN, Entry, mark_of, sealed
from securebase.whole_files import write_whole

_CHUNK: Final = 1 << 20
_UNLOCKABLE: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

# record locks are those of a process: its threads wait for one another here
_one_thread = threading.Lock()


def append(ledger: Path, values: Entry) -> Entry:
    """Add an entry at the end of a ledger, which is made where there is none.

    What a killed writer left of a line becomes an entry of its own, so that it can be seen. It is
    overwritten by that entry, which holds its text and so is longer.

    Parameters
    ----------
    ledger : pathlib.Path
        ``ledger.jsonl``; beside it, ``ledger.head`` names the last entry.
    values : mapping
        Without `number`, `time`, `previous` and `hash`, which are added.

    Returns
    -------
    mapping
        The entry as it was written.

    Raises
    ------
    InputError
        Where the file system does not lock files.
    OSError
        Where the ledger cannot be written.
    """
    with _alone(ledger) as file:
        content = _content(file)
        end = content.rfind(b"\n") + 1
        lines = content[:end].split(b"\n")[:-1]
        number, previous = len(lines) + 1, mark_of(lines[-1]) if lines else None
        written = b""
        if torn := content[end:]:
            written = _line(number, previous, {"event": TORN, "text": _readable(torn)})
            number, previous = number + 1, mark_of(written[:-1])
        line = _line(number, previous, values)
        _write(file, end, written + line)
        entry: Entry = json.loads(line)
        _name_last(head_of(ledger), entry)
    return entry


def head_of(ledger: Path) -> Path:
    """Path of the file that names the last entry of a ledger."""
    return ledger.with_suffix(".head")


def _line(number: int, previous: str | None, values: Entry) -> bytes:
    time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return sealed({"number": number, "time": time, **values, "previous": previous})


def _readable(torn: bytes) -> str:
    return torn.decode(errors="backslashreplace")


@contextmanager
def _alone(ledger: Path) -> Iterator[int]:
    with _one_thread:
        file = _locked(ledger)
        try:
            yield file
        finally:
            os.close(file)  # and the lock with it


def _locked(ledger: Path) -> int:
    while True:
        file = os.open(ledger, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX)
            # whoever put another file in its place while this one waited
            if os.path.samestat(os.fstat(file), os.stat(ledger)):
                return file
        except FileNotFoundError:
            pass
        except OSError as error:
            os.close(file)
            if error.errno in _UNLOCKABLE:
                raise _unlockable(ledger) from error
            raise
        os.close(file)


def _unlockable(ledger: Path) -> InputError:
    given = "its file system does not lock files, so that jobs could overwrite each other's entries"
    remedy = "let it be a symbolic link to a file on another file system, such as your home's"
    return InputError("the ledger", [Fault(str(ledger), given, "one that does", remedy)])


def _content(file: int) -> bytes:
    parts = []
    while part := os.read(file, _CHUNK):
        parts.append(part)
    return b"".join(parts)


def _write(file: int, place: int, text: bytes) -> None:
    os.lseek(file, place, os.SEEK_SET)
    while text:
        text = text[os.write(file, text) :]
    os.fsync(file)


def _name_last(head: Path, entry: Entry) -> None:
    write_whole(f"{entry['number']} {entry['hash']}\n", head)
