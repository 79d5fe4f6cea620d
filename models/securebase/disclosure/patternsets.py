"""Sets of responses as whole numbers: what is nested in what, quickly."""

from collections.abc import Iterable

from securebase.disclosure.cells import Pattern

type Bits = int
"""One bit per response, that of the first response the highest."""


def bits_of(pattern: Iterable[bool]) -> Bits:
    """Write a pattern as a number."""
    total = 0
    for seen in pattern:
        total = 2 * total + bool(seen)
    return total


def pattern_of(bits: Bits, width: int) -> Pattern:
    """Read it back."""
    return tuple(bool(bits >> place & 1) for place in reversed(range(width)))


def nested(inner: Bits, outer: Bits) -> bool:
    """Whether all that the one observes, the other observes too."""
    return inner & outer == inner


def beginnings(bits: Bits) -> list[Bits]:
    """Give what remains as the last observed responses are left out, one after another.

    Later answers go first: the earlier ones foretell who stays, so that drop-out stays
    ignorable.
    """
    found = []
    while bits := bits & (bits - 1):
        found.append(bits)
    return found


def targets(patterns: Iterable[Bits]) -> list[Bits]:
    """List what patterns may be masked to: what any two share, and the beginnings of that."""
    given = sorted(set(patterns), reverse=True)
    shared = {one & other for one in given for other in given} - {0}
    found = shared | {start for one in shared for start in beginnings(one)}
    return sorted(found, key=lambda one: (-one.bit_count(), -one))
