"""Masking of clusters: followers who answered alike, in numbers that many clusters have."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from securebase.disclosure.clustered import ClusteredRelease, ClusteredSample, release_of
from securebase.disclosure.limits import LIMITS, Limits
from securebase.disclosure.patternsets import Bits, bits_of, pattern_of, targets
from securebase.disclosure.rules import admissible
from securebase.disclosure.sample import Sample
from securebase.disclosure.sizes import Plan, in_drawn_order, size_plan
from securebase.faults import Fault, InputError

INCOMPLETE = "they have not answered all that is released"
RARE = "too few clusters have as many followers as theirs"
DRAWN = "drawn by chance, so that enough clusters have the same number"

type Refused = set[tuple[bool, int]]
"""Sizes that are not to be released, with or without leaders."""


@dataclass(frozen=True, eq=False)
class MaskedClusters:
    """Clusters that are exchangeable within each size, and what that cost.

    Parameters
    ----------
    release : ClusteredRelease
    left_out : dict of str to int
        Followers of whom nothing is released, by reason.
    withheld_clusters : int
        Clusters of which nothing is released.
    silent_leaders : int
        Leaders whose variables are not released, though their followers are.
    values_lost : int
        Observed values, of followers and leaders, that are not released.
    """

    release: ClusteredRelease
    left_out: dict[str, int]
    withheld_clusters: int
    silent_leaders: int
    values_lost: int

    def told(self) -> list[str]:
        """Say in sentences what was masked; for the author, since it counts a few."""
        lines = [f"{count} followers are left out: {why}." for why, count in self.left_out.items()]
        return [
            *lines,
            f"{self.withheld_clusters} clusters are withheld.",
            f"{self.silent_leaders} leaders of other clusters are released without variables.",
            f"{self.values_lost} observed values are not released.",
        ]


def mask_clusters(
    sample: ClusteredSample, commitment: bytes, limits: Limits = LIMITS
) -> MaskedClusters:
    """Mask clustered records until only exchangeable clusters of admissible sizes are left.

    Followers are released with one set of responses, leaders with one set or none, and clusters
    are brought to sizes that enough of them have; of all ways the one that keeps most values.

    Parameters
    ----------
    sample : ClusteredSample
    commitment : bytes
        Seeds the draw of followers who are left out.
    limits : Limits

    Returns
    -------
    MaskedClusters
        The same whatever the order of the records.

    Raises
    ------
    InputError
        There are too few clusters for any release.
    """
    refused: Refused = set()
    while (choice := _best(sample, limits, refused)) is not None:
        kept, left_out = _drawn(sample, choice, commitment)
        release = release_of(_masked(sample, choice, kept))
        # leverages and levels show only once clusters are formed
        broken = {
            (cell.led, cell.size)
            for cell in release.between
            if not admissible(cell.records, limits)
        }
        if not broken:
            return _accounted(sample, choice, release, left_out)
        refused |= broken
    given = f"{len(np.unique(sample.cluster))} clusters, too few of any size"
    remedy = "release results only, no moments"
    raise InputError("moments of clusters", [Fault("cluster", given, "more of them", remedy)])


@dataclass(frozen=True)
class _Choice:
    """What is released of whom.

    Parameters
    ----------
    kept : int
        Values that are released.
    pattern, leading : Bits
        Responses of followers, and of leaders; 0 for none.
    plans : (Plan, Plan)
        Sizes of clusters without and with leader variables.
    """

    kept: int
    pattern: Bits
    leading: Bits
    plans: tuple[Plan, Plan]


def _best(sample: ClusteredSample, limits: Limits, refused: Refused) -> _Choice | None:
    """Choose what keeps the most values; of equals, what keeps the earliest answers."""
    asked = targets(_patterns(sample.followers))
    led = [0] if sample.leaders is None else [*targets(_patterns(sample.leaders)), 0]
    best: _Choice | None = None
    for pattern in asked:
        for leading in led:
            choice = _choice(sample, pattern, leading, limits, refused)
            if choice is not None and (best is None or choice.kept > best.kept):
                best = choice
    return best


def _choice(
    sample: ClusteredSample, pattern: Bits, leading: Bits, limits: Limits, refused: Refused
) -> _Choice | None:
    """Plan the sizes for one choice of responses; None where nothing can be released."""
    width = pattern.bit_count() + len(sample.followers.predictors)
    sizes = _sizes(sample, pattern, leading)
    plans, followers, clusters, leaders = [], 0, 0, 0
    for led, own in enumerate(sizes):
        needed = limits.needed(width + leading.bit_count() * led)
        plan = size_plan(own, needed, {size for has, size in refused if has == bool(led)})
        kept = [plan[size] for size in own if size and plan[size]]
        followers, clusters = followers + sum(kept), clusters + len(kept)
        leaders += led * len(kept)
        plans.append(plan)
    if followers - clusters < limits.needed(width):
        return None
    kept_values = followers * pattern.bit_count() + leaders * leading.bit_count()
    return _Choice(kept_values, pattern, leading, (plans[0], plans[1]))


def _patterns(sample: Sample) -> list[Bits]:
    return [bits_of(row) for row in np.unique(sample.observed, axis=0)]


def _answered(sample: Sample, pattern: Bits) -> NDArray[np.bool_]:
    """Whether each unit has all responses of a pattern."""
    asked = np.array(pattern_of(pattern, len(sample.responses)))
    answered: NDArray[np.bool_] = sample.observed[:, asked].all(axis=1)
    return answered


def _led(sample: ClusteredSample, leading: Bits) -> set[Any]:
    """Clusters whose leader has all leader variables that are released."""
    if sample.leaders is None or not leading:
        return set()
    return set(sample.leaders.units[_answered(sample.leaders, leading)].tolist())


def _eligible(sample: ClusteredSample, pattern: Bits) -> dict[Any, list[int]]:
    """Followers of each cluster who have all responses of a pattern."""
    found: dict[Any, list[int]] = {label: [] for label in np.unique(sample.cluster).tolist()}
    for row in np.flatnonzero(_answered(sample.followers, pattern)):
        found[sample.cluster[row]].append(int(row))
    return found


def _sizes(sample: ClusteredSample, pattern: Bits, leading: Bits) -> tuple[list[int], list[int]]:
    """Eligible followers of clusters without and with leader variables."""
    sizes: tuple[list[int], list[int]] = ([], [])
    led = _led(sample, leading)
    for label, rows in _eligible(sample, pattern).items():
        sizes[label in led].append(len(rows))
    return sizes


def _drawn(
    sample: ClusteredSample, choice: _Choice, commitment: bytes
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Draw who stays (unit,); count the others by reason."""
    rank = np.empty(len(sample.cluster), dtype=int)
    rank[in_drawn_order(sample.followers.units.tolist(), commitment)] = np.arange(len(rank))
    kept = np.zeros(len(rank), dtype=bool)
    led, rare, drawn, eligible = _led(sample, choice.leading), 0, 0, 0
    for label, rows in _eligible(sample, choice.pattern).items():
        size = choice.plans[label in led].get(len(rows), 0)
        kept[sorted(rows, key=rank.__getitem__)[:size]] = True
        eligible += len(rows)
        rare += len(rows) if not size else 0
        drawn += len(rows) - size if size else 0
    counts = {INCOMPLETE: len(kept) - eligible, RARE: rare, DRAWN: drawn}
    return kept, {why: count for why, count in counts.items() if count}


