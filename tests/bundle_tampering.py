"""Ways to change a file of a bundle, by somebody who knows of manifests."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from bundle_by_hand import seal

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Outcome
from securebase.audit.registry import audited

Tampering = Callable[[Path], None]
GROWTH = "analyses/growth"


def tampered(bundle: Path, copy: Path, tampering: Tampering) -> dict[str, Outcome]:
    """Audit a copy of a bundle that was tampered with, and sealed anew."""
    shutil.copytree(bundle, copy)
    tampering(copy)
    seal(copy)
    return {one.id: one for one in audited(Opened(copy))}


def failed(outcomes: dict[str, Outcome]) -> set[str]:
    """Name the checks that failed."""
    return {name for name, one in outcomes.items() if one.status == "FAIL"}


def text(name: str, old: str, new: str, count: int = 1) -> Tampering:
    """Put one text in the place of another."""

    def tampering(folder: Path) -> None:
        path = folder / name
        found = path.read_text(encoding="utf-8")
        assert old in found, f"{name} has no {old}"
        path.write_text(found.replace(old, new, count), encoding="utf-8")

    return tampering


def cell(name: str, line: int, column: str, value: Any) -> Tampering:
    """Write another value into a table; lines count from 0, without the header."""

    def tampering(folder: Path) -> None:
        path = folder / name
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        assert table.loc[line, column] != str(value)
        table.loc[line, column] = str(value)
        table.to_csv(path, index=False)

    return tampering


def without_line(name: str, line: int) -> Tampering:
    """Take a line out of a table."""

    def tampering(folder: Path) -> None:
        table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
        table.drop(index=line).to_csv(folder / name, index=False)

    return tampering


def key(name: str, keys: tuple[str, ...], value: Any) -> Tampering:
    """Set a key of a JSON file."""

    def tampering(folder: Path) -> None:
        values = json.loads((folder / name).read_text())
        inner = values
        for one in keys[:-1]:
            inner = inner[one]
        inner[keys[-1]] = value
        (folder / name).write_text(json.dumps(values))

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
    """Change a group of a file of draws."""

    def tampering(folder: Path) -> None:
        with tree_of(folder / GROWTH / file) as tree:
            tree[group] = xr.DataTree(change(tree[group].to_dataset()))

    return tampering


def attribute(name: str, value: str, file: str = "posterior.nc") -> Tampering:
    """Set an attribute of a file of draws."""

    def tampering(folder: Path) -> None:
        with tree_of(folder / GROWTH / file) as tree:
            tree.attrs[name] = value

    return tampering


def together(*several: Tampering) -> Tampering:
    """Do one thing after the other."""

    def tampering(folder: Path) -> None:
        for one in several:
            one(folder)

    return tampering
