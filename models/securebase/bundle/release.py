"""What is released of the units of each part: masked moments, or exact ones under agreement."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.columns import ColumnSummary, column_summary
from securebase.disclosure import (
    LIMITS,
    ClusteredRelease,
    ClusteredSample,
    Masked,
    MaskedClusters,
    Outgoing,
    Sample,
    gate,
    mask,
    mask_clusters,
)
from securebase.disclosure.of_part import sample_of_part
from securebase.faults import Fault, InputError
from securebase.fitting import Question
from securebase.names import CLUSTER, COMPOSITION, UNIT
from securebase.part import Part

Tier = Literal["public", "controlled"]


@dataclass(frozen=True, eq=False)
class MaskedPart:
    """Units of a part as the public may know them.

    Parameters
    ----------
    name : str
        Of the part.
    masked : Masked or MaskedClusters
    units : int
        Of the part.
    sample : Sample
        All of its records.
    """

    name: str
    masked: Masked | MaskedClusters
    units: int
    sample: Sample

    @property
    def withheld(self) -> int:
        """Units of which nothing is released."""
        if isinstance(self.masked, Masked):
            return self.masked.withheld
        return sum(self.masked.left_out.values())

    @property
    def values_lost(self) -> int:
        """Observed values that are not released."""
        return self.masked.values_lost

    @property
    def few_withheld(self) -> bool:
        """Whether so few are withheld that a number of all would tell of them."""
        if isinstance(self.masked, Masked):
            return 0 < self.masked.withheld < LIMITS.needed(len(self.sample.columns))
        return 0 < self.masked.withheld_clusters < LIMITS.units

    def told(self, part: Part) -> ColumnSummary:
        """Sum up predictor columns over those who are released, and nobody else."""
        if not self.withheld:
            return column_summary(part.predictors, part.columns, part.cluster)
        if isinstance(self.masked, MaskedClusters):
            release = self.masked.release
            responses = len(release.total.cell.responses)
            x = release.total.rows[:, responses:]
            cluster = np.unique(release.cluster, return_inverse=True)[1]
            # a cluster's own columns are the same for all its units: any of them may be first
            return column_summary(_with_constant(x), part.columns, cluster)
        sample = self.masked.sample
        return column_summary(_with_constant(sample.x), part.columns)  # type: ignore[union-attr]


def _with_constant(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.hstack([np.ones((len(x), 1)), x])


def masked_parts(question: Question, commitment: bytes) -> list[MaskedPart]:
    """Mask every part of an analysis.

    Parameters
    ----------
    question : Question
    commitment : bytes
        Seeds the draw of followers who are left out of their cluster.

    Raises
    ------
    InputError
        Units measured at times of their own, of whom no moments are sufficient; too few clusters,
        or no unit that may be released.
    """
    return [_masked_part(question, part, commitment) for part in question.built.parts]


def _masked_part(question: Question, part: Part, commitment: bytes) -> MaskedPart:
    data = question.panel.data
    rows = data[COMPOSITION].values == part.name
    units, clusters = data[UNIT].values[rows], data[CLUSTER].values[rows]
    # who leads is known by the cluster: together with what the cluster tells of its leader
    if part.name == question.panel.leader and len(set(clusters.tolist())) == len(clusters):
        units = clusters
    sample = sample_of_part(part, question.study, units)
    masked: Masked | MaskedClusters
    if part.cluster is None:
        masked = mask(sample)
        if masked.sample is None:
            raise InputError("moments to be released", [_nothing_left(part.name, sample)])
    else:
        masked = mask_clusters(ClusteredSample(sample, clusters), commitment)
    return MaskedPart(part.name, masked, len(units), sample)


def _nothing_left(name: str, sample: Sample) -> Fault:
    given = f"{len(sample.units)} units, no cell of which may be released"
    return Fault(name, given, "more units", "release results only, no moments")


@dataclass(frozen=True)
class Released:
    """What passes the gate of all analyses of a study together.

    Parameters
    ----------
    parts : mapping of str to sequence of MaskedPart
        By analysis.
    refused : mapping of str to str
        Why nothing is released of the units of an analysis.
    """

    parts: Mapping[str, Sequence[MaskedPart]]
    refused: Mapping[str, str]


def released(questions: Mapping[str, Question], commitment: bytes) -> Released:
    """Mask all analyses, and let out what the gate lets out together, in the declared order.

    Analyses of one study share units: what each may release alone can be too much of them
    together. Then the later one is released without moments.
    """
    parts: dict[str, list[MaskedPart]] = {}
    refused: dict[str, str] = {}
    for name, question in questions.items():
        try:
            found = masked_parts(question, commitment)
            gate(outgoing({**parts, name: found}))
        except InputError as error:
            refused[name] = "; ".join(dict.fromkeys(_said(error)))
        else:
            parts[name] = found
    return Released(parts, refused)


def _said(error: InputError) -> Iterator[str]:
    for one in error.faults:
        yield f"{one.given}; needed: {one.expected}" + (f" ({one.remedy})" if one.remedy else "")


def outgoing(parts: Mapping[str, Sequence[MaskedPart]]) -> Outgoing:
    """Put together all that is about to be released."""
    cells, clustered = {}, {}
    for name, own in parts.items():
        for one in own:
            called = f"{name}, {one.name}"
            if isinstance(one.masked, Masked):
                cells[called] = one.masked.cells
            else:
                clustered[called] = one.masked.release
    return Outgoing(cells, clustered)


def cell_table(parts: Sequence[MaskedPart]) -> pd.DataFrame:
    """List the cells that are released, and how many units are withheld.

    Returns
    -------
    pd.DataFrame
        Columns id, part, pattern (a digit for each response of the part, 1 if observed; blank
        where withheld), n (blank below ten), action: "kept", as they answered; "masked", with
        units whose other answers are treated as missing; "merged", of cells that were all too
        small; "withheld".
    """
    rows = [row for one in parts for row in _rows_of(one)]
    return pd.DataFrame(rows, columns=["id", "part", "pattern", "n", "action"]).astype(
        {"n": "Int64"}
    )


def _rows_of(one: MaskedPart) -> Iterator[tuple[Any, ...]]:
    responses = one.sample.responses
    if isinstance(one.masked, Masked):
        actions = one.masked.actions
        for records in one.masked.cells:
            joined = set(actions.loc[actions["to"] == records.cell.name, "action"])
            action = next((each for each in ("merged", "masked") if each in joined), "kept")
            yield (records.cell.name, one.name, _pattern(responses, records.cell.responses),
                   records.cell.n, action)  # fmt: skip
    else:
        release: ClusteredRelease = one.masked.release
        action = "masked" if one.values_lost else "kept"
        for between in release.between:
            cell = between.records.cell
            yield cell.name, one.name, _pattern(responses, cell.responses), cell.n, action
    if one.withheld:
        few = one.withheld < 10
        yield "withheld", one.name, "", None if few else one.withheld, "withheld"


def _pattern(responses: Sequence[str], seen: Sequence[str]) -> str:
    return "".join("1" if name in seen else "0" for name in responses)
