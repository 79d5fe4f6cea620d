"""How the kernels are compiled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numba
from numba.core import config as numba_config

# NaN and infinity keep their meaning. The loops that matter are written in fours: the
# compiler must not regroup their sums, which it would do across rows of matrices.
OPTIONS: Final[dict[str, Any]] = {"error_model": "numpy", "fastmath": {"contract", "nsz"}}


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile as a part of the entry, which alone is kept on disk."""
    # nothing in Python calls it: without wrappers it is compiled sooner
    return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)(function)


@contextmanager
def optimised() -> Iterator[None]:
    """Optimise fully, four neighbouring sums at a time, whatever the process has chosen."""
    settings = numba_config.OPT, numba_config.SLP_VECTORIZE
    numba_config.OPT, numba_config.SLP_VECTORIZE = type(settings[0])(3), 1
    try:
        yield
    finally:
        numba_config.OPT, numba_config.SLP_VECTORIZE = settings
