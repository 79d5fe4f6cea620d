"""What is wrong with an input, said once and completely."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with an input: where it is, what was given, what to do.

    Parameters
    ----------
    file : str
        The file at fault, as the user wrote its name.
    given, expected : str
        What was found, and what would have been right.
    remedy : str
        What to do about it.
    row : int, optional
        Line of the file as an editor or a spreadsheet shows it.
    column : str, optional
        Column of a table, or the path of keys in a configuration.
    """

    file: str
    given: str
    expected: str
    remedy: str = ""
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        """One line: place, given, expected, remedy."""
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", {self.column}"
        remedy = f" -> {self.remedy}" if self.remedy else ""
        return f"{place}: {self.given}; expected {self.expected}{remedy}"


class InputError(ValueError):
    """An input that cannot be used, with the list of all its faults.

    Parameters
    ----------
    subject : str
        What was being read, in words ("study couples_ecr").
    faults : iterable of Fault
        Everything that is wrong, not only the first.
    """

    def __init__(self, subject: str, faults: Iterable[Fault]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault" + ("" if len(self.faults) == 1 else "s")
        lines = "\n".join(f"  {number}. {fault}" for number, fault in enumerate(self.faults, 1))
        super().__init__(f"{subject}: {count}\n{lines}")
