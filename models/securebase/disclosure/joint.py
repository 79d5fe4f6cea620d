"""Cells of several samples that hold the same units: together they tell more than each.

Two analyses of the same couples with other outcomes are one wider cell. Where three of them
release every pair of outcomes, even its cross-products can be put together.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from securebase.disclosure.cells import Cell, CellRecords, counted
from securebase.disclosure.findings import Finding
from securebase.disclosure.grids import Grid
from securebase.disclosure.limits import LIMITS, Limits
from securebase.moments import Floats


class JointCell:
    """All that is released of one set of units.

    Parameters
    ----------
    members : sequence of (str, CellRecords)
        Name of the sample, and its cell of these units.
    """

    def __init__(self, members: Sequence[tuple[str, CellRecords]]) -> None:
        self.members = members
        self.names: list[list[str]] = []
        self.rows: dict[str, Floats] = {}
        self.grids: dict[str, Grid] = {}
        for sample, records in members:
            order = np.argsort(records.units)
            own = [
                self._named(sample, name, column[order])
                for name, column in zip(records.cell.columns, records.rows.T, strict=True)
            ]
            self.names.append(own)
            for name, column in zip(own, records.cell.columns, strict=True):
                if column in records.grids:
                    self.grids[name] = records.grids[column]

    def _named(self, sample: str, name: str, values: Floats) -> str:
        """Name of a column; another one where another sample codes it in another way."""
        if name in self.rows and not np.array_equal(self.rows[name], values):
            name = f"{name} of {sample}"
        self.rows[name] = values
        return name

    @property
    def wider(self) -> bool:
        """Whether it has more columns than each of its members."""
        return len(self.rows) > max(len(one) for one in self.names)

    @property
    def called(self) -> str:
        """Name for messages."""
        return " and ".join(f"{sample}, {one.cell.name}" for sample, one in self.members)

    def assembled(self) -> CellRecords | None:
        """Put the released moments together; None where a cross-product is in no member."""
        columns = list(self.rows)
        mean, scatter = np.empty(len(columns)), np.full((len(columns),) * 2, np.nan)
        for own, (_, records) in zip(self.names, self.members, strict=True):
            place = [columns.index(name) for name in own]
            mean[place] = records.cell.mean
            scatter[np.ix_(place, place)] = records.cell.scatter
        if np.isnan(scatter).any():
            return None
        first = self.members[0][1]
        cell = Cell(self.called, tuple(columns), (), first.cell.n, mean, scatter, first.cell.noun)
        units: NDArray[np.generic] = np.sort(first.units)
        return CellRecords(cell, units, np.column_stack(list(self.rows.values())), self.grids)


def joint_cells(samples: Mapping[str, Sequence[CellRecords]]) -> list[JointCell]:
    """Find the sets of units of which several samples tell different things."""
    found: dict[tuple[object, ...], list[tuple[str, CellRecords]]] = {}
    for name, cells in samples.items():
        for one in cells:
            key = one.cell.noun, *np.sort(one.units).tolist()
            found.setdefault(key, []).append((name, one))
    joint = [JointCell(members) for members in found.values() if len(members) > 1]
    return [one for one in joint if one.wider]


def joint_findings(
    samples: Mapping[str, Sequence[CellRecords]], limits: Limits = LIMITS
) -> Iterator[Finding]:
    """R2 for all columns that are released of the same units.

    Parameters
    ----------
    samples : mapping of str to sequence of CellRecords
    limits : Limits
    """
    for joint in joint_cells(samples):
        cell, width = joint.members[0][1].cell, len(joint.rows)
        if cell.n < limits.by_columns(width):
            given = f"the same {cell.counted}, {width} measured variables in all"
            needed = counted(limits.needed(width), cell.noun)
            yield Finding("R2", joint.called, given, needed, "mask both, or release one of them")
