"""Kill runs at random moments, start again: `python benchmarks/kills.py [KILLS [SEED]]`, as root.

Snakemake, a job, or a daemon of Slurm is killed. Every restart has to complete, nothing that was
finished may be fitted again, and every file has to be as an undisturbed run wrote it.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from slurm.cluster import Cluster, lacking, running_cluster, wait_until  # noqa: E402
from workflow_example import checkout  # noqa: E402

from securebase.ledger.tried import tried  # noqa: E402
from securebase.ledger.verifying import read_ledger  # noqa: E402

STUDIES = ("small", "other")
TARGETS = [f"results/{study}/growth/posterior.nc" for study in STUDIES]
FILES = ("posterior.nc", "priors.csv", "left_out.csv")
COMPARED = [f"results/{study}/growth/{name}" for study in STUDIES for name in FILES]
# the controller may not hear that a job has ended, and ask its node only minutes later
PATIENCE = 900.0
NOTHING = "nothing: no job was left"


@dataclass
class Trial:
    """A run that is killed, and what became of it.

    Parameters
    ----------
    folder : Path
    cluster : Cluster
    """

    folder: Path
    cluster: Cluster

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Call snakemake on the cluster."""
        profile = ("--profile", "workflow/profiles/slurm", "--set-threads", "sample_posterior=1")
        often = ("--slurm-init-seconds-before-status-checks", "1", *arguments)
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *profile, *often],
            cwd=self.folder, env=os.environ | {"PYTHONPATH": str(self.folder / "models")},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def finished(self) -> Counter[str]:
        """Fits that finished, by study."""
        ledger = self.folder / "ledger.jsonl"
        fits = list(tried(read_ledger(ledger).entries)) if ledger.exists() else []
        return Counter(one.started["study"] for one in fits if one.outcome == "finished")

    def kill(self, what: str, run: subprocess.Popen[str]) -> str:
        """Kill something, and say what."""
        if what == "Snakemake":
            os.killpg(run.pid, signal.SIGKILL)
            return what
        if what == "job":
            if (number := self._some_job(run)) is None:
                return NOTHING
            self.cluster.ask("scancel", "--signal=KILL", "--full", number)
            return f"job {number}"
        self.cluster.kill(what)
        time.sleep(2)
        self.cluster.start(what)
        return what

    def _some_job(self, run: subprocess.Popen[str]) -> str | None:
        """Wait for a job, and on for a while: it is not always killed as it begins."""
        for waiting in (random.uniform(0, 7), 0):
            wait_until(lambda: self._running() or run.poll() is not None, "a job", PATIENCE)
            time.sleep(waiting)
        running = self._running()
        return random.choice(running) if running else None

    def _running(self) -> list[str]:
        return [number for number in self.cluster.jobs("running") if number]

    def complete(self, run: subprocess.Popen[str]) -> str:
        """Wait for a run; where it was killed or failed, start it again until it is done."""
        code, restarts = self._end(run), 0
        while code != 0 and restarts < 5:
            wait_until(self.cluster.idle, "jobs that were left end", PATIENCE)
            self.begin("--unlock").communicate(timeout=PATIENCE)
            code, restarts = self._end(self.begin("--", *TARGETS)), restarts + 1
        return f"exit code {code} after {restarts} restarts"

    def _end(self, run: subprocess.Popen[str]) -> int:
        try:
            run.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
            return -1
        return run.returncode


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of what is compared."""
    return {name: (folder / name).read_bytes() for name in COMPARED}


def remove_results(folder: Path) -> None:
    """Let a run have everything to do again."""
    for path in sorted((folder / "results").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (folder / "ledger.jsonl").unlink()
    (folder / "ledger.head").unlink()


def one_kill(trial: Trial, what: str, after: float, wanted: dict[str, bytes]) -> str:
    """Begin a run anew, kill something after so many seconds, let it end; give a row."""
    remove_results(trial.folder)
    run, begun = trial.begin("--", *TARGETS), time.monotonic()
    time.sleep(after)
    killed = trial.kill(what, run)
    moment = time.monotonic() - begun
    said = trial.complete(run)
    fits = len(list(tried(read_ledger(trial.folder / "ledger.jsonl").entries)))
    most = max(trial.finished().values())
    same = "yes" if contents(trial.folder) == wanted else "NO"
    return f"| {killed} | {moment:.0f} s | {said} | {fits}, {most} of a study at most | {same} |"


def main(kills: int) -> None:
    """Run undisturbed, then kill that many times; print a row each."""
    with tempfile.TemporaryDirectory() as name, running_cluster() as cluster:
        trial = Trial(Path(name) / "run", cluster)
        checkout(ROOT, trial.folder, STUDIES)
        started = time.monotonic()
        said = trial.complete(trial.begin("--", *TARGETS))
        took, wanted = time.monotonic() - started, contents(trial.folder)
        print(f"undisturbed: {said}, {took:.0f} s\n", flush=True)
        print("| killed | after | then | fits begun and finished | same bytes |")
        print("|---|---|---|---|---|")
        whats = cycle(("Snakemake", "job", "node1", "job", "Snakemake", "slurmctld"))
        while kills:
            row = one_kill(trial, next(whats), random.uniform(0.05, 1.0) * took, wanted)
            print(row, flush=True)
            kills -= NOTHING not in row


if __name__ == "__main__":
    if why := lacking():
        sys.exit(why)
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 20261127)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
