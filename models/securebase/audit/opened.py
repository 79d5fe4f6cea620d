"""A bundle that was unpacked: its files, read when they are asked for."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import xarray as xr
import yaml
from pydantic import BaseModel, ValidationError

from securebase.bundle.opening import Bundle
from securebase.codebook.plan import Plan
from securebase.codebook.study import Study
from securebase.config import (
    Decision,
    Dropout,
    Multiverse,
    Prediction,
    Sampling,
    Sensitivity,
    Thresholds,
)
from securebase.deposit.contents import MANIFEST
from securebase.draws_files import read_draws
from securebase.faults import Fault, InputError
from securebase.report.result_tables import read_table


class About(BaseModel):
    """``bundle.json``: what a bundle says of itself."""

    format: Literal[1]
    tier: Literal["public", "controlled"]
    study: str
    securebase: str
    analyses: list[str]
    units_withheld: dict[str, int]
    values_masked: dict[str, int]
    without_moments: dict[str, str] = {}

    def lost(self, analysis: str) -> bool:
        """Say whether moments are not those of all data: values are masked, or units withheld."""
        known = (self.units_withheld, self.values_masked)
        return analysis in self.without_moments or any(one.get(analysis, 0) for one in known)


class AsRun(BaseModel):
    """``config.json``: what the run was told."""

    decision: Decision
    thresholds: Thresholds
    sampling: Sampling
    sensitivity: Sensitivity
    dropout: Dropout
    prediction: Prediction
    multiverse: Multiverse = Multiverse()


@dataclass(frozen=True, eq=False)
class Opened:
    """A bundle in a folder.

    Parameters
    ----------
    folder : pathlib.Path
        With ``bundle.json``.
    archive : pathlib.Path or None
        The file it was unpacked from.
    signers : pathlib.Path or None
        Whose signatures the reader trusts: a file as ``ssh-keygen`` reads it.
    """

    folder: Path
    archive: Path | None = None
    signers: Path | None = None
    _known: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    @cached_property
    def bundle(self) -> Bundle:
        """The bundle as it is fitted again."""
        return Bundle(self.folder)

    def path(self, name: str) -> Path:
        """Find a file; see `Bundle.path`."""
        return self.bundle.path(name)

    def has(self, name: str) -> bool:
        """Say whether there is such a file."""
        return (self.folder / name).is_file()

    def files(self) -> Iterator[str]:
        """Name every file, and every link, sorted."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_symlink() or not path.is_dir():
                yield path.relative_to(self.folder).as_posix()

    def text(self, name: str) -> str:
        """Read a text."""
        return self._once("text", name, lambda path: path.read_text(encoding="utf-8"))

    def table(self, name: str) -> pd.DataFrame:
        """Read a table; its index is the line of the file."""
        return self._once("table", name, read_table)

    def tree(self, name: str) -> xr.DataTree:
        """Read a file of draws or moments."""
        return self._once("tree", name, read_draws)

    def once(self, what: str, name: str, make: Callable[[], Any]) -> Any:
        """Compute something one time, for all checks that ask for it."""
        if (what, name) not in self._known:
            self._known[what, name] = make()
        return self._known[what, name]

    def _once(self, what: str, name: str, read: Callable[[Path], Any]) -> Any:
        return self.once(what, name, lambda: read(self.path(name)))

    @cached_property
    def about(self) -> About:
        """What the bundle says of itself."""
        return _checked(About, "bundle.json", json.loads(self.text("bundle.json")))

    @cached_property
    def as_run(self) -> AsRun:
        """What the run was told."""
        return _checked(AsRun, "config.json", json.loads(self.text("config.json")))

    @cached_property
    def study(self) -> Study:
        """The codebook as it was used."""
        return _checked(Study, "study.yaml", self._yaml("study.yaml"))

    @cached_property
    def plan(self) -> Plan:
        """The plan as it was registered."""
        return _checked(Plan, "plan.yaml", self._yaml("plan.yaml"))

    def _yaml(self, name: str) -> Any:
        try:
            return yaml.safe_load(self.text(name))
        except yaml.YAMLError as error:
            given = str(error).splitlines()[0]
            raise InputError("the bundle", [Fault(name, given, "YAML")]) from None

    @property
    def manifest_sha256(self) -> str:
        """Digest of the manifest, which stands for the whole bundle; empty where there is none."""
        if not self.has(MANIFEST):
            return ""
        return sha256(self.path(MANIFEST).read_bytes()).hexdigest()

    def file(self, analysis: str, name: str) -> str:
        """Name a file of an analysis."""
        return f"analyses/{analysis}/{name}"

    def pages(self) -> list[str]:
        """Name the pages."""
        return [name for name in self.files() if name.endswith(".html")]

    def draws(self, analysis: str) -> xr.DataTree:
        """Read the draws of an analysis, at the full data."""
        return self.tree(self.file(analysis, "posterior.nc"))


def _checked[Model: BaseModel](kind: type[Model], name: str, values: Any) -> Model:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        faults = [
            Fault(name, one["msg"], "what Securebase writes", column=".".join(map(str, one["loc"])))
            for one in error.errors()
        ]
        raise InputError(f"{name} of the bundle", faults) from None
