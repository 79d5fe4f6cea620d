"""Simulation-based calibration of every family: `make calibrate`, hours not seconds.

Writes the ranks, a picture of each design and a page that says what was found.
"""

import argparse
import logging
import os
import time
from pathlib import Path

import pandas as pd
from calibration_page import drawn, sections, written
from designs import Design, Simulated, exchangeable, leaders, reference

from securebase.calibration.band import holm, uniform_band
from securebase.calibration.ranks import Calibration, calibrate
from securebase.config import Sampling

FOLDER = Path(__file__).parent.parent / "docs" / "calibration"
DESIGNS: dict[str, Design | Simulated] = {
    "one_level": reference(100),
    "two_level": leaders(40, 5),
    "exchangeable": exchangeable(100),
    "mediated_change": Simulated("davidovitz_workshop", "through_soldiers_eyes"),
    "dyadic_panel": Simulated("asem_models", "ripple"),
    "group_climate": Simulated("rom_missions", "security"),
    "momentary_buffering": Simulated("asem_moments", "buffering"),
}


def table(calibration: Calibration) -> pd.DataFrame:
    """p-value of uniformity of each quantity, alone and over the design's whole family."""
    band = uniform_band(len(calibration.ranks), calibration.highest)
    ranks = calibration.ranks
    alone = pd.Series({name: band.p_value(ranks[name].to_numpy()) for name in ranks}, name="p")
    return alone.to_frame().assign(p_family=holm(alone.to_numpy())).rename_axis("quantity")


def one_design(name: str, design: Design | Simulated, replicates: int) -> str:
    """Calibrate a design and write its files; return its section of the page."""
    started = time.perf_counter()
    question = design.question()
    calibration = calibrate(
        question.family, question.panel, question.built, replicates, design.refits, Sampling(),
        cores=os.process_cpu_count() or 1,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    calibration.ranks.to_csv(FOLDER / f"{name}_ranks.csv", index=False)
    found = table(calibration)
    found.to_csv(FOLDER / f"{name}.csv", float_format="%.4f")
    (FOLDER / f"{name}.svg").write_text(drawn(calibration, design.title), encoding="utf-8")
    return sections(name, design, calibration, found, seconds)


def main() -> None:
    """Calibrate every design, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("designs", nargs="*", default=list(DESIGNS))
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in asked.designs:
        section = one_design(name, DESIGNS[name], asked.replicates)
        (FOLDER / f"{name}.md").write_text(section, encoding="utf-8")
    written(FOLDER, DESIGNS)


if __name__ == "__main__":
    main()
