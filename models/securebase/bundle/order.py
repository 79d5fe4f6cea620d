"""What a bundle is to be made of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from securebase.codebook.loading import Study
from securebase.config import Config
from securebase.faults import Fault, InputError
from securebase.report.rules import Rules


@dataclass(frozen=True)
class Order:
    """What a bundle is to be made of.

    Parameters
    ----------
    study : Study
        The codebook.
    folder : pathlib.Path
        ``results/<study>``: fitted and judged.
    config : Config
        Of the run.
    raw_root : pathlib.Path
        Folder that the raw files' paths start from.
    project : Project
        Where the project keeps what is of no single study.
    cores : int
        Chains side by side; no draw depends on it.
    """

    study: Study
    folder: Path
    config: Config
    raw_root: Path
    project: "Project" = field(default_factory=lambda: Project())
    cores: int = 1

    @property
    def rules(self) -> Rules:
        """What pages have to say of the run."""
        asked = self.config
        return Rules(
            asked.decision,
            asked.sensitivity,
            asked.dropout,
            asked.prediction,
            asked.multiverse,
            asked.thresholds,
        )

    def refuse_unfinished(self) -> None:
        """Refuse results that are not there yet.

        Raises
        ------
        InputError
            With every file that is missing.
        """
        tables = ("posterior.nc", "summary.csv", "checks.tsv", *self.rules.tables)
        names = ["waves.parquet", "claims.csv"]
        names += [f"{name}/{file}" for name in self.study.analyses for file in tables]
        faults = [
            Fault(
                str(self.folder / name), "no such file", "results of a run", "run snakemake first"
            )
            for name in names
            if not (self.folder / name).is_file()
        ]
        if faults:
            raise InputError(f"bundle of {self.study.study}", faults)


@dataclass(frozen=True)
class Project:
    """Files of a project that all its studies share.

    Parameters
    ----------
    ledger : pathlib.Path
        ledger.jsonl, beside it ledger.head.
    lock : pathlib.Path
        requirements.lock.
    logs : pathlib.Path
        Folder of the benchmarks of jobs.
    calibration : pathlib.Path
        Folder of what simulation has shown, docs/calibration.
    """

    ledger: Path = Path("ledger.jsonl")
    lock: Path = Path("requirements.lock")
    logs: Path = Path("logs")
    calibration: Path = Path("docs/calibration")

    def calibration_of(self, study: str) -> Iterator[Path]:
        """Give the tables of simulations that there are of families, and of a study."""
        for name in ("families.csv", f"recovery/{study}.csv"):
            if (self.calibration / name).is_file():
                yield self.calibration / name
