"""Bring the tables of `snakemake recovery` into docs/calibration/recovery; `make recovery`.

Analyses that were not made again keep the tables they have there.
"""

from pathlib import Path

from securebase.recovery.page import write_page
from securebase.recovery.table import gathered, renewed
from securebase.simulation.settings import WORLDS

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "calibration" / "recovery"

if __name__ == "__main__":
    results = ROOT / "results" / "recovery"
    made = [path for world in WORLDS for path in results.glob(f"*/*/{world}.csv")]
    known = [path for path in FOLDER.glob("*.csv") if path.stem != "coverage"]
    write_page(renewed(gathered(known), gathered(made)), FOLDER)
