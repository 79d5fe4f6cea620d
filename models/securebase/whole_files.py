"""Files that appear whole or not at all: written under another name, and renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give the path to write to; what is there at the end takes its name.

    Where writing fails, a file that was there before stays as it was.

    Yields
    ------
    pathlib.Path
        Beside `path`, so that renaming is one step.
    """
    partial = path.with_name(f".{path.name}.partial")
    yield partial
    # a node that loses power keeps the new name, and without this perhaps an empty file under it
    with open(partial, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)


def write_whole(text: str, path: Path) -> None:
    """Write a text as UTF-8, with the ends of lines it has."""
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
