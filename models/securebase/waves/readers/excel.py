"""Excel workbooks (.xlsx): one sheet, its first filled row the header."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from securebase.codebook.cells import cell_text
from securebase.codebook.document import nearest
from securebase.codebook.rawfiles import RawFile
from securebase.faults import Fault, InputError
from securebase.waves.delimited import text_frame


def read(path: Path, spec: RawFile) -> pd.DataFrame:
    """Read a sheet; whole numbers as "12", dates as ISO text, formulas by their stored results.

    See `securebase.waves.readers` for what a reader returns and raises.
    """
    rows = [[cell_text(value) for value in cells] for cells in _cells(path, spec, results=True)]
    formulas = _cells(path, spec, results=False)
    faults = list(_unstored(rows, formulas, spec))
    head = next((place for place, cells in enumerate(rows) if any(cells)), None)
    if head is None:
        faults.append(Fault(spec.name, "an empty sheet", "a header and rows"))
    if head is None or faults:
        raise InputError(spec.name, faults)
    width = max(place for place, cell in enumerate(rows[head]) if cell) + 1
    records = [[*cells[:width], *[""] * (width - len(cells))] for cells in rows[head + 1 :]]
    return text_frame(rows[head][:width], records, range(head + 2, len(rows) + 1))


def _cells(path: Path, spec: RawFile, results: bool) -> list[tuple[Any, ...]]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=results)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError):
        given, expected = "not an Excel workbook", "an .xlsx workbook without a password"
        fault = Fault(spec.name, given, expected, "save it as .xlsx in Excel")
        raise InputError(spec.name, [fault]) from None
    try:
        if spec.sheet is not None and spec.sheet not in book.sheetnames:
            expected = f"one of: {', '.join(book.sheetnames)}"
            remedy = nearest(spec.sheet, book.sheetnames)
            fault = Fault(spec.name, f"no sheet '{spec.sheet}'", expected, remedy)
            raise InputError(spec.name, [fault])
        sheet = book[spec.sheet or book.sheetnames[0]]
        # some programs store a wrong extent of the sheet
        sheet.reset_dimensions()
        return list(sheet.iter_rows(values_only=True))
    finally:
        book.close()


def _unstored(
    rows: list[list[str]], formulas: list[tuple[Any, ...]], spec: RawFile
) -> Iterator[Fault]:
    """Find formulas without a stored result: they would silently be empty cells."""
    places = (
        number
        for number, (cells, sources) in enumerate(zip(rows, formulas, strict=True), 1)
        if any(
            not cell and isinstance(source, str) and source.startswith("=")
            for cell, source in zip(cells, sources, strict=True)
        )
    )
    for number in itertools.islice(places, 1):
        remedy = "open and save it in Excel, or paste values"
        yield Fault(spec.name, "a formula without a result", "values", remedy, row=number)
