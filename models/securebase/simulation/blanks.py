"""The parameters that a model has on a panel, before anybody says what they are."""

from dataclasses import dataclass

import numpy as np
import pymc as pm
import xarray as xr

from securebase.family import Family
from securebase.names import STANDS_FOR
from securebase.panel import Panel
from securebase.sampling import prior_draws

# what priors are written on and nobody states
_HELPERS = tuple(STANDS_FOR)
# variables without a natural zero, beside standard deviations: every cell has to be named
_TO_BE_NAMED = ("level", "mean", "loading")


@dataclass(frozen=True)
class Blank:
    """A truth that nobody has filled in.

    Parameters
    ----------
    values : xr.Dataset
        Every stated variable with its dims and labels: 0, identity for correlations, NaN where
        a value has to be named.
    measured : xr.Dataset
        Whether the design measures a cell.
    """

    values: xr.Dataset
    measured: xr.Dataset

    @property
    def unnamed(self) -> xr.Dataset:
        """Whether a cell still needs a value."""
        return self.values.isnull() & self.measured


def blank_truth(family: Family, panel: Panel) -> Blank:
    """List the variables that a truth of a family states on a panel.

    Names, dims, labels and what is measured are those of one draw from the prior: nothing about
    a family is known here.

    Raises
    ------
    InputError
        Where the design cannot identify the model.
    """
    with pm.Model() as model:
        family.parts(panel, family.default_priors(panel))
    draws = family.derived(prior_draws(model, 2, 0), panel)
    draw = draws.isel(chain=0, draw=0, drop=True)
    drawn = {str(name): values for name, values in draw.data_vars.items()}
    stated = {name: values for name, values in drawn.items() if _is_stated(name, family)}
    return Blank(
        xr.Dataset({name: _start(name, values) for name, values in stated.items()}),
        xr.Dataset({name: values.notnull() for name, values in stated.items()}),
    )


def _is_stated(name: str, family: Family) -> bool:
    parameter = family.parameter(name)
    return not name.endswith(_HELPERS) and parameter is not None and parameter.stated


def _start(name: str, drawn: xr.DataArray) -> xr.DataArray:
    if name.endswith("_corr"):
        return drawn.copy(data=np.eye(drawn.shape[0]))
    to_be_named = name in _TO_BE_NAMED or name.endswith("_sd")
    start = xr.full_like(drawn, np.nan if to_be_named else 0.0)
    return start.where(drawn.notnull())
