"""The same run locally and on Slurm: `python benchmarks/on_slurm.py -- ARGUMENTS`, as root.

ARGUMENTS are Snakemake's: targets first, then settings. Each of the two runs is in a checkout of
its own with nothing compiled, on the same number of cores. Prints what both took, and every file
of results with other bytes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from slurm.cluster import lacking, running_cluster  # noqa: E402

from securebase.caches import VARIABLE  # noqa: E402

# what holds the moment at which it was written, or where
DATED = {"fits.csv", "bundle.zip", "nonces.json"}
COMPARED = {".nc", ".csv", ".tsv", ".parquet", ".html", ".md"}


@dataclass(frozen=True)
class Run:
    """A run in a checkout of its own.

    Parameters
    ----------
    folder : Path
        Of the checkout.
    seconds : float
        By the clock.
    code : int
        With which Snakemake ended.
    """

    folder: Path
    seconds: float
    code: int

    def files(self) -> dict[str, bytes]:
        """Contents of the results, by their path."""
        results = self.folder / "results"
        return {
            str(path.relative_to(results)): path.read_bytes()
            for path in sorted(results.rglob("*"))
            if path.suffix in COMPARED and path.name not in DATED
        }


def ran(folder: Path, how: Sequence[str], arguments: Sequence[str]) -> Run:
    """Run the workflow in a fresh checkout, with an empty folder of compiled code."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    environment |= {"PYTHONPATH": str(folder / "models"), VARIABLE: str(folder / "compiled")}
    command = [sys.executable, "-m", "snakemake", *how, *arguments]
    with open(folder.with_suffix(".log"), "w", encoding="utf-8") as log:
        started = time.monotonic()
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=log, stderr=log, check=False
        )
        seconds = time.monotonic() - started
    if done.returncode:
        print(folder.with_suffix(".log").read_text(encoding="utf-8")[-4000:])
    return Run(folder, seconds, done.returncode)


def differing(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    """Name files that only one run has, or that have other bytes."""
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))


def main() -> None:
    """Run both, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpus", type=int, default=2, help="of the node, and locally")
    parser.add_argument("--memory-mb", type=int, default=12_000, help="of the node")
    parser.add_argument("arguments", nargs="+", help="of Snakemake: targets, then settings")
    parser.add_argument("--into", type=Path, help="keep both checkouts there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.into or Path(temporary)
        here = ran(Path(folder, "here"), ["--cores", str(asked.cpus)], asked.arguments)
        with running_cluster(asked.cpus, asked.memory_mb):
            profile = ["--profile", "workflow/profiles/slurm"]
            there = ran(Path(folder, "there"), profile, asked.arguments)
        files, others = here.files(), there.files()
    print("| where | exit code | by the clock |\n|---|---|---|")
    print(f"| --cores {asked.cpus} | {here.code} | {here.seconds:.0f} s |")
    print(f"| Slurm | {there.code} | {there.seconds:.0f} s |")
    print(f"\nSlurm took {there.seconds / here.seconds:.2f} times as long.")
    other = differing(files, others)
    print(f"{len(files)} files of results, {len(files.keys() - {*other})} the same to the byte.")
    for name in other:
        print(f"other: {name}")


if __name__ == "__main__":
    if why := lacking():
        sys.exit(why)
    main()
