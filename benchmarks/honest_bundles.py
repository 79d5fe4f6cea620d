"""Audit bundles that nobody has tampered with: no check may fail.

Each bundle is of a demo study of the self-test with data and seeds of its own, and is audited with
a re-fit. Writes docs/calibration/honest_bundles.csv and the table in docs/audit.md.
"""

import argparse
import re
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import nan
from pathlib import Path

import pandas as pd
from disclosure import replaced

from securebase.audit.bundled import BundledModels
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Outcome
from securebase.audit.registry import audited
from securebase.config import Sampling
from securebase.selftest.demos import DEMOS, make_demo

DOCS = Path(__file__).parent.parent / "docs"
_TEST = re.compile(r"max abs z ([\d.]+) of (\d+) \(limit ([\d.]+)\)")


def one_bundle(number: int, draws: int) -> dict[str, object]:
    """Make an honest bundle and audit it."""
    name = DEMOS[number % len(DEMOS)]
    with tempfile.TemporaryDirectory() as folder:
        demo = make_demo(name, Path(folder), Sampling(draws=draws, tune=500), number)
        found = audited(Opened(demo.folder), "refit", number, BundledModels())
    return {"number": number, "demo": name, **_counted(found)}


def _counted(found: list[Outcome]) -> dict[str, object]:
    told: dict[str, object] = {
        status.lower(): " ".join(one.id for one in found if one.status == status)
        for status in ("FAIL", "WARN", "SKIP")
    }
    for check in ("A31", "A32"):
        test = _TEST.search(next(one.message for one in found if one.id == check))
        names = (f"{check}_largest", f"{check}_quantities", f"{check}_limit")
        told |= dict(zip(names, map(float, test.groups()) if test else [nan] * 3, strict=True))
    words = "; ".join(str(one) for one in found if one.status == "FAIL")
    return told | {"words": words}


def table(found: pd.DataFrame) -> str:
    """Write what came of the bundles of each demo."""
    rows = [
        "| study | bundles | with a FAIL | other warnings than A03 | largest abs z of A31 (limit) "
        "| largest abs z of A32 (limit) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for demo, own in found.groupby("demo", sort=False):
        failed, warned = (own["fail"] != "").sum(), (own["warn"] != "A03").sum()
        largest = [
            f"{own[f'{check}_largest'].max():.1f} ({own[f'{check}_limit'].max():.1f})"
            for check in ("A31", "A32")
        ]
        rows.append(f"| `{demo}` | {len(own)} | {failed} | {warned} | {' | '.join(largest)} |")
    return "\n".join(rows)


def main() -> None:
    """Make, audit, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundles", type=int, default=50)
    parser.add_argument("--draws", type=int, default=1000, help="kept draws per chain")
    parser.add_argument("--cores", type=int, default=1, help="bundles side by side")
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.cores) as pool:
        run = partial(one_bundle, draws=asked.draws)
        rows = []
        for row in pool.map(run, range(1, asked.bundles + 1)):
            rows.append(row)
            print(row, flush=True)
    found = pd.DataFrame(rows)
    found.to_csv(DOCS / "calibration" / "honest_bundles.csv", index=False)
    page = DOCS / "audit.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(replaced(text, "honest bundles", table(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
