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
from securebase.simulation.rawtables import Record, Tables
from securebase.simulation.settings import Simulation

PLANTED: Final = "planted_faults_SIMULATED.tsv"
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
    lines : dict of str to int
        Line of each row of the raw table, the header being 1.
    """

    path: str
    content: bytes
    lines: dict[str, int]


def refuse_other_layouts(study: Study) -> None:
    """Raise where raw files lie otherwise than this package writes them.

    Raises
    ------
    InputError
        For wide files, files that are no csv, waves without a file of their own.
    """
    file, waves = f"{study.study}.yaml", [spec.wave for spec in study.raw.files]
    faults = [
        Fault(file, f"format {spec.format}", "csv", column=f"raw.files.{number}.format")
        for number, spec in enumerate(study.raw.files)
        if spec.format != "csv"
    ]
    if sorted(map(str, waves)) != sorted(study.waves.levels):
        faults.append(Fault(file, "files that are not one per wave", "one per wave", column="raw"))
    if study.raw.patterns:
        faults.append(Fault(file, "wide files", "a row per person", column="raw.pattern"))
    if faults:
        raise InputError(f"simulation {study.study}", faults)


def raw_files(tables: Tables, study: Study, settings: Simulation) -> Iterator[Written]:
    """Write every table in the layout of its file: name, delimiter, encoding, names of columns.

    Rows stand in the order of their dates, as a form exports them.
    """
    date = study.raw.columns.date
    for spec in study.raw.files:
        table = tables[str(spec.wave)]
        rows = sorted(table, key=lambda name: table[name][date]) if date else list(table)
        columns = list(table[rows[0]])
        if settings.column_order.get(str(spec.wave)) == "alphabetical":
            columns.sort(key=str.casefold)
        content = _content([table[name] for name in rows], columns, spec)
        yield Written(spec.path, content, {name: line for line, name in enumerate(rows, start=2)})


def planted_table(
    planted: Sequence[Planted], files: Sequence[Written], study: Study
) -> pd.DataFrame:
    """List planted faults by file and line, as the cleaning has to name them."""
    by_wave = {str(spec.wave): file for spec, file in zip(study.raw.files, files, strict=True)}
    rows = [
        (
            by_wave[one.wave].path,
            by_wave[one.wave].lines[one.row] if one.row else "",
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
