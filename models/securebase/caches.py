"""Where compiled code is kept between runs; chosen before anything that compiles is imported.

Code compiled for one processor or by one version must never meet another, and jobs that
share a folder must not overwrite each other's: so there is one folder per environment,
versions and processor.
"""

import atexit
import logging
import os
import platform
import re
import shutil
import sys
import tempfile
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

VARIABLE: Final = "SECUREBASE_CACHE"
FLAGS: Final = "PYTENSOR_FLAGS"
LIBRARIES: Final = ("securebase", "pymc", "pytensor", "nutpie", "numba", "llvmlite", "numpy")

log = logging.getLogger(__name__)


def choose_folder() -> None:
    """Name the folder to PyTensor and Numba, unless the user has named one to PyTensor.

    Its parent is $SECUREBASE_CACHE, or else the user's cache folder. Where it cannot be
    written to, compiled code is kept for this process and its children only.
    """
    flags = os.environ.get(FLAGS, "")
    if "base_compiledir" in flags or "pytensor" in sys.modules:
        return
    folder = parent() / identity()
    try:
        _probe(folder)
    except OSError as problem:
        log.warning(
            "compiled code cannot be kept in %s (%s), so this run compiles anew: "
            "name a folder that can be written to in %s",
            folder, problem, VARIABLE,
        )  # fmt: skip
        folder = Path(tempfile.mkdtemp(prefix="securebase-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    setting = f"base_compiledir={folder}"
    os.environ[FLAGS] = f"{flags},{setting}" if flags else setting
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "numba"))


def parent() -> Path:
    """Folder that holds those of all environments."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home) / "securebase"


def identity() -> str:
    """Digest of all that compiled code depends on: environment, versions, processor."""
    parts = [sys.prefix, sys.version, processor(), *(_version(name) for name in LIBRARIES)]
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def processor() -> str:
    """Model and abilities of the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    known = re.findall(r"^(?:model name|flags|Features|CPU part)\s*:.*$", text, re.MULTILINE)
    return "\n".join(dict.fromkeys([platform.machine(), *known]))


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def _probe(folder: Path) -> None:
    """Make the folder and write into it.

    Raises
    ------
    OSError
        It cannot be made, or not be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as probe:
        probe.write(b"can be written to")
