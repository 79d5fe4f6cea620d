"""What the field's standards ask of a Bayesian analysis, and where a page answers it.

BARG: Kruschke (2021), doi:10.1038/s41562-021-01177-7. WAMBS: Depaoli & van de Schoot (2017),
doi:10.1037/met0000065. JARS-Quant: Appelbaum et al. (2018), doi:10.1037/amp0000191.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from securebase.names import EVERY_BLOCK
from securebase.report.analysed import Analysed
from securebase.report.result_tables import FAIL, PASS
from securebase.report.sections.prior_sensitivity import graded
from securebase.report.wording import plain
from securebase.robustness import FRAGILE

NOT_APPLICABLE: Final = "not applicable"
WITHHELD: Final = "withheld"
_REST_ON_DRAWS: Final = frozenset({"sensitivity", "replication", "missing"})
_CLAIMS: Final = "claims.html#"
# of the declared spread: next to nothing is said by a prior that wide
_MUCH_WIDER: Final = 4.0


@dataclass(frozen=True)
class Item:
    """One thing that a standard asks.

    Parameters
    ----------
    standard, number : str
        Where it stands.
    asks : str
        What it asks.
    evidence : str
        Address of the section that answers it.
    met : callable (Analysed) -> bool or None
        Whether it is answered; None where it does not apply.
    """

    standard: str
    number: str
    asks: str
    evidence: str
    met: Callable[[Analysed], bool | None]

    def status(self, one: Analysed) -> str:
        """pass, fail, not applicable, or withheld: its section rests on draws that failed."""
        if one.withheld and self.evidence in _REST_ON_DRAWS:
            return WITHHELD
        met = self.met(one)
        return NOT_APPLICABLE if met is None else PASS if met else FAIL


def _groups(*names: str) -> Callable[[Analysed], bool | None]:
    return lambda one: set(names) <= set(one.results.posterior.children)


def _told(*names: str) -> Callable[[Analysed], bool | None]:
    return lambda one: all(one.results.posterior.attrs.get(name) for name in names)


def _always(one: Analysed) -> bool | None:
    return True


def _of_claims(one: Analysed) -> bool | None:
    return True if one.claims else None


def _passed(*checks: str) -> Callable[[Analysed], bool | None]:
    def passed(one: Analysed) -> bool | None:
        table = one.results.checks
        rows = table[table["check"].str.removeprefix("focal_").isin(checks)]
        return not rows.empty and bool((rows["passed"] != FAIL).all())

    return passed


def _priors_with_reasons(one: Analysed) -> bool | None:
    priors = one.results.priors
    return priors is not None and bool((priors["reason"].astype(str).str.len() > 0).all())


def _refitted(*blocks: str, widest: float = 1.0) -> Callable[[Analysed], bool | None]:
    def refitted(one: Analysed) -> bool | None:
        if not one.claims:
            return None
        grid = one.results.grid
        if grid is None:
            return False
        fitted = grid[(grid["failure"] == "") & (grid["factor"] >= widest)]
        return bool(fitted["block"].str.endswith(blocks or "").any())

    return refitted


def _steady(one: Analysed) -> bool | None:
    if not one.claims:
        return None
    grades = [plain(graded(one.results, two, one.rules.decision)) for two in one.shown]
    return bool(grades) and all(words and not words.startswith(FRAGILE) for words in grades)


def _chains_shown(one: Analysed) -> bool | None:
    return not one.withheld


def _draws_of_claims_shown(one: Analysed) -> bool | None:
    return not one.withheld if one.claims else None


def _those_who_left(one: Analysed) -> bool | None:
    return one.results.dropout is not None if one.claims else None


def _sampled(one: Analysed) -> bool | None:
    return None


ITEMS: Final = (
    Item("BARG", "1.A", "Explain the data.", "data", _always),
    Item("BARG", "1.B", "Likelihood, parameters and their hierarchy.", "model", _always),
    Item("BARG", "1.C", "Priors, each with its reason.", "priors", _priors_with_reasons),
    Item("BARG", "1.D", "A formal specification.", "model", _told("equation", "declared")),
    Item("BARG", "1.E", "What the priors alone foretell.", "priors", _groups("prior_predictive")),
    Item("BARG", "2.A", "Software and versions.", "origin", _told("versions")),
    Item("BARG", "2.B", "Convergence of every quantity.", "trust", _passed("r_hat")),
    Item("BARG", "2.C", "Effective draws of every quantity.", "trust", _passed("ess_bulk")),
    Item("BARG", "2.D", "What is inexact, if not sampled.", "computation", _sampled),
    Item(
        "BARG", "3.A", "Posterior predictive check.", "replication", _groups("posterior_predictive")
    ),
    Item("BARG", "3.B", "Centre and interval of what is asked.", "answer", _of_claims),
    Item("BARG", "3.C", "Probability before, and factor of odds.", "priors", _of_claims),
    Item("BARG", "4", "Rule of decision; ROPE and its reason.", "answer", _of_claims),
    Item("BARG", "5", "Other priors, and whether decisions change.", "sensitivity", _refitted()),
    Item("BARG", "6", "Seed, data and settings.", "origin", _told("seed", "settings")),
    Item("WAMBS", "1", "Priors on the scale of the outcome.", "priors", _groups("prior")),
    Item("WAMBS", "2", "Chains agree, to the eye.", "computation", _chains_shown),
    Item("WAMBS", "3", "Half of the draws say the same.", "computation", _draws_of_claims_shown),
    Item("WAMBS", "4", "Enough draws for the tails.", "trust", _passed("ess_tail")),
    Item("WAMBS", "5", "Autocorrelation.", "computation", _draws_of_claims_shown),
    Item("WAMBS", "6", "Estimates make sense: replicated as observed.", "replication",
         _groups("posterior_predictive")),
    Item("WAMBS", "7", "Other priors of variances and correlations.", "sensitivity",
         _refitted("_sd", "_corr")),
    Item("WAMBS", "8", "Priors at least four times as wide.", "sensitivity",
         _refitted(EVERY_BLOCK, widest=_MUCH_WIDER)),
    Item("WAMBS", "9", "No verdict is fragile under other priors.", "sensitivity", _steady),
    Item("WAMBS", "10", "Words for posteriors only: pages with others are not written.", "reading",
         _always),
    Item("JARS", "flow", "Participants at each stage.", f"{_CLAIMS}people", _always),
    Item("JARS", "exclusions", "Who and what was set aside, and why.", f"{_CLAIMS}people", _always),
    Item("JARS", "measures", "Reliability of measures, here.", f"{_CLAIMS}scoring", _always),
    Item("JARS", "missing", "Missing data, and what they are taken for.", "missing", _always),
    Item("JARS", "missing", "Whether those who left could change it.", "missing", _those_who_left),
)  # fmt: skip


def statuses(one: Analysed) -> Iterator[tuple[Item, str]]:
    """Hold an analysis against every item."""
    return ((item, item.status(one)) for item in ITEMS)
