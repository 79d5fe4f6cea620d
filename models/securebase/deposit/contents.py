"""A bundle as its descriptions see it: a study, what the run was told, and a list of files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from securebase.codebook.study import Study
from securebase.deposit.measured import Measured

TO_FILL_IN: Final = "TO FILL IN"
"""Marks what only the depositor knows, wherever it stands."""

README: Final = "README.md"
CODECHECK: Final = "codecheck.yml"
CRATE: Final = "ro-crate-metadata.json"
WORKFLOW: Final = "workflow.json"
LAVAAN: Final = "lavaan.R"
ATTESTATION: Final = "attest/build.intoto.json"
MANIFEST: Final = "manifest.sha256"


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file.

    Parameters
    ----------
    sha256 : str
        Hexadecimal digits.
    size : int
        Bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True)
class Contents:
    """A bundle, or what of it is written so far.

    Parameters
    ----------
    study : Study
        The codebook as used.
    tier : {"public", "controlled"}
    files : mapping of str to FileFacts
        By path in the bundle.
    settings : mapping
        ``config.json``: decision, thresholds, sampling, sensitivity, dropout, prediction.
    versions : mapping of str to str
        ``env/versions.json``: version of each library, Python and Snakemake.
    units_withheld, values_masked : mapping of str to int
        ``bundle.json``: by analysis.
    commitments : mapping of str to str
        ``seal/commitments.json``: of each raw file, by its path in the codebook.
    measured : mapping of str to Measured
        Time and memory of jobs, by `jobs.Job.name`; jobs that were not measured are left out.
    times : mapping of str to (str, str)
        When jobs began and ended, ISO 8601, by the same names; there is no clock in here.
    published : str or None
        Day that the package is of, ISO 8601: RO-Crate asks for one.
    """

    study: Study
    tier: Literal["public", "controlled"]
    files: Mapping[str, FileFacts]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    units_withheld: Mapping[str, int] = field(default_factory=dict)
    values_masked: Mapping[str, int] = field(default_factory=dict)
    commitments: Mapping[str, str] = field(default_factory=dict)
    measured: Mapping[str, Measured] = field(default_factory=dict)
    times: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    published: str | None = None

    @property
    def securebase(self) -> str:
        """Version of Securebase that made it."""
        return self.versions["securebase"]

    def of_analysis(self, name: str) -> list[str]:
        """Files of one analysis, sorted."""
        return sorted(path for path in self.files if path.startswith(f"analyses/{name}/"))
