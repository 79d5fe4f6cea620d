"""Growth studies to test with: made from a few words, with scores that follow no model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm

from securebase.codebook.loading import Study
from securebase.families import load_family
from securebase.names import WAVE_KEYS
from securebase.panel import Panel, panel_from_waves
from securebase.priors import Priors

FALLS: Mapping[str, Any] = {
    "id": "falls",
    "sentence": "Anxiety falls in persons.",
    "analysis": "growth",
    "estimand": [{"variable": "change", "at": {"role": "person", "outcome": "anxiety"}}],
    "direction": "negative",
    "rope": {"low": -0.1, "high": 0.1, "reason": "a tenth of a point a year"},
}
FOUR_WAVES: Mapping[str, float] = {"w1": 0.0, "w2": 0.5, "w3": 1.5, "w4": 2.0}


def growth_study(
    analysis: Mapping[str, Any] | None = None,
    *,
    roles: tuple[str, ...] = ("patient", "partner"),
    waves: Mapping[str, float] = FOUR_WAVES,
    scales: Mapping[str, Mapping[str, Any]] | None = None,
    covariates: Mapping[str, Mapping[str, Any]] | None = None,
    exchangeable: bool = False,
    compositions: Mapping[str, Mapping[str, Any]] | None = None,
    claims: tuple[Mapping[str, Any], ...] = (),
) -> Study:
    """Make the codebook of a study with one analysis, "growth", of all scales."""
    scales = scales or {"anxiety": {}, "avoidance": {}}
    return Study.model_validate(
        {
            "study": "made_up",
            "title": "Couples made up for tests",
            "source": "made up for tests",
            "raw": {
                "files": [{"path": "none.csv"}],
                "columns": {"unit": "u", "role": "r", "wave": "w"},
            },
            "roles": {
                "levels": {role: {} for role in roles},
                "exchangeable": exchangeable,
                "compositions": compositions,
            },
            "waves": {
                "time_unit": "year",
                "levels": {name: {"time": time} for name, time in waves.items()},
            },
            "scales": {
                name: {"items": [f"{name}_1"], "range": [1, 7], **one}
                for name, one in scales.items()
            },
            "covariates": {
                name: {"column": name, "type": "continuous", **one}
                for name, one in (covariates or {}).items()
            },
            "analyses": {
                "growth": {
                    "family": "dyadic_growth",
                    "question": "What changes, and by how much?",
                    "outcomes": list(scales),
                    **(analysis or {}),
                }
            },
            "claims": list(claims),
        }
    )


def wave_table(rows: list[dict[str, Any]], study: Study) -> pd.DataFrame:
    """Make the table of scored waves from rows of unit, role, wave and whatever was measured."""
    names = [*WAVE_KEYS, *study.scales, *study.covariates]
    table = pd.DataFrame(rows).reindex(columns=names)
    table["time"] = [study.waves.levels[wave].time for wave in table["wave"]]
    table["person"] = table["unit"] + table["role"]
    numbers = [
        *study.scales,
        *(name for name, one in study.covariates.items() if one.type == "continuous"),
    ]
    words = [name for name in WAVE_KEYS if name != "time"]
    return table.astype(dict.fromkeys(numbers, float) | dict.fromkeys(words, "str"))


def random_waves(
    study: Study,
    rng: np.random.Generator,
    units: int = 12,
    missing: float = 0.15,
    clusters: int = 0,
) -> pd.DataFrame:
    """Make scores for units whose members miss waves, and one now and then altogether."""
    compositions = list(study.roles.compositions or [None])
    rows = []
    for number in range(units):
        absent = rng.random() < missing
        shared = _covariates_of(study, rng, "unit")
        for place, role in enumerate(study.roles.levels):
            own = shared | _covariates_of(study, rng, "person")
            trait = rng.normal(4, 1)
            for wave in study.waves.levels:
                row = {
                    "unit": f"u{number:03d}",
                    "role": role,
                    "wave": wave,
                    "cluster": f"c{number % clusters}" if clusters else None,
                    "composition": compositions[number % len(compositions)],
                    **{
                        name: own[name]
                        for name, one in study.covariates.items()
                        if one.asked(role, wave)
                    },
                }
                for name, scale in study.scales.items():
                    heard = scale.asked(role, wave) and rng.random() > missing
                    if heard and not (absent and place):
                        row[name] = trait + rng.normal(0, 1)
                rows.append(row)
    return wave_table(rows, study)


def _covariates_of(study: Study, rng: np.random.Generator, whose: str) -> dict[str, Any]:
    return {
        name: rng.normal(50, 10)
        if one.levels is None
        else str(rng.choice(list(one.levels.values())))
        for name, one in study.covariates.items()
        if one.of == whose
    }


def growth_panel(study: Study, rng: np.random.Generator, **settings: Any) -> tuple[Panel, Priors]:
    """Arrange random waves, with the family's default priors."""
    panel = panel_from_waves(random_waves(study, rng, **settings), study, "growth")
    return panel, load_family("dyadic_growth").default_priors(panel)


def parameters(model: pm.Model, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw a value for each free variable, far from zero and from every limit."""
    values = []
    for variable in model.free_RVs:
        shape = tuple(variable.shape.eval())
        if variable.name.endswith("_signed"):
            values.append(rng.uniform(0.4, 1.5, shape))
        elif variable.name.endswith("_vine"):
            values.append(rng.uniform(0.25, 0.75, shape))
        elif variable.name.startswith("level"):
            values.append(rng.normal(4, 1, shape))
        else:
            values.append(rng.normal(0.3, 0.5, shape))
    return values


def dated(waves: pd.DataFrame, rng: np.random.Generator, jitter: float = 0.2) -> pd.DataFrame:
    """Give each answer a date: a start of the unit's own, and up to `jitter` years beside the plan.

    The first answer of a unit is at its planned time, as `answer_times` takes it.
    """
    start = {unit: rng.uniform(0, 1000) for unit in waves["unit"].unique()}
    late = rng.uniform(-jitter / 2, jitter / 2, len(waves))
    late[~waves["unit"].duplicated()] = -jitter / 2
    days = waves["unit"].map(start) + 365.25 * (waves["time"] + late)
    moments = pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D")
    return waves.assign(date=moments.dt.strftime("%Y-%m-%dT%H:%M:%S.%f"))


def dated_panel(
    study: Study, rng: np.random.Generator, jitter: float = 0.2, **settings: Any
) -> tuple[Panel, Priors]:
    """Arrange random waves with dates, with the family's default priors."""
    waves = dated(random_waves(study, rng, **settings), rng, jitter)
    panel = panel_from_waves(waves, study, "growth")
    return panel, load_family("dyadic_growth").default_priors(panel)
