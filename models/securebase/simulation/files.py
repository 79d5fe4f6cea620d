"""Raw files: tables written as the codebook says they lie."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from securebase.codebook.rawfiles import RawFile
from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.simulation.planting import Planted
from securebase.simulation.rawtables import Record, RowKey, Tables, files_of
from securebase.simulation.settings import Simulation

LABEL: Final = "SIMULATED"
PLANTED: Final = f"planted_faults_{LABEL}.tsv"
COLUMNS: Final = ("file", "row", "column", "value", "rule", "reason")


@dataclass(frozen=True)
class Written:
    """A raw file as bytes, and where its rows stand.

    Parameters
    ----------
    path : str
        Path from the folder of raw files.
    content : bytes
        The file.
    lines : dict of RowKey to int
        Line of each row of the raw table, the header being 1.
    """

    path: str
    content: bytes
    lines: dict[RowKey, int]


def refuse_other_layouts(study: Study) -> None:
    """Raise where raw files lie otherwise than this package writes them.

    Raises
    ------
    InputError
        For wide files, files that are no csv, that lie outside the study's folder or do not say
        that they are simulated, answers without a file or with several.
    """
    file = f"config/studies/{study.study}.yaml"
    faults = [
        Fault(file, given, expected, column=place)
        for place, given, expected in (*_file_problems(study), *_row_problems(study))
    ]
    if study.raw.patterns:
        faults.append(Fault(file, "wide files", "a row per person", column="raw.pattern"))
    if faults:
        raise InputError(f"simulation {study.study}", faults)


def _file_problems(study: Study) -> Iterator[tuple[str, str, str]]:
    for number, spec in enumerate(study.raw.files):
        place = f"raw.files.{number}"
        if spec.format != "csv":
            yield f"{place}.format", f"format {spec.format}", "csv"
        folder, name = Path(spec.path).parent, Path(spec.path).name
        if folder.as_posix() != study.study:
            yield f"{place}.path", f"folder '{folder.as_posix()}'", f"'{study.study}'"
        if LABEL not in name:
            yield f"{place}.path", f"file name '{name}'", f"one with {LABEL} in it"


def _row_problems(study: Study) -> Iterator[tuple[str, str, str]]:
    for wave in study.waves.levels:
        for role in study.roles.levels:
            if not study.answer_columns(role, wave):
                continue
            paths = [spec.path for spec in files_of(study, role, wave)]
            if len(paths) != 1:
                given = f"{', '.join(paths) or 'no file'} for {role} at {wave}"
                yield "raw.files", given, "one file for each role and wave"


def raw_files(tables: Tables, study: Study, settings: Simulation) -> Iterator[Written]:
    """Write every table in the layout of its file: name, delimiter, encoding, names of columns.

    Rows stand in the order of their dates, as a form exports them.
    """
    date = study.raw.columns.date
    for spec in study.raw.files:
        table = tables[spec.path]
        keys = list(table.rows)
        if date is not None:
            keys.sort(key=lambda key, rows=table.rows: rows[key][date])  # type: ignore[misc]
        columns = list(table.columns)
        if settings.column_order.get(str(spec.wave)) == "alphabetical":
            columns.sort(key=str.casefold)
        content = _content([table.rows[key] for key in keys], columns, spec)
        yield Written(spec.path, content, {key: line for line, key in enumerate(keys, start=2)})


def planted_table(planted: Sequence[Planted], files: Sequence[Written]) -> pd.DataFrame:
    """List planted faults by file and line, as the cleaning has to name them."""
    lines = {file.path: file.lines for file in files}
    rows = [
        (
            one.file,
            lines[one.file][one.row] if one.row else "",
            *(one.column, one.value, one.rule, one.reason),
        )
        for one in planted
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def save(files: Sequence[Written], planted: pd.DataFrame, folder: Path) -> list[Path]:
    """Write files and the list of planted faults below a folder; return their paths."""
    listing = Path(files[0].path).parent / PLANTED
    text = planted.to_csv(sep="\t", index=False, lineterminator="\n")
    contents = {file.path: file.content for file in files} | {str(listing): text.encode()}
    paths = []
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def _content(rows: Sequence[Record], columns: Sequence[str], spec: RawFile) -> bytes:
    names = {inside: outside for outside, inside in spec.rename.items()}
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=spec.delimiter, lineterminator="\n")
    writer.writerow([names.get(column, column) for column in columns])
    writer.writerows([[row[column] for column in columns] for row in rows])
    return stream.getvalue().encode(spec.encoding)
