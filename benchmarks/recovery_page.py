"""Gather the tables of `snakemake recovery` into docs/calibration/recovery; `make recovery`."""

from pathlib import Path

from securebase.recovery.page import write_page
from securebase.recovery.table import gathered

ROOT = Path(__file__).resolve().parent.parent
WORLDS = ("source", "null", "reversed")

if __name__ == "__main__":
    folders = sorted((ROOT / "results" / "recovery").glob("*/*"))
    tables = [folder / f"{world}.csv" for folder in folders for world in WORLDS]
    write_page(
        gathered([path for path in tables if path.exists()]),
        ROOT / "docs" / "calibration" / "recovery",
    )
