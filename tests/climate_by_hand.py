"""Groups to test with, and the density of a group written out by hand from the equation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from growth_by_hand import own_covariance
from growth_examples import growth_study, random_waves
from scipy.stats import multivariate_normal

from securebase.codebook.loading import Study
from securebase.families import load_family
from securebase.names import CLUSTER, OUTCOME, UNIT, WAVE
from securebase.panel import Panel, panel_from_waves

FAMILY = load_family("group_climate")
MISSIONS = {"m1": 0.0, "m2": 1.0, "m3": 2.0, "end": 3.0}
SCALES: dict[str, dict[str, Any]] = {
    "self_rated": {"waves": ["m1", "m2", "m3"]},
    "observed": {"waves": ["m1", "m2", "m3"]},
    "cohesion": {"waves": ["m1", "m2", "m3"]},
    "group_anxiety": {"waves": ["end"]},
}
Cell = tuple[int, str, str]
"""Unit, wave, scale."""


def person(name: str, of: str = "actor", **more: Any) -> dict[str, Any]:
    return {"name": name, "of": of, "scale": "sd", **more}


def climate_study(analysis: Mapping[str, Any], **study: Any) -> Study:
    """Make the codebook of missions in groups."""
    settings = {"family": "group_climate", "clusters": True, "roles": ["soldier"], **analysis}
    scales = study.pop("scales", SCALES)
    return growth_study(
        {"outcomes": list(scales), **settings},
        roles=("soldier",),
        waves=MISSIONS,
        scales=scales,
        covariates={"anxiety": {}, "avoidance": {}},
        **study,
    )


def climate_panel(study: Study, rng: np.random.Generator, **settings: Any) -> Panel:
    return panel_from_waves(random_waves(study, rng, **settings), study, "growth")


@dataclass(frozen=True)
class HandGroup:
    """The equation of the persons of one group: everything in terms of independent causes."""

    panel: Panel
    truth: xr.Dataset

    def latent(self, scale: str) -> str:
        informants = self.panel.analysis.informants
        return next((name for name, scales in informants.items() if scale in scales), scale)

    def of(self, variable: str, **at: str) -> float:
        return float(self.truth[variable].sel(role="soldier", **at))

    def value(self, unit: int, measure: str) -> float:
        at = {"owner": "soldier", "measure": measure}
        return float(self.panel.data["predictor_value"].isel({UNIT: unit}).sel(at))

    def mean(self, cell: Cell) -> float:
        unit, wave, scale = cell
        total = self.of("level", outcome=scale)
        once = len(SCALES[scale]["waves"]) == 1 if scale in SCALES else False
        if "time" in self.panel.analysis.model_fields_set and not once:
            time = self.panel.data["time"]
            total += self.of("change", outcome=scale) * float(time.sel({WAVE: wave}) - time[0])
        for one in self.panel.analysis.predictors:
            if scale in (one.outcomes or self.panel.analysis.outcomes):
                total += self.of(
                    "actor_on_level", actor_predictor=one.name, outcome=scale
                ) * self.value(unit, one.name)
        for one in self.panel.analysis.interactions:
            terms = [term for term in one.of if not term.startswith("group ")]
            if len(terms) == len(one.of):
                both = np.prod([self.value(unit, term.split(" ")[1]) for term in terms])
                total += both * self.of(
                    "interaction_on_level", interaction_predictor=one.name, outcome=scale
                )
        return total

    def paths(self, prefix: str) -> dict[str, float]:
        """Coefficient of cohesion on each other latent, where any path leads from it."""
        if not self.panel.analysis.paths:
            return {}
        return {
            latent: self.of(f"{prefix}path_on_level", **{f"{prefix}path": f"cohesion to {latent}"})
            for latent in self.panel.analysis.latents
            if latent != "cohesion"
        }

    def causes(self, cell: Cell, prefix: str) -> dict[str, float]:
        """What moves a score: {label of a level or slope: factor}, of groups or of persons."""
        unit, _, scale = cell
        latent = self.latent(scale)
        found = {f"level soldier {latent}": 1.0}
        shift = self.paths(prefix).get(latent, 0.0)
        for one in self.panel.analysis.interactions if prefix else ():
            terms = [term for term in one.of if term != "group cohesion"]
            asked = scale in (one.outcomes or self.panel.analysis.outcomes)
            if len(terms) == 1 and asked and latent != "cohesion":
                x = self.value(unit, terms[0].split(" ")[1])
                found[f"{terms[0]} soldier {scale}"] = x
                shift += x * self.of(
                    "interaction_on_level", interaction_predictor=one.name, outcome=scale
                )
        if shift:
            found["level soldier cohesion"] = shift
        return found

    def sd(self, variable: str, scale: str) -> float:
        if variable not in self.truth or scale not in self.truth["informant"].values:
            return 0.0
        return float(self.truth[variable].sel(informant=scale))

    def covariance(self, cells: list[Cell]) -> np.ndarray:
        """Of all scores of one group."""
        cov = np.zeros((len(cells), len(cells)))
        for prefix, dim in (("unit", "effect"), ("cluster", "cluster_effect")):
            groups = "cluster_" if prefix == "cluster" else ""
            labels, blocks = [], []
            for end in ("", "_explained"):
                if f"{prefix}{end}_sd" in self.truth:
                    labels += list(self.truth[f"{dim}{end}"].values)
                    blocks.append(own_covariance(self.truth, f"{prefix}{end}"))
            reach = np.zeros((len(cells), len(labels)))
            for row, cell in enumerate(cells):
                for label, factor in self.causes(cell, groups).items():
                    reach[row, labels.index(label)] += factor
            size = sum(map(len, blocks))
            own = np.zeros((size, size))
            first = 0
            for block in blocks:
                own[first : first + len(block), first : first + len(block)] = block
                first += len(block)
            together = reach @ own @ reach.T
            if prefix == "unit":
                together *= np.equal.outer([c[0] for c in cells], [c[0] for c in cells])
            cov += together
        series = list(self.truth["series"].values)
        noise = own_covariance(self.truth, "residual")
        for i, (unit, wave, scale) in enumerate(cells):
            for j, (unit_j, wave_j, scale_j) in enumerate(cells):
                if scale == scale_j:
                    cov[i, j] += self.sd("cluster_informant_sd", scale) ** 2
                    cov[i, j] += (unit == unit_j) * self.sd("informant_sd", scale) ** 2
                if unit == unit_j and wave == wave_j:
                    names = f"soldier {scale}", f"soldier {scale_j}"
                    if all(name in series for name in names):
                        cov[i, j] += noise[series.index(names[0]), series.index(names[1])]
                    elif i == j:
                        cov[i, j] += (0.01 * 6) ** 2
        return cov


def hand_loglik(panel: Panel, truth: xr.Dataset) -> float:
    """Log-density of all groups, one dense normal each."""
    hand, total = HandGroup(panel, truth), 0.0
    for cluster in np.unique(panel.data[CLUSTER].values):
        cells = [
            (unit, wave, scale)
            for unit in np.flatnonzero(panel.data[CLUSTER].values == cluster)
            for wave in map(str, panel.data[WAVE].values)
            for scale in panel.analysis.outcomes
        ]
        score = panel.data["score"].sel(role="soldier")
        y = [float(score[u].sel({WAVE: w, OUTCOME: s})) for u, w, s in cells]
        seen = [cell for cell, one in zip(cells, y, strict=True) if not np.isnan(one)]
        rest = np.array([one for one in y if not np.isnan(one)])
        mean = np.array([hand.mean(cell) for cell in seen])
        total += multivariate_normal.logpdf(rest, mean, hand.covariance(seen))
    return total
