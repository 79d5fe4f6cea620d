"""The workflow on a real Slurm: runs, faults, and what the next run does."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm.cluster import Cluster, lacking, running_cluster, wait_until
from workflow_example import checkout

from securebase.ledger.tried import tried
from securebase.ledger.verifying import read_ledger
from securebase.progress.queue import queued
from securebase.retries import KEPT

POSTERIOR = "results/small/growth/posterior.nc"
PATIENCE = 180.0


class Checkout:
    """A folder with the workflow, and a cluster to run it on."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder = folder
        self.cluster = cluster
        self.log = folder / "logs" / "sample_posterior" / "small" / "growth.log"

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Call snakemake in a process group of its own."""
        command = [sys.executable, "-m", "snakemake", *arguments]
        environment = os.environ | {"PYTHONPATH": str(self.folder / "models")}
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def submit(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a run with the profile for Slurm, polled as often as can be."""
        profile = ("--profile", "workflow/profiles/slurm")
        often = ("--slurm-init-seconds-before-status-checks", "1")
        self.log.unlink(missing_ok=True)
        return self.begin(*profile, *often, *arguments)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run to the end: exit code and everything said."""
        process = self.submit(*arguments)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    def sampling(self, run: subprocess.Popen[str]) -> str:
        """Wait until a run has begun to fit; give the number of its job."""
        begun = lambda: self.log.exists() and "units" in self.log.read_text()  # noqa: E731
        wait_until(lambda: begun() or run.poll() is not None, "a fit", PATIENCE)
        assert run.poll() is None, run.stdout.read() if run.stdout else ""
        return self.cluster.jobs("running")[0]

    def fits(self) -> Counter[str]:
        """What became of all fits in the ledger."""
        return Counter(
            one.outcome for one in tried(read_ledger(self.folder / "ledger.jsonl").entries)
        )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("Snakemake's plugin for Slurm is not installed: `make environment`")
    if why := lacking():
        pytest.skip(why)
    with running_cluster(nodes=2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def here(root: Path, tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Checkout:
    folder = tmp_path_factory.mktemp("cluster")
    checkout(root, folder, ["small"])
    return Checkout(folder, cluster)


def test_a_cancelled_job_is_told_with_its_number_both_logs_and_the_cause(here: Checkout) -> None:
    process = here.submit("--retries", "0", "--", POSTERIOR)
    number = here.sampling(process)
    here.cluster.ask("scancel", number)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    summary = said[said.rindex("sample small, growth failed") :]
    first, _, *logs = summary.splitlines()
    assert first.endswith(f"(rule sample_posterior, cluster job {number}): it was cancelled")
    slurm_log = f"logs/slurm/rule_sample_posterior/small_growth/{number}.log"
    for log in ("logs/sample_posterior/small/growth.log", slurm_log):
        assert f"    log: {log}" in logs
        assert (here.folder / log).is_file()
    assert not (here.folder / POSTERIOR).exists()


def test_a_run_that_is_interrupted_cancels_its_jobs(here: Checkout) -> None:
    process = here.submit("--", POSTERIOR)
    number = here.sampling(process)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, said
    wait_until(here.cluster.idle, "the job has ended")
    assert f"{number} CANCELLED" in here.cluster.jobs("all", "%i %T")
    assert not (here.folder / POSTERIOR).exists()


def test_a_job_whose_node_fails_is_run_again_on_another(here: Checkout) -> None:
    process = here.submit("--", POSTERIOR)
    number = here.sampling(process)
    node = here.cluster.ask("squeue", "-h", "-j", number, "-o", "%N")
    here.cluster.lose(node)
    said, _ = process.communicate(timeout=PATIENCE)
    here.cluster.start(node)
    assert process.returncode == 0, said
    *_, lost, again = sorted(here.cluster.jobs("all", "%6i %T %N"))
    assert lost.split() == [number, "NODE_FAIL", node]
    assert again.split()[1:] == ["COMPLETED", "node2" if node == "node1" else "node1"]
    (here.folder / POSTERIOR).unlink()


def test_a_fit_that_had_finished_when_its_job_was_killed_is_not_made_again(
    here: Checkout,
) -> None:
    before = here.fits()["finished"]
    process = here.submit("--", POSTERIOR)
    number = here.sampling(process)
    kept = here.folder / KEPT / POSTERIOR / "label.json"
    wait_until(kept.exists, "the fit has finished", PATIENCE)
    written = (here.folder / POSTERIOR).read_bytes()
    here.cluster.ask("scancel", "--signal=KILL", "--full", number)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "Trying to restart job" in said
    assert (here.folder / POSTERIOR).read_bytes() == written
    assert here.fits()["finished"] == before + 1
    assert not kept.exists()
    (here.folder / POSTERIOR).unlink()


def test_a_job_without_enough_memory_is_run_again_with_more(here: Checkout) -> None:
    asked = "sample_posterior:mem_mb=150 if attempt == 1 else 2000"
    code, said = here.run("--set-resources", asked, "--", POSTERIOR)
    assert code == 0, said
    assert "Trying to restart job" in said
    memory = here.cluster.jobs("all", "%m")
    assert {"150M", "2000M"} <= set(memory)


def test_a_run_whose_snakemake_is_killed_is_taken_up_and_nothing_fitted_twice(
    here: Checkout,
) -> None:
    before = here.fits()["finished"]
    process = here.submit("--forcerun", "sample_posterior")
    number = here.sampling(process)
    here.cluster.ask("scontrol", "suspend", number)  # so that it is there when it is looked for
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert [one.number for one in queued(here.folder)] == [number]
    assert queued(here.folder.parent) == []
    here.begin("--unlock").communicate(timeout=PATIENCE)
    code, said = here.run()
    assert code == 1
    assert f"Slurm job {number}: sample_posterior_wildcards_small_growth (SUSPENDED)" in said
    assert f"wait until they have ended, or end them with `scancel {number}`" in said
    here.cluster.ask("scontrol", "resume", number)
    wait_until(here.cluster.idle, "the job that was left ends", PATIENCE)
    made = (here.folder / POSTERIOR).stat()
    code, said = here.run()
    assert code == 0, said
    assert (here.folder / POSTERIOR).stat().st_mtime_ns == made.st_mtime_ns
    assert here.fits()["finished"] == before + 1
    assert "sample small, growth" not in said


def test_a_finished_run_says_what_it_cost_and_has_nothing_left_to_do(here: Checkout) -> None:
    code, said = here.run()
    assert code == 0, said
    assert "Nothing to be done" in said
    costs = (here.folder / "logs" / "cost.tsv").read_text().splitlines()
    assert {line.split("\t")[0] for line in costs[1:]} >= {"sample_posterior", "judge", "gate"}
    ledger = read_ledger(here.folder / "ledger.jsonl", [here.folder / "results/small/fits.csv"])
    assert ledger.broken is None


def test_posteriors_are_those_of_a_run_without_a_cluster(
    here: Checkout, root: Path, tmp_path: Path
) -> None:
    checkout(root, tmp_path, ["small"])
    process = Checkout(tmp_path, here.cluster).begin("--cores", "2", "--", POSTERIOR)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert (here.folder / POSTERIOR).read_bytes() == (tmp_path / POSTERIOR).read_bytes()


def test_short_jobs_share_a_place_and_the_shortest_need_none(here: Checkout) -> None:
    submitted = set(here.cluster.jobs("all", "%k"))
    assert "rule_report_small_judge_small_write_pages_small" in submitted
    assert not [one for one in submitted if re.match("rule_(gate|write_index|clean_waves)", one)]
