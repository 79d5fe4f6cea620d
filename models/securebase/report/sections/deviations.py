"""What is different from the registered plan, as a study's page of claims says it."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from securebase.codebook.loading import Study
from securebase.codebook.plan import read_plan
from securebase.codebook.registration import Registration
from securebase.ledger.listing import SIMULATED
from securebase.registration.deviations import Deviation, deviations
from securebase.report.result_tables import WARN
from securebase.report.rules import Rules
from securebase.report.section import Block, Note, Section
from securebase.report.sections.tried import Record
from securebase.report.tables import Light, Table
from securebase.report.wording import counted, listed

_NAME: Final = "deviations"
_TITLE: Final = "Deviations from the plan"
_UNREGISTERED: Final = ("No plan was registered; all claims are as declared in the codebook.",)


def section(study: Study, rules: Rules, record: Record | None) -> Section:
    """Say what plan was registered, and list what is different now."""
    if study.registration is None:
        return Section(_NAME, _TITLE, _UNREGISTERED)
    found = deviations(study, rules.decision)
    blocks = _blocks(study, study.registration, found, record)
    return Section(_NAME, _TITLE, (sentence(study.registration, found),), tuple(blocks))


def sentence(registration: Registration, found: Sequence[Deviation]) -> str:
    """Count the deviations, and those that nobody has explained."""
    plan = f"the plan registered on {registration.date.isoformat()}"
    if not found:
        return f"Nothing is different from {plan}."
    unexplained = sum(not one.reason for one in found)
    if not unexplained:
        every = "explained" if len(found) == 1 else "all of them explained"
        return f"{counted(len(found), 'deviation')} from {plan}, {every}."
    lacking = "not explained" if len(found) == 1 else f"{unexplained} of them not explained"
    return f"{counted(len(found), 'deviation')} from {plan}, {lacking}."


def _blocks(
    study: Study, registration: Registration, found: Sequence[Deviation], record: Record | None
) -> Iterator[Block]:
    if found:
        yield _table(found, registration)
    plan = read_plan(registration)
    if plan.note:
        yield Note((plan.note,), quoted=True)
    yield Note((" ".join(_registered(study, registration)),))
    if record is not None and (early := _before(record.fits, registration)):
        yield Note((f"{counted(early, 'fit')} in the ledger began before that day.",))


def _table(found: Sequence[Deviation], registration: Registration) -> Table:
    return Table(
        caption="What is different",
        columns=("what", "registered", "now", "why"),
        rows=tuple(
            (one.what, one.registered, one.used, one.reason or Light(WARN, "not explained"))
            for one in found
        ),
        source=registration.file,
        quotes=True,
    )


def _registered(study: Study, registration: Registration) -> Iterator[str]:
    place = registration.place
    yield f"Deposited: {place}." if place else "The plan was not deposited with anyone."
    yield f"File: {registration.file}, SHA-256 {registration.sha256}."
    known = {str(one["id"]) for one in read_plan(registration).claims}
    later = [one.id for one in study.claims if one.id not in known]
    if later:
        yield f"Declared after the registration, and so exploratory: {listed(later)}."


def _before(fits: pd.DataFrame, registration: Registration) -> int:
    own = fits[(fits["data"] != SIMULATED) & (fits["date"] < registration.date.isoformat())]
    return int(own["fits"].sum())
