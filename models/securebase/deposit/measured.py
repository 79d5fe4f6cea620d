"""Time and memory of jobs, as Snakemake's benchmarks and the ledger of fits have them."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from securebase.codebook.study import Study
from securebase.ledger.entries import FINISHED, Entry
from securebase.ledger.tried import tried
from securebase.progress.costs import benchmark_rows

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
# the brackets of the social science data editors
BRACKETS: Final = (
    (10 * _MINUTE, "less than 10 minutes"),
    (_HOUR, "10 to 60 minutes"),
    (8 * _HOUR, "1 to 8 hours"),
    (_DAY, "8 to 24 hours"),
    (3 * _DAY, "1 to 3 days"),
    (14 * _DAY, "3 to 14 days"),
    (math.inf, "more than 14 days"),
)
# folders of benchmarks are named as the rules, without the study
_OF_STUDY: Final = {"clean": "clean_waves", "judge": "judge"}
_OF_ANALYSIS: Final = {
    "fit": "sample_posterior",
    "other priors": "refit_priors",
    "drop-out": "refit_departures",
    "prediction": "compare_prediction",
}
_ENDING: Final = ".benchmark.tsv"


@dataclass(frozen=True)
class Measured:
    """What a job took.

    Parameters
    ----------
    seconds : float
        On the clock.
    megabytes : float
        The most memory it had resident; NaN where the system does not say.
    """

    seconds: float
    megabytes: float


def read_benchmark(path: Path) -> Measured:
    """Read a benchmark of Snakemake: a table with columns s and max_rss, and one row.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it holds no row or no numbers.
    """
    rows = benchmark_rows(path)
    if not rows:
        raise ValueError(f"{path.name} holds no row")
    memory = rows[-1].get("max_rss") or "-"
    return Measured(float(rows[-1]["s"]), math.nan if memory in ("-", "NA") else float(memory))


def bracket(seconds: float) -> str:
    """Name the bracket that a time lies in: coarse, so that equal runs say the same."""
    return next(words for limit, words in BRACKETS if seconds < limit)


def gigabytes(megabytes: Iterable[float]) -> int | None:
    """Round the most memory up to whole gigabytes; None where none was measured."""
    known = [one for one in megabytes if not math.isnan(one)]
    return math.ceil(max(known) / 1024) if known else None


def measured_jobs(
    logs: Path, study: Study, times: Mapping[str, tuple[str, str]]
) -> dict[str, Measured]:
    """Read what each job of a study took.

    Parameters
    ----------
    logs : pathlib.Path
        Folder of the logs of a project, where the benchmarks lie.
    study : Study
    times : mapping of str to (str, str)
        See `times_of_fits`: they stand in for the benchmark of a fit that has none.

    Returns
    -------
    dict of str to Measured
        By `jobs.Job.name`; jobs that were not measured are left out.
    """
    found = {
        job: Measured((_moment(ended) - _moment(began)).total_seconds(), math.nan)
        for job, (began, ended) in times.items()
    }
    for job, path in _benchmarks(study):
        try:
            found[job] = read_benchmark(logs / path)
        except (OSError, ValueError):
            # a run that was broken off leaves none, or an empty one
            continue
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _benchmarks(study: Study) -> Iterator[tuple[str, str]]:
    yield from ((job, f"{rule}/{study.study}{_ENDING}") for job, rule in _OF_STUDY.items())
    for name in study.analyses:
        for job, rule in _OF_ANALYSIS.items():
            yield f"{job} {name}", f"{rule}/{study.study}/{name}{_ENDING}"


def times_of_fits(entries: Iterable[Entry], study: Study) -> Mapping[str, tuple[str, str]]:
    """When the fits of a study's posteriors began and ended.

    Parameters
    ----------
    entries : iterable of mapping
        Of a ledger.
    study : Study

    Returns
    -------
    mapping of str to (str, str)
        ISO 8601, by `jobs.Job.name`: "fit growth". Of several fits of one analysis the last that
        was finished; analyses without one are left out.
    """
    found = {}
    for one in tried(entries, study.study):
        ended, name = one.ended, one.started["analysis"]
        posterior = one.started["purpose"] == "posterior" and name in study.analyses
        if posterior and ended is not None and ended["event"] == FINISHED:
            found[f"fit {name}"] = (str(one.started["time"]), str(ended["time"]))
    return found
