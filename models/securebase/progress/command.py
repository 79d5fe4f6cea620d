"""`securebase progress`: what runs, how far it is, how long it will take, what failed."""

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from securebase.progress.causes import failure_lines
from securebase.progress.costs import duration, expected_seconds, job_costs
from securebase.progress.queue import Queued, queued
from securebase.progress.run_log import Job, Run, last_log, read_run


def add_progress_command(commands: Any) -> None:
    """Add the command to those of ``securebase``."""
    progress = commands.add_parser("progress", help="how far the last run here is, what failed")
    progress.add_argument(
        "folder", type=Path, nargs="?", default=Path(), metavar="FOLDER",
        help="that Snakemake runs in (default: this one)",
    )  # fmt: skip
    progress.set_defaults(command=_progress)


def _progress(arguments: argparse.Namespace) -> int:
    folder = arguments.folder.resolve()
    log = last_log(folder)
    if log is None:
        print("nothing was run here")
        return 1
    run = read_run(log.read_text(encoding="utf-8", errors="replace"))
    for line in progress_lines(run, folder, datetime.now()):
        print(line)
    return 0


def progress_lines(run: Run, folder: Path, now: datetime) -> Iterator[str]:
    """Tell of a run.

    Parameters
    ----------
    run : Run
    folder : pathlib.Path
        That it runs in.
    now : datetime
        Local time, as in the log.
    """
    until = run.last if run.done == run.total else now
    took = duration((until - run.begun).total_seconds()) if until and run.begun else "no time"
    yield f"{run.done} of {run.total} jobs done in {took}"
    at_work = run.of("at work")
    if run.done < run.total:
        yield from _time_left(run, folder)
    places = {one.number: one for one in queued(folder)} if at_work else {}
    for job in at_work:
        yield f"at work: {job.sentence}{_where(job, places, now)}"
    yield from failure_lines(run.of("failed"), folder)


def _where(job: Job, places: dict[str, Queued], now: datetime) -> str:
    since = f", {duration((now - job.begun).total_seconds())}" if job.begun else ""
    again = f", attempt {job.attempts}" if job.attempts > 1 else ""
    if not job.cluster_id:
        return since + again
    place = places.get(job.cluster_id)
    state = "not in the queue" if place is None else place.state.lower()
    reason = f", {place.reason}" if place and place.state == "PENDING" else ""
    return f"{since}{again} (cluster job {job.cluster_id}, {state}{reason})"


def _time_left(run: Run, folder: Path) -> Iterator[str]:
    """Work left by the mean times of jobs that ended here, over as many as are at work."""
    ended = Counter(job.rule for job in run.of("finished"))
    left = {rule: run.planned[rule] - ended[rule] for rule in run.planned if rule != "all"}
    known = expected_seconds(list(left), job_costs([folder / "logs"]))
    unknown = [rule for rule, count in left.items() if count and rule not in known]
    if seconds := sum(known[rule] * left[rule] for rule in known):
        beside, least = max(len(run.of("at work")), 1), "at least" if unknown else "about"
        yield f"{least} {duration(seconds / beside)} to go, {beside} side by side"
    if unknown:
        yield f"not counted, for none has ended yet: {', '.join(unknown)}"
