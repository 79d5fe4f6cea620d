"""Words and digits of a report: numbers as people read them, verdicts as sentences."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from securebase.codebook.claim import Claim, Term
from securebase.names import NOT_ASSESSABLE

NOT_AVAILABLE: Final = "not available"
FEW: Final = "fewer than 10"
"""In the place of a count from one to nine where these are withheld."""
UNTOLD: Final = "not told"
"""In the place of a number that would tell such a count."""
MINUS: Final = "\N{MINUS SIGN}"
VERDICTS: Final = {
    "supported": "\N{CHECK MARK}",
    "contradicted": "\N{MULTIPLICATION X}",
    "practically zero": "\N{ALMOST EQUAL TO}",
    "undecided": "?",
    NOT_ASSESSABLE: "!",
}

# Standard error of the 2.5 % quantile of n independent draws from a normal, in sd / sqrt(n):
# sqrt(p (1 - p)) / density at the quantile
_QUANTILE_ERROR: Final = 2.67
_MOST_DECIMALS: Final = 3
_DECIMALS_WITHOUT_MCSE: Final = 2


@dataclass(frozen=True)
class Number:
    """A printed number, and the cell of a table it was read from.

    Parameters
    ----------
    value : float
        As in the table; NaN when there is none.
    text : str
        As printed.
    source : str
        File, row and column, such as ``claims.csv#H1.median``: see docs/addresses.md.
    strong : bool
        Whether a sentence leans on it.
    """

    value: float
    text: str
    source: str
    strong: bool = False

    def __str__(self) -> str:
        """Give the number as printed."""
        return self.text

    @property
    def available(self) -> bool:
        """Whether there is a number at all."""
        return not math.isnan(self.value)

    def stressed(self) -> "Number":
        """Give the same number, to be set in bold."""
        return replace(self, strong=True)


Sentence = tuple[str | Number, ...]


def told_below(sentence: Sentence, folder: str) -> Sentence:
    """Say a sentence on a page one folder up, where addresses start with the folder."""
    return tuple(
        replace(one, source=f"{folder}/{one.source}") if isinstance(one, Number) else one
        for one in sentence
    )


def plain(sentence: Iterable[str | Number]) -> str:
    """Say a sentence as plain text, for labels that cannot hold markup."""
    return "".join(map(str, sentence))


def decimals(mcse: float) -> int:
    """Count the decimals up to the first one that Monte Carlo error touches, at most three."""
    if not (math.isfinite(mcse) and mcse > 0):
        return _DECIMALS_WITHOUT_MCSE
    return min(_MOST_DECIMALS, max(0, -math.floor(math.log10(mcse))))


def decimals_of_estimate(row: Mapping[str, Any]) -> int:
    """Count the decimals that a mean and the limits of its 95 % interval can bear.

    Parameters
    ----------
    row : mapping
        ``sd`` of the posterior and its effective sample sizes ``ess_bulk`` and ``ess_tail``.
    """
    sd, bulk, tail = (float(row[name]) for name in ("sd", "ess_bulk", "ess_tail"))
    if not (sd > 0 and bulk > 0 and tail > 0):
        return _DECIMALS_WITHOUT_MCSE
    return decimals(max(sd / math.sqrt(bulk), _QUANTILE_ERROR * sd / math.sqrt(tail)))


def fixed(value: float, places: int) -> str:
    """Print a number with so many decimals, a true minus sign and no negative zero."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    text = f"{abs(value):.{places}f}"
    negative = value < 0 and any(digit in text for digit in "123456789")
    return MINUS + text if negative else text


def short(value: float) -> str:
    """Print a number with as few digits as it was given: limits, times, thresholds."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    return f"{value:.6g}".replace("-", MINUS)


def factor_text(value: float) -> str:
    """Print a factor of odds: whole where it is large, with two decimals where it is not."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    if value < 0.005:
        return "< 0.01"
    return f"{value:,.0f}" if value >= 10 else fixed(value, 2)


def lower_bound(value: float) -> str:
    """Print what is only known to be larger: rounded down, so that it is."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    whole = math.ceil(value) - 1
    return f"> {whole:,}" if whole >= 10 else f"> {(math.ceil(100 * value) - 1) / 100:.2f}"


def probability_text(value: float, mcse: float) -> str:
    """Print a probability; one that rounds to 0 or 1 is told from certainty."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    places = max(decimals(mcse), _DECIMALS_WITHOUT_MCSE)
    smallest, text = 10**-places, f"{value:.{places}f}"
    if float(text) == 0.0:
        return f"< {smallest:.{places}f}"
    return f"> {1 - smallest:.{places}f}" if float(text) == 1.0 else text


