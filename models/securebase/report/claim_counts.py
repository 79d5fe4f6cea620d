"""How many claims there are of a kind, with the address of their lines."""

from collections.abc import Sequence

import pandas as pd

from securebase.report.addresses import lines_address
from securebase.report.claims import ClaimResult
from securebase.report.counting import lines_or_none
from securebase.report.wording import Number, Sentence, counted, fixed


def claims_counted(results: Sequence[ClaimResult], word: str = "") -> Number | str:
    """Count claims by the lines of their table; plain where one has no row."""
    lines = [line for result in results for line in result.lines]
    if len(lines) < len(results):
        return counted(len(results), word) if word else str(len(results))
    return lines_or_none(results[0].file if results else "", lines, word)


def expected_wrong(results: Sequence[ClaimResult]) -> Sentence:
    """Say how many of the supported claims are expected to be wrong; empty where none is."""
    supported = [result for result in results if result.verdict == "supported"]
    if not supported:
        return ()
    lacking = sum(1 - result.value(result.claimed_column) for result in supported)
    lines = [line for result in supported for line in result.lines]
    source = lines_address(supported[0].file, lines, "lack")
    return (
        *("Of the ", claims_counted(supported, "supported claim"), ", "),
        Number(lacking, fixed(lacking, 2), source),
        " are expected to be wrong (the sum of what their probabilities lack to 1).",
    )


def verdicts_kept(claims: Sequence[ClaimResult], fitted: pd.DataFrame) -> Sentence:
    """Count the claims whose verdict is the same in all re-fits: "2 of 3 claims".

    Parameters
    ----------
    claims : sequence of ClaimResult
    fitted : pandas.DataFrame
        A row per re-fit and claim, with the columns claim and verdict.
    """
    verdicts = fitted.groupby("claim")["verdict"].nunique()
    tried = [one for one in claims if one.claim.id in verdicts.index]
    kept = [one for one in tried if verdicts[one.claim.id] == 1]
    return (claims_counted(kept), " of ", claims_counted(tried, "claim"))
