"""What the self-test found, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from securebase.selftest.threats import NOT_CAUGHT, ROWS


@dataclass(frozen=True)
class Trial:
    """One thing that was tried, and whether it was caught.

    Parameters
    ----------
    row : int
        Of the threat model.
    demo : str
        Study of the bundle; empty where it was done to none.
    what : str
        What was done.
    check : str
        What was to see it: the id of a check, or in words.
    caught : bool or None
        None: it was not done, and `words` say why.
    words : str
        What was said.
    """

    row: int
    demo: str
    what: str
    check: str
    caught: bool | None
    words: str


_MARKS: Final = {True: "yes", False: "NO ", None: "-- "}


def told(found: Sequence[Trial]) -> list[str]:
    """Tell all of it as lines of a table, row by row; then what cannot be caught, and why."""
    lines = []
    for row, title in {0: "an honest bundle", **ROWS}.items():
        own = [one for one in found if one.row == row]
        lines.append(f"{row:>2} {title}")
        for one in own:
            mark = _MARKS[one.caught]
            lines.append(f"   {mark} {one.check:<8} {one.what} ({one.demo})")
            if not one.caught:
                lines.append(f"       {one.words}")
        if row in NOT_CAUGHT:
            lines.append(f"   --  not caught: {NOT_CAUGHT[row]}")
    return lines
