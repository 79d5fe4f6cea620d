"""What an audit came to, whole: its outcomes, what it did not test, answers to the reviewer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Level, Outcome, counts
from securebase.audit.questions.answers import Answer, unasked
from securebase.audit.questions.telling import lines_of


@dataclass(frozen=True)
class Report:
    """An audit that was made.

    Parameters
    ----------
    opened : Opened
    outcomes : sequence of Outcome
        One for each check.
    untested : sequence of str
    level : {"quick", "refit", "full"}
    seed : int
        Of re-fits.
    answers : sequence of Answer
        To what the reviewer asked: nothing else depends on them.
    """

    opened: Opened
    outcomes: Sequence[Outcome]
    untested: Sequence[str]
    level: Level
    seed: int
    answers: Sequence[Answer] = ()

    @property
    def not_asked(self) -> list[str]:
        """Claims that no question is about: their verdicts stay; empty where nothing was asked."""
        return unasked(self.opened, [one.asking for one in self.answers]) if self.answers else []

    def lines(self) -> Iterator[str]:
        """Tell it: a line for each check, answers, counts, and what was not tested."""
        yield from map(str, self.outcomes)
        yield ""
        yield from lines_of(self.answers)
        if self.not_asked:
            yield f"Nothing was asked about {', '.join(self.not_asked)}: as before."
        if self.answers:
            yield ""
        yield f"{counts(self.outcomes)} (level {self.level}, seed {self.seed})."
        yield "Not tested:"
        yield from (f"  - {one}" for one in self.untested)
