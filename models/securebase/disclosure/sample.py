"""Sample: the records that moments are to be released of."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from securebase.disclosure.grids import Grid
from securebase.faults import Fault, InputError
from securebase.moments import Floats
from securebase.moments.acceptance import panel_faults

CONSTANT = "constant"


@dataclass(frozen=True, eq=False)
class Sample:
    """Records of units, as the likelihood takes them.

    Parameters
    ----------
    units : (unit,)
        Labels, all different: what tells the same unit in two samples.
    y : float (unit, response)
        NaN where missing.
    x : float (unit, predictor)
        Complete; without the constant.
    responses, predictors : tuple of str
        Names of the columns.
    grids : mapping of str to Grid
        Of the columns whose values are known to lie on one.
    noun : str
        What a unit is: "couple".

    Raises
    ------
    InputError
        Shapes or names that do not agree; infinite values; units without any response, or with
        labels that repeat.
    """

    units: NDArray[Any]
    y: Floats
    x: Floats
    responses: tuple[str, ...]
    predictors: tuple[str, ...] = ()
    grids: Mapping[str, Grid] = field(default_factory=dict)
    noun: str = "unit"

    def __post_init__(self) -> None:
        constant = np.ones((len(self.y), 1))
        designs = np.hstack([constant, self.x]) if len(self.x) == len(self.y) else self.x
        names = self.responses, (CONSTANT, *self.predictors)
        faults = panel_faults(self.y, designs, self.units, *names, full_rank=False)
        faults += _name_faults(self)
        if faults:
            raise InputError("records of a release", faults)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of responses, then of predictors."""
        return (*self.responses, *self.predictors)

    @property
    def rows(self) -> Floats:
        """Values (unit, column), NaN where missing."""
        return np.hstack([self.y, self.x])

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Which responses each unit has (unit, response)."""
        return ~np.isnan(self.y)

    def only(self, rows: NDArray[Any]) -> Self:
        """The same columns of some of the units."""
        return replace(self, units=self.units[rows], y=self.y[rows], x=self.x[rows])


def _name_faults(sample: Sample) -> list[Fault]:
    faults = []
    repeated = len(sample.units) - len(np.unique(sample.units))
    if repeated:
        faults.append(Fault("units", f"{repeated} labels that repeat", "one label for each unit"))
    both = sorted({*sample.responses} & {*sample.predictors})
    faults += [
        Fault("x", "also the name of a response", "distinct names", column=name) for name in both
    ]
    unknown = sorted({*sample.grids} - {*sample.columns})
    expected = f"one of: {', '.join(sample.columns)}"
    faults += [Fault("grids", f"no column '{name}'", expected) for name in unknown]
    return faults
