"""What a job that is tried again need not make again.

A job may be killed when it has just written its last file, and the end of a job may never reach
Snakemake, which then removes its files and tries it again. Links to them stay, elsewhere, and are
given back to a job that is to make the same of the same.
"""

import json
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from securebase.digests import digest_of
from securebase.ledger.entries import digest
from securebase.whole_files import write_whole

log = logging.getLogger(__name__)

# beside what Snakemake itself remembers of a run; the workflow empties it before a run and after
KEPT: Final = Path(".snakemake/finished")
_LABEL: Final = "label.json"


class Job(Protocol):
    """What Snakemake hands to a script, as far as it matters here.

    Parameters
    ----------
    input, output : sequence of str
        Files, code among what is read; on the file system of the folder of the run.
    params : named values
        All else that the files are made from.
    resources : named values
        With ``attempt``, from 1.
    """

    input: Sequence[str]
    output: Sequence[str]
    params: Any
    resources: Any


def make_once(job: Job, make: Callable[[], None]) -> None:
    """Make the files of a job, unless an earlier attempt has finished them.

    The first attempt always makes them, so that who forces a job gets what was asked for.

    Parameters
    ----------
    job : Job
    make : callable
        Writes all outputs.
    """
    folder = KEPT / job.output[0]
    asked = [_digests(job.input), dict(job.params.items())]
    mark = digest(json.dumps(asked, default=str).encode())
    if job.resources.attempt > 1 and _given_back(folder, mark, job.output):
        log.info("an earlier attempt had finished: its files are kept, and nothing is made again")
        return
    make()
    try:
        _keep(folder, mark, job.output)
    except OSError as why:  # a file system without links, or without room
        log.warning("a retry of this job would begin anew (%s)", why)


def _digests(files: Sequence[str]) -> dict[str, str]:
    return {name: digest_of(Path(name)) for name in files}


def _keep(folder: Path, mark: str, outputs: Sequence[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, name in enumerate(outputs):
        os.link(name, folder / str(number))
    # last: without it, nothing is given back
    write_whole(json.dumps({"made_from": mark, "files": _digests(outputs)}), folder / _LABEL)


def _given_back(folder: Path, mark: str, outputs: Sequence[str]) -> bool:
    try:
        label = json.loads((folder / _LABEL).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # there is none, or not a whole one
        return False
    kept = {name: folder / str(number) for number, name in enumerate(outputs)}
    found = {name: digest_of(path) for name, path in kept.items() if path.exists()}
    if label != {"made_from": mark, "files": found}:
        return False
    for name, path in kept.items():
        Path(name).unlink(missing_ok=True)
        os.link(path, name)
    return True
