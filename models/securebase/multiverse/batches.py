"""Batches of specifications: fits that share a compiled model, as many as a job has time for."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched

from securebase.codebook.specifications import Specification, specifications
from securebase.codebook.study import Study
from securebase.config import Multiverse


@dataclass(frozen=True)
class Batch:
    """Specifications that one job fits.

    Parameters
    ----------
    name : str
        Of its file: "growth_01".
    base : Specification
        Whose model is compiled: the first of the whole grid that has this structure, so that no
        number depends on how the grid was cut.
    members : sequence of Specification
    """

    name: str
    base: Specification
    members: Sequence[Specification]

    @property
    def contents(self) -> dict[str, str]:
        """Digest of what is fitted, by the name of each specification: a change re-runs the job."""
        return {f"{one.analysis}: {one.key}": one.sha256 for one in (self.base, *self.members)}


def batches(study: Study, asked: Multiverse) -> dict[str, Batch]:
    """Cut the grid of a study into batches, by name; none where none is declared."""
    groups: dict[tuple[str, str], list[Specification]] = {}
    for one in specifications(study):
        groups.setdefault((one.analysis, one.structure), []).append(one)
    found: dict[str, Batch] = {}
    for (analysis, _), members in groups.items():
        for part in batched(members, asked.fits_per_batch):
            number = sum(one.base.analysis == analysis for one in found.values()) + 1
            name = f"{analysis}_{number:02d}"
            found[name] = Batch(name, members[0], part)
    return found
