"""The Data and Code Availability Standard: sixteen rules, each answered or left to the depositor.

DCAS 1.0, https://datacodestandard.org. The README answers it in a table, which is read back here,
so that an audit can count.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from securebase.deposit.availability import has_licence
from securebase.deposit.computing import time_is_known
from securebase.deposit.contents import TO_FILL_IN, Contents
from securebase.deposit.markup import heading, joined, table

Status = Literal["answered", "TO FILL IN", "not applicable"]
TITLE: Final = "Data and Code Availability Standard"
_COLUMNS: Final = ("rule", "topic", "status", "answer")


@dataclass(frozen=True)
class Answer:
    """How one rule is answered.

    Parameters
    ----------
    status : str
        "answered", "TO FILL IN" or "not applicable".
    words : str
        The section that answers it, or what is to be filled in.
    """

    status: Status
    words: str


def section(name: str, words: str = "") -> Answer:
    """Point to the section of the README that answers a rule."""
    return Answer("answered", f"Section “{name}”." + (f" {words}" if words else ""))


def _statement(contents: Contents) -> Answer:
    if contents.study.simulated:
        return section("Data Availability and Provenance Statements")
    return Answer("TO FILL IN", "How others get the raw data, at what cost and in what time.")


def _raw(contents: Contents) -> Answer:
    if contents.study.simulated:
        return section("Instructions to Replicators", "A command makes the raw data anew.")
    return section("What is omitted, and why", "Raw data are not provided; commitments are.")


def _analysis_data(contents: Contents) -> Answer:
    if any(path.endswith("/moments.csv") for path in contents.files):
        return section("Dataset list", "Moments of all cells that may be released.")
    return section("What is omitted, and why", "No moments may be released.")


def _format(contents: Contents) -> Answer:
    return section("Dataset list", "CSV, TSV, JSON, YAML and netCDF-4: open formats.")


def _metadata(contents: Contents) -> Answer:
    return section("Details on each Data Source", "`codebook.csv` and `study.yaml`.")


def _citation(contents: Contents) -> Answer:
    return section("References")


def _transformation(contents: Contents) -> Answer:
    return section("Description of programs/code", "Rule `clean_waves`; see rule 14 for the place.")


def _programs(contents: Contents) -> Answer:
    return section("Description of programs/code", "All other rules; see rule 14 for the place.")


def _source(contents: Contents) -> Answer:
    return section("Description of programs/code", "Python source, run as it is.")


def _instruments(contents: Contents) -> Answer:
    if contents.study.simulated:
        return Answer("not applicable", "No one was asked.")
    return Answer("TO FILL IN", "Questionnaires as they were shown; how participants were chosen.")


def _ethics(contents: Contents) -> Answer:
    if contents.study.simulated:
        return Answer("not applicable", "No one took part.")
    words = "Approval: by whom, its number; what participants agreed to have shared."
    return Answer("TO FILL IN", words)


def _registration(contents: Contents) -> Answer:
    said = contents.study.registration
    if said is None:
        return Answer("not applicable", "No plan was registered; every claim is exploratory.")
    place = f" at {said.place}" if said.place else ""
    words = f"Registered on {said.date.isoformat()}{place}: `plan.yaml`, `deviations.csv`."
    return Answer("answered", words)


def _documentation(contents: Contents) -> Answer:
    if not time_is_known(contents):
        return Answer("TO FILL IN", "Expected run time; all else is in this file.")
    return Answer("answered", "This file.")


def _location(contents: Contents) -> Answer:
    return Answer("TO FILL IN", "Where this package and the source archive are deposited: DOIs.")


def _licence(contents: Contents) -> Answer:
    if has_licence(contents):
        return section("License for Data", "For the code: “License for Code”.")
    return Answer("TO FILL IN", "Terms of use of this package; the code is under the MIT license.")


def _omissions(contents: Contents) -> Answer:
    return section("What is omitted, and why")


RULES: Final[tuple[tuple[str, Callable[[Contents], Answer]], ...]] = (
    ("Data Availability Statement", _statement),
    ("Raw data", _raw),
    ("Analysis data", _analysis_data),
    ("Format of data", _format),
    ("Metadata", _metadata),
    ("Citation", _citation),
    ("Data transformation", _transformation),
    ("Analysis", _programs),
    ("Format of code", _source),
    ("Instruments", _instruments),
    ("Ethics", _ethics),
    ("Pre-registration", _registration),
    ("Documentation", _documentation),
    ("Location", _location),
    ("License", _licence),
    ("Omissions", _omissions),
)


def answers(contents: Contents) -> list[Answer]:
    """Answer the sixteen rules, in their order."""
    return [answer(contents) for _, answer in RULES]


def dcas_map(contents: Contents) -> str:
    """Write the answers as a section of the README."""
    found = answers(contents)
    rows = [
        (str(number), topic, one.status, one.words)
        for number, ((topic, _), one) in enumerate(zip(RULES, found, strict=True), 1)
    ]
    open_ones = sum(one.status == TO_FILL_IN for one in found)
    before = (
        "Rules of DCAS 1.0 (https://datacodestandard.org), and where they are answered. "
        f"{open_ones} of {len(RULES)} are the depositor's to fill in.\n"
    )
    return joined((heading(2, TITLE), before, table(_COLUMNS, rows)))


def answers_in(readme: str) -> dict[int, Answer]:
    """Read the answers of a README back, by number of the rule.

    Parameters
    ----------
    readme : str
        As `dcas_map` is part of it, filled in or not.

    Returns
    -------
    dict of int to Answer
        A rule whose row is gone, or has a status that is none, is left out. A row that is said to
        be answered, but still has the mark, counts as to be filled in.
    """
    _, _, text = readme.partition(f"## {TITLE}")
    rows = re.findall(r"^\| (\d+) \| [^|]* \| ([^|]*) \| (.*) \|$", text, re.MULTILINE)
    found: dict[int, Answer] = {}
    for number, status, words in rows:
        told = TO_FILL_IN if TO_FILL_IN in words else status.strip()
        known: tuple[Status, ...] = get_args(Status)
        for one in known:
            if one == told:
                found[int(number)] = Answer(one, words)
    return found
