"""The gate of a release: every rule and every attack, before anything is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product

import numpy as np

from securebase.disclosure.attacks import (
    Claims,
    PointwiseLoglik,
    count_right,
    differencing_attack,
    lattice_attack,
    pointwise_attack,
    singleton_attack,
)
from securebase.disclosure.cells import Cell, CellRecords, counted
from securebase.disclosure.clustered import ClusteredRelease
from securebase.disclosure.differences import difference_findings, earlier_findings
from securebase.disclosure.findings import Finding, refuse
from securebase.disclosure.joint import joint_cells, joint_findings
from securebase.disclosure.limits import LIMITS, Limits
from securebase.disclosure.rules import cell_findings
from securebase.moments import Floats

REMEDY = "release nothing of it"
BY_UNIT = "log-likelihood by unit"


@dataclass(frozen=True, eq=False)
class Outgoing:
    """What is about to be released, with the records that only the author has.

    Parameters
    ----------
    samples : mapping of str to sequence of CellRecords
        Cells of each sample of units, by the name of the sample: analyses, folds, exclusions.
    clustered : mapping of str to ClusteredRelease
        Samples of clusters.
    earlier : mapping of str to sequence of Cell
        Cells of earlier releases of the same study.
    pointwise : (PointwiseLoglik, float (unit, functional)) or None
        A log-likelihood by unit, should there be one, and what it might give away.
    """

    samples: Mapping[str, Sequence[CellRecords]] = field(default_factory=dict)
    clustered: Mapping[str, ClusteredRelease] = field(default_factory=dict)
    earlier: Mapping[str, Sequence[Cell]] = field(default_factory=dict)
    pointwise: tuple[PointwiseLoglik, Floats] | None = None

    def every_sample(self) -> dict[str, list[CellRecords]]:
        """Cells of units and of clusters, by the name of the sample they are of."""
        cells = {name: list(one) for name, one in self.samples.items()}
        for name, release in self.clustered.items():
            cells[f"{name}, clusters"] = [one.records for one in release.between]
            cells[f"{name}, followers"] = [release.total]
        return cells

    def pairs(self) -> Iterator[tuple[str, list[CellRecords], list[CellRecords]]]:
        """Any two samples of the same kind of unit: followers are no clusters."""
        for (name, first), (other, second) in combinations(self.every_sample().items(), 2):
            if {one.cell.noun for one in first} & {one.cell.noun for one in second}:
                yield f"{name} and {other}", first, second

    def successions(self) -> Iterator[tuple[str, list[CellRecords], list[Cell]]]:
        """Any sample, and the cells of an earlier release of the same kind of unit."""
        for (name, now), (other, old) in product(self.every_sample().items(), self.earlier.items()):
            nouns = {one.cell.noun for one in now}
            before = [one for one in old if one.noun in nouns]
            if before:
                yield f"{name} and {other}", now, before


def gate(outgoing: Outgoing, limits: Limits = LIMITS) -> list[Finding]:
    """Let a release out only if it keeps every rule and withstands every attack.

    Parameters
    ----------
    outgoing : Outgoing
    limits : Limits

    Returns
    -------
    list of Finding
        What is worth a look, though it refuses nothing.

    Raises
    ------
    InputError
        With every finding: a rule that is broken, or an attack that recovers a record.
    """
    findings = inspect(outgoing, limits)
    refuse(findings)
    return findings


def inspect(outgoing: Outgoing, limits: Limits = LIMITS) -> list[Finding]:
    """Run all rules and attacks on a release.

    Parameters
    ----------
    outgoing : Outgoing
    limits : Limits

    Returns
    -------
    list of Finding
        Those that refuse it first.
    """
    found = [*_rules(outgoing, limits), *_attacks(outgoing)]
    return sorted(set(found), key=lambda one: (not one.fails, one))


def _rules(outgoing: Outgoing, limits: Limits) -> Iterator[Finding]:
    for name, cells in outgoing.samples.items():
        for one in cells:
            yield from _of(name, cell_findings(one, limits))
    for name, release in outgoing.clustered.items():
        yield from _of(name, _cluster_findings(release, limits))
    yield from joint_findings(outgoing.every_sample(), limits)
    for names, first, second in outgoing.pairs():
        yield from _of(names, difference_findings(first, second, limits))
    for names, now, before in outgoing.successions():
        yield from _of(names, earlier_findings([one.cell for one in now], before, limits))
    if outgoing.pointwise is not None:
        given = "an entry for each unit, which determines its record"
        yield Finding("R7", BY_UNIT, given, "nothing by unit", REMEDY)


def _cluster_findings(release: ClusteredRelease, limits: Limits) -> Iterator[Finding]:
    """R6: between clusters of one size R1 to R4, and enough followers beyond their means."""
    for one in release.between:
        yield from (replace(finding, rule="R6") for finding in cell_findings(one.records, limits))
    # one level: a rare level or a lonely follower shows in what adds up
    yield from cell_findings(release.total, limits)
    within = release.within
    free, needed = within.n - within.clusters, limits.needed(len(within.columns))
    if free < needed:
        given = f"{within.n} followers of {within.clusters} clusters, {len(within.columns)} columns"
        yield Finding("R6", "within clusters", given, f"{needed} more followers than clusters")


def _attacks(outgoing: Outgoing) -> Iterator[Finding]:
    samples = outgoing.every_sample()
    named = [(f"{name}, {one.cell.name}", one) for name, own in samples.items() for one in own]
    whole = [joint.assembled() for joint in joint_cells(samples)]
    named += [(one.cell.name, one) for one in whole if one is not None]
    for name, one in named:
        for attack in (lattice_attack, singleton_attack):
            claims = attack(one.cell, one.grids)
            right = count_right(claims, one.rows, one.cell.columns)
            yield from _recovered(claims, right, name)
    for names, first, second in outgoing.pairs():
        claims, right = _differenced(first, [one.cell for one in second], second)
        yield from _recovered(claims, right, names)
    for names, now, before in outgoing.successions():
        claims, right = _differenced(now, before, [])
        if len(claims):
            # who has left since is a record too, though none to compare with
            given = f"{counted(len(claims), 'claimed record')}, {right} of them in the present data"
            yield Finding(claims.attack, names, given, "no record", REMEDY)
    if outgoing.pointwise is not None:
        released, truth = outgoing.pointwise
        claims = pointwise_attack(released)
        yield from _recovered(claims, count_right(claims, truth, released.names), BY_UNIT)


def _differenced(
    first: Sequence[CellRecords], cells: Sequence[Cell], second: Sequence[CellRecords]
) -> tuple[Claims, int]:
    """Attack the difference of two samples; count what is true of the records at hand."""
    known = (*first, *second)
    grids = {name: grid for one in known for name, grid in one.grids.items()}
    claims = differencing_attack([one.cell for one in first], cells, grids)
    columns = list(claims.columns)
    truth = []
    for one in known:
        rows = np.full((len(one.rows), len(columns)), np.nan)
        rows[:, [columns.index(name) for name in one.cell.columns]] = one.rows
        truth.append(rows)
    return claims, count_right(claims, np.vstack(truth), columns) if len(claims) else 0


def _recovered(claims: Claims, right: int, what: str) -> Iterator[Finding]:
    if right:
        given = f"{counted(right, 'record')} recovered"
        yield Finding(claims.attack, what, given, "no record", REMEDY)


def _of(name: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Say which sample a finding is about."""
    return (replace(one, what=f"{name}, {one.what}") for one in findings)
