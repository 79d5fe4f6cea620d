"""Compiled code kept on disk: one folder per environment, and no fault of it stops a run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from numba.core import caching

import securebase.likelihood.compilation  # noqa: F401  (guards the files)
from securebase import caches
from securebase.caches import CHOSEN, FLAGS, VARIABLE, choose_folder, identity
from securebase.keeping import CheckedFile

# goes through PyTensor's folder, as everything that a model compiles does
PROGRAM = """
import logging, sys
logging.basicConfig(level=logging.WARNING)
import securebase
import numba
from securebase.likelihood.compilation import kept
def thrice(number):
    return 3.0 * number
function = kept(thrice, numba.float64(numba.float64), "securebase_test_of_caches")
print(function.ctypes(1.5))
"""


def environment(folder: Path) -> dict[str, str]:
    ours = (FLAGS, CHOSEN, "NUMBA_CACHE_DIR")
    clean = {k: v for k, v in os.environ.items() if k not in ours}
    return clean | {VARIABLE: str(folder)}


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment(folder), capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def kept_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*securebase_test_of_caches*.nb[ci]"))


@pytest.mark.parametrize("count", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_many_processes_start_with_an_empty_folder(count: int, tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM], env=environment(tmp_path),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(count)
    ]  # fmt: skip
    for process in started:
        said, complained = process.communicate()
        assert (process.returncode, said, complained) == (0, "4.5\n", "")
    assert len(kept_files(tmp_path)) == 2
    assert not list(tmp_path.rglob("*.tmp.*"))


@pytest.mark.parametrize("suffix", [".nbc", ".nbi"])
@pytest.mark.parametrize("damage", ["cut", "empty", "garbage", "one bit"])
def test_damaged_files_are_compiled_anew(tmp_path: Path, suffix: str, damage: str) -> None:
    assert run(tmp_path).stdout == "4.5\n"
    (path,) = (one for one in kept_files(tmp_path) if one.suffix == suffix)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "cut": whole[:middle],
            "empty": b"",
            "garbage": b"nothing that was compiled",
            "one bit": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        }[damage]
    )
    again = run(tmp_path)
    assert (again.returncode, again.stdout) == (0, "4.5\n")
    # a bit of an index may be of no account; elsewhere it is said, and mended
    if suffix == ".nbc" or damage != "one bit":
        assert "compiling anew" in again.stderr
        third = run(tmp_path)
        assert (third.stdout, third.stderr) == ("4.5\n", "")


def test_folder_that_cannot_be_made_costs_a_compilation_and_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = run(tmp_path / "file" / "below")
    assert (found.returncode, found.stdout) == (0, "4.5\n")
    assert found.stderr.count("cannot be kept in") == 1
    assert f"name a folder that can be written to in {VARIABLE}" in found.stderr


def test_temporary_folder_is_removed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    program = "import os, securebase; print(os.environ['PYTENSOR_FLAGS'].split('=')[-1])"
    found = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path / "file" / "below"),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "securebase-" in found.stdout
    assert not Path(found.stdout.strip()).exists()


def test_killed_while_compiling(tmp_path: Path) -> None:
    program = PROGRAM.replace("function = kept", "print('now', flush=True)\nfunction = kept")
    for delay in (0.0, 0.05, 0.15):
        process = subprocess.Popen(
            [sys.executable, "-c", program], env=environment(tmp_path),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    found = run(tmp_path)
    assert (found.returncode, found.stdout, found.stderr) == (0, "4.5\n", "")


def test_full_disk_costs_only_the_keeping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = CheckedFile(str(tmp_path), "something", 0)
    monkeypatch.setattr(CheckedFile, "_open_for_write", refuse)
    file.save("key", "compiled")
    assert "No space left on device" in caplog.text
    assert list(tmp_path.iterdir()) == []
    assert file.load("key") is None


def test_files_hold_what_was_kept(tmp_path: Path) -> None:
    file = CheckedFile(str(tmp_path), "something", 0)
    file.save("key", {"compiled": b"code"})
    assert file.load("key") == {"compiled": b"code"}
    assert file.load("another key") is None


@pytest.mark.parametrize("what", ["_version", "processor"])
def test_versions_and_processors_do_not_meet(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity()
    assert identity() == before
    monkeypatch.setattr(caches, what, lambda *_: "another")
    assert identity() != before


def test_environments_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity()
    monkeypatch.setattr(sys, "prefix", "/another/environment")
    assert identity() != before


def test_folder_that_the_user_named_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FLAGS, "base_compiledir=mine")
    choose_folder()
    assert os.environ[FLAGS] == "base_compiledir=mine"


def test_a_job_does_not_take_the_folder_of_the_machine_it_was_submitted_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FLAGS, "optimizer_verbose=True")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv(CHOSEN, raising=False)
    monkeypatch.delitem(sys.modules, "pytensor", raising=False)
    choose_folder()
    there = os.environ[FLAGS]
    choose_folder()  # a child on the same machine
    assert os.environ[FLAGS] == there
    monkeypatch.setattr(caches, "processor", lambda: "another")
    choose_folder()
    folder = tmp_path / identity()
    assert os.environ[FLAGS] == f"optimizer_verbose=True,base_compiledir={folder}" != there
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder / "numba")


def test_a_job_does_not_take_a_temporary_folder_that_is_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / f"securebase-x-{identity()}"
    monkeypatch.setenv(FLAGS, f"base_compiledir={gone}")
    monkeypatch.setenv(CHOSEN, str(gone))
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.delitem(sys.modules, "pytensor", raising=False)
    choose_folder()
    assert os.environ[FLAGS] == f"base_compiledir={tmp_path / identity()}"


def test_other_flags_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FLAGS, "optimizer_verbose=True")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "mine")
    monkeypatch.delenv(CHOSEN, raising=False)
    monkeypatch.delitem(sys.modules, "pytensor", raising=False)
    choose_folder()
    folder = tmp_path / identity()
    assert os.environ[FLAGS] == f"optimizer_verbose=True,base_compiledir={folder}"
    assert os.environ["NUMBA_CACHE_DIR"] == "mine"
    assert folder.is_dir()


def test_compiled_code_is_kept_in_checked_files() -> None:
    # a private name of Numba: if it goes, damaged files are no longer noticed
    assert caching.IndexDataCacheFile is CheckedFile
