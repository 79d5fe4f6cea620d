"""What results have cost: time, memory and work of each rule, from the benchmarks of its jobs."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from securebase.whole_files import write_whole


@dataclass(frozen=True)
class Cost:
    """What a job has cost.

    Parameters
    ----------
    seconds, cpu_seconds : float
        By the clock, and at work.
    peak_mb : float
        Most memory that it held, MiB.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float


def job_costs(logs: Iterable[Path]) -> dict[str, list[Cost]]:
    """Read what every job of each rule has cost.

    Parameters
    ----------
    logs : iterable of pathlib.Path
        Folders ``logs`` of runs: ``<rule>/….benchmark.tsv``, ``<rule>.benchmark.tsv``.
    """
    costs: dict[str, list[Cost]] = defaultdict(list)
    for folder in logs:
        for path in sorted(folder.rglob("*.benchmark.tsv")):
            rule = path.relative_to(folder).parts[0].removesuffix(".benchmark.tsv")
            costs[rule] += [_cost(row) for row in benchmark_rows(path)[-1:]]
    return costs


def benchmark_rows(path: Path) -> list[dict[str, str]]:
    """Read a benchmark of Snakemake; one that is just being written has no row yet."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _cost(row: Mapping[str, str]) -> Cost:
    return Cost(*(_number(row[name]) for name in ("s", "cpu_time", "max_rss")))


def _number(text: str) -> float:
    """Jobs that are over at once have no memory measured: NA, or a dash."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def cost_table(costs: Mapping[str, Sequence[Cost]]) -> str:
    """Sum up the jobs of each rule, the dearest first, as text with tabs."""
    lines = ["rule\tjobs\tseconds\tcpu_seconds\tlongest_s\tpeak_mb"]
    for rule, jobs in sorted(costs.items(), key=lambda one: -sum(job.seconds for job in one[1])):
        seconds = sum(job.seconds for job in jobs)
        work = sum(job.cpu_seconds for job in jobs)
        longest = max((job.seconds for job in jobs), default=0.0)
        peak = max((job.peak_mb for job in jobs), default=0.0)
        lines.append(f"{rule}\t{len(jobs)}\t{seconds:.1f}\t{work:.1f}\t{longest:.1f}\t{peak:.0f}")
    return "\n".join(lines) + "\n"


def write_costs(logs: Path) -> str:
    """Write ``cost.tsv`` into the folder of logs, and say the sum.

    It is not among the results: equal runs take different times.
    """
    costs = job_costs([logs])
    jobs = [job for rule in costs.values() for job in rule]
    if not jobs:
        return f"{logs} holds no benchmark of a job"
    write_whole(cost_table(costs), logs / "cost.tsv")
    seconds, peak = sum(job.seconds for job in jobs), max(job.peak_mb for job in jobs)
    return (
        f"What is in results took {len(jobs)} jobs {duration(seconds)} together, "
        f"{peak:.0f} MB at most: see {logs}/cost.tsv"
    )


def expected_seconds(rules: Sequence[str], costs: Mapping[str, Sequence[Cost]]) -> dict[str, float]:
    """Mean time of a job of each rule that has run before.

    The jobs of one study are rules of their own (``judge_small``), whose benchmarks share a folder.
    """
    known = {}
    for rule in rules:
        names = [name for name in costs if rule == name or rule.startswith(f"{name}_")]
        if jobs := costs[max(names, key=len)] if names else []:
            known[rule] = fmean(job.seconds for job in jobs)
    return known


def duration(seconds: float) -> str:
    """Say a time: 45 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
