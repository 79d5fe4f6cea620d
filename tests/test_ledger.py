"""The ledger: whole lines from many processes, whoever is killed, and no edit without a trace."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from securebase.faults import InputError
from securebase.ledger import chain
from securebase.ledger.chain import append, head_of
from securebase.ledger.entries import opened, sealed
from securebase.ledger.verifying import Break, read_ledger

WRITER = """
import sys
from pathlib import Path
from securebase.ledger.chain import append
ledger, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for place in range(count):
    append(ledger, {"event": "started", "fits": 1, "who": name, "place": place})
    print(place, flush=True)
"""
# a few bytes at a time: whoever is killed is killed in the middle of a line
SLOW = """
import os, time
whole = os.write
def slowly(file, text):
    if file < 3:
        return whole(file, text)
    time.sleep(0.0005)
    return whole(file, text[:16])
os.write = slowly
"""


def writer(ledger: Path, name: str, count: int, before: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", before + WRITER, str(ledger), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def fill(ledger: Path, count: int = 20) -> None:
    for place in range(count):
        append(ledger, {"event": "started", "fits": 1, "place": place})


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    fill(path)
    return path


def test_an_entry_is_bound_to_the_one_before_by_hashes_anyone_can_compute(ledger: Path) -> None:
    previous = None
    for number, line in enumerate(ledger.read_text().splitlines(), 1):
        entry = json.loads(line)
        body = re.sub(r', "hash": "[0-9a-f]{64}"\}$', "}", line)
        assert entry["hash"] == sha256(body.encode()).hexdigest()
        assert (entry["number"], entry["previous"]) == (number, previous)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["time"])
        previous = entry["hash"]
    assert head_of(ledger).read_text() == f"20 {previous}\n"


def test_any_words_are_one_line() -> None:
    said = {"who": 'Ainsworth "M."\n\u2028 — naïve', "hash": "mine"}
    line = sealed(said)
    assert line.count(b"\n") == 1
    assert (opened(line[:-1]) or {})["who"] == said["who"]


def test_eight_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    writers = [writer(ledger, str(number), 50) for number in range(8)]
    for one in writers:
        one.communicate()
        assert one.returncode == 0
    found = read_ledger(ledger)
    assert (found.broken, found.torn, len(found.entries)) == (None, False, 400)
    assert found.state.startswith("Ledger intact: 400 fits, first 2")
    kept = [(entry["who"], entry["place"]) for entry in found.entries]
    assert len(set(kept)) == 400
    for number in range(8):
        assert [place for who, place in kept if who == str(number)] == list(range(50))


def test_threads_of_one_process_wait_for_one_another(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: fill(ledger, 25), range(8)))
    found = read_ledger(ledger)
    assert (found.broken, len(found.entries)) == (None, 200)


def test_killed_writers_cost_no_entry_and_leave_a_trace(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    completed: list[tuple[str, int]] = []
    torn = 0
    for turn in range(12):
        names = [f"{turn} {number}" for number in range(2)]
        writers = [writer(ledger, name, 1000, SLOW) for name in names]
        for one in writers:  # both are at work
            assert one.stdout is not None
            assert one.stdout.readline() == "0\n"
        time.sleep(0.013 * turn)
        for one in writers:
            os.kill(one.pid, signal.SIGKILL)
        for name, one in zip(names, writers, strict=True):
            said, _ = one.communicate()
            completed += [(name, place) for place in range(len(said.splitlines()) + 1)]
        found = read_ledger(ledger)
        assert found.broken is None
        torn += found.torn
    assert torn > 0, "nobody was killed in the middle of a line"
    append(ledger, {"event": "started", "fits": 1})
    found = read_ledger(ledger)
    assert (found.broken, found.torn) == (None, False)
    kept = {(entry.get("who"), entry.get("place")) for entry in found.entries}
    assert set(completed) <= kept
    assert sum(entry["event"] == "torn" for entry in found.entries) == torn


@pytest.mark.parametrize("cut", [1, 2, 40, 150])
def test_a_torn_line_is_kept_as_an_entry(ledger: Path, cut: int) -> None:
    whole = ledger.read_bytes()
    last = whole.splitlines()[-1]
    head = head_of(ledger).read_text()
    append(ledger, {"event": "started", "fits": 1, "who": "«torn»"})
    # as a writer leaves it that is killed before its line is whole, and before the head is written
    line = ledger.read_bytes()[len(whole) :]
    ledger.write_bytes(whole + line[: len(line) - cut])
    head_of(ledger).write_text(head)
    assert read_ledger(ledger).torn
    assert read_ledger(ledger).broken is None
    append(ledger, {"event": "started", "fits": 1})
    found = read_ledger(ledger)
    assert (found.broken, found.torn, len(found.entries)) == (None, False, 22)
    trace = found.entries[20]
    assert (trace["event"], trace["number"]) == ("torn", 21)
    assert trace["text"].encode() == line[: len(line) - cut]
    assert trace["previous"] == json.loads(last)["hash"]


def test_a_letter_torn_in_the_middle_can_be_read(ledger: Path) -> None:
    with ledger.open("ab") as file:
        file.write('{"who": "«'.encode()[:-1])
    append(ledger, {"event": "started", "fits": 1})
    assert read_ledger(ledger).entries[20]["text"] == '{"who": "\\xc2'


def edit(lines: list[bytes]) -> None:
    lines[13] = lines[13].replace(b'"place": 13', b'"place": 31')


def edit_and_seal(lines: list[bytes]) -> None:
    entry = json.loads(lines[13])
    del entry["hash"]
    lines[13] = sealed(entry | {"place": 31})


def remove(lines: list[bytes]) -> None:
    del lines[13]


def reorder(lines: list[bytes]) -> None:
    lines[13], lines[14] = lines[14], lines[13]


def insert(lines: list[bytes]) -> None:
    lines.insert(13, lines[5])


def damage(lines: list[bytes]) -> None:
    lines[13] = b"\x00\xff\n"


def truncate(lines: list[bytes]) -> None:
    del lines[13:]


def cut_in_a_line(lines: list[bytes]) -> None:
    del lines[14:]
    lines[13] = lines[13][:30]


@pytest.mark.parametrize(
    "tamper",
    [edit, edit_and_seal, remove, reorder, insert, damage, truncate, cut_in_a_line],
)
def test_tampering_is_named_and_no_later_fit_hides_it(
    ledger: Path, tamper: Callable[[list[bytes]], None]
) -> None:
    lines = ledger.read_bytes().splitlines(keepends=True)
    tamper(lines)
    ledger.write_bytes(b"".join(lines))
    found = read_ledger(ledger)
    assert found.broken is not None
    assert found.state.startswith("Ledger broken at entry 14: ")
    if tamper not in (truncate, cut_in_a_line):
        append(ledger, {"event": "started", "fits": 1})
        assert read_ledger(ledger).broken == found.broken


@pytest.mark.parametrize("tamper", [edit, damage])
def test_an_edited_last_line_stays_broken(
    ledger: Path, tamper: Callable[[list[bytes]], None]
) -> None:
    lines = ledger.read_bytes().splitlines(keepends=True)[:14]
    tamper(lines)
    ledger.write_bytes(b"".join(lines))
    append(ledger, {"event": "started", "fits": 1})
    assert read_ledger(ledger).broken == Break(14, "entries were removed or edited")


def test_a_chain_made_anew_is_not_the_one_that_pages_list(ledger: Path, tmp_path: Path) -> None:
    listing = tmp_path / "fits.csv"
    third = json.loads(ledger.read_text().splitlines()[2])
    listing.write_text(f"entry,analysis,hash\n3,growth,{third['hash']}\n")
    assert read_ledger(ledger, [listing]).broken is None
    ledger.unlink()
    fill(ledger, 2)
    assert read_ledger(ledger).broken is None
    assert read_ledger(ledger, [listing]).broken == Break(
        3, f"entries were removed, {listing} names entry 3"
    )
    append(ledger, {"event": "started", "fits": 1})
    broken = read_ledger(ledger, [listing]).broken
    assert broken == Break(3, f"{listing} names another entry of that number")


def test_without_a_head_the_end_is_not_vouched_for(ledger: Path) -> None:
    assert read_ledger(ledger).headed
    head_of(ledger).unlink()
    found = read_ledger(ledger)
    assert (found.broken, found.headed) == (None, False)


def test_an_empty_ledger_has_no_fits(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").touch()
    assert read_ledger(tmp_path / "ledger.jsonl").state == "Ledger intact: no fits."


def test_a_file_system_without_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(file: int, kind: int) -> None:
        raise OSError(chain.errno.ENOLCK, "No locks available")

    monkeypatch.setattr(chain.fcntl, "lockf", refused)
    with pytest.raises(InputError, match="does not lock files"):
        fill(tmp_path / "ledger.jsonl", 1)


def test_the_ledger_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    link = tmp_path / "ledger.jsonl"
    link.symlink_to(tmp_path / "away" / "ledger.jsonl")
    fill(link, 3)
    assert len(read_ledger(link).entries) == 3
    assert (tmp_path / "away" / "ledger.jsonl").is_file()
