"""How the kernels are compiled."""

from collections.abc import Callable
from typing import Any, Final

import numba

# reassociation changes the last digits only; NaN and infinity keep their meaning
OPTIONS: Final[dict[str, Any]] = {
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "nsz"},
}


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile as a part of the entry, which alone is kept on disk."""
    return numba.njit(nogil=True, **OPTIONS)(function)  # type: ignore[no-any-return]
