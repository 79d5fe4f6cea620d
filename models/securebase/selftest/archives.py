"""Harmful archives (row 19): each is refused before a file of it is written."""

import stat
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

from securebase.bundle.opening import open_bundle
from securebase.faults import InputError
from securebase.selftest.outcomes import Trial

_LINK = (stat.S_IFLNK | 0o777) << 16


def refused_archives(archive: Path, demo: str, folder: Path) -> Iterator[Trial]:
    """Add something harmful to a bundle, and try to open it.

    Parameters
    ----------
    archive : pathlib.Path
        An honest bundle.
    demo : str
        Its study.
    folder : pathlib.Path
        Where copies are written.
    """
    entries = {
        "a name that leads out": zipfile.ZipInfo("../claims.csv"),
        "an absolute name": zipfile.ZipInfo("/claims.csv"),
        "a name that is there twice": zipfile.ZipInfo("claims.csv"),
        "a program": zipfile.ZipInfo("model.py"),
        "a link": zipfile.ZipInfo("more.csv"),
    }
    entries["a link"].external_attr = _LINK
    for what, entry in entries.items():
        copy = folder / "harmful.zip"
        copy.write_bytes(archive.read_bytes())
        with warnings.catch_warnings(), zipfile.ZipFile(copy, "a") as harmful:
            # of a name that is there twice: that is meant
            warnings.simplefilter("ignore", UserWarning)
            harmful.writestr(entry, b"")
        yield Trial(19, demo, f"an archive with {what}", "opening", *_opened(copy))


def _opened(path: Path) -> tuple[bool, str]:
    try:
        with open_bundle(path):
            return False, "it was opened"
    except InputError as error:
        return True, str(error.faults[0])
