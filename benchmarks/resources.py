"""What jobs should ask for, from what they took: `python benchmarks/resources.py LOGS...`.

Each LOGS is the folder ``logs`` of a run. The numbers go into the rules of ``workflow/rules``.
"""

import sys
from math import ceil
from pathlib import Path

from securebase.progress.costs import Cost, job_costs

# half again for data that are larger; two nested Snakemakes are in the job beside the script
SHARE, SNAKEMAKE_MB = 1.5, 200
# nodes are slower than this machine, or busy; below that, a limit guards against nothing
SLOWER, LEAST_MINUTES = 5, 10


def asked(jobs: list[Cost]) -> tuple[int, int]:
    """Memory in MB, in steps of 100, and minutes, in steps of 10."""
    memory = SHARE * max(job.peak_mb for job in jobs) + SNAKEMAKE_MB
    minutes = SLOWER * max(job.seconds for job in jobs) / 60
    return ceil(memory / 100) * 100, max(ceil(minutes / 10) * 10, LEAST_MINUTES)


def main() -> None:
    """Print a row per rule."""
    costs = job_costs(map(Path, sys.argv[1:]))
    print("| rule | jobs | longest | cores busy | peak | asks for |\n|---|---|---|---|---|---|")
    for rule, jobs in sorted(costs.items()):
        memory, minutes = asked(jobs)
        busy = sum(job.cpu_seconds for job in jobs) / sum(job.seconds for job in jobs)
        longest, peak = max(job.seconds for job in jobs), max(job.peak_mb for job in jobs)
        print(
            f"| `{rule}` | {len(jobs)} | {longest:.0f} s | {busy:.1f} | {peak:.0f} MB "
            f"| {memory} MB, {minutes} min |"
        )


if __name__ == "__main__":
    main()
