"""Claims as a report shows them: the verdict, its numbers, the sentence that says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from securebase.codebook.claim import Claim, claimed_column
from securebase.codebook.loading import Study
from securebase.config import Decision
from securebase.names import NOT_ASSESSABLE
from securebase.report.wording import (
    VERDICTS,
    Number,
    Sentence,
    check_name,
    check_value,
    claimed_region,
    decimals_of_estimate,
    factor_text,
    fixed,
    listed,
    lower_bound,
    opposite_region,
    place_words,
    probability_text,
    quantity_word,
    rope_region,
    short,
)


@dataclass(frozen=True)
class ClaimResult:
    """A declared claim and what became of it.

    Parameters
    ----------
    claim : Claim
        As the codebook declares it.
    row : mapping
        Its row of ``claims.csv``; empty when there is none.
    reasons : tuple of str
        Why its numbers are withheld; empty when they are not.
    file : str
        Where the row stands, from the folder of the page.
    elsewhere : str
        Verdict that the moments of a public bundle lead to; empty where nobody fitted them.
    """

    claim: Claim
    row: dict[str, Any]
    reasons: tuple[str, ...]
    file: str
    elsewhere: str = ""

    @property
    def verdict(self) -> str:
        """One of `securebase.report.wording.VERDICTS`."""
        return NOT_ASSESSABLE if self.reasons else str(self.row["verdict"])

    @property
    def sign(self) -> str:
        """The verdict as a sign, for those who do not see its colour."""
        return VERDICTS[self.verdict]

    @property
    def lines(self) -> list[int]:
        """Line of its row in the file; empty when there is none."""
        return [int(self.row["line"])] if "line" in self.row else []

    @property
    def withheld(self) -> bool:
        """Whether its numbers must not be shown."""
        return bool(self.reasons)

    @property
    def claimed_column(self) -> str:
        """Column with the probability of the claim: a claim of zero is one for the ROPE."""
        return claimed_column(self.claim.direction)

    @property
    def unit(self) -> str:
        """Unit of the estimate, as the table of claims says."""
        return str(self.row.get("unit", "") or self.claim.unit or "")

    @property
    def unit_words(self) -> str:
        """Unit as said after a number; a correlation has none."""
        return "" if self.unit in {"", "correlation"} else f" {self.unit}"

    def value(self, column: str) -> float:
        """Give a number of its row, NaN when withheld."""
        return float("nan") if self.withheld else float(self.row[column])

    def estimate(self, column: str) -> Number:
        """Print a number in the unit of the estimand; Monte Carlo error decides its digits."""
        places = 2 if self.withheld else decimals_of_estimate(self.row)
        return self._number(column, fixed(self.value(column), places))

    def probability(self, column: str) -> Number:
        """Print a probability; Monte Carlo error decides its digits."""
        text = probability_text(self.value(column), self.value("p_mcse"))
        return self._number(column, text)

    @property
    def mcse(self) -> Number:
        """Monte Carlo standard error of its probabilities."""
        value = self.value("p_mcse")
        text = "< 0.001" if value < 0.001 else fixed(value, 3)
        return self._number("p_mcse", text)

    @property
    def prior_probability(self) -> Number:
        """Probability of the claimed region before the data."""
        return self._number("p_prior", fixed(self.value("p_prior"), 2))

    def rope_limit(self, column: str) -> Number | str:
        """Print a limit of its ROPE: as judged, or as declared where its row is withheld."""
        limit = {"rope_low": self.claim.rope.low, "rope_high": self.claim.rope.high}[column]
        return short(limit) if self.withheld else self._number(column, short(limit))

    @property
    def prior_needed(self) -> Number:
        """Prior probability from which on the data would have sufficed for a verdict."""
        value = self.value("prior_needed")
        return self._number("prior_needed", "< 0.01" if value < 0.01 else fixed(value, 2))

    @property
    def bayes_factor(self) -> Number:
        """Factor by which the data multiplied the odds of the claimed region."""
        factor = self.value("bayes_factor")
        # where all draws agree it is only known to be larger
        larger = self.value(self.claimed_column) == 1.0
        return self._number("bayes_factor", lower_bound(factor) if larger else factor_text(factor))

    def _number(self, column: str, text: str) -> Number:
        return Number(self.value(column), text, f"{self.file}#{self.claim.id}.{column}")


def claim_results(
    study: Study,
    table: pd.DataFrame,
    failures: Mapping[str, pd.DataFrame],
    file: str = "claims.csv",
) -> list[ClaimResult]:
    """Match every claim, in declared order, with its result.

    A claim without a row, with an unknown verdict, or of an analysis that failed a check is not
    assessable: a report never drops a claim and never prints a number it cannot stand for.

    Parameters
    ----------
    study : Study
        The codebook.
    table : pandas.DataFrame
        ``claims.csv``.
    failures : mapping of str to pandas.DataFrame
        Failed checks by analysis; claims of analyses that are not in it are left out.
    file : str
        The file of the table, from the folder of the page.
    """
    numbered = table.rename_axis("line").reset_index().to_dict("records")
    rows = {str(row["id"]): row for row in numbered}
    return [
        ClaimResult(
            claim,
            {str(key): value for key, value in rows.get(claim.id, {}).items()},
            _reasons(rows.get(claim.id), failures[claim.analysis]),
            file,
        )
        for claim in study.claims
        if claim.analysis in failures
    ]


def _reasons(row: dict[Any, Any] | None, failures: pd.DataFrame) -> tuple[str, ...]:
    failed = tuple(check_words(check) for check in failures.to_dict("records"))
    if failed:
        return failed
    if row is None:
        return ("claims.csv has no row for it",)
    if row["verdict"] == NOT_ASSESSABLE or row["verdict"] not in VERDICTS:
        return ("its own quality was judged too low (see claims.csv)",)
    if pd.isna(row["median"]) or pd.isna(row["p_beyond"]):
        return ("claims.csv gives no number for it",)
    return ()


def check_words(check: dict[Any, Any]) -> str:
    """Say a check in words: "E-BFMI of chain 2 is 0.18, should be at least 0.3"."""
    bound = {"<=": "at most", ">=": "at least", "<": "below", ">": "above", "==": "exactly"}
    what = f" of {place_words(str(check['what']))}" if check["what"] else ""
    comparison = bound.get(str(check["comparison"]), str(check["comparison"]))
    return (
        f"{check_name(str(check['check']))}{what} is {check_value(float(check['value']))}, "
        f"should be {comparison} {short(float(check['threshold']))}"
    )


def verdict_sentence(result: ClaimResult, decision: Decision) -> Sentence:
    """Say a verdict and what it rests on, from a fixed template per verdict."""
    if result.withheld:
        more = f" (and {len(result.reasons) - 3} more)" if len(result.reasons) > 3 else ""
        return (f"No verdict and no numbers: {listed(result.reasons[:3])}{more}.",)
    return (*_grounds(result, decision), *_estimate(result))


def _unreached(result: ClaimResult, decision: Decision) -> str:
    """Say that no answer is probable enough, and if it is Monte Carlo error that stands between."""
    needed = short(decision.probability)
    regions = ("p_beyond", "p_rope", "p_opposite")
    if max(result.value(region) for region in regions) < decision.probability:
        return f"No answer reaches probability {needed}"
    return f"No answer reaches probability {needed} by {short(decision.mcse_margin)} MCSE"


def _grounds(result: ClaimResult, decision: Decision) -> Sentence:
    claim, unit = result.claim, result.unit_words
    mcse: Sentence = (" (MCSE ", result.mcse, ")")
    if result.verdict == "undecided":
        return (f"{_unreached(result, decision)}: ", *_probabilities(result), *mcse, ".")
    if result.verdict == "contradicted" and claim.direction == "zero":
        inside = result.probability("p_rope").stressed()
        return (
            *("With probability ", inside, *mcse, " only "),
            f"{quantity_word(claim)} is {rope_region(claim)}{unit}.",
        )
    column, region, comment = {
        "supported": (result.claimed_column, claimed_region(claim), ""),
        "contradicted": ("p_opposite", opposite_region(claim), ", against the claim"),
        "practically zero": ("p_rope", rope_region(claim), ", too small to matter"),
    }[result.verdict]
    return (
        *("With probability ", result.probability(column).stressed(), *mcse, " "),
        f"{quantity_word(claim)} is {region}{unit}{comment}.",
    )


def _estimate(result: ClaimResult) -> Sentence:
    return (
        *(" Its median is ", result.estimate("median").stressed(), result.unit_words),
        *(" (95 % ETI ", result.estimate("q2_5"), " to ", result.estimate("q97_5"), ")."),
    )


def _probabilities(result: ClaimResult) -> Sentence:
    parts = [
        (result.probability(column), f" {region}")
        for column, region in probability_regions(result.claim).items()
    ]
    return (*parts[0], ", ", *parts[1], ", ", *parts[2])


def probability_regions(claim: Claim) -> dict[str, str]:
    """Say what region each column of probabilities is about, the claimed one first."""
    above, below = f"above {short(claim.rope.high)}", f"below {short(claim.rope.low)}"
    if claim.direction == "zero":
        return {"p_rope": rope_region(claim), "p_beyond": above, "p_opposite": below}
    return {
        "p_beyond": claimed_region(claim),
        "p_rope": rope_region(claim),
        "p_opposite": opposite_region(claim),
    }


def sides(claim: Claim) -> dict[str, str]:
    """Name the column that holds the probability of each side of the ROPE."""
    if claim.direction == "negative":
        return {"below": "p_beyond", "in": "p_rope", "above": "p_opposite"}
    return {"below": "p_opposite", "in": "p_rope", "above": "p_beyond"}


def region_style(claim: Claim, column: str) -> str:
    """Name the colour of a region: claimed, rope or opposite."""
    if claim.direction == "zero":
        return "claimed" if column == "p_rope" else "opposite"
    return {"p_beyond": "claimed", "p_rope": "rope", "p_opposite": "opposite"}[column]
