"""The log of a job: everything into it, on the screen what the user has to know."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FRAME = """
import os, sys
from securebase.faults import Fault, InputError
from securebase.logs import logged
with logged(sys.argv[1]) as log:
{body}
"""


def job(log: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Run a job of its own, as the workflow does."""
    code = FRAME.format(body="".join(f"    {line}\n" for line in body.splitlines()))
    return subprocess.run(
        [sys.executable, "-c", code, str(log)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "fit" / "growth.log"


def test_all_output_goes_into_the_log(path: Path) -> None:
    done = job(
        path,
        "print('printed')\n"
        "print('complained', file=sys.stderr)\n"
        "os.write(1, b'from compiled code\\n')\n"
        "log.info('said %d', 3)",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    text = path.read_text(encoding="utf-8")
    for words in ("printed", "complained", "from compiled code", "said 3"):
        assert words in text


def test_input_error_is_shown_whole_and_without_a_traceback(path: Path) -> None:
    done = job(
        path,
        "raise InputError('study one', [Fault('a.csv', 'no column x', 'y', 'rename it'),"
        " Fault('b.csv', 'an ä', 'utf-8')])",
    )
    assert done.returncode == 1
    assert "study one: 2 faults" in done.stderr
    assert "1. a.csv: no column x; expected y -> rename it" in done.stderr
    assert "2. b.csv: an ä; expected utf-8" in done.stderr
    assert f"(log: {path})" in done.stderr
    assert "Traceback" not in done.stderr + path.read_text(encoding="utf-8")
    assert "study one: 2 faults" in path.read_text(encoding="utf-8")


def test_any_other_error_is_one_line_and_its_traceback_in_the_log(path: Path) -> None:
    done = job(path, "{}['nothing']")
    assert done.returncode == 1
    assert done.stderr == f"\nKeyError: 'nothing'\n(traceback in {path})\n"
    assert "Traceback" in path.read_text(encoding="utf-8")


def test_log_of_an_earlier_run_is_replaced(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("an earlier run", encoding="utf-8")
    job(path, "print('a later run')")
    assert path.read_text(encoding="utf-8") == "a later run\n"


def test_exit_code_of_a_job_that_ends_itself_is_kept(path: Path) -> None:
    assert job(path, "sys.exit(3)").returncode == 3
