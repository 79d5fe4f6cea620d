"""Rules that one cell has to keep: R1 to R4."""

from collections.abc import Iterator

import numpy as np

from securebase.disclosure.cells import CellRecords, counted
from securebase.disclosure.findings import Finding
from securebase.disclosure.limits import LIMITS, Limits

MASK = "mask it to an admissible cell, or withhold it"


def cell_findings(records: CellRecords, limits: Limits = LIMITS) -> list[Finding]:
    """Hold one cell against R1 to R4.

    Parameters
    ----------
    records : CellRecords
        With the records: leverages and levels are theirs.
    limits : Limits

    Returns
    -------
    list of Finding
        Empty where the cell may be released.
    """
    return [
        *_too_few_units(records, limits),
        *_too_many_columns(records, limits),
        *_lonely_records(records, limits),
        *_rare_levels(records, limits),
    ]


def admissible(records: CellRecords, limits: Limits = LIMITS) -> bool:
    """Whether a cell keeps R1 to R4."""
    # leverages cost most: only where the counts allow the cell
    if records.cell.n < limits.needed(len(records.cell.columns)):
        return False
    return not any(one.fails for one in cell_findings(records, limits))


def _too_few_units(records: CellRecords, limits: Limits) -> Iterator[Finding]:
    cell = records.cell
    if cell.n < limits.units:
        given = f"{cell.counted}: who knows some of them knows much of the others"
        yield Finding("R1", cell.name, given, counted(limits.units, cell.noun), MASK)


def _too_many_columns(records: CellRecords, limits: Limits) -> Iterator[Finding]:
    cell, width = records.cell, len(records.cell.columns)
    if cell.n >= limits.by_columns(width):
        return
    danger = (
        "every record could be recovered"
        if cell.n <= width
        else "too near to where every record could be recovered"
    )
    given = f"{cell.counted}, {width} measured variables: {danger}"
    needed = counted(limits.needed(width), cell.noun)
    yield Finding("R2", cell.name, given, needed, MASK)


def _lonely_records(records: CellRecords, limits: Limits) -> Iterator[Finding]:
    largest = records.max_leverage
    if largest <= limits.leverage_warns:
        return
    fails = largest > limits.leverage_fails
    limit = limits.leverage_fails if fails else limits.leverage_warns
    # never rounded to the limit that it exceeds
    shown = f"{largest:.2f}" if largest - limit >= 0.005 else f"{largest:.6f}"
    alone = "stands almost alone" if fails else "stands out"
    given = f"one record has leverage {shown}: it {alone} in some direction"
    needed = f"a leverage of at most {limit:g}"
    yield Finding("R3", records.cell.name, given, needed, MASK, fails)


def _rare_levels(records: CellRecords, limits: Limits) -> Iterator[Finding]:
    cell = records.cell
    for place, name in enumerate(cell.columns):
        values, counts = np.unique(records.rows[:, place], return_counts=True)
        if len(values) == 1:
            continue
        if len(values) <= limits.levels:
            rare = int(counts.min())
            whom = f"have {name} = {values[counts.argmin()]:g}"
        elif name in cell.predictors and 2 * counts.max() > cell.n:
            # a product with an indicator: most have the same value, few have one of their own
            rare, whom = int(cell.n - counts.max()), f"differ from the others in {name}"
        else:
            continue
        if rare < limits.units:
            given = f"{rare} of {cell.counted} {whom}: their sums are theirs alone"
            needed = f"none or {counted(limits.units, cell.noun)}"
            yield Finding("R4", cell.name, given, needed, MASK)
