"""Delimited text: from the bytes of a file to its header and its numbered lines."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from securebase.codebook.rawfiles import RawFile
from securebase.faults import Fault, InputError

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LISTED = 5
# first bytes of what is no text
_MARKS = {b"PK\x03\x04": "Excel", b"\xd0\xcf\x11\xe0": "Excel", b"$FL": "SPSS", b"<stata": "Stata"}


@dataclass(frozen=True)
class Lines:
    """The records of a delimited file.

    Parameters
    ----------
    header : list of str
        Names of the columns.
    numbers : list of int
        Line of the file on which each record starts; the header's is 1.
    records : list of list of str
        Cells, as many as the header has.
    """

    header: list[str]
    numbers: list[int]
    records: list[list[str]]

    def frame(self, skip: int = 0) -> pd.DataFrame:
        """Arrange the records as a table of text, indexed by their lines."""
        return text_frame(self.header, self.records[skip:], self.numbers[skip:])


def text_frame(
    header: Sequence[str], records: Sequence[Sequence[str]], numbers: Sequence[int]
) -> pd.DataFrame:
    """Make the table every reader returns.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    records : sequence of sequence of str
        Cells as text, the empty text for an empty cell.
    numbers : sequence of int
        Where each record stands, as an editor, a spreadsheet or a statistics program shows it.

    Returns
    -------
    pd.DataFrame
        Index "row"; without the wholly empty records, which spreadsheets leave behind.
    """
    filled = [place for place, cells in enumerate(records) if any(map(str.strip, cells))]
    index = pd.Index([numbers[place] for place in filled], name="row", dtype="int64")
    names = [name.strip() for name in header]
    rows = [records[place] for place in filled]
    return pd.DataFrame(rows, index=index, columns=names, dtype=object)


def read_lines(path: Path, spec: RawFile) -> Lines:
    """Read a delimited file.

    Parameters
    ----------
    path : Path
        The file.
    spec : RawFile
        Its delimiter and encoding, and its name for messages.

    Raises
    ------
    InputError
        Where the bytes are not of the declared encoding, the delimiter is another one, a quote is
        not closed, or a line has more or fewer cells than the header.
    """
    text = _decoded(path.read_bytes(), spec)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=spec.delimiter, strict=True)
    numbers, records, line = [], [], 1
    try:
        for cells in rows:
            if cells:
                numbers.append(line)
                records.append(cells)
            line = rows.line_num + 1
    except csv.Error as error:
        raise InputError(spec.name, [_quote_fault(spec, line, error)]) from None
    if not records:
        raise InputError(spec.name, [Fault(spec.name, "no line of text", "a header and rows")])
    lines = Lines(records[0], numbers[1:], records[1:])
    faults = list(_delimiter_faults(lines, spec)) or list(_length_faults(lines, spec))
    if faults:
        raise InputError(spec.name, faults)
    return lines


def _decoded(content: bytes, spec: RawFile) -> str:
    for mark, program in _MARKS.items():
        if content.startswith(mark):
            given, expected = f"a file of {program}", f"delimited text (format: {spec.format})"
            fault = Fault(spec.name, given, expected, "declare the format it has")
            raise InputError(spec.name, [fault])
    try:
        text = content.decode(spec.encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        row = content[:start].count(b"\n") + 1
        given = f"bytes that are not {spec.encoding}"
        raise InputError(spec.name, [_encoding_fault(spec, content, given, row)]) from None
    if "\x00" in text:
        fault = _encoding_fault(spec, content, "zero bytes between the letters", 1)
        raise InputError(spec.name, [fault])
    # bytes beyond ASCII that happen to be UTF-8 are, in practice, UTF-8
    if (
        not text.isascii()
        and not spec.encoding.lower().startswith(("utf", "u8"))
        and _is_utf8(content)
    ):
        fault = _encoding_fault(spec, content, "the bytes are UTF-8", None)
        raise InputError(spec.name, [fault])
    return text


def _encoding_fault(spec: RawFile, content: bytes, given: str, row: int | None) -> Fault:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        guess = "utf-16"
    elif b"\x00" in content:
        guess = "utf-16-be" if content[:1] == b"\x00" else "utf-16-le"
    else:
        guess = "utf-8" if _is_utf8(content) else "cp1252"
    expected = f"text in the declared encoding {spec.encoding}"
    return Fault(spec.name, given, expected, f"encoding: {guess}, if that is what it is", row=row)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _delimiter_faults(lines: Lines, spec: RawFile) -> Iterator[Fault]:
    if len(lines.header) > 1:
        return
    head = lines.header[0]
    counts = {sign: head.count(sign) for sign in _DELIMITERS if sign != spec.delimiter}
    best = max(counts, key=lambda sign: counts[sign])
    if counts[best]:
        given = f"one column with the declared delimiter {spec.delimiter!r}"
        shown = "\\t" if best == "\t" else best
        remedy = f'delimiter: "{shown}" gives {counts[best] + 1}'
        yield Fault(spec.name, given, f"columns split by a {_DELIMITERS[best]}", remedy, row=1)


def _length_faults(lines: Lines, spec: RawFile) -> Iterator[Fault]:
    width = len(lines.header)
    wrong = []
    for number, cells in zip(lines.numbers, lines.records, strict=True):
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]
        if len(cells) != width:
            wrong.append((number, len(cells)))
    for number, length in wrong[:_LISTED]:
        remedy = "a cell that holds the delimiter needs quotes; a cut line must be exported again"
        yield Fault(spec.name, f"{length} cells", f"{width}, as in the header", remedy, row=number)
    if len(wrong) > _LISTED:
        given = f"{len(wrong) - _LISTED} more rows of another length"
        yield Fault(spec.name, given, f"{width} cells in every row")


def _quote_fault(spec: RawFile, line: int, error: csv.Error) -> Fault:
    remedy = "look for a quote that is opened and not closed, on this line or before"
    return Fault(
        spec.name, f"text that cannot be split ({error})", "matched quotes", remedy, row=line
    )
