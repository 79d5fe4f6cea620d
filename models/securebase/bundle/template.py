"""Templates: the structure of a panel without its people, enough to write its model again.

A family writes its model from a panel. What it takes from the panel's units beside their moments
is which responses they have, which predictors are known, and summaries of predictor columns: all
of it is told here, and a panel is made again with invented units that stand in for the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.analysis import Analysis
from securebase.columns import ColumnSummary
from securebase.family import Built
from securebase.names import CLUSTER, COMPOSITION, MEASURE, OUTCOME, OWNER, ROLE, UNIT, WAVE
from securebase.panel import Composition, Panel

Array = NDArray[np.float64]
STAND_IN: Final = "stand-in"
_SEED: Final = 20261123


def template_of(
    panel: Panel, built: Built, told: Mapping[str, ColumnSummary] | None
) -> dict[str, Any]:
    """Tell the structure of a panel, and of the model that was written on it.

    Parameters
    ----------
    panel : Panel
    built : Built
        Its model.
    told : mapping of str to ColumnSummary, optional
        Predictor columns of each part, of those units that may be told of.

    Returns
    -------
    dict
        Of what JSON knows; see docs/bundle.md.
    """
    data = panel.data
    known = data["predictor_value"].notnull().any(UNIT)
    return {
        "declared": panel.analysis.model_dump(
            mode="json", by_alias=True, exclude_unset=True, exclude={"rivals"}
        ),
        "waves": {str(wave): float(data["time"].sel({WAVE: wave})) for wave in data[WAVE].values},
        "time_unit": panel.time_unit,
        "roles": [str(role) for role in data[ROLE].values],
        "leader": panel.leader,
        "ranges": {name: list(ends) for name, ends in panel.ranges.items()},
        "asked": [" ".join(names) for names in _true(data["asked"], WAVE, ROLE, OUTCOME)],
        "compositions": [
            {"name": one.name, "slots": list(one.slots), "labels": list(one.labels)}
            for one in panel.compositions
        ],
        "owners": [str(owner) for owner in data[OWNER].values],
        "measures": [str(measure) for measure in data[MEASURE].values],
        "known": [list(names) for names in _true(known, MEASURE, OWNER)],
        "own_times": "unit_time" in data,
        "parts": [
            {
                "name": part.name,
                "responses": list(part.responses),
                "columns": list(part.columns),
                "clusters": part.cluster is not None,
                "told": told and _as_lists(told[part.name], bool(panel.analysis.curves)),
            }
            for part in built.parts
        ],
    }


def _true(flags: xr.DataArray, *dims: str) -> list[tuple[str, ...]]:
    """Labels of the cells that are true."""
    places = np.argwhere(flags.transpose(*dims).values)
    labels = [[str(one) for one in flags[dim].values] for dim in dims]
    return [tuple(own[at] for own, at in zip(labels, place, strict=True)) for place in places]


def _as_lists(told: ColumnSummary, ends: bool) -> dict[str, Any]:
    """Numbers of a summary; lowest and highest values are single persons', told for curves only."""
    return {
        "units": told.units,
        "mean": told.mean.tolist(),
        "sd": told.sd.tolist(),
        "low": told.low.tolist() if ends else None,
        "high": told.high.tolist() if ends else None,
        "between": None if told.between is None else told.between.tolist(),
    }


def panel_of(template: Mapping[str, Any]) -> Panel:
    """Make a panel of a template, with invented units that stand in for those that were measured.

    Their scores and predictors mean nothing; which responses they have does.
    """
    parts = template["parts"]
    waves, roles = list(template["waves"]), template["roles"]
    analysis = Analysis.model_validate(template["declared"])
    outcomes = list(analysis.outcomes)
    sizes = [2 * len(part["columns"]) + 6 for part in parts]
    owner = [part["name"] for part, size in zip(parts, sizes, strict=True) for _ in range(size)]
    rng = np.random.default_rng(_SEED)
    score = np.concatenate(
        [_scores(rng, part["responses"], size, waves, roles, outcomes)
         for part, size in zip(parts, sizes, strict=True)]
    )  # fmt: skip
    number = [place for size in sizes for place in range(size)]
    asked = {tuple(names.split(" ")) for names in template["asked"]}
    grid = [[[(w, r, o) in asked for o in outcomes] for r in roles] for w in waves]
    data = xr.Dataset(
        {
            "score": ((UNIT, WAVE, ROLE, OUTCOME), score),
            "asked": ((WAVE, ROLE, OUTCOME), np.array(grid)),
            "time": (WAVE, list(template["waves"].values())),
            "predictor_value": ((UNIT, OWNER, MEASURE), _values(rng, template, len(owner))),
            CLUSTER: (UNIT, [f"{STAND_IN} {place // 2}" for place in number]),
            COMPOSITION: (UNIT, owner),
        },
        coords={
            UNIT: [f"{STAND_IN} {place}" for place in range(len(owner))],
            WAVE: waves, ROLE: roles, OUTCOME: outcomes,
            OWNER: template["owners"], MEASURE: template["measures"],
        },
    )  # fmt: skip
    if template["own_times"]:
        planned = np.array(list(template["waves"].values()))[None, :, None]
        late = rng.uniform(0.0, 0.1, (len(owner), len(waves), len(roles)))
        data = data.assign(unit_time=((UNIT, WAVE, ROLE), planned + late))
    return Panel(
        data=data,
        analysis=analysis,
        compositions=tuple(
            Composition(one["name"], tuple(one["slots"]), tuple(one["labels"]))
            for one in template["compositions"]
        ),
        ranges={name: (low, high) for name, (low, high) in template["ranges"].items()},
        time_unit=template["time_unit"],
        left_out=pd.DataFrame({UNIT: [], "reason": []}),
        leader=template["leader"],
        told={part["name"]: _summary(part) for part in parts},
    )


def _scores(
    rng: np.random.Generator, responses: Sequence[str], size: int,
    waves: list[str], roles: list[str], outcomes: list[str],
) -> Array:  # fmt: skip
    """Invent scores (unit, wave, role, outcome) of the responses of a part."""
    score = np.full((size, len(waves), len(roles), len(outcomes)), np.nan)
    for name in responses:
        wave, role, outcome = name.split(" ")
        at = waves.index(wave), roles.index(role), outcomes.index(outcome)
        score[(slice(None), *at)] = rng.normal(size=size)
    return score


def _values(rng: np.random.Generator, template: Mapping[str, Any], units: int) -> Array:
    """Invent values (unit, owner, measure) of the predictors that are known."""
    owners, measures = template["owners"], template["measures"]
    values = np.full((units, len(owners), len(measures)), np.nan)
    for measure, owner in template["known"]:
        values[:, owners.index(owner), measures.index(measure)] = rng.normal(size=units)
    return values


def _summary(part: Mapping[str, Any]) -> ColumnSummary:
    told, names = part["told"], tuple(part["columns"])
    unknown = [np.nan] * len(names)
    mean, sd, low, high = (
        np.array(told[one] or unknown, dtype=float) for one in ("mean", "sd", "low", "high")
    )
    between = None if told["between"] is None else np.array(told["between"], dtype=float)
    return ColumnSummary(names, told["units"], mean, sd, low, high, between)
