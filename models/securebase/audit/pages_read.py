"""Pages of a bundle taken apart: numbers with their addresses, and verdicts. Nothing is run."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from securebase.report.wording import FEW, MINUS, NOT_AVAILABLE, UNTOLD

_NUMBER: Final = re.compile(r"-?\d+(?:\.(\d+))?")
# what stands in the place of a number that is not there, with or without what is counted
_ABSENT: Final = (NOT_AVAILABLE, FEW, UNTOLD)
_ROWS: Final = ("li", "tr")


@dataclass(frozen=True)
class Printed:
    """A number of a page.

    Parameters
    ----------
    source : str
        Its address.
    value : float
        As the page keeps it; NaN where there is none.
    text : str
        As it is printed.
    """

    source: str
    value: float
    text: str

    @property
    def agrees(self) -> bool:
        """Whether what is printed is the value, to the printed digits."""
        digits = self.text.replace(MINUS, "-").replace(",", "")
        for sign, holds in (("< ", self.value.__lt__), ("> ", self.value.__gt__)):
            if digits.startswith(sign):
                return bool(holds(float(digits[2:])))
        if self.value != self.value:
            return self.text.startswith(_ABSENT)
        number = _NUMBER.match(digits)
        if number is None:
            return False
        scale = 100.0 if digits.endswith(" %") else 1.0
        half = 0.5 * 10.0 ** -len(number[1] or "")
        return abs(float(number[0]) - scale * self.value) <= half * (1 + 1e-9)

    @property
    def decimals(self) -> int | None:
        """Printed decimals; None for bounds, percentages and what is not there."""
        number = _NUMBER.fullmatch(self.text.replace(MINUS, "-").replace(",", ""))
        return len(number[1] or "") if number else None


class PageReader(HTMLParser):
    """Numbers and verdicts of a page.

    Parameters
    ----------
    html : str
        The whole page.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.numbers: list[Printed] = []
        self.verdicts: list[tuple[str, str]] = []
        self._number: list[str] | None = None
        self._claim: str | None = None
        self._in_id = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a number, a claim or a verdict begins."""
        found = {key: value or "" for key, value in attrs}
        kinds = found.get("class", "").split()
        if tag in _ROWS:
            self._claim = None
        if "data-src" in found:
            self._number = [found["data-src"], found.get("value", "nan"), ""]
        elif kinds == ["id"]:
            self._claim, self._in_id = "", True
        elif kinds[:1] == ["chip"] and self._claim:
            self.verdicts.append((self._claim, " ".join(kinds[1:])))
            self._claim = None

    def handle_endtag(self, tag: str) -> None:
        """Keep the number that ends here."""
        self._in_id = False
        if self._number is not None and tag in ("data", "span"):
            source, value, text = self._number
            self.numbers.append(Printed(source, _float(value), text))
            self._number = None

    def handle_data(self, data: str) -> None:
        """Gather what is printed."""
        if self._number is not None:
            self._number[2] += data
        if self._in_id and self._claim is not None:
            self._claim += data


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
