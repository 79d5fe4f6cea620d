"""Check that curves turn inside the observed range as often as posteriors say they do.

Truths are drawn from the prior, so that about five curves in six turn inside the range and one
does not; a study is simulated from each and fitted. Of all fits that give "it turns up" (or
"down") a probability of about 0.3, about 0.3 must have a truth that does. `make calibrate`.
"""

import argparse
import io
import logging
import os
import time
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import rc_context
from matplotlib.figure import Figure
from numpy.typing import NDArray

from securebase.codebook.loading import Study
from securebase.config import Sampling
from securebase.fitting import Question, posed
from securebase.names import WAVE_KEYS
from securebase.refits import Task, refit
from securebase.sampling import derived_seed, prior_draws

FOLDER = Path(__file__).parent.parent / "docs" / "calibration"
SAMPLING = Sampling(chains=2, draws=500, tune=500)
WAVES = {"first": 0.0, "second": 1.0, "third": 2.0}
PERSONS = 200
BINS = 10
TURNS = {"up": "a valley", "down": "a peak"}
Array = NDArray[np.float64]

HEAD = """# Whether a curve turns inside the observed range

{persons} persons at 3 waves; change of avoidance follows support and its square. Truths are
drawn from the prior, a study is simulated from each and fitted: {fits} fits, {failed} failed,
{seconds:.0f} s with compilation. Each fit states the probability that the curve turns inside the
observed range of support, P(`turn_on_change` > 0), upward (a valley) and downward (a peak). If
those probabilities are right, the share of truths that do turn agrees with them in every bin.
The band holds all {bins} shares of a shape with 95 % probability: the exact distribution of a
sum of coins that are not alike, Bonferroni over the bins.

{verdict}

| shape | stated | fits | mean stated | share observed | band |
|---|---|---:|---:|---:|---|
{rows}

![Share of truths that turn inside the range against the stated probability](vertex.svg)

Truths that turn up: {up:.0%}, down: {down:.0%}, not inside the range: {out:.0%}. Numbers:
[vertex.csv](vertex.csv). Made by `make calibrate`; nothing here is written by hand.
"""


def study() -> Study:
    """Persons whose change may bend with support."""
    return Study.model_validate(
        {
            "study": "benchmark",
            "title": "Persons whose change bends with support",
            "simulated": True,
            "source": "made up, never reported",
            "raw": {"files": [{"path": "none"}], "columns": {"unit": "u"}},
            "roles": {"levels": {"person": {}}},
            "waves": {
                "time_unit": "year",
                "levels": {wave: {"time": at} for wave, at in WAVES.items()},
            },
            "scales": {"avoidance": {"items": ["avoidance"], "range": (1, 7)}},
            "covariates": {"support": {"column": "s", "type": "continuous"}},
            "analyses": {
                "growth": {
                    "family": "dyadic_growth",
                    "question": "Does too much support turn the change?",
                    "outcomes": ["avoidance"],
                    "predictors": [{"name": "support", "of": "actor", "on": ["change"]}],
                    "curves": [{"name": "dose", "of": "actor support"}],
                    "priors": {
                        "on_change": {"sd": 0.1, "reason": "Curves one sees, others one does not."}
                    },
                }
            },
        }
    )


def question(seed: int = 1) -> Question:
    """Model of the study, on units whose scores every simulation replaces."""
    rng = np.random.default_rng(seed)
    support, score = rng.normal(size=PERSONS), rng.normal(4.0, 1.0, (PERSONS, len(WAVES)))
    rows = [
        {
            "unit": f"u{unit}", "person": f"u{unit}", "role": "person", "wave": wave, "time": at,
            "cluster": "", "avoidance": score[unit, place], "support": support[unit],
        }
        for unit in range(PERSONS)
        for place, (wave, at) in enumerate(WAVES.items())
    ]  # fmt: skip
    table = pd.DataFrame(rows).reindex(columns=[*WAVE_KEYS, "avoidance", "support"])
    return posed(study(), "growth", table)


