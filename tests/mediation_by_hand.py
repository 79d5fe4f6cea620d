"""Mediated change written out from its equations, one effect after the other, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from growth_examples import wave_table

from securebase.codebook.loading import Study
from securebase.panel import Panel

Effect = tuple[str, str, str]


def study_of(
    analysis: Mapping[str, Any],
    *,
    roles: tuple[str, ...] = ("soldier",),
    leader: str | None = None,
    waves: Mapping[str, float],
    scales: Mapping[str, Mapping[str, Any]],
    covariates: tuple[str, ...] = (),
    exchangeable: bool = False,
) -> Study:
    """Make the codebook of a study with one analysis, "asked"."""
    return Study.model_validate(
        {
            "study": "made_up",
            "title": "Units made up for tests",
            "source": "made up for tests",
            "raw": {
                "files": [{"path": "none.csv"}],
                "columns": {"unit": "u", "role": "r", "wave": "w", "cluster": "c"},
            },
            "roles": {
                "levels": {role: {} for role in (*roles, *((leader,) if leader else ()))},
                "leader": leader,
                "exchangeable": exchangeable,
            },
            "waves": {
                "time_unit": "month",
                "levels": {name: {"time": time} for name, time in waves.items()},
            },
            "scales": {
                name: {"items": [f"{name}_1"], "range": [1, 7], "roles": roles, **one}
                for name, one in scales.items()
            },
            "covariates": {
                name: {"column": name, "type": "continuous"} for name in covariates
            },
            "analyses": {
                "asked": {
                    "family": "mediated_change",
                    "question": "What leads to what?",
                    "outcomes": list(scales),
                    **analysis,
                }
            },
        }
    )  # fmt: skip


def waves_of(
    study: Study, rng: np.random.Generator, units: int = 10, clusters: int = 0, missing: float = 0.2
) -> pd.DataFrame:
    """Draw scores without a model: the likelihood does not ask where they come from."""
    rows = []
    leader = study.roles.leader
    led = [(f"lead{number}", leader, f"c{number}") for number in range(clusters) if leader]
    own = [(f"u{n:02d}", role, f"c{n % max(clusters, 1)}")
           for n in range(units) for role in study.roles.members]  # fmt: skip
    for unit, role, cluster in [*led, *own]:
        fixed = {name: rng.normal(3, 2) for name in study.covariates}
        for wave in study.waves.levels:
            row = {"unit": unit, "role": role, "wave": wave, "cluster": cluster, **fixed}
            for name, scale in study.scales.items():
                if scale.asked(role, wave) and (role == leader or rng.random() > missing):
                    row[name] = rng.normal(4, 1)
            rows.append(row)
    return wave_table(rows, study)


@dataclass(frozen=True)
class ByHand:
    """One composition of a panel at one draw of the parameters."""

    panel: Panel
    values: xr.Dataset
    slots: tuple[str, ...]
    composition: str = "all"

    @property
    def data(self) -> xr.Dataset:
        rows = self.panel.data["composition"].values == self.composition
        return self.panel.data.isel(unit=rows)

    @property
    def clustered(self) -> bool:
        return self.panel.analysis.clusters and self.slots != (self.panel.leader,)

    def measured(self, slot: str, outcome: str) -> list[str]:
        at = {"role": slot, "outcome": outcome}
        seen = self.data["score"].sel(at).notnull().any("unit").values
        return [str(wave) for wave, one in zip(self.panel.data["wave"].values, seen, strict=True)
                if one]  # fmt: skip

    @property
    def effects(self) -> list[Effect]:
        later = [str(wave) for wave in self.panel.data["wave"].values[1:]]
        series = [(s, o) for s in self.slots for o in self.panel.analysis.outcomes
                  if self.measured(s, o)]  # fmt: skip
        found = [("level", *one) for one in series]
        for wave in later:
            for slot, outcome in series:
                if wave in self.measured(slot, outcome)[1:]:
                    found.append((wave if len(later) > 1 else "change", slot, outcome))
        return found

    def role_of(self, slot: str) -> str:
        own = next(one for one in self.panel.compositions if one.name == self.composition)
        return dict(zip(own.slots, own.labels, strict=True))[slot]

    def mean(self, effect: Effect) -> float:
        growth, slot, outcome = effect
        at = {"role": self.role_of(slot), "outcome": outcome}
        if growth == "level":
            return float(self.values["level"].sel(at))
        if growth != "change":
            at["phase"] = growth
        return float(self.values["change"].sel(at))

    def predicted(self, effect: Effect, unit: str, sources: tuple[str, ...]) -> float:
        """Add up what predictors of some sources do to an effect of a unit."""
        growth, slot, outcome = effect
        part = "level" if growth == "level" else "change"
        total = 0.0
        for one in self.panel.analysis.predictors:
            if one.of not in sources or part not in one.on:
                continue
            if outcome not in (one.outcomes or self.panel.analysis.outcomes):
                continue
            others = [s for s in self.slots if s != slot]
            owner = {"actor": slot, "leader": self.panel.leader, "group": "group"}.get(
                one.of, others[0] if others else None
            )
            if one.of == "unit":
                owner = self.slots[0]
            at = {f"{one.of}_predictor": one.name, "role": self.role_of(slot), "outcome": outcome}
            if growth not in ("level", "change"):
                at["phase"] = growth
            value = self.data["predictor_value"].sel(unit=unit, owner=owner, measure=one.name)
            total += float(self.values[f"{one.of}_on_{part}"].sel(at)) * float(value)
        return total

    def arrow(self, source: Effect, target: Effect, prefix: str) -> float:
        """Size of an arrow, 0 where the variable holds none of this name."""
        alone = sum(one[1:] == source[1:] for one in self.effects) == 1
        words = source[2] if alone else f"{source[0]} {source[2]}"
        words = words if source[1] == target[1] else f"partner {words}"
        part = "level" if target[0] == "level" else "change"
        name = f"{prefix}path_on_{part}"
        if name not in self.values:
            return 0.0
        at = {f"{prefix}path": f"{words} to {target[2]}", "role": self.role_of(target[1])}
        if target[0] not in ("level", "change"):
            at["phase"] = target[0]
        found = self.values[name]
        if any(label not in found[dim].values for dim, label in at.items()):
            return 0.0
        value = float(found.sel(at))
        return 0.0 if np.isnan(value) else value

    def forward(
        self, start: Mapping[Effect, float], order: list[list[Effect]], prefix: str
    ) -> dict[Effect, float]:
        """Let effects follow from those of earlier groups."""
        done: dict[Effect, float] = {}
        for place, group in enumerate(order):
            earlier = [one for other in order[:place] for one in other]
            for target in group:
                done[target] = start[target] + sum(
                    self.arrow(source, target, prefix) * done[source] for source in earlier
                )
        return done

    def spread(self, kind: str, group: list[Effect]) -> np.ndarray:
        """Covariance of what varies in a group of effects, found by its labels."""
        slots = dict.fromkeys(slot for _, slot, _ in group)
        words = {slot: self.role_of(slot) for slot in slots}
        if len(set(words.values())) < len(words):
            words[list(words)[1]] += "'s partner"
        labels = [f"{growth} {words[slot]} {outcome}" for growth, slot, outcome in group]
        for name, values in self.values.data_vars.items():
            dim = str(values.dims[-1])
            held = str(name).startswith(kind) and str(name).endswith("_sd")
            if held and set(labels) == set(values[dim].values.tolist()):
                sd = values.sel({dim: labels}).values
                corr = self.values[str(name).removesuffix("sd") + "corr"]
                chosen = corr.sel({dim: labels, f"{dim}_bis": labels}).values
                return np.asarray(chosen * np.outer(sd, sd))
        raise AssertionError(f"no {kind} of {labels}")

    def moments(self, order: list[list[Effect]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores (row,), their expectation and covariance, over all units one after the other."""
        units = [str(unit) for unit in self.data["unit"].values]
        clusters = self.data["cluster"].values
        below = ("actor", "partner", "unit")
        above = ("leader", "group")
        if not self.clustered:
            below += above
        names = [one for group in order for one in group]
        unit_cov = self._through(order, "unit", "")
        cluster_cov = np.zeros_like(unit_cov)
        if self.clustered:
            cluster_cov = self._through(order, "cluster", "cluster_")
        expected = {}
        for unit in units:
            own = {one: self.predicted(one, unit, below) for one in names}
            lower = self.forward(own, order, "")
            shared = dict.fromkeys(names, 0.0)
            if self.clustered:
                given = {one: self.predicted(one, unit, above) for one in names}
                shared = self.forward(given, order, "cluster_")
            expected[unit] = np.array([self.mean(one) + lower[one] + shared[one] for one in names])
        rows = self._rows(units, names)
        score = np.array([one[2] for one in rows])
        mean = np.array([weights @ expected[unit] for unit, weights, _ in rows])
        cov = np.empty((len(rows), len(rows)))
        of_cluster = dict(zip(units, clusters, strict=True))
        for i, (unit, weights, _) in enumerate(rows):
            for j, (other, others, _) in enumerate(rows):
                cov[i, j] = weights @ unit_cov @ others if unit == other else 0.0
                if of_cluster[unit] == of_cluster[other]:
                    cov[i, j] += weights @ cluster_cov @ others
        return score, mean, cov

    def _through(self, order: list[list[Effect]], kind: str, prefix: str) -> np.ndarray:
        """Covariance of all effects once those of each group have moved the later ones."""
        names = [one for group in order for one in group]
        size, first = len(names), 0
        start = np.zeros((size, size))
        for group in order:
            last = first + len(group)
            start[first:last, first:last] = self.spread(kind, group)
            first = last
        moved = np.empty((size, size))
        for column in range(size):
            unit = {one: float(place == column) for place, one in enumerate(names)}
            done = self.forward(unit, order, prefix)
            moved[:, column] = [done[one] for one in names]
        return np.asarray(moved @ start @ moved.T)

    def _rows(self, units: list[str], names: list[Effect]) -> list[tuple[str, np.ndarray, float]]:
        """Unit, weights of the effects, and score of every answer."""
        time = self.panel.data["time"]
        several = len(time) > 2
        rows = []
        for unit in units:
            for slot in self.slots:
                for outcome in self.panel.analysis.outcomes:
                    asked = self.measured(slot, outcome)
                    for wave in asked:
                        at = {"unit": unit, "wave": wave, "role": slot, "outcome": outcome}
                        score = float(self.data["score"].sel(at))
                        if np.isnan(score):
                            continue
                        weights = np.zeros(len(names))
                        weights[names.index(("level", slot, outcome))] = 1.0
                        if wave != asked[0]:
                            growth = wave if several else "change"
                            since = float(time.sel(wave=wave) - time.sel(wave=asked[0]))
                            weights[names.index((growth, slot, outcome))] = since
                        rows.append((unit, weights, score))
        return rows
