"""What was tried: each beginning in a ledger with its end, where it has one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from securebase.ledger.entries import FAILED, FINISHED, STARTED, Entry


@dataclass(frozen=True)
class Tried:
    """A fit, or a batch of fits, and what became of it.

    Parameters
    ----------
    started : mapping
        See `recording.Attempt`.
    ended : mapping or None
        See `recording.Ending`; None where the job was killed, or is still at work.
    """

    started: Entry
    ended: Entry | None

    @property
    def fits(self) -> int:
        """How many fits were begun."""
        return int(self.started["fits"])

    @property
    def failed(self) -> int:
        """How many of them failed: all, where an error ended the whole."""
        if self.ended is None:
            return 0
        return self.fits if self.ended["event"] == FAILED else int(self.ended["failed"])

    @property
    def unfinished(self) -> int:
        """How many did not end."""
        return self.fits if self.ended is None else 0

    @property
    def errors(self) -> str:
        """Kinds of errors: "RuntimeError", "RuntimeError 2, ValueError 1"."""
        if self.ended is None:
            return ""
        if self.ended["event"] == FAILED:
            return str(self.ended["error"])
        return ", ".join(f"{kind} {count}" for kind, count in self.ended["errors"].items())

    @property
    def outcome(self) -> str:
        """What became of it, in words."""
        if self.ended is None:
            return "did not end"
        if not self.failed:
            return "finished"
        count = f"{self.failed} " if self.fits > 1 else ""
        return f"{count}failed ({self.errors})"


def tried(entries: Iterable[Entry], study: str | None = None) -> Iterator[Tried]:
    """Match beginnings with ends, in the order in which they began.

    Parameters
    ----------
    entries : iterable of mapping
        Of a ledger.
    study : str, optional
        Of one study only.
    """
    entries = list(entries)
    ends = {one["started"]: one for one in entries if one["event"] in (FINISHED, FAILED)}
    for one in entries:
        if one["event"] == STARTED and study in (None, one["study"]):
            yield Tried(one, ends.get(one["number"]))