def _masked(
    sample: ClusteredSample, choice: _Choice, kept: NDArray[np.bool_]
) -> ClusteredSample:  # fmt: skip
    """Keep those who stay, with what is released of them."""
    followers = _with_only(sample.followers.only(kept), choice.pattern)
    leaders = sample.leaders
    if leaders is not None:
        has = np.isin(leaders.units, list(_led(sample, choice.leading)))
        leaders = _with_only(leaders.only(has), choice.leading) if has.any() else None
    return ClusteredSample(followers, sample.cluster[kept], leaders)


def _with_only(sample: Sample, pattern: Bits) -> Sample:
    asked = np.array(pattern_of(pattern, len(sample.responses)))
    return replace(sample, y=np.where(asked, sample.y, np.nan))


def _accounted(
    sample: ClusteredSample, choice: _Choice, release: ClusteredRelease, left_out: dict[str, int]
) -> MaskedClusters:
    """Count what is not released."""
    released = set(release.cluster.tolist())
    values, silent = int(sample.followers.observed.sum()), 0
    if sample.leaders is not None:
        values += int(sample.leaders.observed.sum())
        silent = len(released & {*sample.leaders.units.tolist()} - _led(sample, choice.leading))
    withheld = len({*sample.cluster.tolist()} - released)
    return MaskedClusters(release, left_out, withheld, silent, values - choice.kept)
