"""Reading a ledger, and saying whether it is whole."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from securebase.ledger.chain import head_of
from securebase.ledger.entries import STARTED, Entry, mark_of, opened


@dataclass(frozen=True)
class Break:
    """Where a ledger is not as it was written.

    Parameters
    ----------
    entry : int
        Number of the first entry at fault.
    why : str
        What was found there.
    """

    entry: int
    why: str


@dataclass(frozen=True)
class Reading:
    """A ledger as it was found.

    Parameters
    ----------
    entries : tuple of mapping
        Every line that is as it was sealed, in the order of the file.
    broken : Break or None
        The first place at which entries were removed, edited or moved.
    torn : bool
        Whether the last line is unfinished: a job was killed while it wrote, or writes just now.
    headed : bool
        Whether ``ledger.head`` is there: without it nobody sees that the last entries are gone.
    """

    entries: tuple[Entry, ...]
    broken: Break | None
    torn: bool
    headed: bool

    @property
    def state(self) -> str:
        """One sentence: "Ledger intact: 27 fits, first 2026-03-02."."""
        if self.broken:
            return f"Ledger broken at entry {self.broken.entry}: {self.broken.why}."
        starts = [one for one in self.entries if one["event"] == STARTED]
        if not starts:
            return "Ledger intact: no fits."
        count = sum(int(one["fits"]) for one in starts)
        fits = "1 fit" if count == 1 else f"{count:,} fits"
        return f"Ledger intact: {fits}, first {starts[0]['time'][:10]}."


def read_ledger(ledger: Path, listings: Iterable[Path] = ()) -> Reading:
    """Read a ledger and check every link of its chain.

    Parameters
    ----------
    ledger : pathlib.Path
    listings : iterable of pathlib.Path
        Tables with the columns `entry` and `hash`, ``results/<study>/fits.csv``: what pages were
        made from must still be in the ledger.

    Raises
    ------
    FileNotFoundError
        Where there is no ledger.
    """
    # first the head: entries may be added between the two
    head = _head(head_of(ledger))
    *lines, end = ledger.read_bytes().split(b"\n")
    entries = [opened(line) for line in lines]
    marks = [mark_of(line) for line in lines]
    known = [(head_of(ledger).name, *head)] if head else []
    known += [one for path in listings for one in listed(path)]
    breaks = [*_broken_links(entries, marks), *_lost(known, marks)]
    return Reading(
        entries=tuple(one for one in entries if one is not None),
        broken=min(breaks, key=lambda one: one.entry, default=None),
        torn=bool(end),
        headed=head is not None,
    )


def _broken_links(entries: list[Entry | None], marks: list[str]) -> Iterator[Break]:
    edited = "entries were removed or edited"
    for place, entry in enumerate(entries):
        if entry is None or entry["number"] != place + 1:
            yield Break(place + 1, edited)
        elif entry["previous"] != (marks[place - 1] if place else None):
            # its own seal holds: the one before it is another than it was
            yield Break(max(place, 1), edited)


def _lost(known: Iterable[tuple[str, int, str]], marks: list[str]) -> Iterator[Break]:
    for file, number, mark in known:
        if number > len(marks):
            yield Break(len(marks) + 1, f"entries were removed, {file} names entry {number}")
        elif marks[number - 1] != mark:
            yield Break(number, f"{file} names another entry of that number")


def _head(head: Path) -> tuple[int, str] | None:
    try:
        number, mark = head.read_text(encoding="utf-8").split()
        return int(number), mark
    except (FileNotFoundError, ValueError):
        return None


def listed(table: Path) -> Iterator[tuple[str, int, str]]:
    """Give the path of a table of fits with the number and the hash of each entry it names."""
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield str(table), int(row["entry"]), row["hash"]
