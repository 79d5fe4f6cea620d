"""What became of a claim under every declared specification, as a page tells it."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from securebase.codebook.loading import Study
from securebase.codebook.multiverse import Multiverse
from securebase.codebook.specifications import ASSUMPTION
from securebase.config import Decision
from securebase.multiverse.standing import UNDECIDED, Standing
from securebase.report.claims import ClaimResult
from securebase.report.counting import lines_or_none
from securebase.report.inputs import SPECS_FILE, StudyResults, number_at
from securebase.report.wording import Number, Sentence
from securebase.robustness import capped, opposite_of


@dataclass(frozen=True)
class Specified:
    """The multiverse of a study, fitted.

    Parameters
    ----------
    declared : Multiverse
        As the codebook declares it.
    specs : pandas.DataFrame
        ``specs.csv``, indexed by line: what is printed.
    fits : pandas.DataFrame or None
        ``multiverse.parquet``: what is drawn; the public has none.
    decision : Decision
        Shares that make a verdict robust, or fragile.
    """

    declared: Multiverse
    specs: pd.DataFrame
    fits: pd.DataFrame | None
    decision: Decision

    def of(self, result: ClaimResult) -> "ClaimSpecified | None":
        """What became of one claim; None where nothing was fitted, or its numbers are withheld."""
        mine = self.specs[self.specs["claim"] == result.claim.id]
        if mine.empty or result.withheld:
            return None
        return ClaimSpecified(result, mine, self)

    def drawn(self, result: ClaimResult) -> pd.DataFrame | None:
        """Fits of one claim, where they may be drawn."""
        return None if self.fits is None else self.fits[self.fits["claim"] == result.claim.id]


def specified(study: Study, results: StudyResults, decision: Decision) -> Specified | None:
    """Give the multiverse of a study; None where it was not fitted."""
    if study.multiverse is None or results.specs is None:
        return None
    return Specified(study.multiverse, results.specs, results.multiverse, decision)


@dataclass(frozen=True)
class ClaimSpecified:
    """The specifications of one claim.

    Parameters
    ----------
    result : ClaimResult
        What the study says of it.
    specs : pandas.DataFrame
        Its rows of the table, in declared order.
    whole : Specified
    """

    result: ClaimResult
    specs: pd.DataFrame
    whole: Specified

    @property
    def counting(self) -> pd.DataFrame:
        """Rows of the specifications that are by theory the same: only these count."""
        return self.specs[self.specs["kind"] != ASSUMPTION]

    @property
    def testing(self) -> pd.DataFrame:
        """Rows of the specifications that assume something else."""
        return self.specs[self.specs["kind"] == ASSUMPTION]

    def standing(self, rows: pd.DataFrame) -> Standing:
        """Count the verdicts of rows against that of the study."""
        return Standing(self.result.verdict, list(rows["verdict"]), self.whole.decision)

    @property
    def grade(self) -> str:
        """Robust, mixed or fragile."""
        over = self.standing(self.counting).grade
        return capped(over, self.result.verdict, self.result.elsewhere)

    @property
    def sentence(self) -> Sentence:
        """Say how often the verdict came out, and how probable the claim was."""
        counted = self.counting
        return (
            *("same verdict in ", self.same(counted), " of ", number(counted.index)),
            *(" declared specifications", *self._bracketed(counted), "; "),
            *(*self.range_of(counted), "; ", self.grade),
        )

    @property
    def brief(self) -> Sentence:
        """Say the same in a cell of a table: "robust: same in 34 of 38 (4 undecided, …)"."""
        counted = self.counting
        same = (self.same(counted), " of ", number(counted.index), *self._bracketed(counted))
        return (f"{self.grade}: same in ", *same, "; ", *self.range_of(counted))

    def same(self, rows: pd.DataFrame) -> Number | str:
        """How many rows have the verdict of the study."""
        return number(rows.index[rows["verdict"] == self.result.verdict])

    def _others(self, rows: pd.DataFrame) -> Sentence:
        """Count other verdicts: undecided, opposite, and those of no result where there are any."""
        verdict, opposite = self.result.verdict, opposite_of(self.result.verdict)
        words = {} if verdict == UNDECIDED else {UNDECIDED: UNDECIDED}
        words |= {opposite: "opposite"} if opposite else {}
        words |= {one: one for one in dict.fromkeys(rows["verdict"]) if one != verdict} | words
        parts: list[Number | str] = []
        for one, word in words.items():
            parts += [", " if parts else "", number(rows.index[rows["verdict"] == one]), f" {word}"]
        return tuple(parts)

    def _bracketed(self, rows: pd.DataFrame) -> Sentence:
        others = self._others(rows)
        return (" (", *others, ")") if others else ()

    def range_of(self, rows: pd.DataFrame) -> Sentence:
        """Smallest and largest probability of the claim."""
        known = rows["p_claim"].dropna()
        if known.empty:
            return ("no result",)
        ends = (int(str(known.idxmin())), int(str(known.idxmax())))
        low, high = (number_at(rows, SPECS_FILE, line, "p_claim", 2) for line in ends)
        return ("P ", low, " to ", high)


def number(lines: Iterable[int]) -> Number | str:
    """Count lines of ``specs.csv``."""
    return lines_or_none(SPECS_FILE, lines)
