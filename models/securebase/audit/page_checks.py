"""A24 and A26: what pages print is what the tables hold, to the digits that draws can bear."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from securebase.audit.addresses_read import file_at, stays_out, value_at
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips
from securebase.audit.pages_read import PageReader, Printed
from securebase.faults import InputError
from securebase.names import NOT_ASSESSABLE
from securebase.report.wording import decimals, decimals_of_estimate

_CLAIMS_PAGE: Final = "pages/claims.html"
_ESTIMATES: Final = ("mean", "median", "q2_5", "q97_5")
_PROBABILITIES: Final = ("p_beyond", "p_rope", "p_opposite")
_LEAST: Final = 2
# where the page of claims gives the estimate of a claim: in its sentence and in the table
_PLACES: Final = 2
_NEAR: Final = 1e-9


def _page(opened: Opened, name: str) -> PageReader:
    return opened.once("page", name, lambda: PageReader(opened.text(name)))


def printed(opened: Opened) -> Iterator[Said]:
    """A26: every linked number and every verdict of the pages is that of the tables."""
    count, outside = 0, 0
    if not opened.pages():
        yield skips("The bundle has no pages.")
        return
    verdicts = opened.table("claims.csv").set_index("id")["verdict"].to_dict()
    for page in opened.pages():
        read = _page(opened, page)
        for number in read.numbers:
            if stays_out(number.source):
                outside += 1
                if not number.agrees:
                    yield fails(f"{page} prints {number.text} for {number.value:.6g}.")
            else:
                count += 1
                yield from _of_number(opened, page, number)
        for claim, verdict in read.verdicts:
            told = str(verdicts.get(claim, "no verdict")).replace(" ", "-")
            if verdict != told:
                yield fails(f"{page} says {verdict} of {claim}, the table says {told}.")
    yield from _all_claims_linked(opened, verdicts)
    yield passes(f"All {count:,} linked numbers in pages, and all verdicts, equal the tables.")
    if outside:
        yield skips(f"{outside} are counted from files that stay with the author.")


def _of_number(opened: Opened, page: str, number: Printed) -> Iterator[Said]:
    try:
        there = value_at(opened, number.source)
    except InputError as error:
        yield fails(f"{page}: {error.faults[0]}.")
        return
    if there != there and number.value != number.value:
        same = True
    else:
        same = abs(number.value - there) <= _NEAR * max(abs(there), 1.0)
    if not same:
        shown = "nothing" if number.value != number.value else f"{number.value:.6g}"
        yield fails(f"{page} has {shown} for {number.source}, the table {there:.6g}.")
    elif not number.agrees:
        yield fails(f"{page} prints {number.text} for {number.source}, which is {there:.6g}.")


def _all_claims_linked(opened: Opened, verdicts: Mapping[Any, str]) -> Iterator[Said]:
    """The page of claims must link what it says of each: what has no address is not checked."""
    read = _page(opened, _CLAIMS_PAGE)
    linked = Counter(one.source for one in read.numbers)
    told = {claim for claim, _ in read.verdicts}
    for claim, verdict in verdicts.items():
        if claim not in told:
            yield fails(f"{_CLAIMS_PAGE} gives no verdict on {claim}.")
        elif verdict != NOT_ASSESSABLE and linked[f"claims.csv#{claim}.median"] < _PLACES:
            yield fails(f"{_CLAIMS_PAGE} gives an estimate of {claim} without its address.")


def digits(opened: Opened) -> Iterator[Said]:
    """A24: no more digits are printed than Monte Carlo error leaves."""
    count = 0
    for page in opened.pages():
        for number in _page(opened, page).numbers:
            most = _bearable(opened, number)
            if most is None or number.decimals is None:
                continue
            count += 1
            if number.decimals > most:
                yield fails(
                    f"{page} prints {number.text} for {number.source}: "
                    f"Monte Carlo error leaves {most} decimals."
                )
    if not count:
        yield skips("The bundle has no pages with estimates.")
        return
    yield passes(f"All digits of {count:,} printed estimates are supported by their MCSE.")


def _bearable(opened: Opened, number: Printed) -> int | None:
    """Decimals that draws can bear; None where a number is no estimate from draws."""
    chosen, _, column = number.source.partition("#")[2].rpartition(".")
    if stays_out(number.source):
        return None
    file = file_at(opened, number.source)
    if file == "claims.csv":
        rows = opened.table(file)
        rows = rows[rows["id"] == chosen]
        if column in _PROBABILITIES and len(rows):
            return max(decimals(float(rows["p_mcse"].iloc[0])), _LEAST)
    elif file.endswith("/summary.csv"):
        rows = opened.table(file)
        rows = rows[rows["name"] + "[" + rows["coordinates"] + "]" == chosen]
    else:
        return None
    if column not in _ESTIMATES or rows.empty:
        return None
    return decimals_of_estimate({str(key): one for key, one in rows.iloc[0].items()})
