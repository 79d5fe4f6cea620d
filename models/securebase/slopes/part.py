"""Units with slopes as a part of a model: their basis follows the panel they are read from."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.growth.design import column_name
from securebase.panel import Panel
from securebase.part import Part, RandomEffects
from securebase.slopes.occasions import OccasionDesign


@dataclass(frozen=True)
class OccasionPart(Part):
    """Units of a design whose basis is made of observations, its own outcomes among them.

    Parameters
    ----------
    design : OccasionDesign
    """

    design: OccasionDesign = field(kw_only=True)

    def arrays_in(self, panel: Panel) -> dict[str, NDArray[Any]]:
        """Arrays of the same units with the scores, and what follows from them, of a panel."""
        basis = np.nan_to_num(self.design.basis_in(panel))
        part = replace(self, effects=replace(self.effects, unit_basis=basis))
        return part.arrays(self.design.score(panel))


def occasion_part(
    design: OccasionDesign,
    regression: TensorVariable,
    factor: TensorVariable,
    residual: TensorVariable,
    **clusters: Any,
) -> Part:
    """Make the part of a design.

    Parameters
    ----------
    regression : TensorVariable (effect, column)
    factor : TensorVariable (effect, standard)
    residual : TensorVariable (series, series)
    clusters
        `cluster`, `shared` and `cluster_factor`, see `Part`.

    Returns
    -------
    Part
        An `OccasionPart`, whose cost grows with the units, only where units differ in what
        their effects are multiplied with.
    """
    own, growth = np.nan_to_num(design.basis), design.growth
    alike = bool((own == own[0]).all())
    effects = RandomEffects(
        # where units differ, of no unit: what a model with one basis for all would have here
        basis=pt.constant(own.mean(axis=0)),
        factor=factor,
        residual=residual,
        series=growth.series_of_response,
        wave=growth.wave_of_response,
        unit_basis=None if alike else own,
    )
    settings: dict[str, Any] = {
        "name": growth.composition.name,
        "score": design.score(design.panel),
        "predictors": design.predictors(design.panel),
        "cluster": None,
        "responses": tuple(" ".join(response) for response in growth.responses),
        "columns": tuple(map(column_name, design.columns)),
        "regression": regression,
        "effects": effects,
    }
    settings |= clusters
    return Part(**settings) if alike else OccasionPart(**settings, design=design)
