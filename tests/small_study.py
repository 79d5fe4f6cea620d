"""A small study to test with: couples at three waves, two scales, without any fault."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from securebase.codebook.loading import Study, load_study

WAVES = {"w1": 0.0, "w2": 0.5, "w3": 1.5}
ITEMS = {"anxiety": ["A1", "A2", "A3", "A4", "A5"], "avoidance": ["V1", "V2", "V3", "V4"]}
REVERSED = ["A2", "V3"]
COUPLES = 30

CODEBOOK: dict[str, Any] = {
    "study": "small",
    "title": "Couples made up for tests",
    "simulated": True,
    "source": "made up for tests",
    "raw": {
        "files": [{"path": "small.csv"}],
        "columns": {"unit": "couple", "person": "id", "role": "who", "wave": "time"},
        "missing": ["", "NA"],
    },
    "roles": {"levels": {"patient": {"code": 1}, "partner": {"code": 0}}},
    "waves": {
        "time_unit": "year",
        "levels": {
            name: {"code": number, "time": time}
            for number, (name, time) in enumerate(WAVES.items(), 1)
        },
    },
    "scales": {
        "anxiety": {
            "items": ITEMS["anxiety"],
            "range": [1, 7],
            "reverse": ["A2"],
            "missing_codes": [-9],
            "minimum_items": 4,
        },
        "avoidance": {"items": ITEMS["avoidance"], "range": [1, 7], "reverse": ["V3"]},
    },
    "covariates": {
        "sex": {"column": "sex", "type": "categorical", "levels": {"1": "woman", "2": "man"}},
        "age": {"column": "age", "type": "continuous", "range": [18, 99], "unit": "years"},
    },
}


def small_table(rng: np.random.Generator, couples: int = COUPLES) -> pd.DataFrame:
    """Make a row per person and wave, all text, every item answered and keyed as declared."""
    rows = []
    for couple in range(101, 101 + couples):
        for who in (1, 0):
            trait = rng.normal(4, 1.3)
            age = int(rng.integers(25, 60))
            for time in (1, 2, 3):
                state = trait + rng.normal(0, 0.5)
                row = {"couple": couple, "id": f"{couple}{who}", "who": who, "time": time}
                for items in ITEMS.values():
                    for item in items:
                        answer = int(np.clip(np.rint(state + rng.normal(0, 0.6)), 1, 7))
                        row[item] = 8 - answer if item in REVERSED else answer
                rows.append({**row, "sex": 1 + who, "age": age})
    return pd.DataFrame(rows).astype(str)


def codebook(**changes: Any) -> dict[str, Any]:
    """Give the codebook with some top keys replaced."""
    return copy.deepcopy(CODEBOOK) | changes


def write_codebook(folder: Path, content: dict[str, Any]) -> Path:
    """Write a codebook under its study's name."""
    path = folder / f"{content['study']}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def study_in(folder: Path, table: pd.DataFrame | None, **changes: Any) -> Study:
    """Write the codebook, and the raw file small.csv where a table is given; load the study."""
    if table is not None:
        table.to_csv(folder / "small.csv", index=False)
    return load_study(write_codebook(folder, codebook(**changes)))
