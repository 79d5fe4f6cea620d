"""Why a job failed, in one line, from its logs."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from securebase.progress.run_log import Job, last_log, read_run

# the first that is found: what the cluster says of memory also says that it cancelled the job.
# In quotes: the state of a job, where its logs are silent, as those of a lost node are
_SIGNS: Final = (
    (
        r"memory limit|oom.?kill|Out Of Memory|MemoryError|'OUT_OF_MEMORY'",
        "it needed more memory than mem_mb",
    ),
    (r"DUE TO TIME LIMIT|job killed: walltime|'TIMEOUT'", "it took longer than runtime"),
    (r"DUE TO NODE FAILURE|Node failure|'NODE_FAIL'", "its node failed"),
    (r"DUE TO PREEMPTION|'PREEMPTED'", "the cluster took its place away"),
    (r"No space left on device|Disk quota exceeded", "the disk is full"),
    (r"CANCELLED AT|'CANCELLED", "it was cancelled"),
    (r"task 0: Killed|signal 9|SIGKILL", "it was killed, by somebody or for its memory"),
)
_FAULTS: Final = re.compile(r": \d+ faults?:?$")
_ERROR: Final = re.compile(rf"[\w.]*(?:Error|Exception|Interrupt)\b: .+|.+{_FAULTS.pattern}")
# of what Snakemake says around a job
_EMPTY: Final = re.compile(r"(WorkflowError|RuleException|CalledProcessError)\b")


def cause(job: Job, folder: Path) -> tuple[str, str]:
    """Say why a job failed.

    Parameters
    ----------
    job : Job
    folder : pathlib.Path
        Of the run; paths of logs start there.

    Returns
    -------
    (why, line) : str
        In plain words, and the line that says so. Where no log says it, `line` is what Snakemake
        was told, or empty.
    """
    if "sbatch failed" in job.message or "submitting jobscript" in job.message:
        return "the cluster did not take it", job.message
    lines = [line for path in reversed(job.logs) for line in _lines(folder / path)]
    said = [*lines, job.message]
    for sign, why in _SIGNS:
        if found := next((line for line in said if re.search(sign, line)), None):
            return why, found
    # the last one; of faults of an input, the first of their list as well
    for number in reversed(range(len(lines))):
        if _ERROR.match(lines[number]) and not _EMPTY.match(lines[number]):
            faults = lines[number + 1 : number + 2] if _FAULTS.search(lines[number]) else []
            return "it stopped with an error", " ".join([lines[number], *faults])
    return "its logs do not say why", job.message


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    yield from (line.strip() for line in text.splitlines())


def failures_told(folder: Path) -> list[str]:
    """Tell what failed in the last run of a folder; see `failure_lines`."""
    log = last_log(folder)
    if log is None:
        return []
    run = read_run(log.read_text(encoding="utf-8", errors="replace"))
    return failure_lines(run.of("failed"), folder)


def failure_lines(jobs: Sequence[Job], folder: Path) -> list[str]:
    """Tell of jobs that failed: what, the cluster's number, why, and both logs.

    Parameters
    ----------
    jobs : sequence of Job
    folder : pathlib.Path
        Of the run; paths are told from there.
    """
    told = []
    for job in jobs:
        why, line = cause(job, folder)
        submitted = f", cluster job {job.cluster_id}" if job.cluster_id else ""
        told.append(f"{job.sentence or job.rule} failed (rule {job.rule}{submitted}): {why}")
        told += [f"    {line}"] if line else []
        begun = [path for path in job.logs if (folder / path).exists()]
        told += [f"    log: {path.removeprefix(f'{folder}/')}" for path in begun]
    return told
