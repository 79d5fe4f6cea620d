"""Compile a PyMC model for nutpie, so that a second process loads what the first compiled.

nutpie wraps the compiled log-density and the function that fills the trace in C
callbacks made afresh each time. Half of the time to start a fit goes into them. Here the
wrappers are plain source, named by what they wrap, and PyTensor's folder keeps them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import numpy as np
import nutpie
import pymc as pm
import pytensor
from numba import carray, types
from numba.core import config as numba_config
from nutpie import compile_pymc as internals
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

from securebase.likelihood.entry import addresses_later

_POINTER = types.CPointer(types.double)
_DENSITY = types.int64(types.uint64, _POINTER, _POINTER, _POINTER, types.voidptr)
_TRACE = types.int64(types.uint64, types.uint64, _POINTER, _POINTER, types.voidptr)


def compile_model(model: pm.Model) -> internals.CompiledPyMCModel:
    """Compile for nutpie; from the second time on in about a second.

    What holds a model's parts together is optimised lightly: fully, it compiles three times
    as long and samples no faster, since the likelihood's kernels are optimised by themselves.
    """
    # strict arithmetic: else what is inlined, which differs between code that was just compiled
    # and code that was kept, decides the rounding, and the same seed gives other draws
    with (
        pytensor.config.change_flags(numba__fastmath=False),
        _lightly_optimised(),
        _cached_callbacks(),
        addresses_later(),
    ):
        return nutpie.compile_pymc_model(model, backend="numba", cache=True)


@contextmanager
def _lightly_optimised() -> Iterator[None]:
    saved = numba_config.OPT
    numba_config.OPT = type(saved)(1)
    try:
        yield
    finally:
        numba_config.OPT = saved


@contextmanager
def _cached_callbacks() -> Iterator[None]:
    """Let nutpie take the wrappers written here."""
    saved = internals._make_c_logp_func, internals._make_c_expand_func
    internals._make_c_logp_func, internals._make_c_expand_func = _density, _trace
    try:
        yield
    finally:
        internals._make_c_logp_func, internals._make_c_expand_func = saved


def _arguments(keys: list[str], shared: dict[str, Any], all_keys: list[str]) -> tuple[str, str]:
    """Source that finds the data in nutpie's record of addresses, sizes and shapes."""
    count = len(all_keys)
    start, shapes = 2 * count, {}
    for key in all_keys:
        shapes[key] = start
        start += shared[key].ndim
    lines = [f"    words = carray(data_, ({start},), np.uint64)"] if keys else []
    for number, key in enumerate(keys):
        sizes = "".join(
            f"np.intp(words[{shapes[key] + axis}]), " for axis in range(shared[key].ndim)
        )
        address = f"address_as_void_pointer(words[{all_keys.index(key)}])"
        lines.append(f"    d{number} = carray({address}, ({sizes}), np.{shared[key].dtype.name})")
    return "\n".join(lines), "".join(f", d{number}" for number in range(len(keys)))


def _density(
    n_dim: int, inner: Any, user_data: Any, keys: list[str], shared: dict[str, Any]
) -> tuple[Any, Any]:
    prepare, arguments = _arguments(keys, shared, list(shared))
    return _wrapper(
        "density",
        inner,
        f"""
def density(dim, x_, out_, logp_, data_):
    if dim != {n_dim}:
        return -1
    try:
{_indented(prepare)}
        logp, gradient = inner(carray(x_, ({n_dim},)){arguments})
        value = logp[()]
        total = 0.0
        for i in range({n_dim}):
            out_[i] = gradient[i]
            total += abs(gradient[i])
        logp_[0] = value
        if not np.isfinite(total):
            return 3
        if not np.isfinite(value):
            return 4
    except Exception:
        return 1
    return 0
""",
    ), _DENSITY


def _trace(
    n_dim: int, n_expanded: int, inner: Any, user_data: Any, keys: list[str],
    shared: dict[str, Any],
) -> tuple[Any, Any]:  # fmt: skip
    prepare, arguments = _arguments(keys, shared, list(shared))
    return _wrapper(
        "trace",
        inner,
        f"""
def trace(dim, expanded, x_, out_, data_):
    if dim != {n_dim} or expanded != {n_expanded}:
        return -1
    try:
{_indented(prepare)}
        (values,) = inner(carray(x_, ({n_dim},)){arguments})
        for i in range({n_expanded}):
            out_[i] = values[i]
    except Exception:
        return -2
    return 0
""",
    ), _TRACE


def _indented(lines: str) -> str:
    return "\n".join("    " + line for line in lines.splitlines())


def _wrapper(name: str, inner: Any, source: str) -> Any:
    """Compile the source of a wrapper, to be kept under the key of what it wraps."""
    key = CACHED_SRC_FUNCTIONS.get(inner.py_func)
    if key is not None:
        key = sha256(f"nutpie callback {key} {source}".encode()).hexdigest()
    # numba finds the globals of what it loads by the name of a module
    around = {
        "__name__": __name__,
        "np": np,
        "carray": carray,
        "inner": inner,
        "address_as_void_pointer": internals.address_as_void_pointer,
    }
    return compile_numba_function_src(source, name, global_env=around, cache_key=key)
