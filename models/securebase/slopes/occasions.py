"""Units whose effects are multiplied, at each occasion, with what was observed there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from securebase.growth.design import Column, GrowthDesign, predictor_columns
from securebase.growth.time import growth_at
from securebase.names import MEASURE, OUTCOME, OWNER, ROLE, UNIT, WAVE
from securebase.panel import Panel
from securebase.structure.cells import Placement

Array = NDArray[np.float64]
Factor = tuple[str, str, str]
"""(what, name, owner): "time"; a predictor's "deviation" or "value"; another outcome's "answer"."""

TIME: Factor = ("time", "", "")


@dataclass(frozen=True)
class Effect:
    """One number per unit that moves one outcome of one member.

    Parameters
    ----------
    kind : str
        "level", "change", or what it is the slope of.
    slot, outcome : str
        Whose outcome.
    factors : tuple of Factor
        Observed numbers whose product it is multiplied with; none for a level.
    varies : bool
        Whether units differ in it, beyond what predictors say.
    """

    kind: str
    slot: str
    outcome: str
    factors: tuple[Factor, ...] = ()
    varies: bool = True

    @property
    def quantity(self) -> tuple[str, str, str]:
        """How a covariance calls it."""
        return self.kind, self.slot, self.outcome


@dataclass(frozen=True)
class OccasionDesign:
    """Units of one composition with effects on observed numbers.

    Parameters
    ----------
    growth : GrowthDesign
        Responses and series.
    effects : sequence of Effect
    placements : sequence of Placement
        Of the numbers that make the expected effects, row the effect, column the predictor.
    columns : sequence of Column
        Predictor columns, the constant first.
    """

    growth: GrowthDesign
    effects: Sequence[Effect]
    placements: Sequence[Placement]
    columns: Sequence[Column]

    @property
    def panel(self) -> Panel:
        """Panel of the analysis."""
        return self.growth.panel

    @property
    def suffix(self) -> str:
        """End of the names of covariances, where a study has several compositions."""
        several = len(self.panel.compositions) > 1
        return f"_{self.growth.composition.name}" if several else ""

    @property
    def varying(self) -> list[int]:
        """Places of the effects in which units differ."""
        return [place for place, effect in enumerate(self.effects) if effect.varies]

    @cached_property
    def basis(self) -> Array:
        """What each effect is multiplied with (unit, response, effect); NaN where unknown."""
        return self.basis_in(self.panel)

    def multiplied(self, effect: int) -> Array:
        """What an effect is multiplied with (unit, response of its series); 0 where unknown."""
        own = self.effects[effect]
        series = self.growth.series.index((own.slot, own.outcome))
        return np.nan_to_num(self.basis[:, self.growth.series_of_response == series, effect])

    def basis_in(self, panel: Panel) -> Array:
        """Basis of the same units with the observations of another panel."""
        own = panel.units_of(self.growth.composition)
        waves = [str(wave) for wave in own.data[WAVE].values]
        place = [waves.index(wave) for wave in self.growth.wave_of_response]
        series = [(slot, outcome) for _, slot, outcome in self.growth.responses]
        basis = np.zeros((own.data.sizes[UNIT], len(series), len(self.effects)))
        for number, effect in enumerate(self.effects):
            values = np.ones((len(basis), len(waves)))
            for factor in effect.factors:
                values = values * observed(own, factor)
            moved = [one == (effect.slot, effect.outcome) for one in series]
            basis[:, moved, number] = values[:, place][:, moved]
        return basis

    def score(self, panel: Panel) -> Array:
        """Responses (unit, response); NaN also where a number they are predicted from is."""
        lacking = np.isnan(self.basis_in(panel)).any(axis=-1)
        return np.where(lacking, np.nan, self.growth.score(panel))

    def predictors(self, panel: Panel) -> Array:
        """Predictor columns (unit, column)."""
        return predictor_columns(panel.units_of(self.growth.composition), self.columns)

    def lost(self) -> pd.DataFrame:
        """Count answers that cannot be used: they are predicted from what was not observed.

        Returns
        -------
        pd.DataFrame
            Columns role, outcome, lost, answers: how many of how many.
        """
        answered = ~np.isnan(self.growth.score(self.panel))
        used = ~np.isnan(self.score(self.panel))
        rows = []
        for number, (slot, outcome) in enumerate(self.growth.series):
            here = self.growth.series_of_response == number
            count = int(answered[:, here].sum())
            rows.append((slot, outcome, count - int(used[:, here].sum()), count))
        table = pd.DataFrame(rows, columns=[ROLE, OUTCOME, "lost", "answers"])
        return table[table["lost"] > 0]


def has_trend(panel: Panel) -> bool:
    """Whether the analysis asks for a change over time: it does by declaring `time`."""
    return "time" in panel.analysis.model_fields_set


def observed(panel: Panel, factor: Factor) -> Array:
    """Values (unit, wave) of a number that effects are multiplied with; NaN where unknown.

    An answer is measured from the person's mean over the waves with an answer.
    """
    what, name, owner = factor
    data, shape = panel.data, (panel.data.sizes[UNIT], panel.data.sizes[WAVE])
    if what == "time":
        return np.broadcast_to(growth_at(panel, data["time"].values.astype(float))[:, 1], shape)
    if what == "deviation":
        deviation = data["deviation"].sel({MEASURE: name, OWNER: owner})
        return np.asarray(deviation.transpose(UNIT, WAVE).values)
    if what == "value":
        value = data["predictor_value"].sel({MEASURE: name, OWNER: owner}).values
        return np.broadcast_to(value[:, None], shape)
    answer = data["score"].sel({OUTCOME: name, ROLE: owner}).transpose(UNIT, WAVE)
    return np.asarray((answer - answer.mean(WAVE)).values)
