"""Fits that begin at once, nothing compiled: `python benchmarks/many_at_once.py [JOBS]`, as root.

An array of jobs of a real Slurm, all at work at the same time, draws the same analysis into folders
of its own, with one cache, empty at first, and one ledger. Jobs hold no Snakemake: the memory of
fifty that do is a cluster's. Prints what became of them.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from slurm.cluster import Cluster, lacking, running_cluster, wait_until  # noqa: E402
from workflow_example import checkout  # noqa: E402

from securebase.caches import VARIABLE  # noqa: E402
from securebase.codebook.loading import load_study  # noqa: E402
from securebase.config import Sampling  # noqa: E402
from securebase.digests import digest_of  # noqa: E402
from securebase.fitting import fit_analysis  # noqa: E402
from securebase.ledger.recording import recording  # noqa: E402
from securebase.ledger.tried import tried  # noqa: E402
from securebase.ledger.verifying import read_ledger  # noqa: E402
from securebase.logs import logged  # noqa: E402

WAVES, LEDGER = Path("results/small/waves.parquet"), Path("ledger.jsonl")
SAMPLING = Sampling(chains=4, draws=250, tune=250)
PATIENCE = 3600.0


def fit(number: str) -> None:
    """Draw the analysis of the small study, as a job of the array."""
    with logged(f"logs/{number}.log"), recording(LEDGER, WAVES):
        study = load_study(Path("config/studies/small.yaml"))
        fit_analysis(study, "growth", WAVES, SAMPLING, cores=1).write(Path("fits") / number)


def submit(folder: Path, jobs: int, cluster: Cluster) -> None:
    """Submit all at once, held until the last is there, and wait until none is left."""
    command = f"exec {sys.executable} {Path(__file__).resolve()} --fit $SLURM_ARRAY_TASK_ID"
    array = ["sbatch", "--parsable", "--hold", f"--array=1-{jobs}", "--mem=1000", "--wrap", command]
    given = {"PYTHONPATH": str(folder / "models"), VARIABLE: str(folder / "compiled")}
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    number = subprocess.run(
        [*array, "--output=logs/slurm_%a.log"], cwd=folder, env=environment | given,
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    cluster.ask("scontrol", "release", number)
    wait_until(cluster.idle, "all jobs end", PATIENCE)


def complaints(folder: Path) -> list[str]:
    """Lines of logs that tell of anything but progress."""
    words = ("error", "warn", "cannot", "lock", "timed out", "compiling anew")
    logs = sorted((folder / "logs").glob("*.log"))
    lines = [line for log in logs for line in log.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if any(word in line.lower() for word in words)]


def main(jobs: int) -> None:
    """Let them begin, and print what became of them."""
    with tempfile.TemporaryDirectory() as name, running_cluster(jobs, 1000 * jobs) as cluster:
        folder = Path(name) / "run"
        checkout(ROOT, folder, ["small"])
        clean = [sys.executable, "-m", "snakemake", "--cores", "2", "--", str(WAVES)]
        given = os.environ | {"PYTHONPATH": str(folder / "models")}
        subprocess.run(clean, cwd=folder, env=given, capture_output=True, check=True)
        begun = time.monotonic()
        submit(folder, jobs, cluster)
        seconds = time.monotonic() - begun
        states = Counter(cluster.jobs("all", "%T"))
        draws = {digest_of(path) for path in folder.glob("fits/*/posterior.nc")}
        ledger = read_ledger(folder / LEDGER)
        ends = Counter(one.outcome for one in tried(ledger.entries))
        print(f"{jobs} jobs at once, nothing compiled: {dict(states)} after {seconds:.0f} s")
        print(f"other bytes of posterior.nc: {len(draws)}; ledger: {dict(ends)}, {ledger.broken}")
        print(*complaints(folder) or ["no word of complaint in their logs"], sep="\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fit"]:
        fit(sys.argv[2])
    elif why := lacking():
        sys.exit(why)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
