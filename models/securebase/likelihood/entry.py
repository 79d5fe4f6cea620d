"""Compiled functions that are kept on disk and called through their address.

Where nothing is kept on disk, a likelihood takes as long to compile as all that holds a
model together. With a second processor, another process compiles it meanwhile: only a call
needs the address.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ctypes import CFUNCTYPE, c_double, c_int64, c_void_p
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import types

from securebase.likelihood import compilation
from securebase.likelihood.linking import caller, fill


@cache
def version() -> str:
    """Digest of the kernels' source: a changed kernel is another function."""
    digest = sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Entry:
    """A log-density that takes sizes and addresses, as any linker can call it.

    Parameters
    ----------
    name : str
    function : callable
    signature : numba signature
        Whole numbers and pointers in, a float out.
    module : str
        Where another process finds it, under the name ENTRY.
    """

    name: str
    function: Callable[..., float]
    signature: Any
    module: str

    @property
    def symbol(self) -> str:
        """Name by which compiled code calls it, the same in every process."""
        return f"securebase_{self.name}_{version()}"

    @cached_property
    def compiled(self) -> Any:
        """Compile it or load it from disk; make its address known."""
        function = compilation.kept(self.function, self.signature, self.symbol)
        fill(self.symbol, function.address)
        return function

    @cached_property
    def from_python(self) -> Any:
        """Take whole numbers and plain addresses, as ctypes gives them."""
        kinds = {types.int64: c_int64}
        arguments = (kinds.get(kind, c_void_p) for kind in self.signature.args)
        return CFUNCTYPE(c_double, *arguments)(self.compiled.address)

    def ask_for(self) -> None:
        """Have the address known, now or at the end of `addresses_later`."""
        entries = _asked_for.get()
        if entries is None:
            _ = self.compiled
        elif self not in entries:
            entries[self] = self._compiled_elsewhere()

    def from_compiled_code(self) -> Any:
        """Give what calls it from compiled code."""
        self.ask_for()
        return caller(self.symbol, self.signature)

    def _compiled_elsewhere(self) -> subprocess.Popen[bytes] | None:
        """Start to compile in another process, where there is something to gain."""
        if compilation.is_kept(self.symbol) or len(os.sched_getaffinity(0)) < 2:
            return None
        program = f"from {self.module} import ENTRY; ENTRY.compiled"
        quiet = subprocess.DEVNULL
        return subprocess.Popen([sys.executable, "-c", program], stdout=quiet, stderr=quiet)


_asked_for: ContextVar[dict[Entry, subprocess.Popen[bytes] | None] | None] = ContextVar(
    "asked_for", default=None
)


@contextmanager
def addresses_later() -> Iterator[None]:
    """Ask for entries inside, have their addresses at the end: nothing is called inside."""
    entries: dict[Entry, subprocess.Popen[bytes] | None] = {}
    token = _asked_for.set(entries)
    try:
        yield
    finally:
        _asked_for.reset(token)
    for entry, process in entries.items():
        if process is not None:
            # whatever came of it: what it did not leave behind is compiled here
            process.wait()
        _ = entry.compiled
