"""Sizes: which numbers of followers enough clusters have, and who is left out to have them."""

from collections import Counter
from collections.abc import Collection, Iterable
from hashlib import sha256
from itertools import accumulate

type Plan = dict[int, int]
"""Size of a cluster: the size it is brought to; 0 where it is withheld."""


def size_plan(sizes: Iterable[int], needed: int, refused: Collection[int] = ()) -> Plan:
    """Bring clusters to sizes that enough of them have, and leave out the fewest followers.

    Parameters
    ----------
    sizes : iterable of int
        Number of followers of each cluster.
    needed : int
        Clusters that a released size needs.
    refused : collection of int
        Sizes that are not to be released.

    Returns
    -------
    Plan
        Each size goes to the largest released one that is not above it. Of plans that leave
        out as few, the one with the smaller sizes.
    """
    counts = sorted(Counter(size for size in sizes if size).items())
    whole = sum(size * count for size, count in counts)
    plans = [(whole, ()), *_plans(counts, needed, refused)]
    released = [counts[start][0] for start in min(plans)[1]]
    return {size: max((one for one in released if one <= size), default=0) for size, _ in counts}


def _plans(
    counts: list[tuple[int, int]], needed: int, refused: Collection[int]
) -> list[tuple[int, tuple[int, ...]]]:
    """Best plan for each smallest released size: followers left out, places of its sizes."""
    best: dict[int, tuple[int, tuple[int, ...]]] = {len(counts): (0, ())}
    for start in reversed(range(len(counts))):
        target, clusters, lost = counts[start][0], 0, 0
        options = []
        for stop, (size, count) in enumerate(counts[start:], start + 1):
            clusters += count
            lost += count * (size - target)
            if clusters >= needed and target not in refused and stop in best:
                rest, starts = best[stop]
                options.append((lost + rest, (start, *starts)))
        if options:
            best[start] = min(options)
    below = [0, *accumulate(size * count for size, count in counts)]
    return [(below[start] + lost, starts) for start, (lost, starts) in best.items() if starts]


def in_drawn_order(labels: Iterable[object], commitment: bytes) -> list[int]:
    """Order of labels by chance, which the commitment seeds and nobody chooses.

    Parameters
    ----------
    labels : iterable
    commitment : bytes
        Fixed before the draw, such as the digest that the records are committed to.

    Returns
    -------
    list of int
        Places of the labels. Does not depend on the order they are given in.
    """
    drawn = [sha256(commitment + b"\0" + str(one).encode()).digest() for one in labels]
    return sorted(range(len(drawn)), key=drawn.__getitem__)
