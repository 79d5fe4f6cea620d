"""A60 and A61: rules R1 to R7 on what the bundle holds, and attacks on it.

Without records leverages (R3) and rare levels (R4) cannot be told: the author's gate holds them.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import pandas as pd

from securebase.audit.moments_read import ReleasedPart, grids_of, no_moments, released_parts
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips
from securebase.disclosure import LIMITS, Cell
from securebase.disclosure.attacks import differencing_attack, lattice_attack, singleton_attack
from securebase.disclosure.cells import counted
from securebase.disclosure.differences import earlier_findings

# dims and columns that tell one unit from another
_OF_UNITS: Final = frozenset(
    {"unit", "person", "couple", "dyad", "partner_id", "cluster", "team", "client", "therapist"}
) | {"obs", "record", "row", "participant"}  # fmt: skip
# columns that tables of results have, whatever raw files call theirs
_OF_RESULTS: Final = frozenset({"id", "unit", "cluster", "name", "of", "with", "role", "level"})
_NOT_PUBLIC: Final = "The controlled tier is for those who have agreed not to pass it on."
_EXACT_GROUPS: Final = ("log_likelihood", "moment_fit", "observed_data")
_DENSITIES: Final = ("logp", "lp")
# tables with counts of people, and the columns
_COUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "flow.csv": ("persons", "units"), "exclusions.csv": ("count",), "cells.csv": ("n",),
    "patterns.csv": ("units",), "trajectories.csv": ("observed_n",), "scoring.tsv": ("n",),
}  # fmt: skip


def rules(opened: Opened) -> Iterator[Said]:
    """A60: cells are large enough, differ enough, and nothing stands for one unit."""
    if opened.about.tier != "public":
        yield skips(_NOT_PUBLIC)
        return
    smallest = []
    for name in opened.study.analyses:
        why = no_moments(opened, name)
        if why:
            yield skips(why)
        for part in released_parts(opened, name):
            for cell in part.cells:
                smallest.append(cell.n)
                yield from _of_cell(cell, f"{name}/{part.name}/{cell.name}")
            yield from _of_clusters(part, f"{name}/{part.name}")
    yield from _of_differences(opened)
    yield from _of_arrays(opened)
    yield from _of_counts(opened)
    yield from _of_exact_numbers(opened)
    if smallest:
        yield passes(
            f"R1 to R7 hold as far as moments tell (smallest cell {min(smallest)}); leverages "
            "and rare levels are held by the author's gate."
        )


def _of_cell(cell: Cell, place: str) -> Iterator[Said]:
    width = len(cell.columns)
    needed = LIMITS.needed(width)
    if cell.n < needed:
        danger = ": every record can be recovered" if cell.n <= width else ""
        yield fails(f"{place}: n={cell.n}, d={width}{danger}; needed: {needed} (R1, R2).")


def _of_clusters(part: ReleasedPart, place: str) -> Iterator[Said]:
    if part.within is None:
        return
    free, needed = part.within.n - part.within.clusters, LIMITS.needed(len(part.within.columns))
    if free < needed:
        yield fails(f"{place}: {free} followers beyond their clusters; needed: {needed} (R6).")


def _of_differences(opened: Opened) -> Iterator[Said]:
    """R5: any two samples of the bundle differ by nobody, or by enough."""
    for (name, first), (other, second) in combinations(_samples(opened), 2):
        if {one.noun for one in first} == {one.noun for one in second}:
            for one in earlier_findings(first, second):
                # cells of the same columns may be of disjoint people: analyses are no releases
                if one.fails and "differ by" in one.given:
                    yield fails(f"{name} and {other}: {one.given} (R5).")


def _samples(opened: Opened) -> list[tuple[str, Sequence[Cell]]]:
    return [
        (f"{name}/{part.name}", part.cells)
        for name in opened.study.analyses
        for part in released_parts(opened, name)
    ]


def _of_arrays(opened: Opened) -> Iterator[Said]:
    """R7: no array by unit, no column of labels."""
    raw = opened.study.raw.columns
    labels = {*_OF_UNITS, str(raw.unit), str(raw.person)} - _OF_RESULTS
    for file in opened.files():
        if file.endswith(".nc"):
            for node in opened.tree(file).subtree:
                for dim in sorted({str(one) for one in node.sizes} & _OF_UNITS):
                    yield fails(f"{file}, {node.path}: an array with the dim {dim} (R7).")
        elif file.endswith((".csv", ".tsv")):
            for column in sorted(set(opened.table(file).columns) & labels):
                yield fails(f"{file}: a column of labels, {column} (R7).")


def _of_counts(opened: Opened) -> Iterator[Said]:
    """Counts of 1 to 9 are blank: also those that tables print beside the moments."""
    for file in opened.files():
        for column in _COUNTS.get(file.rpartition("/")[2], ()):
            table = opened.table(file)
            if column in table:
                values = pd.to_numeric(table[column], errors="coerce")
                few = table.index[(values > 0) & (values < LIMITS.units)]
                if len(few):
                    lines = ", ".join(map(str, few[:5]))
                    yield fails(f"{file}: {column} below {LIMITS.units} in line {lines} (R1).")


def _of_exact_numbers(opened: Opened) -> Iterator[Said]:
    """R5: where values are masked, what follows exactly from all data would give them away.

    A total log-likelihood is linear in the moments: some thousand draws of it determine those of
    the cells that are withheld.
    """
    for name in filter(opened.about.lost, opened.study.analyses):
        tree = opened.draws(name)
        for group in _EXACT_GROUPS:
            if group in tree.children:
                yield fails(f"{name}: values are masked, but the draws have {group} (R5).")
        for density in _DENSITIES:
            if density in tree["sample_stats"].to_dataset():
                yield fails(f"{name}: values are masked, but the draws have {density} (R5).")


def attacks(opened: Opened) -> Iterator[Said]:
    """A61: attacks on the moments recover nobody.

    What they claim is exact where scores lie on the grid of the codebook.
    """
    if opened.about.tier != "public":
        yield skips(_NOT_PUBLIC)
        return
    count = 0
    for name, cells in _samples(opened):
        for cell in cells:
            for attack in (lattice_attack, singleton_attack):
                count += 1
                claims = attack(cell, grids_of(opened, cell))
                if len(claims):
                    told = counted(len(claims), cell.noun)
                    yield fails(
                        f"{claims.attack.capitalize()} recovered {told} from {name}/{cell.name}."
                    )
    for (name, first), (other, second) in combinations(_samples(opened), 2):
        if {one.noun for one in first} == {one.noun for one in second}:
            count += 1
            grids = {key: grid for one in first for key, grid in grids_of(opened, one).items()}
            claims = differencing_attack(first, second, grids)
            if len(claims):
                told = counted(len(claims), "record")
                yield fails(f"Differencing attack recovered {told} from {name} and {other}.")
    if count:
        yield passes(f"0 records recovered by {count} attacks.")
