"""Compiled code on disk: written whole, read only if whole, never the reason that a run fails.

Numba writes a file under another name and renames it, so that jobs which share a folder see
whole files or none. What it lacks is a guard against files that were damaged since, and
against folders that are full or cannot be written to.
"""

import logging
from hashlib import sha256
from typing import Any

from numba.core import caching

log = logging.getLogger(__name__)

# ends a file; who reads it without this module stops before it
_MARK = b"sha256"
_END = len(_MARK) + sha256().digest_size


class DamagedError(ValueError):
    """A file does not hold what was written."""


class CheckedFile(caching.IndexDataCacheFile):
    """Index and data of one function; data carry their digest."""

    def load(self, key: Any) -> Any:
        """Load compiled code; None, to be compiled anew, where it cannot be read."""
        try:
            return super().load(key)
        except Exception as why:  # a damaged index raises anything
            log.warning("%s cannot be read (%s): compiling anew", self._index_path, why)
            self._forget()
            return None

    def save(self, key: Any, data: Any) -> None:
        """Keep compiled code; where that fails it serves this process only."""
        try:
            super().save(key, data)
        except OSError as why:
            log.warning("nothing compiled is kept in %s: %s", self._cache_path, why)

    def _forget(self) -> None:
        try:
            self._save_index({})
        except OSError as why:
            log.warning("%s stays: %s", self._index_path, why)

    def _save_data(self, name: str, data: Any) -> None:
        text = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(text + _MARK + sha256(text).digest())

    def _load_data(self, name: str) -> Any:
        with open(self._data_path(name), "rb") as file:
            found = file.read()
        text, end = found[:-_END], found[-_END:]
        if end != _MARK + sha256(text).digest():
            raise DamagedError(f"{name} is damaged, or another program's")
        return caching.pickle.loads(text)


def guard() -> None:
    """Let Numba, and with it PyTensor and nutpie, keep compiled code in checked files."""
    caching.IndexDataCacheFile = CheckedFile
