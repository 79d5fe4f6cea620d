"""Measure what the score identities (A31) tell of edited draws whose log density was made anew.

The first element of every free variable of the demo studies is moved by shares of its standard
deviation, or narrowed, with 4,000 draws and with the first half of each chain. Writes
docs/calibration/stein_power.csv and the table in docs/audit.md.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from disclosure import replaced

from securebase.audit.asking import source_of_draws
from securebase.audit.bundled import BundledModels
from securebase.audit.identities import stein_test
from securebase.audit.opened import Opened
from securebase.config import Sampling
from securebase.selftest.demos import DEMOS, make_demo
from securebase.selftest.of_draws import moved, narrowed

DOCS = Path(__file__).parent.parent / "docs"
EDITS = {
    "as drawn": moved(0.0),
    "moved by .05 sd": moved(0.05),
    "moved by .1 sd": moved(0.1),
    "moved by .2 sd": moved(0.2),
    "narrower by a tenth": narrowed(0.9),
    "narrower by a fifth": narrowed(0.8),
}


def of_bundle(folder: Path) -> Iterator[dict[str, object]]:
    """Edit one variable after the other, and test."""
    opened, models = Opened(folder), BundledModels()
    analysis = opened.about.analyses[0]
    posterior = opened.tree(source_of_draws(opened, analysis))["posterior"].to_dataset()
    scores = models.scores(opened, analysis, posterior)
    variables = dict.fromkeys(name.rpartition(" ")[0] for name in scores.names)
    # what lies between limits could be moved out of them
    edited = [one for one in variables if not one.endswith(("vine", "signed"))]
    for variable in edited:
        for edit, change in EDITS.items():
            again = models.scores(opened, analysis, change(posterior, variable))
            for share in (1.0, 0.5):
                kept = slice(0, int(share * posterior.sizes["draw"]))
                found = stein_test(again.draws[:, kept], again.gradients[:, kept], again.names)
                yield {
                    "study": opened.study.study, "variable": variable, "edit": edit,
                    "draws": again.draws[:, kept, 0].size, "largest": found.largest,
                    "limit": found.limit, "told": not found.passed,
                }  # fmt: skip


def table(found: pd.DataFrame) -> str:
    """Write in how many of the variables each edit is told."""
    rows = ["| edit of one effect | 2,000 draws: told | median abs z | 4,000 draws: told "
            "| median abs z |", "|---|---:|---:|---:|---:|"]  # fmt: skip
    for edit, own in found.groupby("edit", sort=False):
        cells = [
            f"{one['told'].sum()} of {len(one)} | {one['largest'].median():.1f}"
            for _, one in own.groupby("draws")
        ]
        rows.append(f"| {edit} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Make the bundles, edit, and write."""
    rows: list[dict[str, object]] = []
    for name in DEMOS:
        with tempfile.TemporaryDirectory() as folder:
            demo = make_demo(name, Path(folder), Sampling(draws=1000, tune=500))
            rows += of_bundle(demo.folder)
        print(pd.DataFrame(rows).tail(12).to_string(), flush=True)
    found = pd.DataFrame(rows)
    found.to_csv(DOCS / "calibration" / "stein_power.csv", index=False, float_format="%.4g")
    page = DOCS / "audit.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(replaced(text, "power", table(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
