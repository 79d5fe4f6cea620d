"""Measure what the attacks on small cells recover, before masking and after it.

Simulates mean scores of 18 items from 1 to 7. First single cells of n couples and d variables,
then whole studies with drop-out: their cells as they are, and what the gate says once they are
masked. Last, single items: how many sets of answers have the same mean and variance. Writes
docs/calibration/disclosure_*.csv and the tables in docs/disclosure.md.
"""

import argparse
import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import zeta

from securebase.disclosure import Grid, Outgoing, Sample, cells_of, inspect, mask
from securebase.disclosure.attacks import count_right, lattice_attack

DOCS = Path(__file__).parent.parent / "docs"
ITEMS = 18
COLUMNS = (4, 8, 12, 16, 24)
Array = NDArray[np.float64]


def scores(rng: np.random.Generator, n: int, d: int) -> Array:
    """Mean scores (unit, response) that go together."""
    own = rng.normal(scale=0.25, size=(d, d))
    cov = own @ own.T + 0.3 + 0.25 * np.eye(d)
    drawn = rng.multivariate_normal(np.full(d, 3.2), cov, size=n)
    return np.clip(np.round(drawn * ITEMS), ITEMS, 7 * ITEMS) / ITEMS


def sample(y: Array, x: Array) -> Sample:
    """Name the columns."""
    responses = tuple(f"y{number}" for number in range(y.shape[1]))
    predictors = tuple(f"x{number}" for number in range(x.shape[1]))
    grids = dict.fromkeys(responses, Grid((1 / ITEMS,), 1.0))
    grids |= dict.fromkeys(predictors, Grid((1.0,)))
    return Sample(np.arange(len(y)), y, x, responses, predictors, grids, "couple")


