"""Record leaves of a seal against the records that were handed over: which of them differ."""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from securebase.audit.outcomes import Said, fails, passes
from securebase.bundle.seal import merkle_leaf, merkle_root_of, rows_of

_TOLD = 5


def of_leaves(
    nonce: bytes, records: pd.DataFrame, sealed: Sequence[bytes], root: str
) -> Iterator[Said]:
    """Compare records with the leaves of a seal.

    Parameters
    ----------
    nonce : bytes
    records : pd.DataFrame
        In the order of waves.parquet.
    sealed : sequence of bytes
        Leaves, as seal/leaves.json has them.
    root : str
        Of the commitments: it fixes the leaves.

    Yields
    ------
    Said
        Which leaves do not match, and which records are missing; leaves count from 1.
    """
    if merkle_root_of(sealed) != root:
        yield fails("The leaves in seal/leaves.json do not lead to the sealed root: other records.")
        return
    rows = rows_of(records)

    def matches(row: int, leaf: int) -> bool:
        return merkle_leaf(nonce, leaf, rows[row]) == sealed[leaf]

    wrong, missing = _unlike(len(rows), len(sealed), matches)
    if len(rows) != len(sealed):
        yield fails(f"{len(rows)} records were handed over, {len(sealed)} were sealed.")
    if missing:
        yield fails(f"Record leaf {_listed(missing)} has no record: it was removed.")
    if wrong and len(wrong) == min(len(rows), len(sealed)):
        yield fails(
            f"None of {len(sealed)} record leaves matches: the nonce is not that of the seal, or "
            "these are other records."
        )
    elif wrong:
        yield fails(
            f"Record leaf {_listed(wrong)} does not match: the data were changed after commitment."
        )
    if not wrong and len(rows) == len(sealed):
        yield passes(f"{len(sealed)} record leaves match.")


def _unlike(
    rows: int, leaves: int, matches: Callable[[int, int], bool]
) -> tuple[list[int], list[int]]:
    """Leaves whose record is another, and leaves without one: records keep their order."""
    wrong: list[int] = []
    missing: list[int] = []
    lost, leaf = max(leaves - rows, 0), 0
    for row in range(min(rows, leaves)):
        ahead = lost - len(missing)
        found = next((step for step in range(ahead + 1) if matches(row, leaf + step)), None)
        if found is None:
            wrong.append(leaf)
        else:
            missing += range(leaf, leaf + found)
            leaf += found
        leaf += 1
    missing += range(leaf, leaves)
    return wrong, missing


def _listed(leaves: Sequence[int]) -> str:
    told = ", ".join(str(one + 1) for one in leaves[:_TOLD])
    return told + (f" and {len(leaves) - _TOLD} more" if len(leaves) > _TOLD else "")