def claimed_region(claim: Claim) -> str:
    """Say where the claim puts its quantity: "below −0.1"."""
    return _region(claim, claim.direction)


def opposite_region(claim: Claim) -> str:
    """Say where the quantity lies when it goes against the claim."""
    opposite = {"negative": "positive", "positive": "negative", "zero": "outside"}
    return _region(claim, opposite[claim.direction])


def rope_region(claim: Claim) -> str:
    """Say where the quantity lies when it is too small to matter."""
    return _region(claim, "zero")


def _region(claim: Claim, side: str) -> str:
    low, high = short(claim.rope.low), short(claim.rope.high)
    return {
        "negative": f"below {low}",
        "positive": f"above {high}",
        "zero": f"between {low} and {high}",
        "outside": f"outside {low} to {high}",
    }[side]


def estimand_words(claim: Claim) -> str:
    """Say a contrast in words: "change (anxiety) minus change (avoidance), mean over roles"."""
    words = ""
    for position, term in enumerate(claim.estimand):
        sign = "minus " if term.weight < 0 else ("plus " if position else "")
        factor = "" if abs(term.weight) == 1 else f"{short(abs(term.weight))} × "
        words += f"{' ' if position else ''}{sign}{factor}{_term_words(term)}"
    averaged = {term.mean_over for term in claim.estimand}
    if len(averaged) == 1 and (dims := averaged.pop()):
        words += f", mean over {' and '.join(f'{dim}s' for dim in dims)}"
    return words


def _term_words(term: Term) -> str:
    at = ", ".join(value.replace("_", " ") for value in term.at.values())
    return variable_words(term.variable) + (f" ({at})" if at else "")


def variable_words(name: str) -> str:
    """Say the name of a posterior variable: "unit_corr" is "unit correlation"."""
    full = {"corr": "correlation", "sd": "standard deviation"}
    words = " ".join(full.get(word, word) for word in name.split("_"))
    return f"{words} effect" if words.endswith(("lagged", "concurrent")) else words


def place_words(place: str) -> str:
    """Say where in a posterior: "level[role=patient, outcome=anxiety]" is "level (patient, …)"."""
    name, _, coordinates = place.removesuffix("]").partition("[")
    if not coordinates:
        return place
    labels = [part.rpartition("=")[2] for part in coordinates.split(", ")]
    return f"{variable_words(name)} ({', '.join(labels)})"


def quantity_word(claim: Claim) -> str:
    """Name the quantity of a claim in a sentence: the difference, the change, the effect."""
    if len(claim.estimand) > 1:
        return "the difference" if any(term.weight < 0 for term in claim.estimand) else "the sum"
    variable = claim.estimand[0].variable
    if "_on_" in variable:
        return "the effect"
    return f"the {variable_words(variable)}"


def check_name(name: str) -> str:
    """Say the name of a check in words: "focal_ess_tail" is "tail ESS, claims"."""
    names = {
        "r_hat": "R-hat",
        "ess_bulk": "bulk ESS",
        "ess_tail": "tail ESS",
        "e_bfmi": "E-BFMI",
        "mcse": "MCSE of means",
        "p_mcse": "MCSE of probabilities",
        "moment_ppp": "moment PPP",
    }
    base = name.removeprefix("focal_")
    words = names.get(base, base.replace("_", " "))
    return f"{words}, claims" if base != name else words


def check_value(value: float) -> str:
    """Print the value of a check: enough digits to see on which side of its threshold it lies."""
    return fixed(value, 0) if abs(value) >= 1000 else short(float(f"{value:.4g}"))


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Say a number of things: "1 couple", "1,204 couples"."""
    word = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {word}"


def strung(parts: Iterable[Sentence], between: str = ", ", last: str = " and ") -> Sentence:
    """Join pieces of a sentence, as `listed` joins words."""
    *most, end = list(parts) or [()]
    if not most:
        return end
    joined = [piece for part in most for piece in (between, *part)][1:]
    return (*joined, last, *end)


def listed(words: Iterable[str]) -> str:
    """Join words as in a sentence: "a, b and c"."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last
