"""The parts of a page: sections, and the few kinds of block a section is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from securebase.report.claims import ClaimResult
from securebase.report.level_diagram import LevelDiagram
from securebase.report.svg import Picture
from securebase.report.tables import Table
from securebase.report.wording import Sentence


@dataclass(frozen=True)
class Note:
    """A remark between tables and drawings; `quoted` where it holds the words of others."""

    words: Sentence
    quoted: bool = False
    kind: ClassVar[str] = "note"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    words: str
    kind: ClassVar[str] = "heading"


@dataclass(frozen=True)
class Formula:
    """Lines that are set as they are: an equation, a declaration."""

    lines: str
    kind: ClassVar[str] = "formula"


@dataclass(frozen=True)
class Gallery:
    """Drawings side by side."""

    pictures: Sequence[Picture]
    kind: ClassVar[str] = "gallery"


@dataclass(frozen=True)
class Densities:
    """Posteriors of what claims ask, each with the verdict and the probability of each region."""

    claims: Sequence[tuple[ClaimResult, Picture, Sentence]]
    kind: ClassVar[str] = "densities"


@dataclass(frozen=True)
class Verdicts:
    """Claims with their verdicts, a sentence each."""

    claims: Sequence[tuple[ClaimResult, Sentence]]
    kind: ClassVar[str] = "verdicts"


@dataclass(frozen=True)
class Folded:
    """Blocks behind a line that opens them."""

    title: str
    blocks: Sequence["Block"]
    kind: ClassVar[str] = "folded"


Block = Note | Heading | Formula | Gallery | Densities | Verdicts | Folded | LevelDiagram | Table


@dataclass(frozen=True)
class Section:
    """A section of a page.

    Parameters
    ----------
    name : str
        Its anchor.
    title : str
        A question, or what it is about.
    sentence : Sentence
        What it comes to, generated from the results.
    blocks : sequence of Block
        What the sentence rests on.
    """

    name: str
    title: str
    sentence: Sentence
    blocks: Sequence[Block] = ()


def folded(table: Table) -> Folded:
    """Put a table behind its caption."""
    return Folded(table.caption, (table,))
