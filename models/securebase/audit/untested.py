"""What an audit has not shown: said at its end, whatever it found."""

from collections.abc import Sequence
from typing import Final

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Outcome
from securebase.faults import InputError

_NEVER: Final = (
    "that the data are of real people: moments can be made up, and only records under commitment "
    "can be opened to a data editor",
    "scoring of items, outliers, shapes of distributions, and exclusions before the flow begins",
    "that the model is true, that values are missing at random, that a theory follows",
    "numbers of pages that carry no address",
)
_NO_PLAN: Final = "when the claims were declared: no plan was registered"


def untested(opened: Opened, outcomes: Sequence[Outcome]) -> list[str]:
    """List what was not tested, the skipped checks first.

    Parameters
    ----------
    opened : Opened
    outcomes : sequence of Outcome
    """
    skipped = [
        f"{one.id} {one.title}: {one.message.removesuffix('.')}"
        for one in outcomes
        if one.status == "SKIP"
    ]
    return [*skipped, *_of_plan(opened), *_NEVER]


def _of_plan(opened: Opened) -> list[str]:
    try:
        said = opened.study.registration
    except (InputError, OSError, ValueError):
        return []
    if said is None:
        return [_NO_PLAN]
    return [
        f"that the plan was deposited as its digest says: compare {said.sha256[:12]}… with the "
        f"file at {said.place or 'the place of deposit, which is not told'}"
    ]
