"""How firmly a verdict stands: what became of it under other choices."""

from collections.abc import Sequence
from typing import Final

from securebase.config import Decision

ROBUST, MIXED, FRAGILE = "robust", "mixed", "fragile"
_OPPOSITES: Final = {"supported": "contradicted", "contradicted": "supported"}


def grade(verdict: str, others: Sequence[str], decision: Decision) -> str:
    """Grade a verdict by those that other choices lead to.

    Parameters
    ----------
    verdict : str
        As declared.
    others : sequence of str
        Verdicts under each other choice; not empty.
    decision : Decision
        Shares of the same verdict that make it robust, or fragile.

    Returns
    -------
    {"robust", "mixed", "fragile"}
        Fragile also where any other choice leads to the opposite.
    """
    share = sum(other == verdict for other in others) / len(others)
    opposite = opposite_of(verdict) in others
    if opposite or share < decision.fragile_share:
        return FRAGILE
    return ROBUST if share >= decision.robust_share else MIXED


def capped(word: str, verdict: str, elsewhere: str) -> str:
    """Grade a verdict that a reader cannot reach from what is released: at most mixed.

    Parameters
    ----------
    word : {"robust", "mixed", "fragile"}
        Over other choices.
    verdict : str
        By all data.
    elsewhere : str
        By the moments of a bundle; empty where nobody fitted them.
    """
    return MIXED if word == ROBUST and elsewhere not in ("", verdict) else word


def opposite_of(verdict: str) -> str:
    """Name the verdict that says the opposite; empty where none does."""
    return _OPPOSITES.get(verdict, "")
