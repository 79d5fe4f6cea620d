"""An audit as a page: what failed first, then every check, then what was not tested."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Outcome, Said, Status, counts
from securebase.audit.questions.shown import answer_shown
from securebase.audit.report import Report
from securebase.faults import InputError
from securebase.report.rendering import rendered
from securebase.report.tables import Light

_GROUPS: Final[Mapping[str, str]] = {
    "A0": "Are these the files?",
    "A1": "Was it planned, and is it all?",
    "A2": "Do the draws give the numbers?",
    "A3": "Are the draws of this model?",
    "A4": "Do the priors decide?",
    "A5": "Are the moments sound?",
    "A6": "Does it give anybody away?",
    "A7": "Is it said plainly?",
    "A8": "Do the records agree?",
}
_VERDICTS: Final = (
    ("FAIL", "Not to be relied on: a check failed."),
    ("WARN", "No check failed; some ask for a second look."),
    ("PASS", "No check failed."),
)


@dataclass(frozen=True)
class Shown:
    """A check as the page shows it.

    Parameters
    ----------
    outcome : Outcome
    said : sequence of Said
        Its sentences, those that decide first.
    """

    outcome: Outcome
    said: Sequence[Said]

    @property
    def light(self) -> Light:
        """Its sign."""
        return Light(self.outcome.status.lower())


@dataclass(frozen=True)
class Group:
    """Checks of one question."""

    name: str
    title: str
    checks: Sequence[Shown]


def audit_page(report: Report) -> str:
    """Render an audit as one HTML file that loads nothing."""
    opened, outcomes = report.opened, report.outcomes
    found = {one.status for one in outcomes}
    return rendered(
        "audit.html.j2",
        title=_title(opened),
        bundle=opened.manifest_sha256[:12] or "without a manifest",
        verdict=next(words for status, words in _VERDICTS if status in found),
        counts=counts(outcomes),
        failed=[one for one in outcomes if one.status == "FAIL"],
        groups=_groups(outcomes),
        answers=[answer_shown(one) for one in report.answers],
        not_asked=report.not_asked,
        untested=report.untested,
        level=report.level,
        seed=report.seed,
        version=version("securebase"),
        made_up=False,
    )


def _title(opened: Opened) -> str:
    try:
        return opened.study.title
    except (InputError, OSError, ValueError):
        return opened.folder.name


def _groups(outcomes: Sequence[Outcome]) -> list[Group]:
    return [
        Group(name.lower(), title, [_shown(one) for one in outcomes if one.id.startswith(name)])
        for name, title in _GROUPS.items()
        if any(one.id.startswith(name) for one in outcomes)
    ]


def _shown(one: Outcome) -> Shown:
    order: tuple[Status, ...] = ("FAIL", "WARN", "PASS", "SKIP")
    # a PASS is what holds where nothing else was said
    kept = [said for said in one.said if said.status != "PASS" or one.status == "PASS"]
    return Shown(one, sorted(kept, key=lambda said: order.index(said.status)))
