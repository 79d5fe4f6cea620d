"""R5: whom one release holds and another does not."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from securebase.disclosure.cells import Cell, CellRecords, counted
from securebase.disclosure.findings import Finding
from securebase.disclosure.limits import LIMITS, Limits
from securebase.disclosure.unions import choices, difference, shared_columns, unions
from securebase.moments import Floats

REMEDY = "mask both in the same way, or release one of them"
_NEAR = 1e-8


def difference_findings(
    first: Sequence[CellRecords], second: Sequence[CellRecords], limits: Limits = LIMITS
) -> list[Finding]:
    """Hold two samples whose units are known against each other.

    Cells of the one, pairs of them and the whole are held against those of the other where
    they share units and columns: they may differ by no unit, or by as many as a cell of the
    shared columns needs.

    Parameters
    ----------
    first, second : sequence of CellRecords
    limits : Limits

    Returns
    -------
    list of Finding
    """
    findings = []
    for some, others in product(choices(first), choices(second)):
        mine, theirs = ({unit for one in side for unit in one.units} for side in (some, others))
        columns = shared_columns([one.cell for one in (*some, *others)])
        apart = len(mine ^ theirs)
        if mine & theirs and columns and 0 < apart < limits.needed(len(columns)):
            what = f"{_named(some)} and {_named(others)} of another sample"
            findings.append(_finding(what, apart, columns, some[0].cell, limits))
    return findings


def earlier_findings(
    outgoing: Sequence[Cell], earlier: Sequence[Cell], limits: Limits = LIMITS
) -> list[Finding]:
    """Hold cells against an earlier release, of which only the moments are kept.

    Parameters
    ----------
    outgoing, earlier : sequence of Cell
    limits : Limits

    Returns
    -------
    list of Finding
        Cells of the same columns have to be equal or nested; what moments show to be nested
        has to differ by enough units.
    """
    findings = [
        found for one, other in product(outgoing, earlier) for found in _changed(one, other)
    ]
    for one, other in product(unions(outgoing), unions(earlier)):
        columns = [name for name in one.columns if name in other.columns]
        apart = abs(one.n - other.n)
        if columns and 0 < apart < limits.needed(len(columns)):
            rest = difference(one.marginal(columns), other.marginal(columns))
            if _nested(rest, apart):
                what = f"{one.name} and {other.name} of an earlier release"
                findings.append(_finding(what, apart, columns, one, limits))
    return findings


def _changed(one: Cell, other: Cell) -> Iterator[Finding]:
    """Cells of the same columns that hold neither the same units nor nested ones."""
    if (one.columns, one.size) != (other.columns, other.size):
        return
    rest = difference(one, other)
    size = np.abs(one.measured_from(one.mean).crossproducts).max()
    apart = abs(one.n - other.n)
    same = apart == 0 and np.abs(rest).max() <= _NEAR * size
    if not same and not _nested(rest, apart):
        given = f"some {one.noun}s have left and others have come: how many cannot be told"
        needed = "the same units, or more of them"
        what = f"{one.name} and {other.name} of an earlier release"
        yield Finding("R5", what, given, needed, "give the records of both, to count them")


def _nested(rest: Floats, apart: int) -> bool:
    """Whether a difference of cross-products can be that of so many units."""
    spread = np.sqrt(np.maximum(np.diag(rest), 0.0))
    if not apart or not spread[0]:
        return False
    values = np.linalg.eigvalsh(rest / np.outer(*(np.where(spread > 0, spread, 1.0),) * 2))
    near = _NEAR * max(values[-1], 1.0)
    return bool(values[0] >= -near and (values > near).sum() <= apart)


def _named(some: Sequence[CellRecords]) -> str:
    return " with ".join(one.cell.name for one in some)


def _finding(what: str, apart: int, columns: Sequence[str], cell: Cell, limits: Limits) -> Finding:
    given = (
        f"they differ by {counted(apart, cell.noun)} on {len(columns)} shared variables, "
        "whose moments are the difference"
    )
    needed = f"none or {counted(limits.needed(len(columns)), cell.noun)}"
    return Finding("R5", what, given, needed, REMEDY)
