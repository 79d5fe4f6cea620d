"""A10 to A12: what was registered, what became different, and whether all was answered."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips
from securebase.registration.deviations import Deviation, deviations_from
from securebase.report.wording import VERDICTS, counted

PLAN: Final = "plan.yaml"
LISTED: Final = "deviations.csv"
_NOT_REGISTERED: Final = "No plan was registered: claims are exploratory."


def _departures(opened: Opened) -> list[Deviation]:
    decision = opened.as_run.decision
    return opened.once(
        "deviations", PLAN, lambda: deviations_from(opened.plan, opened.study, decision)
    )


def registered(opened: Opened) -> Iterator[Said]:
    """A10: the plan is the one that was registered, and nothing is different in silence."""
    said = opened.study.registration
    if said is None:
        claims = opened.study.claims
        if any(one.declared == "confirmatory" for one in claims):
            yield fails("Claims are called confirmatory, but no plan was registered.")
        yield skips(_NOT_REGISTERED)
        return
    if sha256(opened.path(PLAN).read_bytes()).hexdigest() != said.sha256:
        yield fails(f"{PLAN} is not the registered file: its digest is another.")
    listed = set(opened.table(LISTED)["what"]) if opened.has(LISTED) else set()
    found = _departures(opened)
    for one in found:
        if one.what not in listed:
            yield fails(f"Changed after registration, and not listed: {one}.")
    where = said.place or "nowhere that is told"
    yield passes(
        f"{PLAN} equals the registered file ({said.date.isoformat()}, {where}); "
        f"{counted(len(found), 'deviation')} listed."
    )


def explained(opened: Opened) -> Iterator[Said]:
    """A11: every deviation has a reason, and is told as it is."""
    if opened.study.registration is None:
        yield skips(_NOT_REGISTERED)
        return
    found = {one.what: one for one in _departures(opened)}
    if not opened.has(LISTED):
        for one in found.values():
            yield fails(f"Deviation not explained: {one}.")
        yield passes("Nothing is different from the plan.")
        return
    rows = opened.table(LISTED).astype(str)
    for row in rows.itertuples():
        departure = found.get(str(row.what))
        if departure is None:
            yield fails(f"{LISTED} names '{row.what}', which is as it was registered.")
        elif (row.registered, row.now) != (departure.registered, departure.used):
            yield fails(f"{LISTED} tells it otherwise than it is: {departure}.")
        elif not str(row.reason).strip():
            yield fails(f"Deviation not explained: {departure}.")
    yield passes(f"{counted(len(rows), 'deviation')} from the plan, each with its reason.")


def answered(opened: Opened) -> Iterator[Said]:
    """A12: every declared claim has a verdict."""
    declared = [one.id for one in opened.study.claims]
    table = opened.table("claims.csv")
    verdicts = dict(zip(table["id"], table["verdict"], strict=True))
    for name in declared:
        if verdicts.get(name) not in VERDICTS:
            yield fails(f"{name} was declared but has no verdict.")
    for name in verdicts:
        if name not in declared:
            yield fails(f"{name} has a verdict but was not declared.")
    if len(table) != len(verdicts):
        yield fails("A claim is answered twice.")
    if opened.study.registration is not None:
        for claim in opened.plan.claims:
            if claim["id"] not in declared and claim["id"] not in verdicts:
                yield fails(f"{claim['id']} was registered but has no verdict.")
    yield passes(f"{len(declared)} of {len(declared)} declared claims have a verdict.")
