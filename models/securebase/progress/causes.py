"""Why a job failed, in one line, from its logs."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from securebase.progress.run_log import Job, last_log, read_run

# the first that is found: what the cluster says of memory also says that it cancelled the job
_SIGNS: Final = (
    (r"memory limit|oom.?kill|Out Of Memory|MemoryError", "it needed more memory than mem_mb"),
    (r"DUE TO TIME LIMIT|job killed: walltime", "it took longer than runtime"),
    (r"DUE TO NODE FAILURE|Node failure", "its node failed"),
    (r"DUE TO PREEMPTION", "the cluster took its place away"),
    (r"No space left on device|Disk quota exceeded", "the disk is full"),
    (r"CANCELLED AT", "it was cancelled"),
    (r"task 0: Killed|signal 9|SIGKILL", "it was killed, by somebody or for its memory"),
)
_ERROR: Final = re.compile(r"[\w.]*(?:Error|Exception|Interrupt)\b: .+|.+: \d+ faults?:?$")
# of what Snakemake says around a job
_EMPTY: Final = re.compile(r"(WorkflowError|RuleException|CalledProcessError)\b")


def cause(job: Job) -> tuple[str, str]:
    """Say why a job failed.

    Returns
    -------
    (why, line) : str
        In plain words, and the line that says so. Where no log says it, `line` is what Snakemake
        was told, or empty.
    """
    lines = [line for path in reversed(job.logs) for line in _lines(Path(path))]
    for sign, why in _SIGNS:
        if found := next((line for line in lines if re.search(sign, line)), None):
            return why, found
    errors = [line for line in lines if _ERROR.match(line) and not _EMPTY.match(line)]
    if errors:
        return "it says", errors[-1]
    return ("its logs do not say why" if job.logs else "it was not begun"), job.message


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
        why, line = cause(job)
        submitted = f", cluster job {job.cluster_id}" if job.cluster_id else ""
        told.append(f"{job.sentence or job.rule} failed (rule {job.rule}{submitted}): {why}")
        told += [f"    {line}"] if line else []
        told += [f"    log: {_short(path, folder)}" for path in job.logs]
    return told


def _short(path: str, folder: Path) -> str:
    return path.removeprefix(f"{folder}/")
