"""Compare latent with observed group means: the arrow between groups, by the size of groups.

Groups share a part of care and of mood; their members differ in both. The observed mean of a
small group is partly chance of its members, so that a regression of observed means finds a
mixture of the arrow between groups and the one within. The table
is for docs/families/mediated_change.md.
"""

import argparse
import os
import sys

import numpy as np
import pandas as pd
import xarray as xr

from securebase.codebook.loading import Study
from securebase.config import Sampling
from securebase.fitting import Question, posed
from securebase.names import OUTCOME, WAVE_KEYS
from securebase.panel import Panel
from securebase.refits import Task, refit
from securebase.simulation.settings import Cell, Effects
from securebase.simulation.truth import truth_of

SAMPLING = Sampling(chains=2, draws=500, tune=500)
SIZES = (3, 9, 27)
GROUPS = 100
BETWEEN, WITHIN = 0.5, 0.1
SHARED_SD, OWN_SD = 0.4, 0.9
TRUTH = {
    "level": 4.0,
    "path_on_level": WITHIN,
    "cluster_path_on_level": BETWEEN,
    "unit_sd": OWN_SD,
    "unit_explained_sd": 0.7,
    "cluster_sd": SHARED_SD,
    "cluster_explained_sd": 0.25,
}
STUDY = Study.model_validate(
    {
        "study": "benchmark",
        "title": "Members of groups who care and feel",
        "simulated": True,
        "source": "made up, never reported",
        "raw": {"files": [{"path": "none"}], "columns": {"unit": "u", "cluster": "c"}},
        "roles": {"levels": {"member": {}}},
        "waves": {"time_unit": "day", "levels": {"once": {"time": 0}}},
        "scales": {name: {"items": [name], "range": (1, 7)} for name in ("care", "mood")},
        "analyses": {
            "mediation": {
                "family": "mediated_change",
                "question": "Does care between groups go with mood?",
                "outcomes": ["care", "mood"],
                "clusters": True,
                "paths": [{"from": "care", "to": "mood"}],
            }
        },
    }
)


def question(size: int) -> Question:
    """Model of groups of one size, on scores that every simulation replaces."""
    rng = np.random.default_rng(size)
    rows = [
        {
            "unit": f"u{group:03d}-{one:02d}", "person": f"u{group:03d}-{one:02d}",
            "role": "member", "wave": "once", "time": 0.0, "cluster": f"g{group:03d}",
            "care": rng.normal(4, 1), "mood": rng.normal(4, 1),
        }
        for group in range(GROUPS)
        for one in range(size)
    ]  # fmt: skip
    return posed(
        STUDY, "mediation", pd.DataFrame(rows).reindex(columns=[*WAVE_KEYS, "care", "mood"])
    )


def truth(asked: Question) -> xr.Dataset:
    """Lay the truth into the variables that the model has."""
    reason = "Reliabilities of observed means from a third to five sixths."
    effects = [
        Effects(variable=name, reason=reason, cells=(Cell(value=value),))
        for name, value in TRUTH.items()
    ]
    return truth_of(effects, asked.family, asked.panel)


def observed_slope(panel: Panel) -> float:
    """Slope of the regression of observed group means."""
    scores = panel.data["score"].squeeze(["wave", "role"])
    scores = scores.groupby(panel.data["cluster"]).mean()
    care, mood = (scores.sel({OUTCOME: name}).values for name in ("care", "mood"))
    return float(np.cov(care, mood)[0, 1] / np.var(care, ddof=1))


def compared(size: int, replicates: int) -> dict[str, float]:
    """Average the two ways over simulated studies."""
    asked = question(size)
    true = truth(asked)
    panels = [
        asked.family.simulate(np.random.default_rng([size, number]), true, asked.panel)
        for number in range(replicates)
    ]
    tasks = [Task(asked.built.data_of(panel), number) for number, panel in enumerate(panels)]

    def reduced(number: int, posterior: xr.Dataset, stats: xr.Dataset) -> tuple[float, float]:
        arrow = posterior["cluster_path_on_level"]
        return float(arrow.mean()), float(arrow.std())

    cores = os.process_cpu_count() or 1
    outcomes = list(refit(asked.built.model, tasks, asked.family.sampled(SAMPLING), cores, reduced))
    latent, spread = np.array([one.result for one in outcomes if one.result is not None]).T
    observed = [observed_slope(panel) for panel in panels]
    reliability = SHARED_SD**2 / (SHARED_SD**2 + OWN_SD**2 / size)
    return {
        "members": size, "reliability": reliability,
        "mixture": reliability * BETWEEN + (1 - reliability) * WITHIN,
        "observed": float(np.mean(observed)),
        "observed_se": float(np.std(observed, ddof=1) / np.sqrt(replicates)),
        "latent": float(latent.mean()),
        "latent_se": float(latent.std(ddof=1) / np.sqrt(len(latent))),
        "posterior_sd": float(spread.mean()),
    }  # fmt: skip


def main() -> None:
    """Print one line per size of groups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=40)
    asked = parser.parse_args()
    table = pd.DataFrame([compared(size, asked.replicates) for size in SIZES])
    sys.stdout.write(table.to_csv(index=False, float_format="%.3f"))


if __name__ == "__main__":
    main()
