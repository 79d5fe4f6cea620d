"""Raw tables: a file found, its digest compared, read, its columns named as the codebook does."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from securebase.codebook.document import nearest
from securebase.codebook.rawfiles import RawFile
from securebase.digests import digest_of
from securebase.faults import Fault, InputError
from securebase.waves.readers import reader_of


def read_table(spec: RawFile, raw_root: Path) -> pd.DataFrame:
    """Read one raw file as text.

    Parameters
    ----------
    spec : RawFile
        What the codebook says of it.
    raw_root : Path
        Folder its path starts from.

    Returns
    -------
    pd.DataFrame
        Text, the empty text for an empty cell; columns renamed; index "row".

    Raises
    ------
    InputError
        Where the file is missing, empty, another one than pinned or cannot be read, or a column
        to rename is not there.
    """
    path = raw_root / spec.path
    faults = list(_file_faults(spec, path))
    if faults:
        raise InputError(spec.name, faults)
    table = reader_of(spec.format)(path, spec)
    faults = list(unknown_columns(spec.rename, table, spec, "rename"))
    if table.empty:
        faults.append(Fault(spec.name, "a header without rows", "at least one row"))
    if faults:
        raise InputError(spec.name, faults)
    return table.rename(columns=spec.rename)


def unknown_columns(
    wanted: Iterable[str], table: pd.DataFrame, spec: RawFile, use: str
) -> Iterator[Fault]:
    """Report wanted columns that a table has not, or has twice."""
    names = list(table.columns)
    for name in wanted:
        if names.count(name) > 1:
            given = f"{names.count(name)} columns '{name}'"
            yield Fault(spec.name, given, "one", "rename or delete the others", column=name)
        elif name not in names:
            yield Fault(
                spec.name,
                f"no column '{name}' ({use})",
                f"one of its {len(names)} columns ({_shown(names)})",
                nearest(name, names),
                column=name,
            )


def _shown(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:6])}, ... {names[-1]}"


def _file_faults(spec: RawFile, path: Path) -> Iterator[Fault]:
    if not path.is_file():
        remedy = "put it there, or set raw_root to the folder that has it"
        yield Fault(spec.name, "no such file", f"a file {path}", remedy)
    elif path.stat().st_size == 0:
        yield Fault(spec.name, "an empty file (0 bytes)", "a header and rows", "export it again")
    elif spec.sha256 is not None and digest_of(path) != spec.sha256:
        yield Fault(
            spec.name,
            f"sha256 {digest_of(path)}",
            f"the pinned {spec.sha256}",
            "the file has changed: restore it, or look at the changes and pin the new digest",
        )
