"""The words of a page: what it may not say, and what its terms mean."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Final

from markupsafe import Markup, escape

from securebase.faults import Fault, InputError

FOREIGN: Final = re.compile(
    r"\b(?:(?:non-?|in)?significan(?:t|ce|tly)|p[ -]values?|p\s*[<>=]\s*0?\.\d+"
    r"|confidence intervals?|null[ -]hypothes[ie]s|reject(?:s|ed|ing)?|statistical(?:ly)? power"
    r"|type[ -]I{1,2} errors?)\b",
    re.IGNORECASE,
)
"""Words of another school of inference, which answers other questions than a posterior does."""

GLOSSARY: Final[Mapping[str, str]] = {
    "Posterior": "What the data and the declared priors together leave believable.",
    "Prior": "What is believed before the data are seen, declared with a reason.",
    "ETI": "Equal-tailed interval: 2.5 % of the posterior lies on either side of it.",
    "ROPE": "Region of practical equivalence: effects too small to matter, declared with a reason.",
    "MCSE": "Monte Carlo standard error: how much a printed number would move if the computer drew "
    "again. Digits end where it begins.",
    "R-hat": "Whether independent chains of draws agree: it is near 1 where they do.",
    "ESS": "Effective sample size: how many independent draws the chains are worth.",
    "E-BFMI": "Energy fraction: whether the sampler moves freely through the whole posterior.",
    "LKJ": "A prior for correlation matrices; with shape 1 all are equally believable, above 1 "
    "those near zero are more so.",
    "Power-scaling": "How far an answer moves when the prior, or the data, count a little more.",
    "SHA-256": "Fingerprint of a file: files with the same one are the same.",
}
"""Terms in plain words, for the hover and for the end of a page."""

_TERMS: Final = re.compile(rf"\b({'|'.join(map(re.escape, GLOSSARY))})\b", re.IGNORECASE)
_AROUND: Final = 30
_UNREAD: Final = frozenset({"style", "script", "title"})
_VOID: Final = frozenset({"meta", "br", "link", "img", "hr", "input", "col"})


def glossed(text: object) -> Markup:
    """Explain each term of a text where it comes first.

    Parameters
    ----------
    text : object
        Said as text; markup in it is escaped.

    Returns
    -------
    Markup
        With ``abbr`` elements, whose titles are the explanations.
    """
    known: set[str] = set()

    def explained(match: re.Match[str]) -> str:
        word = match[0]
        term = next(one for one in GLOSSARY if one.lower() == word.lower())
        # a term in small letters, as most people know it, is left alone in the middle of prose
        if term in known or (term.isupper() and word != term):
            return word
        known.add(term)
        return f'<abbr title="{escape(GLOSSARY[term])}">{word}</abbr>'

    return Markup(_TERMS.sub(explained, str(escape(text))))


class _Words(HTMLParser):
    """The text a reader sees, without what the page quotes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[bool] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag in _UNREAD or "data-quoted" in dict(attrs))
        self.words += [value for key, value in attrs if key == "aria-label" and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Skip what holds no text."""

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open):
            self.words.append(data)


def foreign_words(html: str) -> Iterator[tuple[str, str]]:
    """Find words a page may not say: each with what stands around it.

    Elements with the attribute ``data-quoted`` hold the words of others and may say anything.
    """
    reader = _Words()
    reader.feed(html)
    text = " ".join(" ".join(reader.words).split())
    for match in FOREIGN.finditer(text):
        start, stop = max(match.start() - _AROUND, 0), match.end() + _AROUND
        yield match[0], text[start:stop]


def refuse_foreign_words(html: str, page: str) -> None:
    """Raise one `InputError` with every word that a page may not say.

    Parameters
    ----------
    html : str
        The whole page.
    page : str
        Its name, for the message.
    """
    expected = "words for posteriors: probability, interval, supported, undecided"
    remedy = "say it otherwise in the codebook, or in the template"
    faults = [
        Fault(page, f"'{word}' in “…{around}…”", expected, remedy)
        for word, around in foreign_words(html)
    ]
    if faults:
        raise InputError(f"the words of {page}", faults)
