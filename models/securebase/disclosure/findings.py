"""Findings: what a rule or an attack says of a release, in plain words."""

from collections.abc import Iterable
from dataclasses import dataclass

from securebase.faults import Fault, InputError


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a release would tell too much.

    Parameters
    ----------
    rule : str
        "R1" to "R6", or the name of an attack.
    what : str
        The cell, or the pair of cells, it is about.
    given, needed : str
        What was found, and what would do: "22 couples".
    remedy : str
        What to do about it.
    fails : bool
        Whether the release is refused; otherwise worth a look.
    """

    rule: str
    what: str
    given: str
    needed: str
    remedy: str = ""
    fails: bool = True

    def __str__(self) -> str:
        """One sentence."""
        return f"{self.what}: {self.given}; needed: {self.needed} ({self.rule})"


def refuse(findings: Iterable[Finding]) -> None:
    """Raise one `InputError` that lists every finding that fails."""
    faults = [
        Fault(one.what, f"{one.given} ({one.rule})", one.needed, one.remedy)
        for one in findings
        if one.fails
    ]
    if faults:
        raise InputError("what is to be released would disclose records", faults)
