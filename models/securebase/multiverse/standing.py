"""How a verdict stands in the multiverse: counted over what is by theory the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from securebase.config import Decision
from securebase.robustness import grade, opposite_of

UNDECIDED = "undecided"


@dataclass(frozen=True)
class Standing:
    """What became of a verdict over specifications.

    Parameters
    ----------
    verdict : str
        As the study comes to it.
    others : sequence of str
        Verdicts of all specifications that count, that of the declared one among them.
    decision : Decision
        Shares of the same verdict that make it robust, or fragile.
    """

    verdict: str
    others: Sequence[str]
    decision: Decision

    @property
    def total(self) -> int:
        """How many specifications count."""
        return len(self.others)

    @property
    def same(self) -> int:
        """How many come to the same verdict; one without a result does not."""
        return self._count(self.verdict)

    @property
    def undecided(self) -> int:
        """How many come to none, where the study does."""
        return 0 if self.verdict == UNDECIDED else self._count(UNDECIDED)

    @property
    def opposite(self) -> int:
        """How many come to the opposite."""
        return self._count(opposite_of(self.verdict))

    @property
    def grade(self) -> str:
        """Robust, mixed or fragile: see `robustness.grade`."""
        return grade(self.verdict, self.others, self.decision)

    def _count(self, verdict: str) -> int:
        return sum(other == verdict for other in self.others)
