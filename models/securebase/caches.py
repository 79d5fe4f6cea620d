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
CHOSEN: Final = "SECUREBASE_CHOSEN"
LIBRARIES: Final = ("securebase", "pymc", "pytensor", "nutpie", "numba", "llvmlite", "numpy")

log = logging.getLogger(__name__)


def choose_folder() -> None:
    """Name the folder to PyTensor and Numba, unless the user has named one to PyTensor.

    Its parent is $SECUREBASE_CACHE, or else the user's cache folder. Where it cannot be
    written to, compiled code is kept for this process and its children only.
    """
    if "pytensor" in sys.modules:
        return
    _forget_another_machine()
    flags = os.environ.get(FLAGS, "")
    if "base_compiledir" in flags:
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
        folder = Path(tempfile.mkdtemp(prefix="securebase-", suffix=f"-{identity()}"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    setting = f"base_compiledir={folder}"
    os.environ[FLAGS] = f"{flags},{setting}" if flags else setting
    os.environ[CHOSEN] = str(folder)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "numba"))


def _forget_another_machine() -> None:
    """Undo a choice that was handed on by the process that submitted this one from elsewhere.

    A job on a cluster gets the environment of the login node, with the folder for its processor.
    """
    chosen = os.environ.get(CHOSEN, "")
    if not chosen or (chosen.endswith(identity()) and Path(chosen).is_dir()):
        return
    del os.environ[CHOSEN]
    flags = os.environ.get(FLAGS, "").split(",")
    os.environ[FLAGS] = ",".join(one for one in flags if one != f"base_compiledir={chosen}")
    if os.environ.get("NUMBA_CACHE_DIR") == str(Path(chosen) / "numba"):
        del os.environ["NUMBA_CACHE_DIR"]


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
