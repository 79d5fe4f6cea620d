"""A70 and A71: the words of the pages, and what a reader has to be told of a bundle."""

from collections.abc import Iterator
from typing import Final

import yaml

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.deposit.contents import TO_FILL_IN
from securebase.deposit.dcas import RULES, answers_in
from securebase.report.language import foreign_words
from securebase.report.wording import counted

README, CODECHECK = "README.md", "codecheck.yml"
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
    found = answers_in(opened.text(README))
    for number, (topic, _) in enumerate(RULES, 1):
        if number not in found:
            yield fails(f"{README} does not answer rule {number} of DCAS, {topic}.")
    left = sum(one.status == TO_FILL_IN for one in found.values())
    yield passes(f"{len(found)} of {len(RULES)} DCAS items answered.")
    if left:
        yield skips(f"{counted(left, 'of them is', 'of them are')} the depositor's to fill in.")


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
