"""A checkout with small studies, to run the workflow in as a user does."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

WAVES = ("before", "after", "later")
ITEMS = ("a1", "a2", "a3", "a4")


def raw_wave(rng: np.random.Generator, wave: int) -> pd.DataFrame:
    """One wave of 40 couples whose anxiety falls: four items from 1 to 7."""
    rows = []
    for couple in range(40):
        shared = np.random.default_rng(couple).normal(4.0, 0.8)
        for role in ("p", "q"):
            trait = shared - 0.3 * wave + rng.normal(0.0, 0.4)
            items = np.clip(np.round(rng.normal(trait, 0.7, len(ITEMS))), 1, 7).astype(int)
            rows.append([f"c{couple}", role, *items])
    return pd.DataFrame(rows, columns=["couple", "role", *ITEMS])


def codebook(name: str) -> dict[str, object]:
    return {
        "study": name,
        "title": "A small study for the tests",
        "simulated": True,
        "source": "made by the tests",
        "raw": {
            "files": [{"path": f"{name}/{wave}.csv", "wave": wave} for wave in WAVES],
            "columns": {"unit": "couple", "role": "role"},
        },
        "roles": {"levels": {"patient": {"code": "p"}, "partner": {"code": "q"}}},
        "waves": {
            "time_unit": "month",
            "levels": {wave: {"time": float(time)} for time, wave in enumerate(WAVES)},
        },
        "scales": {"anxiety": {"items": list(ITEMS), "range": [1, 7], "minimum_items": 3}},
        "analyses": {
            "growth": {
                "family": "dyadic_growth",
                "question": "Does anxiety fall?",
                "outcomes": ["anxiety"],
            }
        },
        "claims": [
            {
                "id": "H1",
                "sentence": "Anxiety falls in both members.",
                "analysis": "growth",
                "estimand": [
                    {"variable": "change", "at": {"outcome": "anxiety"}, "mean_over": ["role"]}
                ],
                "direction": "negative",
                "rope": {"low": -0.05, "high": 0.05, "reason": "a twentieth of a point a month"},
            }
        ],
    }


def synthesis() -> dict[str, object]:
    """Contributions of a study of the run and of one that is not: patients against partners."""
    reason = "made up for the tests"

    def side(role: str) -> dict[str, object]:
        spread = {"variable": "unit_sd", "at": {"effect": f"level {role} anxiety"}}
        change = {"variable": "change", "at": {"role": role, "outcome": "anxiety"}}
        return {"estimand": [change], "baseline_sd": {"terms": [spread], "reason": reason}}

    return {
        "question": "Do patients change more than partners?",
        "claim": {
            "sentence": "Patients change more than partners.",
            "rope": {"low": -0.1, "high": 0.1, "reason": reason},
        },
        "mean": {"sd": 0.5, "reason": reason},
        "heterogeneity": {"sd": 0.2, "reason": reason},
        "contributions": [
            {
                "study": name,
                "analysis": "growth",
                "sentence": f"Change of anxiety in {name}",
                "predictor": "a month of waiting",
                "anxiety": side("patient"),
                "avoidance": side("partner"),
            }
            for name in ("small", "away")
        ],
    }


SMALL_RUN: dict[str, object] = {
    "studies": ["small", "other"],
    "raw_root": "raw",
    "synthesis": "config/synthesis.yaml",
    "sampling": {
        "chains": 2,
        "draws": 200,
        "tune": 300,
        "prior_draws": 100,
        "predictive_draws": 50,
    },
    "thresholds": {
        "r_hat": 1.2,
        "r_hat_focal": 1.2,
        "ess": 10,
        "ess_focal": 20,
        "mcse_share_focal": 0.5,
        "mcse_probability": 0.2,
        "divergences_warn": 50,
        "divergences_fail": 100,
    },
}


def write_yaml(path: Path, content: dict[str, object]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def checkout(root: Path, folder: Path, studies: Sequence[str] = ("small", "other")) -> None:
    """Make a checkout of its own, so that tests may edit it and kill what runs there."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in ("models", "workflow"):
        shutil.copytree(root / part, folder / part, ignore=ignored)
    shutil.copy(root / "environment.yml", folder)
    (folder / "config" / "studies").mkdir(parents=True)
    write_yaml(folder / "config" / "config.yaml", SMALL_RUN | {"studies": list(studies)})
    write_yaml(folder / "config" / "synthesis.yaml", synthesis())
    for number, name in enumerate(studies):
        write_yaml(folder / "config" / "studies" / f"{name}.yaml", codebook(name))
        (folder / "raw" / name).mkdir(parents=True)
        rng = np.random.default_rng(number)
        for place, wave in enumerate(WAVES):
            raw_wave(rng, place).to_csv(folder / "raw" / name / f"{wave}.csv", index=False)
