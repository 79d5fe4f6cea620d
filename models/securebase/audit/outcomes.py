"""What a check finds: sentences that pass, warn, fail or were not to be judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Status = Literal["PASS", "WARN", "FAIL", "SKIP"]
Level = Literal["quick", "refit", "full"]

LEVELS: Final[tuple[Level, ...]] = ("quick", "refit", "full")
"""How much is computed: without sampling, one re-fit of each analysis, all there is."""

REPLICATES: Final = 100
"""Simulated studies that calibrate a posterior, unless the reader asks for others."""

# what a check comes to where it says several things
_WORST_FIRST: Final[tuple[Status, ...]] = ("FAIL", "WARN", "PASS", "SKIP")
_TOLD: Final = 3


class Said(NamedTuple):
    """One sentence of a check, and what it means for the bundle."""

    status: Status
    words: str


def passes(words: str) -> Said:
    """Say that something is as it should be."""
    return Said("PASS", words)


def warns(words: str) -> Said:
    """Say that something deserves a second look."""
    return Said("WARN", words)


def fails(words: str) -> Said:
    """Say that something is not as it should be."""
    return Said("FAIL", words)


def skips(words: str) -> Said:
    """Say why something was not judged."""
    return Said("SKIP", words)


@dataclass(frozen=True)
class Outcome:
    """What one check came to.

    Parameters
    ----------
    id : str
        "A01" to "A81".
    title : str
        What was checked, in words.
    said : tuple of Said
        At least one sentence.
    """

    id: str
    title: str
    said: tuple[Said, ...]

    @property
    def status(self) -> Status:
        """The gravest of what was said; where anything was judged, what was not counts little."""
        found = {one.status for one in self.said}
        return next(one for one in _WORST_FIRST if one in found)

    @property
    def message(self) -> str:
        """The sentences of that gravity, the first few; after a PASS also what was not judged."""
        shown = ("PASS", "SKIP") if self.status == "PASS" else (self.status,)
        words = [one.words for kind in shown for one in self.said if one.status == kind]
        rest = len(words) - _TOLD
        more = [f"({rest} more.)"] if rest > 0 else []
        return " ".join([*words[:_TOLD], *more])

    def __str__(self) -> str:
        """One line: "PASS A01 All 143 files match the manifest."."""
        return f"{self.status} {self.id} {self.message}"


def outcome(id_: str, title: str, said: Iterable[Said]) -> Outcome:
    """Gather what a check says; silence is no PASS."""
    # a number that several pages print is told once
    found = tuple(dict.fromkeys(said))
    return Outcome(id_, title, found or (skips("There is nothing to check."),))


def counts(outcomes: Sequence[Outcome]) -> str:
    """Count outcomes: "35 PASS, 2 WARN, 0 FAIL, 2 SKIP"."""
    found = [one.status for one in outcomes]
    return ", ".join(f"{found.count(one)} {one}" for one in ("PASS", "WARN", "FAIL", "SKIP"))