def numbers_of_units(d: int) -> list[int]:
    """List the n to try with d columns: below, around and at twice as many."""
    return sorted({d // 2, d - 2, d, d + 1, d + 2, 2 * (d + 1)})


def expected_share(n: int, d: int) -> float:
    """Probability that [1, y] spans all whole numbers, were scores spread evenly.

    With the constant given, d columns have to span n - 1 dimensions (Maze, Rosenthal & Wagner
    2011, doi:10.1016/j.laa.2010.11.015).
    """
    return float(np.prod(1 / zeta(np.arange(d - n + 2, d + 1)))) if n <= d else 0.0


def one_cell(design: tuple[int, int, int]) -> dict[str, object]:
    """Attack one simulated cell."""
    d, n, number = design
    rng = np.random.default_rng([1, d, n, number])
    (cell,) = cells_of(sample(scores(rng, n, d), np.empty((n, 0))))
    claims = lattice_attack(cell.cell, cell.grids)
    right = count_right(claims, cell.rows, cell.cell.columns)
    return {"d": d, "n": n, "number": number, "claimed": len(claims), "right": right}


def one_study(number: int) -> dict[str, object]:
    """Simulate a study with drop-out and gaps, attack it, mask it and let it through the gate."""
    rng = np.random.default_rng([2, number])
    couples, waves = int(rng.integers(40, 301)), int(rng.integers(3, 6))
    y = scores(rng, couples, 4 * waves)
    # a couple leaves between two waves; a partner misses a wave
    stays = (rng.random((couples, waves)) > rng.uniform(0.02, 0.2)).cumprod(axis=1)
    stays[:, 0] = 1
    answers = np.repeat(
        np.repeat(stays, 2, axis=1) * (rng.random((couples, 2 * waves)) > 0.03), 2, 1
    )
    answers[:, 0] = 1
    y[answers == 0] = np.nan
    indicators = (rng.random((couples, int(rng.integers(0, 3)))) < 0.4).astype(float)
    records = sample(y, indicators)
    cells = cells_of(records)
    recovered = sum(
        count_right(lattice_attack(one.cell, one.grids), one.rows, one.cell.columns)
        for one in cells
    )
    masked = mask(records)
    findings = inspect(Outgoing({"study": masked.cells}))
    return {
        "couples": couples, "waves": waves, "indicators": indicators.shape[1],
        "cells": len(cells), "recovered": recovered, "cells_masked": len(masked.cells),
        "withheld": masked.withheld, "values": int(records.observed.sum()),
        "values_lost": masked.values_lost,
        "recovered_masked": sum("attack" in one.rule for one in findings),
        "rules_broken": sum(one.fails and "attack" not in one.rule for one in findings),
    }  # fmt: skip


def histograms(n: int, levels: int, draws: int = 2000) -> dict[str, object]:
    """Count the sets of n answers to one item that have the sum and square sum of a drawn set."""
    every = np.array([
        np.diff([-1, *bars, n + levels - 1]) - 1
        for bars in combinations(range(n + levels - 1), levels - 1)
    ])  # fmt: skip
    value = np.arange(levels)
    key = every @ value * (n * levels**2 + 1) + every @ value**2
    _, place, alike = np.unique(key, return_inverse=True, return_counts=True)
    shape = np.exp(-0.5 * ((value - 0.4 * levels) / (0.22 * levels)) ** 2)
    drawn = np.random.default_rng([3, n, levels]).multinomial(n, shape / shape.sum(), draws)
    row = {tuple(one): number for number, one in enumerate(every.tolist())}
    found = alike[place[[row[tuple(one)] for one in drawn.tolist()]]]
    return {"levels": levels, "n": n, "alike": np.median(found), "only": (found == 1).mean()}


def histogram_table(found: pd.DataFrame) -> str:
    """Write how nearly the mean and variance of one item tell all answers to it."""
    rows = ["| answers on the form | n | sets of answers alike, median | only one set |"]
    rows.append("|---:|---:|---:|---:|")
    rows += [
        f"| {one['levels']:.0f} | {one['n']:.0f} | {one['alike']:.0f} | {one['only']:.0%} |"
        for one in found.to_dict("records")
    ]
    return "\n".join(rows)


def power_table(found: pd.DataFrame) -> str:
    """Write shares of cells and records that were recovered."""
    rows = ["| d | n | cells | wholly recovered | records recovered | expected | false claims |"]
    rows.append("|---:|---:|---:|---:|---:|---:|---:|")
    for (d, n), own in found.groupby(["d", "n"]):
        whole = (own["right"] == n).mean()
        share = own["right"].sum() / (n * len(own))
        false = int((own["claimed"] - own["right"]).sum())
        rows.append(
            f"| {d} | {n} | {len(own)} | {whole:.1%} | {share:.1%} | {expected_share(n, d):.1%} "
            f"| {false} |"
        )
    return "\n".join(rows)


def study_table(found: pd.DataFrame) -> str:
    """Write what masking costs, and what is recovered before it and after."""
    lost = found["values_lost"] / found["values"]
    withheld = found["withheld"] / found["couples"]
    rows = [
        ("studies", f"{len(found)}"),
        ("couples in a study", f"{found['couples'].min()} to {found['couples'].max()}"),
        ("records recovered from the cells as they are", f"{found['recovered'].sum()} of "
         f"{found['couples'].sum()} ({found['recovered'].sum() / found['couples'].sum():.0%})"),
        ("studies of which a record is recovered", f"{(found['recovered'] > 0).mean():.0%}"),
        ("attacks that recover a record after masking", f"{found['recovered_masked'].sum()}"),
        ("rules broken after masking", f"{found['rules_broken'].sum()}"),
        ("values lost to masking, median (largest)", f"{lost.median():.0%} ({lost.max():.0%})"),
        ("couples withheld, median (largest)", f"{withheld.median():.1%} ({withheld.max():.0%})"),
    ]  # fmt: skip
    return "\n".join(["| | |", "|---|---:|", *(f"| {what} | {value} |" for what, value in rows)])


def replaced(text: str, name: str, table: str) -> str:
    """Put a table between its marks."""
    marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = f"{re.escape(marks[0])}.*?{re.escape(marks[1])}"
    return re.sub(pattern, lambda _: f"{marks[0]}\n{table}\n{marks[1]}", text, flags=re.DOTALL)


def measured[T](
    run: Callable[[T], dict[str, object]], designs: Iterable[T], cores: int
) -> pd.DataFrame:
    """Run all designs, in their order."""
    with ProcessPoolExecutor(cores) as pool:
        return pd.DataFrame(list(pool.map(run, designs, chunksize=4)))


def main() -> None:
    """Measure, and write tables and pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=200, help="simulated cells for each n and d")
    parser.add_argument("--studies", type=int, default=1000)
    asked = parser.parse_args()
    on_all = partial(measured, cores=os.process_cpu_count() or 1)
    designs = [
        (d, n, number)
        for d in COLUMNS
        for n, number in product(numbers_of_units(d), range(asked.cells))
    ]
    cells, studies = on_all(one_cell, designs), on_all(one_study, range(asked.studies))
    cells.to_csv(DOCS / "calibration" / "disclosure_cells.csv", index=False)
    studies.to_csv(DOCS / "calibration" / "disclosure_studies.csv", index=False)
    items = pd.DataFrame([histograms(n, levels) for levels in (5, 7) for n in (10, 15, 20)])
    page = DOCS / "disclosure.md"
    text = page.read_text(encoding="utf-8")
    tables = {
        "cells": power_table(cells),
        "studies": study_table(studies),
        "items": histogram_table(items),
    }
    for name, table in tables.items():
        text = replaced(text, name, table)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
