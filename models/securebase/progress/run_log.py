"""What Snakemake's log tells of a run: jobs that were begun, ended or failed, and their logs.

The log is text made for people. Lines that are not known are passed over, so that another version
of Snakemake costs what is told, not the telling.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

State = Literal["at work", "finished", "failed"]

_CLOCK: Final = re.compile(r"\[(\w{3} \w{3} +\d+ [\d:]{8} \d{4})\]")
_STATS: Final = re.compile(r"(\w+) +(\d+)$")
_BEGUN: Final = re.compile(r"Job (\d+): (.+)")
_GROUP: Final = re.compile(r"Group job (\S+) \(jobs")
_SUBMITTED: Final = re.compile(r"Job (\S+) has been submitted with SLURM jobid (\S+) \(log: (.+)\)")
_EXTERNAL: Final = re.compile(r"Submitted (?:group )?job (\S+) with external jobid '(.+)'")
_FINISHED: Final = re.compile(r"Finished jobid: (\d+) \(Rule: (\w+)\)")
_ERROR: Final = re.compile(r"Error in rule (\w+):$")
_DETAIL: Final = re.compile(r"(message|jobid|log|external_jobid): (.+)")
_STEPS: Final = re.compile(r"(\d+) of (\d+) steps")


@dataclass
class Job:
    """A job of a run.

    Parameters
    ----------
    number : str
        Snakemake's.
    sentence : str
        What it does, as the workflow says it.
    rule : str
        Known when it has ended.
    state : str
    begun : datetime, optional
        When it was started or submitted, last.
    attempts : int
    group : str
        Of jobs that are submitted together.
    cluster_id : str
        The cluster's number, where it was submitted.
    message : str
        What Snakemake was told when it failed.
    logs : list of str
        Its own, and that of the cluster.
    """

    number: str
    sentence: str = ""
    rule: str = ""
    state: State = "at work"
    begun: datetime | None = None
    attempts: int = 0
    group: str = ""
    cluster_id: str = ""
    message: str = ""
    logs: list[str] = field(default_factory=list)


@dataclass
class Run:
    """A run, as far as its log goes.

    Parameters
    ----------
    planned : dict of str to int
        How many jobs of each rule.
    jobs : dict of str to Job
        Those begun so far, by number.
    done, total : int
        Jobs finished and planned, the last target among them.
    begun, last : datetime, optional
        The first and the last time in the log.
    """

    planned: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    begun: datetime | None = None
    last: datetime | None = None

    def of(self, state: State) -> list[Job]:
        """Jobs in a state, as they were begun."""
        return [job for job in self.jobs.values() if job.state == state]


def read_run(text: str) -> Run:
    """Read a log of Snakemake, of a run that is over or still going on."""
    reader = _Reader()
    for line in text.splitlines():
        reader.read(line)
    return reader.run


def last_log(folder: Path) -> Path | None:
    """Path of the log of the last run in a folder; None where nothing was run."""
    logs = sorted((folder / ".snakemake" / "log").glob("*.snakemake.log"))
    return logs[-1] if logs else None


class _Reader:
    def __init__(self) -> None:
        self.run = Run()
        self.planning = False
        self.group = ""
        # of the failure that is just being told
        self.failing: Job | None = None
        self.rule = ""
        self.message = ""

    def read(self, line: str) -> None:
        text = line.strip()
        if found := _CLOCK.match(text):
            self.run.last = datetime.strptime(found[1], "%a %b %d %H:%M:%S %Y")
            self.run.begun = self.run.begun or self.run.last
            text = text[found.end() :].strip()
            self.rule = ""
            # a job that is told by itself is in no group
            self.group = self.group if line.startswith(" ") else ""
        if text == "Job stats:" or self.planning:
            self._plan(text)
        elif found := _GROUP.match(text):
            self.group = found[1]
        elif found := _BEGUN.match(text):
            self._begin(found[1], found[2])
        elif found := _SUBMITTED.match(text):
            self._submitted(found[1], found[2], found[3])
        elif found := _EXTERNAL.match(text):
            self._submitted(found[1], found[2], "")
        elif found := _FINISHED.match(text):
            job = self._job(found[1])
            job.state, job.rule = "finished", found[2]
        elif found := _STEPS.match(text):
            self.run.done, self.run.total = int(found[1]), int(found[2])
        else:
            self._failure(text)

    def _job(self, number: str) -> Job:
        return self.run.jobs.setdefault(number, Job(number))

    def _plan(self, text: str) -> None:
        self.planning = bool(text)
        found = _STATS.match(text)
        if found and found[1] == "total":
            self.run.total = int(found[2])
        elif found:
            self.run.planned[found[1]] = int(found[2])

    def _begin(self, number: str, sentence: str) -> None:
        job = self._job(number)
        job.sentence, job.state, job.begun = sentence, "at work", self.run.last
        job.group, job.attempts = self.group, job.attempts + 1
        job.cluster_id, job.message, job.logs = "", "", []

    def _submitted(self, number: str, cluster_id: str, log: str) -> None:
        """Take the cluster's number; a group has its name in the path of its log only."""
        folder = Path(log).parent.name
        for job in self.run.jobs.values():
            together = job.group and folder.startswith(f"group_{job.group}_")
            if job.number == number or (together and job.state == "at work"):
                job.cluster_id, job.logs = cluster_id, [log] if log else []

    def _failure(self, text: str) -> None:
        """Take what is told of a job that failed, a line at a time: its rule, then the rest."""
        if found := _ERROR.match(text):
            self.rule, self.failing, self.message = found[1], None, ""
        elif self.rule and (found := _DETAIL.match(text)):
            self._detail(found[1], found[2])

    def _detail(self, what: str, said: str) -> None:
        if what == "message":
            self.message = said
        elif what == "jobid":
            self.failing = self._job(said)
            self.failing.state, self.failing.rule = "failed", self.rule
            self.failing.message = "" if self.message == "None" else self.message
        elif self.failing is not None and what == "log":
            for one in said.removesuffix(" (check log file(s) for error details)").split(", "):
                if one not in self.failing.logs:
                    self.failing.logs.append(one)
        elif self.failing is not None:
            self.failing.cluster_id = said
