"""All timings into RESULTS.md: `make bench`, alone on the machine, about twenty minutes."""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import likelihood
from designs import couples
from tqdm import tqdm

from securebase.caches import VARIABLE, processor

HERE = Path(__file__).parent
LIBRARIES = ("securebase", "pymc", "pytensor", "nutpie", "numba", "numpy")
# units and the draws of the twin, which takes minutes where there are many
TWINS = {100: 1000, 1_000: 1000, 10_000: 150}
type Timed = dict[str, float]


def fitted(name: str, draws: int = 1000, cache: str | None = None) -> Timed:
    """Fit a design in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "timed.json"
        environment = {k: v for k, v in os.environ.items() if k != "PYTENSOR_FLAGS"}
        environment |= {"STARTED": str(time.time()), "DRAWS": str(draws)}
        if cache is not None:
            environment.pop("NUMBA_CACHE_DIR", None)
            environment[VARIABLE] = cache
        program = [sys.executable, str(HERE / "one_fit.py"), name, str(path)]
        subprocess.run(program, env=environment, check=True, capture_output=True)
        return dict(json.loads(path.read_text(encoding="utf-8")))


def cold_and_warm(name: str) -> tuple[Timed, Timed]:
    """Fit with nothing compiled, then with what that run has left."""
    with tempfile.TemporaryDirectory() as cache:
        return fitted(name, cache=cache), fitted(name, cache=cache)


def start_table(names: dict[str, str]) -> str:
    """Process start to posterior on disk."""
    lines = [
        "| design | parameters | cold: process to posterior | of it compiling | warm: process to "
        "posterior | of it compiling | sampling | smallest bulk ESS | ESS/s | ESS/s, slowest sd | "
        "peak memory |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, title in tqdm(names.items(), desc="cold and warm"):
        cold, warm = cold_and_warm(name)
        lines.append(
            f"| {title} | {warm['parameters']:.0f} "
            f"| {cold['total']:.1f} s | {cold['compile']:.1f} s "
            f"| {warm['total']:.1f} s | {warm['compile']:.1f} s | {warm['sample']:.2f} s "
            f"| {warm['ess']:,.0f} | {warm['ess'] / warm['sample']:,.0f} "
            f"| {warm['ess_sd'] / warm['sample']:,.0f} | {warm['peak_mb']:.0f} MB |"
        )
    return "\n".join(lines)


def twin_table(sizes: dict[int, int]) -> str:
    """ESS per second against the twin that samples the random effects; sizes to its draws."""
    lines = [
        "| units | ESS/s here | ESS/s explicit twin | ratio | twin: sampling | its smallest ESS | "
        "its draws per chain |",
        "|---|---|---|---|---|---|---|",
    ]
    for units, draws in tqdm(sizes.items(), desc="explicit twin"):
        here = fitted(f"reference {units}")
        twin = fitted(f"reference {units} explicit", draws)
        rates = here["ess"] / here["sample"], twin["ess"] / twin["sample"]
        lines.append(
            f"| {units:,} | {rates[0]:,.0f} | {rates[1]:,.2f} | {rates[0] / rates[1]:,.0f} × "
            f"| {twin['sample']:.1f} s | {twin['ess']:,.0f} | {draws} + {draws} |"
        )
    return "\n".join(lines)


def size_table(names: dict[str, str]) -> str:
    """Sampling over the number of people."""
    lines = ["| design | sampling | smallest bulk ESS | ESS/s |", "|---|---|---|---|"]
    for name, title in tqdm(names.items(), desc="sizes"):
        found = fitted(name)
        rate = found["ess"] / found["sample"]
        lines.append(f"| {title} | {found['sample']:.2f} s | {found['ess']:,.0f} | {rate:,.0f} |")
    return "\n".join(lines)


def machine() -> str:
    """Describe where this ran."""
    model = next((line for line in processor().splitlines() if "model name" in line), "")
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.process_cpu_count()} processors ({model.partition(':')[2].strip()}), "
        f"{platform.system()}, Python {platform.python_version()}; {libraries}."
    )


def main() -> None:
    """Measure everything and write the page."""
    fitted("reference 100")
    starts = {
        "reference 100": "reference: 100 units, 3 waves, 2 outcomes, 27 % drop-out",
        **({"couples": "couples_ecr: 151 couples, 5 waves, 4 series"} if couples() else {}),
        "leaders 60": "60 leaders of 9, 3 waves, 1 outcome",
    }
    sizes = {f"reference {n}": f"{n:,} units" for n in (100, 1_000, 10_000, 100_000)}
    sizes |= {f"leaders {n}": f"{n:,} leaders of 9" for n in (50, 500)}
    tables: dict[str, Callable[[], str]] = {
        "MACHINE": machine,
        "START": lambda: start_table(starts),
        "SIZES": lambda: size_table(sizes),
        "GRADIENT": likelihood.table,
        "TWIN": lambda: twin_table(TWINS),
    }
    page = (HERE / "RESULTS.template.md").read_text(encoding="utf-8")
    for name, table in tables.items():
        page = page.replace(f"{{{name}}}", table())
        # what was measured is kept, should a later table fail
        so_far = re.sub(r"\{[A-Z]+\}", "(not measured in this run)", page)
        (HERE / "RESULTS.md").write_text(so_far, encoding="utf-8")


if __name__ == "__main__":
    main()
