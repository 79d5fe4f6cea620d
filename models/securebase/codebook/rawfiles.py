"""Where a study's raw answers lie and how its files are laid out."""

import codecs
import string
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from securebase.codebook.closed import Closed, Label
from securebase.codebook.document import nearest

PLACEHOLDERS = ("column", "role", "wave")
Column = Annotated[str, Field(min_length=1)]


def formats() -> tuple[str, ...]:
    """List the raw formats that can be read: the file names in readers/."""
    folder = Path(__file__).parents[1] / "waves" / "readers"
    return tuple(sorted(path.stem for path in folder.glob("[!_]*.py")))


class RawFile(Closed):
    """One raw file as it was exported."""

    path: str = Field(min_length=1, description="Path from `raw_root`.")
    sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="Pinned digest; null: not pinned (`securebase validate` prints it to paste).",
    )
    format: str = Field("csv", description="Name of a reader: a file in waves/readers.")
    delimiter: str = Field(
        ",", min_length=1, max_length=1, description="Text formats: what separates two cells."
    )
    encoding: str = Field(
        "utf-8", description="Text formats: encoding; a byte order mark is skipped."
    )
    decimal: str = Field(
        ".", pattern=r"^[.,]$", description='Text formats: decimal mark of numbers, "." or ",".'
    )
    sheet: str | None = Field(None, description="Excel: the sheet; null: the first.")
    wave: Label | None = Field(
        None, description="Wave that all rows belong to; null: a column or the pattern says it."
    )
    role: Label | None = Field(
        None, description="Role that all rows belong to; null: a column or the pattern says it."
    )
    rename: dict[Column, Column] = Field(
        {}, description="{name of a column in this file: its name in this codebook}."
    )

    @property
    def name(self) -> str:
        """How messages and exclusions call the file."""
        return self.path if self.sheet is None else f"{self.path} [{self.sheet}]"

    @field_validator("format")
    @classmethod
    def _format_has_reader(cls, value: str) -> str:
        if value not in formats():
            raise ValueError(
                f"one of: {', '.join(formats())}. {nearest(value, formats())}".rstrip(". ")
            )
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError("a text encoding, such as utf-8, cp1252 or utf-16") from None
        return value


class Columns(Closed):
    """Which columns say who answered, when."""

    unit: Column = Field(description="Id of the unit (couple, dyad).")
    person: Column | None = Field(
        None, description="Id of the person; null: unit and role together are the person."
    )
    role: Column | None = Field(None, description="Role, as the codes of `roles.levels`.")
    wave: Column | None = Field(None, description="Wave, as the codes of `waves.levels`.")
    date: Column | None = Field(None, description="Date or time of answering.")
    cluster: Column | None = Field(None, description="Id of the cluster the unit belongs to.")
    composition: Column | None = Field(
        None, description="Composition of the unit, as the codes of `roles.compositions`."
    )


class Raw(Closed):
    """All raw files of a study."""

    files: tuple[RawFile, ...] = Field(min_length=1, description="One long file, or several.")
    columns: Columns = Field(description="Columns that identify a row.")
    pattern: str | tuple[str, ...] | None = Field(
        None,
        description="Wide files: how the columns of a role or wave are called, such as "
        '"{column}_{role}" or "{column}_t{wave}", filled with the codes of the levels; a list is '
        "tried in turn; a column that no pattern finds is looked up by its own name. "
        "null: a row per person and wave.",
    )
    missing: tuple[str, ...] = Field(
        ("", "NA"), description="Texts that mean an empty cell, in every column."
    )

    @field_validator("pattern")
    @classmethod
    def _pattern_has_places(
        cls, value: str | tuple[str, ...] | None
    ) -> str | tuple[str, ...] | None:
        for pattern in (value,) if isinstance(value, str) else value or ():
            places = placeholders(pattern)
            if "column" not in places or len(places) < 2 or not places <= set(PLACEHOLDERS):
                raise ValueError("{column} together with {role}, {wave} or both")
        return value

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns in the order they are tried; empty for long files."""
        return (self.pattern,) if isinstance(self.pattern, str) else self.pattern or ()

    def has_place(self, name: str) -> bool:
        """Whether column names tell the role, or the wave."""
        return any(name in placeholders(pattern) for pattern in self.patterns)


def placeholders(pattern: str) -> set[str]:
    """List the names in braces of a pattern.

    Raises
    ------
    ValueError
        Where braces do not match.
    """
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
