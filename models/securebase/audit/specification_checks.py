"""A13, of the multiverse: whether every declared option was taken, and came to a result."""

from collections.abc import Iterator

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails
from securebase.codebook.specifications import specifications
from securebase.multiverse.gathering import NO_RESULT

SPECS = "specs.csv"


def declared_options(opened: Opened) -> list[str]:
    """Name the options that the run was to take: "scoring=all"."""
    multiverse = opened.study.multiverse
    if multiverse is None or not opened.as_run.multiverse.run:
        return []
    choices = multiverse.choices.items()
    return [f"{name}={option}" for name, choice in choices for option in choice.options]


def without_result(opened: Opened) -> Iterator[Said]:
    """Find options that no specification took, and specifications that came to nothing.

    Specifications are told by their names: values of exclusions are not in a public codebook.
    """
    options = declared_options(opened)
    if not options:
        return
    if not opened.has(SPECS):
        yield fails(f"{len(options)} declared options have no result: {SPECS} is not there.")
        return
    table = opened.table(SPECS)
    fitted = {one.analysis for one in specifications(opened.study)}
    for claim in opened.study.claims:
        if claim.analysis in fitted and claim.id not in set(table["claim"]):
            yield fails(f"{SPECS} has no result for {claim.id}.")
    taken = {option for name in table["specification"] for option in name.split(", ")}
    for option in options:
        if option not in taken:
            yield fails(f"{SPECS} has no specification with {option}, which was declared.")
    lost = table[table["verdict"] == NO_RESULT]
    for name in dict.fromkeys(lost["specification"]):
        yield fails(f"The specification {name} has no result.")
