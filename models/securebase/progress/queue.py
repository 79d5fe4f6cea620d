"""What Slurm has in its queue of a folder's jobs."""

import getpass
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from securebase.faults import Fault, InputError


@dataclass(frozen=True)
class Queued:
    """A job that waits or runs.

    Parameters
    ----------
    number : str
    state : str
        As Slurm says: PENDING, RUNNING, COMPLETING.
    reason : str
        Why it waits.
    what : str
        Rule and wildcards.
    """

    number: str
    state: str
    reason: str
    what: str


def queued(folder: Path) -> list[Queued]:
    """List jobs that a run of Snakemake in a folder submitted and that have not ended.

    Empty where there is no Slurm, or it does not answer.
    """
    if shutil.which("squeue") is None:
        return []
    command = ["squeue", "--noheader", "--user", getpass.getuser(), "--format=%i|%T|%r|%Z|%k"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (subprocess.SubprocessError, OSError):
        return []
    rows = [line.split("|", 4) for line in asked.stdout.splitlines()]
    return [
        Queued(row[0], row[1], row[2], row[4].removeprefix("rule_"))
        for row in rows
        if len(row) == 5 and row[3] == str(folder) and row[4].startswith("rule_")
    ]


def refuse_leftovers(folder: Path) -> None:
    """Stop before jobs are submitted that an earlier run has submitted already.

    Snakemake, when it is killed, leaves its jobs to the cluster. They go on and finish their
    files, but the next run knows nothing of them and would do the same work beside them.

    Raises
    ------
    InputError
        A fault for each job.
    """
    left = queued(folder)
    if not left:
        return
    numbers = " ".join(one.number for one in left)
    remedy = f"wait until they have ended, or end them with `scancel {numbers}`; then run again"
    faults = [
        Fault(f"Slurm job {one.number}", f"{one.what} ({one.state})", "none", remedy)
        for one in left
    ]
    raise InputError("jobs that an earlier run has left at work", faults)
