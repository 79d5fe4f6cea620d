"""Files that appear whole or not at all: written under another name, and renamed."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# bytes; with less, what failed failed for that
_LEAST_ROOM: Final = 1 << 16


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give the path to write to; what is there at the end takes its name.

    Where writing fails, a file that was there before stays as it was, and nothing else.

    Yields
    ------
    pathlib.Path
        Beside `path`, so that renaming is one step.

    Raises
    ------
    OSError
        The disk is full, also where a library said something else of it.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
    except Exception as error:
        room = shutil.disk_usage(path.parent).free
        partial.unlink(missing_ok=True)
        if room < _LEAST_ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    # a node that loses power keeps the new name, and without this perhaps an empty file under it
    with open(partial, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)


def write_whole(text: str, path: Path) -> None:
    """Write a text as UTF-8, with the ends of lines it has."""
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
