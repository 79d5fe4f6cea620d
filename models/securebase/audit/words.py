"""A70 and A71: the words of the pages, and what a reader has to be told of a bundle."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import yaml

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.report.language import foreign_words

README, CODECHECK = "README.md", "codecheck.yml"
# the items of the Data and Code Availability Standard that a README answers, by a word of each
_ITEMS: Final[Mapping[str, str]] = {
    "data availability": r"data availability",
    "rights": r"rights|licen[cs]e",
    "list of files": r"list of files|files|contents",
    "software": r"software|requirements",
    "expected run time": r"run ?time|minutes|hours",
    "how to check it": r"securebase audit",
    "what is left out": r"left out|omitted|withheld|not in the bundle",
}
_TEMPLATE: Final = r"^#+ .*data availability"
_FIELDS: Final = ("version", "paper", "manifest")


def wording(opened: Opened) -> Iterator[Said]:
    """A70: no page uses the words of another school."""
    for page in opened.pages():
        for word, around in foreign_words(opened.text(page)):
            yield warns(f"'{word}' in {page}: “…{around}…”.")
    if opened.pages():
        yield passes(f"No frequentist wording in {len(opened.pages())} pages.")
    else:
        yield skips("The bundle has no pages.")


def told(opened: Opened) -> Iterator[Said]:
    """A71: README and CODECHECK tell what they have to."""
    for file, check in ((README, _of_readme), (CODECHECK, _of_codecheck)):
        if opened.has(file):
            yield from check(opened)
        else:
            yield skips(f"{file} is not in the bundle.")


def _of_readme(opened: Opened) -> Iterator[Said]:
    text = opened.text(README)
    if not re.search(_TEMPLATE, text, re.IGNORECASE | re.MULTILINE):
        yield skips(f"{README} does not follow the template of data editors.")
        return
    for item, pattern in _ITEMS.items():
        if not re.search(pattern, text, re.IGNORECASE):
            yield fails(f"{README}: missing: {item}.")
    yield passes(f"{len(_ITEMS)} of {len(_ITEMS)} items of {README} answered.")


def _of_codecheck(opened: Opened) -> Iterator[Said]:
    said = yaml.safe_load(opened.text(CODECHECK))
    for field in _FIELDS:
        if not (isinstance(said, dict) and said.get(field)):
            yield fails(f"{CODECHECK}: missing: {field}.")
            return
    for one in said["manifest"]:
        if not opened.has(str(one.get("file"))):
            yield fails(f"{CODECHECK} lists {one.get('file')}, which is not in the bundle.")
    yield passes(f"{CODECHECK} lists {len(said['manifest'])} files.")
