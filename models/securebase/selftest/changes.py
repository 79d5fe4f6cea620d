"""Ways to change a file of a bundle, by somebody who knows of manifests."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from securebase.bundle.archive import manifest_of
from securebase.deposit.contents import MANIFEST

Tampering = Callable[[Path], None]
"""Changes a bundle that is unpacked in a folder."""


def seal(folder: Path) -> None:
    """Write the manifest anew."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }
    (folder / MANIFEST).write_bytes(manifest_of(files))


def place(folder: Path, name: str) -> Path:
    """Find a file: ``./summary.csv`` is one of the first analysis."""
    return inner(folder, name[2:]) if name.startswith("./") else folder / name


def inner(folder: Path, name: str) -> Path:
    """Find a file of the first analysis."""
    about = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    return folder / "analyses" / about["analyses"][0] / name


def text(name: str, old: str, new: str, count: int = 1) -> Tampering:
    """Put one text in the place of another."""

    def tampering(folder: Path) -> None:
        path = folder / name
        found = path.read_text(encoding="utf-8")
        if old not in found:
            raise ValueError(f"{name} has no {old}")
        path.write_text(found.replace(old, new, count), encoding="utf-8", newline="\n")

    return tampering


def write(name: str, words: str) -> Tampering:
    """Write a file, or another in its place."""

    def tampering(folder: Path) -> None:
        (folder / name).write_text(words, encoding="utf-8", newline="\n")

    return tampering


def write_inner(name: str, words: str) -> Tampering:
    """Write a file of the first analysis."""

    def tampering(folder: Path) -> None:
        inner(folder, name).write_text(words, encoding="utf-8", newline="\n")

    return tampering


def remove(name: str) -> Tampering:
    """Take a file out."""
    return lambda folder: (folder / name).unlink()


def table(name: str, change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> Tampering:
    """Change a table; its cells are texts.

    Parameters
    ----------
    name : str
        See `place`.
    change : callable
        Gives another table, or changes the one it is given.
    """

    def tampering(folder: Path) -> None:
        path = place(folder, name)
        separator = "\t" if path.suffix == ".tsv" else ","
        found = pd.read_csv(path, dtype=str, keep_default_na=False, sep=separator)
        changed = change(found)
        kept = found if changed is None else changed
        kept.to_csv(path, index=False, sep=separator, lineterminator="\n")

    return tampering


def cell(name: str, line: int, column: str, value: Any) -> Tampering:
    """Write another value into a table; lines count from 0, without the header."""

    def change(found: pd.DataFrame) -> None:
        if found.loc[line, column] == str(value):
            raise ValueError(f"{name} has {value} there already")
        found.loc[line, column] = str(value)

    return table(name, change)


def without_line(name: str, line: int) -> Tampering:
    """Take a line out of a table."""
    return table(name, lambda found: found.drop(index=found.index[line]))


def key(name: str, keys: tuple[str, ...], value: Any) -> Tampering:
    """Set a key of a JSON file."""

    def tampering(folder: Path) -> None:
        values = json.loads((folder / name).read_text(encoding="utf-8"))
        at = values
        for one in keys[:-1]:
            at = at[one]
        at[keys[-1]] = value
        (folder / name).write_text(json.dumps(values), encoding="utf-8", newline="\n")

    return tampering


@contextmanager
def tree_of(path: Path) -> Iterator[xr.DataTree]:
    """Give a file of groups to be changed; it is written again."""
    with xr.open_datatree(path) as opened:
        tree = opened.load()
    yield tree
    tree.to_netcdf(path)


def draws(
    change: Callable[[xr.Dataset], xr.Dataset], group: str = "posterior", file: str = "posterior.nc"
) -> Tampering:
    """Change a group of a file of draws of the first analysis."""

    def tampering(folder: Path) -> None:
        with tree_of(inner(folder, file)) as tree:
            tree[group] = xr.DataTree(change(tree[group].to_dataset()))

    return tampering


def attribute(name: str, value: str, file: str = "posterior.nc") -> Tampering:
    """Set an attribute of a file of draws of the first analysis."""

    def tampering(folder: Path) -> None:
        with tree_of(inner(folder, file)) as tree:
            tree.attrs[name] = value

    return tampering


def together(*several: Tampering) -> Tampering:
    """Do one thing after the other."""

    def tampering(folder: Path) -> None:
        for one in several:
            one(folder)

    return tampering
