"""Coding: numbers brought to a centre and to a scale, each kind of person among its own."""

from collections.abc import Callable

import xarray as xr

from securebase.codebook.loading import Study
from securebase.codebook.terms import Predictor
from securebase.names import ROLE


def apart(
    values: xr.DataArray, study: Study, coded: Callable[[xr.DataArray], xr.DataArray]
) -> xr.DataArray:
    """Code members among members, and leaders among leaders."""
    leads = values[ROLE].isin([study.roles.leader])
    pieces = [values.where(who) for who in (~leads, leads) if who.any()]
    known = [coded(piece) for piece in pieces if piece.notnull().any()] or pieces
    return known[0] if len(known) == 1 else known[0].fillna(known[1])


def standardised(values: xr.DataArray) -> xr.DataArray:
    """Bring values to mean 0 and sd 1 over all persons (or units) that have one."""
    return (values - values.mean()) / spread(values)


def rescaled(values: xr.DataArray, predictor: Predictor) -> xr.DataArray:
    """Bring values to the centre and the scale that a predictor asks for."""
    width = spread(values) if predictor.scale == "sd" else 1.0
    centre = values.mean() if predictor.centre == "grand" else 0.0
    return (values - centre) / width


def spread(values: xr.DataArray) -> float:
    """Sample standard deviation; 1 where all values are the same."""
    # values that are all the same stay numbers here: the design refuses them by name
    return float(values.std(ddof=1)) or 1.0
