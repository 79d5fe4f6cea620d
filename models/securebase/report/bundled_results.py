"""The results that a public bundle holds, read as those of a study are."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from securebase.codebook.loading import Study
from securebase.faults import InputError
from securebase.report.inputs import (
    ANALYSIS_FILES,
    FIDELITY_FILE,
    OPTIONAL_FILES,
    PEOPLE_FILE,
    SPECS_FILE,
    Counted,
    StudyResults,
    analysis_results,
)
from securebase.report.result_tables import column_faults, read_table

ANALYSES: Final = "analyses"
_EXCLUSIONS: Final = "exclusions.csv"
_OF_STUDY: Final = ("claims.csv", "flow.csv", "codebook.csv", "scoring.tsv")
_LISTED: Final = ("file", "rule", "kind", "action", "reason", "row")


def read_bundled(study: Study, folder: Path, refits: Sequence[str] = ()) -> StudyResults:
    """Read the results of a study from the folder of its public bundle.

    Parameters
    ----------
    study : Study
        The codebook.
    folder : pathlib.Path
        With ``claims.csv`` and ``analyses``.
    refits : sequence of str
        Tables of re-fits that each analysis has.

    Returns
    -------
    StudyResults
        With `counted`; digests by the path in the bundle.

    Raises
    ------
    InputError
        Columns that are not there.
    """
    paths = dict(_paths(study, folder, refits))
    tables = {name: read_table(folder / path) for name, path in paths.items() if _is_table(path)}
    faults = [fault for name, table in tables.items() for fault in column_faults(name, table)]
    if faults:
        raise InputError(f"bundle of study {study.study}", faults)
    analyses = {
        name: analysis_results(name, folder / paths[f"{name}/posterior.nc"], tables)
        for name in study.analyses
    }
    return StudyResults(
        exclusions=pd.DataFrame(columns=list(_LISTED)),
        scoring=tables["scoring.tsv"],
        flow=tables["flow.csv"],
        codebook=tables["codebook.csv"],
        claims=tables["claims.csv"],
        people=pd.DataFrame(columns=["unit", "person", "role"]),
        specs=tables.get(SPECS_FILE),
        multiverse=None,
        analyses=analyses,
        digests={
            path: hashlib.sha256((folder / path).read_bytes()).hexdigest()
            for path in paths.values()
        },
        counted=Counted(tables[PEOPLE_FILE], tables[_EXCLUSIONS]),
    )


def _paths(study: Study, folder: Path, refits: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name what is read: as an address has it, and where it lies."""
    yield from ((name, name) for name in (*_OF_STUDY, PEOPLE_FILE, _EXCLUSIONS))
    if (folder / SPECS_FILE).is_file():
        yield SPECS_FILE, SPECS_FILE
    for name in study.analyses:
        for file in (*ANALYSIS_FILES, *refits, *OPTIONAL_FILES, FIDELITY_FILE):
            path = f"{ANALYSES}/{name}/{file}"
            if (folder / path).is_file():
                yield f"{name}/{file}", path


def _is_table(path: str) -> bool:
    return path.endswith((".csv", ".tsv"))
