"""Designs that are timed and calibrated: studies without a source, scores from no model."""

from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from securebase.codebook.loading import Study, load_study
from securebase.config import Refits
from securebase.fitting import Question, posed, posed_on
from securebase.names import WAVE_KEYS
from securebase.simulation import load_simulation
from securebase.simulation.designs import design_panel
from securebase.waves.clean import clean

WAVES = {"first": 0.0, "second": 1.0, "third": 2.0}
ANALYSIS = "growth"
_CONFIG = Path(__file__).parents[1] / "config"


@dataclass(frozen=True)
class Design:
    """What is measured, of whom.

    Parameters
    ----------
    title : str
    units : int
        Persons or couples.
    roles : tuple of str
    outcomes : tuple of str
    exchangeable : bool
    clusters : int
        Leaders; 0: none.
    dropout : float
        Share of units that leave before the last wave.
    """

    title: str
    units: int
    roles: tuple[str, ...] = ("person",)
    outcomes: tuple[str, ...] = ("anxiety", "avoidance")
    exchangeable: bool = False
    clusters: int = 0
    dropout: float = 0.27
    refits: ClassVar[Refits] = Refits(chains=4, draws=1000, tune=1000)
    family: ClassVar[str] = "dyadic_growth"

    @property
    def study(self) -> Study:
        """Codebook of the design."""
        analysis: dict[str, Any] = {
            "family": self.family,
            "question": "How do scores change, and what with?",
            "outcomes": list(self.outcomes),
            "predictors": [{"name": "sensitivity", "of": "actor"}],
            "clusters": bool(self.clusters),
        }
        return Study.model_validate(
            {
                "study": "benchmark",
                "title": self.title,
                "simulated": True,
                "source": "made up, never reported",
                "raw": {"files": [{"path": "none"}], "columns": {"unit": "u", "role": "r"}},
                "roles": {
                    "levels": {role: {} for role in self.roles},
                    "exchangeable": self.exchangeable,
                },
                "waves": {
                    "time_unit": "year",
                    "levels": {wave: {"time": time} for wave, time in WAVES.items()},
                },
                "scales": {one: {"items": [one], "range": (1, 7)} for one in self.outcomes},
                "covariates": {"sensitivity": {"column": "s", "type": "continuous"}},
                "analyses": {ANALYSIS: analysis},
            }
        )

    def waves(self, seed: int = 1) -> pd.DataFrame:
        """Draw scores around a person's own line; units that leave never come back."""
        rng = np.random.default_rng(seed)
        members = [f"{role}" for role in self.roles]
        shape = (self.units, len(members), len(WAVES), len(self.outcomes))
        level, change = rng.normal(3.0, 0.9, shape[:2]), rng.normal(-0.2, 0.25, shape[:2])
        noise = rng.normal(0.0, 0.5, shape)
        last = np.where(rng.random(self.units) < self.dropout, rng.integers(0, 2, self.units), 2)
        sensitivity = rng.normal(size=shape[:2])
        # what outcomes share, and what each has of its own
        own = rng.normal(size=(2, *shape[:2], 1, shape[3]))
        levels = 3.0 + np.sqrt(0.4) * (level[..., None, None] - 3.0) + np.sqrt(0.6) * 0.9 * own[0]
        changes = (
            -0.2 + np.sqrt(0.4) * (change[..., None, None] + 0.2) + np.sqrt(0.6) * 0.25 * own[1]
        )
        scores = levels + changes * np.array(list(WAVES.values()))[:, None] + noise
        keys = [
            (unit, member, wave)
            for unit, member, wave in product(*map(range, shape[:3]))
            if wave <= last[unit]
        ]
        unit, member, wave = np.array(keys).T
        names, times = np.array(list(WAVES)), np.array(list(WAVES.values()))
        rows = pd.DataFrame(
            {
                "unit": np.char.add("u", unit.astype(str)),
                "role": np.array(members)[member],
                "wave": names[wave],
                "time": times[wave],
                "cluster": np.char.add("c", (unit % max(self.clusters, 1)).astype(str)),
                "sensitivity": sensitivity[unit, member],
            }
        ).assign(person=lambda one: one["unit"] + one["role"], date=None, composition=None)
        for place, outcome in enumerate(self.outcomes):
            rows[outcome] = scores[unit, member, wave, place]
        return rows[[*WAVE_KEYS, *self.outcomes, "sensitivity"]]

    def question(self) -> Question:
        """Model of the design, on its scores."""
        return posed(self.study, ANALYSIS, self.waves())


@dataclass(frozen=True)
class Simulated:
    """An analysis of a simulated study of the project, at the size of its example.

    Parameters
    ----------
    study, analysis : str
    """

    study: str
    analysis: str
    # shorter than elsewhere: a re-fit costs seconds
    refits: ClassVar[Refits] = Refits(draws=300, tune=300)

    @property
    def family(self) -> str:
        """Family of the analysis."""
        return self._codebook.analyses[self.analysis].family

    @property
    def _codebook(self) -> Study:
        return load_study(_CONFIG / "studies" / f"{self.study}.yaml")

    @property
    def title(self) -> str:
        """Family, study and number of units."""
        panel = self.question().panel
        units, family = panel.data.sizes["unit"], panel.analysis.family.replace("_", " ")
        return f"{family}: {self.study}, {self.analysis}, {units:,} units"

    def question(self) -> Question:
        """Model of the analysis, on one simulated study."""
        return _simulated(self.study, self.analysis)


@cache
def _simulated(name: str, analysis: str) -> Question:
    study = load_study(_CONFIG / "studies" / f"{name}.yaml")
    settings = load_simulation(_CONFIG / "simulations" / f"{name}.yaml")
    return posed_on(design_panel(study, settings, analysis, "small"), study, analysis)


def reference(units: int = 100) -> Design:
    """Two outcomes at three waves, intercepts and slopes correlated."""
    return Design(f"{units:,} units, 3 waves, 2 outcomes", units)


def couples() -> Question | None:
    """Give the real couples, where their data lie beside this project."""
    root = Path(__file__).parents[2] / "shared" / "data"
    if not root.exists():
        return None
    study = load_study(Path(__file__).parents[1] / "config" / "studies" / "couples_ecr.yaml")
    return posed(study, "growth", clean(study, root).waves)


def by_name(name: str) -> Question:
    """Find a design as the benchmarks name it: "reference 100", "leaders 60", "couples"."""
    kind, _, size = name.partition(" ")
    if kind == "couples":
        found = couples()
        if found is None:
            raise FileNotFoundError("the couples' data do not lie beside this project")
        return found
    return {"reference": reference, "leaders": leaders}[kind](int(size)).question()


def exchangeable(units: int = 100) -> Design:
    """Two members whose labels mean nothing, two outcomes."""
    title = f"{units:,} exchangeable couples, 3 waves, 2 outcomes"
    return Design(title, units, roles=("one", "other"), exchangeable=True)


def leaders(count: int = 60, followers: int = 9) -> Design:
    """Followers in leaders, one outcome."""
    title = f"{count:,} leaders of {followers}, 3 waves, 1 outcome"
    return Design(title, count * followers, outcomes=("avoidance",), clusters=count)
