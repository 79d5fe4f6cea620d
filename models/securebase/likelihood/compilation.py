"""How the kernels are compiled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numba
from numba.core import config as numba_config
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, NUMBA_CACHE_PATH

from securebase.keeping import guard

guard()

# NaN and infinity keep their meaning. The loops that matter are written in fours: the
# compiler must not regroup their sums, which it would do across rows of matrices.
OPTIONS: Final[dict[str, Any]] = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}
# nothing in Python calls a part: without wrappers it is compiled sooner
PART: Final = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile as a part of the entry, which alone is kept on disk."""
    return numba.njit(**PART)(function)


def borrowing[F: Callable[..., Any]](function: F) -> F:
    """Compile as a part of the entry what makes and returns no arrays: it counts no owners.

    Counting costs more than the arithmetic of a small matrix.
    """
    return numba.njit(_nrt=False, **PART)(function)


def written_out[F: Callable[..., Any]](function: F) -> F:
    """Compile as if the body stood where it is called: once, and not on its own as well."""
    return numba.njit(inline="always", **OPTIONS)(function)


@contextmanager
def optimised() -> Iterator[None]:
    """Optimise fully, four neighbouring sums at a time, whatever the process has chosen."""
    # the compiler does so itself when the environment has changed, and would undo this
    numba_config.reload_config()
    settings = numba_config.OPT, numba_config.SLP_VECTORIZE
    numba_config.OPT, numba_config.SLP_VECTORIZE = type(settings[0])(3), 1
    try:
        yield
    finally:
        numba_config.OPT, numba_config.SLP_VECTORIZE = settings


def is_kept(key: str) -> bool:
    """Whether an earlier process seems to have kept something under the key."""
    return any(NUMBA_CACHE_PATH.glob(f"*-{key}.*.nbc"))


def kept(
    function: Callable[..., Any], signature: Any, key: str, decorate: Any = numba.cfunc
) -> Any:
    """Compile fully, or load what an earlier process compiled and kept under the key.

    Parameters
    ----------
    function : callable
    signature : numba signature
    key : str
        Must change when the source of anything that is compiled changes.
    decorate : callable
        numba.cfunc or numba.njit.

    Returns
    -------
    What `decorate` makes of the function; without a usable folder it is not kept
    (see `keeping.CheckedFile`).
    """
    # PyTensor's folder goes by this key and not by the age of a file, so that inner
    # functions are covered and one folder holds everything compiled
    CACHED_SRC_FUNCTIONS[function] = key
    with optimised():
        return decorate(signature, cache=True, **OPTIONS)(function)
