"""The threat model: what could be done to a bundle, row by row, and the check that is meant for it.

Rows are numbered as in docs/audit.md.
"""

from dataclasses import dataclass
from typing import Final, Literal

from securebase.audit.outcomes import Level
from securebase.selftest.changes import Tampering


@dataclass(frozen=True)
class Mutation:
    """One tampering, and who is to see it.

    Parameters
    ----------
    row : int
        Of the threat model.
    what : str
        What is done, in words.
    check : str
        The check that is meant for it: "A25".
    change : Tampering
    status : {"FAIL", "WARN"}
        What the check has to come to.
    level : {"quick", "refit"}
        From which on the check is made.
    sealed : bool
        Whether the manifest is made anew: not by somebody who does not know of it.
    needs : str
        File that a bundle has to hold for this to be done to it.
    """

    row: int
    what: str
    check: str
    change: Tampering
    status: Literal["FAIL", "WARN"] = "FAIL"
    level: Level = "quick"
    sealed: bool = True
    needs: str = ""


ROWS: Final = {
    1: "edit a number of a table or a page",
    2: "edit draws, manifest made anew",
    3: "edit draws and compute their log density anew",
    4: "shrink intervals",
    5: "delete a bad chain, thin divergences away",
    6: "try seeds until one suits",
    7: "choose a prior after seeing the data",
    8: "a narrow prior towards the claim",
    9: "choose ROPE or probability afterwards",
    10: "drop inconvenient cases",
    11: "drop inconvenient waves, outcomes, claims",
    12: "run many models, show one",
    13: "compare models by another unit",
    14: "misreport the model or its priors",
    15: "other data for a table than for the fit",
    16: "fabricate moments",
    17: "fabricate raw data",
    18: "change a library to hide a fault",
    19: "harmful files in the bundle",
    20: "leak names, paths, labels",
    21: "a reader recovers records of small cells",
    22: "a partner or leader subtracts the own record",
    23: "a reader subtracts two samples or releases",
    24: "withhold behind privacy",
}
"""What could be done; in the order of the threat model."""

NOT_CAUGHT: Final = {
    5: "who has the chain left out of the ledger too, or rewrites the flags of divergence: only a "
    "re-fit shows the geometry",
    6: "a fresh ledger hides earlier seeds; the seed of each fit follows from names, so that only "
    "other names give other draws",
    7: "without a registered plan only the sensitivity to priors speaks (A42, A43)",
    9: "without a registered plan claims are called exploratory, and that is all",
    10: "who was left out before the commitment is in no file: recruitment records tell",
    11: "outcomes that were never registered cannot be known",
    12: "a ledger begun anew after the fits: fits before the registration are a warning, fits that "
    "nobody recorded are nowhere",
    16: "moments of invented records that lie on the scoring grid: only records under commitment "
    "can be opened to a data editor (A80, A81)",
    17: "invented raw data have honest moments: the collecting system's records tell",
    18: "the reader's own libraries compute densities, moments and re-fits; what they and the "
    "author's do wrong alike, only a second route shows (A33)",
    21: "attacks that nobody has thought of, on cells a little larger than their columns: hence "
    "the factor two of rule R2",
    22: "a partner knows one record of a cell: the others are as many less one",
    23: "earlier releases that are not given to the gate",
}
"""What remains of a row that no audit of a bundle catches, and why."""
