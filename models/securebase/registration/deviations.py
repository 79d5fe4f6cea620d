"""What is different from the plan that was registered, and whether the codebook says why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from securebase.codebook.closed import Closed
from securebase.codebook.loading import Study
from securebase.codebook.plan import Plan, plan_of, read_plan
from securebase.faults import Fault
from securebase.registration.withholding import plan_beside
from securebase.registration.words import contrast, lines

NOT_THERE: Final = "not there"


@dataclass(frozen=True)
class Deviation:
    """One thing that is not as it was registered.

    Parameters
    ----------
    what : str
        Such as "ROPE of H2".
    registered, used : str
        As it was, as it is; `NOT_THERE` of what is new or gone.
    reason : str
        As the codebook says; empty where it says none.
    """

    what: str
    registered: str
    used: str
    reason: str = ""

    def __str__(self) -> str:
        """One line: "ROPE of H2: −0.2 to 0.2 -> −0.05 to 0.05"."""
        return f"{self.what}: {self.registered} -> {self.used}"


def deviations(study: Study, decision: Closed) -> list[Deviation]:
    """List what is different from the registered plan of a study; nothing where there is none.

    What follows from a change is not said twice: of a claim, an analysis or a scale that is new
    or gone there is one line.

    Parameters
    ----------
    study : Study
        The codebook.
    decision : Closed
        The rule of verdicts in use.

    Raises
    ------
    InputError
        See `plan.read_plan`.
    """
    if study.registration is None:
        return []
    return deviations_from(read_plan(study.registration), study, decision)


def deviations_from(plan: Plan, study: Study, decision: Closed) -> list[Deviation]:
    """List the same, against a plan that was read already."""
    plan = plan_beside(plan, study)
    used = plan_of(study, decision, plan.securebase)
    said = study.registration.deviations if study.registration else ()
    reasons = {one.what: one.reason for one in said}
    return [
        Deviation(what, before, after, reasons.get(what, ""))
        for what, before, after in _differences(plan, used)
    ]


def explanation_faults(study: Study, decision: Closed) -> Iterator[Fault]:
    """Find reasons in a codebook that are given for what is as it was registered."""
    found = [one.what for one in deviations(study, decision)]
    for one in study.registration.deviations if study.registration else ():
        if one.what not in found:
            given = f"'{one.what}' is as it was registered"
            expected = f"one of: {', '.join(found)}" if found else "no deviation: there is none"
            file, place = f"config/studies/{study.study}.yaml", "registration.deviations"
            yield Fault(file, given, expected, column=place)


def _differences(plan: Plan, used: Plan) -> Iterator[tuple[str, str, str]]:
    before, after = list(lines(plan)), list(lines(used))
    values = [{one.what: one.value for one in said} for said in (before, after)]
    wholes = [{one.whole for one in said} for said in (before, after)]
    for line in {one.what: one for one in (*before, *after)}.values():
        first, second = (said.get(line.what) for said in values)
        if line.what == line.whole:
            there = [line.whole in known for known in wholes]
            first, second = (
                said if known else NOT_THERE
                for said, known in zip((first, second), there, strict=True)
            )
        elif not all(line.whole in known for known in wholes):
            continue
        if first != second:
            yield (line.what, *contrast(first, second))
