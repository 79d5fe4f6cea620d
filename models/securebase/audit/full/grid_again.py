"""A44: the declared grid of other priors, fitted to the moments with the reader's seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from securebase.audit.asking import Asked
from securebase.audit.full.fitted import data_of, fits_of_claims, fitted_analyses, not_fitted
from securebase.audit.outcomes import Said, fails, passes, skips, warns
from securebase.claims import judged_draws
from securebase.codebook.claim import claimed_column
from securebase.codebook.extracts import claims_of
from securebase.dials import blocks_of
from securebase.names import AS_DECLARED
from securebase.refits import Task
from securebase.sensitivity.grid import alternatives

_KEYS = ["claim", "block", "setting"]


def grid_again(asked: Asked) -> Iterator[Said]:
    """Judge every claim under every prior of the grid.

    Another verdict than under the declared priors is a warning; another than prior_grid.csv has,
    further from it than Monte Carlo error, fails where the moments are those of all data.
    """
    for name in fitted_analyses(asked):
        if not claims_of(asked.opened.study, name):
            yield skips(f"{name}: no claim is about this analysis.")
            continue
        found = grid_of(asked, name)
        yield from _against_declared(name, found)
        yield from _against_told(asked, name, found)
    yield from not_fitted(asked)


def grid_of(asked: Asked, name: str) -> pd.DataFrame:
    """Judge the claims of an analysis under every alternative.

    Returns
    -------
    pd.DataFrame
        Columns claim, block, setting, failure; where the fit succeeded p (of what is claimed),
        p_mcse, verdict.
    """
    if asked.models is None:
        raise ValueError("grids are of models")
    opened, sensitivity = asked.opened, asked.opened.as_run.sensitivity
    model, claims = asked.models.model(opened, name), claims_of(opened.study, name)
    blocks = blocks_of(model.built.model)
    grid, data = list(alternatives(blocks, sensitivity)), data_of(model)
    tasks = [Task({**data, **one.turned(blocks)}, asked.seed) for one in grid]
    rows: list[dict[str, Any]] = []
    outcomes = fits_of_claims(asked, model, claims, tasks, sensitivity)
    for alternative, outcome in zip(grid, outcomes, strict=True):
        for claim in claims:
            row: dict[str, Any] = {
                "claim": claim.id, "block": alternative.block, "setting": alternative.setting,
                "failure": outcome.failure,
            }  # fmt: skip
            if outcome.result is not None:
                told = judged_draws(claim, outcome.result[claim.id], opened.as_run.decision)
                chance = told[claimed_column(claim.direction)]
                row |= {"p": chance, "p_mcse": told["p_mcse"], "verdict": told["verdict"]}
            rows.append(row)
    return pd.DataFrame(rows).reindex(columns=[*_KEYS, "failure", "p", "p_mcse", "verdict"])


def _against_declared(name: str, found: pd.DataFrame) -> Iterator[Said]:
    for failure in found.loc[found["failure"] != "", "failure"].unique():
        yield warns(f"{name}: a fit under another prior failed: {failure}.")
    done = found[found["failure"] == ""]
    first = done[done["block"] == AS_DECLARED]
    declared = dict(zip(first["claim"], first["verdict"], strict=True))
    others = done[(done["block"] != AS_DECLARED) & done["claim"].isin(list(declared))]
    flips = [
        f"{row['claim']} {declared[row['claim']]} -> {row['verdict']} ({row['block']}, "
        f"{row['setting']})"
        for row in others.to_dict("records")
        if row["verdict"] != declared[row["claim"]]
    ]
    yield from (warns(f"{name}: {one}.") for one in flips)
    if not flips and len(others):
        yield passes(f"{name}: {len(others)} verdicts under other priors are as declared.")


@dataclass(frozen=True)
class _Pair:
    """One verdict of the table and of the reader's fit."""

    place: str
    told: Mapping[Any, Any]
    found: Mapping[Any, Any]

    @property
    def words(self) -> str:
        first, second = self.told["verdict"], self.found["verdict"]
        return f"{self.place}: prior_grid.csv says {first}, the re-fit {second}"

    @property
    def close(self) -> bool:
        """Whether Monte Carlo error explains it."""
        error = float(np.hypot(self.told["p_mcse"], self.found["p_mcse"]))
        return abs(float(self.told["p"]) - float(self.found["p"])) <= 3 * error


def _against_told(asked: Asked, name: str, found: pd.DataFrame) -> Iterator[Said]:
    file = asked.opened.file(name, "prior_grid.csv")
    if not asked.opened.has(file):
        yield skips(f"{name}: the bundle has no prior_grid.csv to compare with.")
        return
    zero = [one.id for one in claims_of(asked.opened.study, name) if one.direction == "zero"]
    table = asked.opened.table(file)
    table = table.assign(p=table["p_beyond"].where(~table["claim"].isin(zero), table["p_rope"]))
    both = table.merge(found, on=_KEYS, suffixes=("_told", "_found")).dropna(
        subset=["p_told", "p_found"]
    )
    pairs = list(_different(name, both.to_dict("records")))
    lost = asked.opened.about.lost(name)
    for one in pairs:
        soft = one.close or lost
        yield warns(f"{one.words}.") if soft else fails(f"{one.words}.")
    if not pairs and len(both):
        yield passes(f"{name}: {len(both)} verdicts are those of prior_grid.csv.")


def _different(name: str, rows: Sequence[Mapping[Any, Any]]) -> Iterator[_Pair]:
    for row in rows:
        sides = [
            {key: row[f"{key}_{which}"] for key in ("p", "p_mcse", "verdict")}
            for which in ("told", "found")
        ]
        if sides[0]["verdict"] != sides[1]["verdict"]:
            place = f"{name}, {row['claim']}, {row['block']} {row['setting']}"
            yield _Pair(place, *sides)
