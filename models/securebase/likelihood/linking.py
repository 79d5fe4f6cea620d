"""Calls of a compiled function through an address that may be filled in later.

Where nothing is kept on disk, the likelihood takes as long to compile as all that holds a
model together. With a second processor, another process compiles it meanwhile: only a call
needs the address.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ctypes import addressof, c_void_p
from functools import cache
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

type Entry = Callable[[], Any]

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
        entry()


def ask_for(entry: Entry, is_kept: bool) -> None:
    """Make the address of an entry known, now or at the end of `addresses_later`.

    Parameters
    ----------
    entry : callable
        Named `entry` in its module: compiles or loads it, and fills in its address.
    is_kept : bool
        Whether it only has to be loaded from disk.
    """
    entries = _asked_for.get()
    if entries is None:
        entry()
    elif entry not in entries:
        alone = is_kept or len(os.sched_getaffinity(0)) < 2
        entries[entry] = None if alone else _compiling_elsewhere(entry.__module__)


def _compiling_elsewhere(module: str) -> subprocess.Popen[bytes]:
    program = f"from {module} import entry; entry()"
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-c", program], stdout=quiet, stderr=quiet)


@cache
def cell(symbol: str) -> c_void_p:
    """Memory that holds the address of a function, known to the linker as a symbol."""
    memory = c_void_p()
    llvm.add_symbol(f"{symbol}_address", addressof(memory))
    return memory


def fill(symbol: str, address: int) -> None:
    """Say where the function is."""
    cell(symbol).value = address


def caller(symbol: str, signature: Any) -> Any:
    """Give what calls the function from compiled code.

    Parameters
    ----------
    symbol : str
        Name of the function, the same in every process.
    signature : numba signature
    """
    cell(symbol)

    @intrinsic
    def call(typing_context: Any, arguments: Any) -> tuple[Any, Any]:
        def generate(context: Any, builder: Any, resolved: Any, values: Any) -> Any:
            kinds = [context.get_value_type(kind) for kind in signature.args]
            function = ir.FunctionType(context.get_value_type(signature.return_type), kinds)
            # a declaration without a value: the linker knows it
            name = f"{symbol}_address"
            place = builder.module.globals.get(name) or ir.GlobalVariable(
                builder.module, ir.PointerType(function), name
            )
            given = [
                context.cast(builder, value, kind, wanted)
                for value, kind, wanted in zip(
                    cgutils.unpack_tuple(builder, values[0]), arguments, signature.args, strict=True
                )
            ]
            return builder.call(builder.load(place), given)

        return signature.return_type(arguments), generate

    return call
