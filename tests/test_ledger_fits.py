"""What a ledger says was tried: beginnings with their ends, and which models are still declared."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_example import GROWTH, STUDY, attempt
from report_example import example_study

from securebase.cli import main
from securebase.codebook.analysis import Analysis
from securebase.ledger.entries import digest
from securebase.ledger.listing import COLUMNS, listing, write_fits
from securebase.ledger.models import choices, declared_digest
from securebase.ledger.recording import Attempt, Ending, recorded, recording
from securebase.ledger.tried import tried
from securebase.ledger.verifying import read_ledger


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "waves.parquet").write_bytes(b"scores")
    return tmp_path


def record(*attempts: Attempt, data: str = "waves.parquet") -> None:
    for one in attempts:
        with recording("ledger.jsonl", data), recorded(one) as ending:
            ending.diagnosed(1.002, 900.0, 0)


def test_nothing_is_recorded_outside(folder: Path) -> None:
    with recorded(attempt()) as ending:
        assert ending == Ending()
    assert not (folder / "ledger.jsonl").exists()


def test_a_batch_tells_its_worst_and_its_failures(folder: Path) -> None:
    with recording("ledger.jsonl", "waves.parquet"), recorded(attempt(4)) as ending:
        for found in ((1.01, 300.0, 1), (float("nan"), 200.0, 0), (1.03, float("nan"), 2)):
            ending.diagnosed(*found)
        ending.lost(["", "RuntimeError: no draws: none", "", ""])
    _, end = read_ledger(folder / "ledger.jsonl").entries
    assert {key: end[key] for key in ("failed", "errors", "r_hat", "ess", "divergences")} == {
        "failed": 1, "errors": {"RuntimeError": 1}, "r_hat": 1.03, "ess": 200.0, "divergences": 3,
    }  # fmt: skip
    (one,) = tried(read_ledger(folder / "ledger.jsonl").entries)
    assert (one.failed, one.unfinished, one.outcome) == (1, 0, "1 failed (RuntimeError 1)")


def test_whoever_interrupts_a_fit_leaves_a_failure(folder: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        recording("ledger.jsonl", "waves.parquet"),
        recorded(attempt(3)),
    ):
        raise KeyboardInterrupt
    (one,) = tried(read_ledger(folder / "ledger.jsonl").entries)
    assert (one.failed, one.outcome) == (3, "3 failed (KeyboardInterrupt)")


def test_a_killed_fit_did_not_end(folder: Path) -> None:
    program = (
        "import time\nfrom test_ledger_fits import *\n"
        "with recording('ledger.jsonl', 'waves.parquet'), recorded(attempt(2)):\n"
        "    print('fitting', flush=True)\n    time.sleep(60)\n"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    job = subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert job.stdout is not None
    assert job.stdout.readline() == "fitting\n"
    os.kill(job.pid, signal.SIGKILL)
    job.communicate()
    record(attempt())
    first, second = tried(read_ledger(folder / "ledger.jsonl").entries)
    assert (first.unfinished, first.outcome) == (2, "did not end")
    assert second.outcome == "finished"


def test_models_are_named_by_what_the_codebook_declares_now(folder: Path) -> None:
    def declared(**changes: object) -> Analysis:
        return Analysis.model_validate(GROWTH.model_dump() | changes)

    wider = {"change": {"sd": 9, "reason": "Nothing is known."}}
    rival = {"reason": "Change may not be a line.", "change": {"time": {"shape": "free"}}}
    rivals = declared(rivals={"free": rival})
    one, curved = declared(outcomes=["anxiety"]), declared(time={"shape": "free"})
    other, reworded = declared(priors=wider), declared(question="In other words, how much?")
    record(
        attempt(analysis="pilot"),
        *(attempt(model=choices(m), declared_sha256=declared_digest(m)) for m in (one, curved)),
        attempt(model=choices(other), declared_sha256=declared_digest(other)),
        attempt(declared_sha256=declared_digest(reworded)),
        attempt(declared_sha256=digest(b"the dates of answering")),
        attempt(study="another"),
    )
    (folder / "earlier.parquet").write_bytes(b"other scores")
    record(attempt(), data="earlier.parquet")
    record(attempt(40, purpose="recovery"), data="earlier.parquet")
    found = listing(
        example_study(analyses={"growth": rivals.model_dump()}),
        folder / "ledger.jsonl",
        folder / "waves.parquet",
    )
    assert found is not None
    assert [(row["analysis"], row["model"], row["data"]) for row in found.rows] == [
        ("growth", "outcomes: anxiety", "as now"),
        ("growth", "rival free", "as now"),
        ("growth", "priors: change", "as now"),
        ("growth", "as declared", "as now"),
        ("growth", "as declared", "earlier"),
        ("growth", "the same terms, otherwise set", "as now"),
        ("pilot", "no longer declared", "as now"),
        ("growth", "as declared", "simulated"),
    ]
    write_fits(found.rows, folder / "fits.csv")
    header, *lines = (folder / "fits.csv").read_text().splitlines()
    assert header.split(",") == list(COLUMNS)
    assert len(lines) == 8


def test_without_a_ledger_there_is_no_list(folder: Path) -> None:
    assert listing(STUDY, folder / "ledger.jsonl", folder / "waves.parquet") is None


def pages_of(folder: Path) -> None:
    found = listing(STUDY, folder / "ledger.jsonl", folder / "waves.parquet")
    assert found is not None
    place = folder / "results" / STUDY.study
    place.mkdir(parents=True, exist_ok=True)
    write_fits(found.rows, place / "fits.csv")


def test_the_command_says_whether_the_ledger_is_whole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(attempt(26), attempt())
    pages_of(folder)
    first = read_ledger(folder / "ledger.jsonl").entries[0]["time"][:10]
    assert main(["ledger", "verify"]) == 0
    assert capsys.readouterr().out == f"Ledger intact: 27 fits, first {first}.\n"
    record(attempt(2))
    assert main(["ledger", "verify"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == (
        "2 fits of couples_example are not on its page yet: "
        "snakemake --forcerun write_pages_couples_example"
    )
    (folder / "ledger.head").unlink()
    with (folder / "ledger.jsonl").open("ab") as file:
        file.write(b'{"number": 7')
    assert main(["ledger", "verify", "--results", "none"]) == 0
    said = capsys.readouterr().out
    assert "Its last line is unfinished" in said
    assert "ledger.head is not beside it" in said
    lines = (folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "ledger.jsonl").write_bytes(b"".join(lines[1:]))
    assert main(["ledger", "verify"]) == 1
    said = capsys.readouterr()
    assert said.err == "Ledger broken at entry 1: entries were removed or edited.\n"


def test_the_command_lists_every_fit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(attempt(), attempt(seed=4711, seed_as_ruled=False), attempt(study="another"))
    assert main(["ledger", "show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "entry", "begun", "(UTC)", "study", "analysis", "for", "fits", "seed", "outcome",
    ]  # fmt: skip
    assert "4711 (chosen)" in lines[2]
    assert len(lines) == 4
    assert main(["ledger", "show", "--study", "another"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_ledger_that_is_not_there_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "verify"]) == 1
    assert "ledger.jsonl: No such file or directory" in capsys.readouterr().err
