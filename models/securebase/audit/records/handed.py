"""What a data editor is handed beside a bundle: raw files and nonces; read and cleaned."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from securebase.codebook.study import Study
from securebase.faults import Fault, InputError
from securebase.waves.clean import FILES, clean


@dataclass(frozen=True)
class Handed:
    """Raw files and nonces.

    Parameters
    ----------
    raw : pathlib.Path
        Folder that the raw files' paths of the codebook start from.
    nonces : mapping of str to bytes
        By what they hide: "raw PATH", "records", "moments ANALYSIS".
    """

    raw: Path
    nonces: Mapping[str, bytes]

    @cached_property
    def _cleaned(self) -> dict[str, pd.DataFrame]:
        return {}

    def path(self, name: str) -> Path:
        """Path of a raw file.

        Raises
        ------
        InputError
            Names that lead out of the folder: a bundle has no say in what else is read.
        """
        path = (self.raw / name).resolve()
        if not path.is_relative_to(self.raw.resolve()):
            fault = Fault(name, "a name that leads elsewhere", "a path in the folder of raw files")
            raise InputError("raw files", [fault])
        return path

    def waves(self, study: Study) -> pd.DataFrame:
        """Clean the raw files as the codebook of a bundle says.

        Parameters
        ----------
        study : Study
            Of the bundle. Digests that it pins are not asked: the seal has its own.

        Returns
        -------
        pd.DataFrame
            As waves.parquet has it.

        Raises
        ------
        InputError
            Every fault of the raw files.
        """
        if study.study not in self._cleaned:
            for one in study.raw.files:
                self.path(one.path)
            files = tuple(one.model_copy(update={"sha256": None}) for one in study.raw.files)
            raw = study.raw.model_copy(update={"files": files})
            cleaned = clean(study.model_copy(update={"raw": raw}), self.raw)
            with tempfile.TemporaryDirectory() as folder:
                # through the file, whose kinds of columns the seal was made of
                cleaned.write(Path(folder))
                self._cleaned[study.study] = pd.read_parquet(Path(folder) / FILES["waves"])
        return self._cleaned[study.study]


def read_handed(raw: Path | None, nonces: Path | None) -> Handed | None:
    """Read what was handed over; None where nothing was.

    Raises
    ------
    InputError
        One without the other; no folder; nonces that are none.
    """
    if raw is None and nonces is None:
        return None
    faults = []
    if raw is None or nonces is None:
        faults.append(Fault("--nonces, --raw", "one without the other", "both, or none"))
    if raw is not None and not raw.is_dir():
        faults.append(Fault(str(raw), "no such folder", "the folder of the raw files"))
    known: Mapping[str, bytes] = {}
    if nonces is not None:
        try:
            known = _nonces(nonces)
        except (OSError, ValueError, AttributeError, TypeError):
            expected = "nonces.json, as it lies beside the results of the study"
            faults.append(Fault(str(nonces), "no file of nonces", expected))
    if faults or raw is None:
        raise InputError("records of a bundle", faults)
    return Handed(raw, known)


def _nonces(path: Path) -> dict[str, bytes]:
    said = json.loads(path.read_text(encoding="utf-8"))
    return {str(name): bytes.fromhex(value) for name, value in said.items()}