def stated_and_true(replicates: int) -> tuple[pd.DataFrame, int]:
    """Stated probability and truth of each turn of each fit; number of fits that failed."""
    asked = question()
    family, panel, built = asked.family, asked.panel, asked.built
    seed = derived_seed(SAMPLING.seed, "vertex")
    prior = family.derived(prior_draws(built.model, replicates, seed), panel)
    truths = [prior.isel(chain=0, draw=number) for number in range(replicates)]
    tasks = [
        Task(
            built.data_of(family.simulate(np.random.default_rng([seed, number]), truth, panel)),
            seed + 1 + number,
        )
        for number, truth in enumerate(truths)
    ]

    def reduced(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> pd.DataFrame:
        stated = (_turn(family.derived(posterior, panel)) > 0).mean(("chain", "draw"))
        true = _turn(truths[number]) > 0
        return pd.DataFrame({"turn": list(TURNS), "stated": stated.values, "true": true.values})

    cores = os.process_cpu_count() or 1
    outcomes = list(refit(built.model, tasks, SAMPLING, cores, reduced))
    found = [one.result for one in outcomes if one.result is not None]
    return pd.concat(found, ignore_index=True), len(outcomes) - len(found)


def _turn(values: xr.Dataset) -> xr.DataArray:
    return values["turn_on_change"].squeeze(["curve", "role", "outcome"]).sel(turn=list(TURNS))


def coins(stated: Array) -> Array:
    """Probability of each number of heads (0, …, n) of coins that are not alike."""
    return reduce(lambda sums, p: np.convolve(sums, [1 - p, p]), stated, np.ones(1))


def binned(found: pd.DataFrame) -> pd.DataFrame:
    """Share of truths that turn in each bin of the stated probability, with its band."""
    rows = []
    for turn in TURNS:
        one = found[found["turn"] == turn]
        place = np.minimum((one["stated"] * BINS).astype(int), BINS - 1)
        for number in sorted(place.unique()):
            inside = one[place == number]
            heads = np.cumsum(coins(inside["stated"].to_numpy()))
            low, high = np.searchsorted(heads, [0.025 / BINS, 1 - 0.025 / BINS]) / len(inside)
            shares = inside["stated"].mean(), inside["true"].mean()
            limits = number / BINS, (number + 1) / BINS
            rows.append((turn, *limits, len(inside), *shares, low, high))
    columns = ["turn", "from", "to", "fits", "stated", "observed", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def drawn(table: pd.DataFrame) -> str:
    """Draw observed shares and their bands against stated probabilities."""
    style = {"svg.hashsalt": "securebase", "svg.fonttype": "none", "font.size": 8}
    with rc_context(style):
        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        for axes, (turn, words) in zip(
            figure.subplots(1, 2, sharey=True), TURNS.items(), strict=True
        ):
            one = table[table["turn"] == turn]
            axes.plot([0, 1], [0, 1], color="#8a939c", linewidth=0.8)
            axes.vlines(one["stated"], one["low"], one["high"], color="#d3d8dd", linewidth=6)
            outside = ~one["observed"].between(one["low"], one["high"])
            axes.scatter(
                one["stated"], one["observed"], s=14, zorder=3,
                c=np.where(outside, "#d55e00", "#0072b2"),
            )  # fmt: skip
            axes.set_title(f"turns {turn}: {words}", fontsize=8)
            axes.set_xlabel("stated probability")
            axes.spines[["top", "right"]].set_visible(False)
        figure.axes[0].set_ylabel("share of truths that turn")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def page(found: pd.DataFrame, table: pd.DataFrame, failed: int, seconds: float) -> str:
    """Say what was found."""
    outside = int((~table["observed"].between(table["low"], table["high"])).sum())
    share = found.groupby("turn")["true"].mean()
    rows = "\n".join(
        f"| {row['turn']} | {row['from']:.1f} to {row['to']:.1f} | {row['fits']} | "
        f"{row['stated']:.3f} | {row['observed']:.3f} | {row['low']:.3f} to {row['high']:.3f} |"
        for row in table.to_dict("records")
    )
    return HEAD.format(
        persons=PERSONS, fits=len(found) // len(TURNS), failed=failed, seconds=seconds, bins=BINS,
        verdict=f"Bins outside the band: {outside} of {len(table)}.", rows=rows,
        up=share["up"], down=share["down"], out=1 - share.sum(),
    )  # fmt: skip


def main() -> None:
    """Fit, bin, and write the page, its table and its picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=2000)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    started = time.perf_counter()
    found, failed = stated_and_true(asked.replicates)
    table = binned(found)
    FOLDER.mkdir(parents=True, exist_ok=True)
    table.to_csv(FOLDER / "vertex.csv", index=False, float_format="%.4f")
    (FOLDER / "vertex.svg").write_text(drawn(table), encoding="utf-8")
    text = page(found, table, failed, time.perf_counter() - started)
    (FOLDER / "vertex.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
