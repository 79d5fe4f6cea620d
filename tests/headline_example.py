"""Studies that contribute to the headline, with posteriors of known place and spread."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from growth_examples import growth_study

from securebase.codebook.study import Study
from securebase.synthesis.contributions import Contributed, contributed
from securebase.synthesis.settings import Synthesis

FILE = "config/synthesis.yaml"
EFFECTS = ["level person anxiety", "level person avoidance"]


def side(outcome: str) -> dict[str, Any]:
    return {
        "estimand": [{"variable": "change", "at": {"role": "person", "outcome": outcome}}],
        "baseline_sd": {
            "terms": [{"variable": "unit_sd", "at": {"effect": f"level person {outcome}"}}],
            "reason": "spread of true scores at the start",
        },
    }


def contribution(study: str, **keys: Any) -> dict[str, Any]:
    return {
        "study": study,
        "analysis": "growth",
        "sentence": f"Effect of the figure in {study}",
        "predictor": "one sd of the figure's sensitivity",
        "anxiety": side("anxiety"),
        "avoidance": side("avoidance"),
        **keys,
    }


def synthesis_of(*contributions: dict[str, Any], direction: str = "negative") -> Synthesis:
    reason = "made up for the tests"
    return Synthesis.model_validate(
        {
            "question": "Does anxiety give way more than avoidance?",
            "claim": {
                "sentence": "Anxiety gives way more than avoidance.",
                "direction": direction,
                "rope": {"low": -0.1, "high": 0.1, "reason": reason},
            },
            "mean": {"sd": 0.5, "reason": reason},
            "heterogeneity": {"sd": 0.2, "reason": reason},
            "contributions": list(contributions),
        }
    )


def posterior(
    rng: np.random.Generator, anxiety: float, avoidance: float, error: float, draws: int = 1000
) -> xr.Dataset:
    """Draw changes around given values; people differ by 2 in anxiety and by 1 in avoidance."""
    change = rng.normal([anxiety, avoidance], error, (2, draws, 1, 2))
    return xr.Dataset(
        {
            "change": (("chain", "draw", "role", "outcome"), change),
            "unit_sd": (("chain", "draw", "effect"), np.full((2, draws, 2), [2.0, 1.0])),
        },
        coords={"role": ["person"], "outcome": ["anxiety", "avoidance"], "effect": EFFECTS},
    )


def study_called(name: str, simulated: bool = True) -> Study:
    made = growth_study(roles=("person",))
    return made.model_copy(update={"study": name, "simulated": simulated})


def write_posterior(
    folder: Path, name: str, draws: xr.Dataset, prior: xr.Dataset, outcome: str
) -> None:
    place = folder / name / "growth"
    place.mkdir(parents=True)
    xr.DataTree.from_dict({"posterior": draws, "prior": prior}).to_netcdf(place / "posterior.nc")
    checks = pd.DataFrame([["r_hat", "change", 1.0, 1.01, "<=", outcome, ""]])
    checks.columns = ["check", "what", "value", "threshold", "comparison", "passed", "explanation"]
    checks.to_csv(place / "checks.tsv", sep="\t", index=False)


def write_contributions(folder: Path) -> None:
    """Write three studies: two that can be used, one that failed a check."""
    rng = np.random.default_rng(20261123)
    for name, anxiety, outcome in (
        ("one", -0.6, "pass"),
        ("two", -0.8, "warn"),
        ("bad", 9, "fail"),
    ):
        draws, prior = posterior(rng, anxiety, 0.0, 0.1), posterior(rng, 0.0, 0.0, 5.0, 200)
        write_posterior(folder, name, draws, prior, outcome)


def example_synthesis() -> Synthesis:
    """Ask the three studies, and one that is not in the run."""
    return synthesis_of(*(contribution(name) for name in ("one", "two", "bad", "away")))


def example_contributions(folder: Path) -> list[Contributed]:
    """Read what the three studies contribute; "two" is not simulated."""
    studies = {name: study_called(name, simulated=name != "two") for name in ("one", "two", "bad")}
    return contributed(example_synthesis(), studies, folder, FILE)
