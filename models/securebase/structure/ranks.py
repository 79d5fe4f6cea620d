"""Ranks: how late what arrows lead to comes, and what that is called."""

from collections.abc import Hashable, Iterable
from graphlib import TopologicalSorter


def ranks_of[Node: Hashable](
    nodes: Iterable[Node], arrows: Iterable[tuple[Node, Node]]
) -> dict[Node, int]:
    """Length of the longest chain of arrows that ends in each node.

    Parameters
    ----------
    arrows : iterable of (source, target)

    Returns
    -------
    dict of node to int
        In the order of the nodes.

    Raises
    ------
    graphlib.CycleError
        Where arrows lead back to where they started.
    """
    before: dict[Node, set[Node]] = {node: set() for node in nodes}
    for source, target in arrows:
        before[target].add(source)
    ranks = dict.fromkeys(before, 0)
    for node in TopologicalSorter(before).static_order():
        ranks[node] = max((ranks[one] + 1 for one in before[node]), default=0)
    return ranks


def explained(rank: int) -> str:
    """End of the names of what varies at a rank: "", "_explained", "_explained_2", …."""
    return "" if rank == 0 else "_explained" if rank == 1 else f"_explained_{rank}"
