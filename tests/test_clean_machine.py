"""A bundle is audited on a machine that has the package, the bundle, and nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import securebase
from securebase.audit.registry import CHECKS
from securebase.config import Sampling
from securebase.selftest.demos import make_demo

# every file that is opened to be written, made, moved or removed; and no socket reaches anything
WATCH = """
import os, socket, sys

log = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_APPEND)
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink")


def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        raise OSError("this machine has no network")
    path = arguments[0] if event == "open" or event in CHANGES else None
    if not isinstance(path, (str, bytes)):
        return
    # of a folder that is open: where whole folders are removed
    folder = arguments[-1] if event in CHANGES and isinstance(arguments[-1], int) else -1
    path = os.path.join(os.readlink(f"/proc/self/fd/{folder}") if folder >= 0 else "", path)
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    if event != "open" or (isinstance(arguments[2], int) and arguments[2] & writes):
        os.write(log, os.fsencode(os.path.abspath(path)) + b"\\n")


sys.addaudithook(watch)
"""
HARMLESS = ("/dev/null",)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle as it is sent, of draws that are just enough."""
    sampling = Sampling(draws=500, tune=300, prior_draws=500, predictive_draws=50)
    return make_demo("demo_squads", tmp_path_factory.mktemp("author"), sampling).archive


def without_network() -> list[str]:
    """Start a command where no network is: the kernel's own way, where it allows that."""
    command = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None:
        return []
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if tried.returncode == 0 else []


def listed(*folders: Path) -> dict[str, int]:
    """Every file below some folders, with the time of its last change."""
    files = (path for folder in folders for path in folder.rglob("*"))
    return {str(path): path.stat().st_mtime_ns for path in files}


def test_the_audit_needs_the_package_and_the_bundle_only(bundle: Path, tmp_path: Path) -> None:
    site, home, scratch, empty = (tmp_path / one for one in ("site", "home", "scratch", "empty"))
    for folder in (home, scratch, empty):
        folder.mkdir()
    shutil.copytree(
        Path(securebase.__file__).parent, site / "securebase",
        ignore=shutil.ignore_patterns("__pycache__"),
    )  # fmt: skip
    (site / "sitecustomize.py").write_text(WATCH)
    sent = shutil.copy(bundle, tmp_path / "bundle.zip")
    watched = tmp_path / "written.txt"
    watched.touch()
    before = listed(site, empty)
    told = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home), "TMPDIR": str(scratch), "WATCHED": str(watched), "LANG": "C.UTF-8",
    }  # fmt: skip
    start = "import sys; from securebase.cli import main; sys.exit(main())"
    asked = [sys.executable, "-c", start, "audit", str(sent), "--level", "quick"]
    done = subprocess.run(
        [*without_network(), *asked], cwd=empty, env=told, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert sum(line[5:6] == "A" for line in lines) == len(CHECKS)
    assert next(line for line in lines if " A30 " in line).startswith("PASS")
    assert next(line for line in lines if " A31 " in line).startswith("PASS")
    assert listed(site, empty) == before
    # compiled code, where $SECUREBASE_CACHE is not said; settings of who draws; the unpacked bundle
    own = (f"{home}/.cache/", f"{home}/.config/matplotlib/", f"{scratch}/")
    written = set(watched.read_text().splitlines())
    assert written, "nothing was seen"
    parents = {str(Path(one).parent) for one in own}
    outside = {one for one in written if not f"{one}/".startswith(own)}
    assert outside - {*HARMLESS, *parents} == set()
    # compilers leave files of their own
    assert list(scratch.glob("securebase-*")) == []


def test_the_watch_sees_what_is_written_and_lets_nothing_out(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    watched = tmp_path / "written.txt"
    watched.touch()
    told = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "WATCHED": str(watched)}
    script = (
        "import pathlib, socket; pathlib.Path('seen').write_text('')\n"
        "socket.create_connection(('127.0.0.1', 9))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=told, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "this machine has no network" in done.stderr
    assert f"{tmp_path}/seen" in watched.read_text().splitlines()
