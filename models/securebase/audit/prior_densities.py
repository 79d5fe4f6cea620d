"""Priors as their table tells them, held against draws: densities, and draws from the prior."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from securebase.correlation import vine_shapes
from securebase.names import SAMPLES

Array = NDArray[np.float64]

_DENSITY: Final = re.compile(r"(Normal|Half-normal|LKJ)\((?:(-?[\d.e+-]+), )?([\d.e+-]+)\)")
_SD, _CORR, _MEASURED = "_sd", "_corr", "_measured"
_UNITS: Final = "unit"


@dataclass(frozen=True)
class Declared:
    """A line of ``priors.csv``.

    Parameters
    ----------
    block, outcome : str
    kind : str
        Normal, Half-normal or LKJ.
    mean, value : float
        Location of a normal, NaN where the family centres it; its spread, or the shape of an LKJ.
    """

    block: str
    outcome: str
    kind: str
    mean: float
    value: float


def declared_priors(table: pd.DataFrame) -> list[Declared]:
    """Read the densities of a table of priors; what is written otherwise is left out."""
    found = []
    for row in table.itertuples():
        match = _DENSITY.fullmatch(str(row.density).replace("see reason, ", ""))
        if match:
            mean = float(match[2]) if match[2] else np.nan
            found.append(
                Declared(str(row.block), str(row.outcome), match[1], mean, float(match[3]))
            )
    return found


@dataclass(frozen=True)
class Block:
    """A free variable with the density that is declared for it.

    Parameters
    ----------
    name : str
        As ``log_prior`` calls it.
    variable : str
        The free variable.
    first, second : ndarray (cell,)
        Mean and spread of normals; both shapes of betas, for correlations.
    beta : bool
    """

    name: str
    variable: str
    first: Array
    second: Array
    beta: bool

    @property
    def density(self) -> Any:
        """Its declared density, cell by cell."""
        return (stats.beta if self.beta else stats.norm)(self.first, self.second)

    def values(self, draws: xr.Dataset) -> Array:
        """Draws (draw, cell)."""
        array = draws[self.variable].transpose(*SAMPLES, ...).values
        return array.reshape(array.shape[0] * array.shape[1], -1)

    def log_density(self, draws: xr.Dataset) -> Array:
        """Log density of the block (draw,)."""
        return np.asarray(self.density.logpdf(self.values(draws)).sum(axis=1))

    def smallest_p(self, draws: xr.Dataset) -> float:
        """Smallest tail probability of Kolmogorov-Smirnov distances, times the number of cells."""
        places = self.density.cdf(self.values(draws))
        found = [float(stats.kstest(cell, "uniform").pvalue) for cell in places.T]
        return min(found) * len(found)


def blocks(priors: list[Declared], draws: xr.Dataset) -> Iterator[Block]:
    """Match what is declared with the free variables of a posterior or prior.

    A block that the table does not determine (centred by the family, or shared in a way that
    names do not tell) is left out.
    """
    for one in dict.fromkeys(prior.block for prior in priors):
        own = [prior for prior in priors if prior.block == one]
        if own[0].kind == "Normal":
            # effects of predictors are scaled by what the predictors vary: no table tells that
            free = f"{one}{_MEASURED}" if f"{one}{_MEASURED}" in draws else one
            if free in draws:
                yield from _of_normals(one, free, own, draws[free])
        elif own[0].kind == "LKJ":
            name = one.removesuffix(_CORR)
            if f"{name}_vine" in draws and f"{name}_signed" in draws:
                size = draws[f"{name}_signed"].isel(dict.fromkeys(SAMPLES, 0)).size
                shapes = vine_shapes(size, own[0].value)
                yield Block(one, f"{name}_vine", shapes, shapes, beta=True)
    for variable in map(str, draws.data_vars):
        if variable.endswith("_signed"):
            size = draws[variable].isel(dict.fromkeys(SAMPLES, 0)).size
            name = variable.removesuffix("_signed") + _SD
            yield Block(name, variable, np.zeros(size), np.ones(size), beta=False)


def _of_normals(
    name: str, variable: str, own: list[Declared], values: xr.DataArray
) -> Iterator[Block]:
    found = [_line_of(own, label) for label in _labels(values)]
    known = [one for one in found if one is not None and not np.isnan(one.mean)]
    if found and len(known) == len(found):
        means, sds = (np.array([getattr(one, key) for one in known]) for key in ("mean", "value"))
        yield Block(name, variable, means, sds, beta=False)


def spreads(priors: list[Declared], draws: xr.Dataset) -> Iterator[tuple[str, float, float]]:
    """Compare the unit of each standard deviation with its half-normal.

    Yields
    ------
    (place, declared, used)
        Spread of the half-normal as declared, and as the draws were made with it.
    """
    halves = [one for one in priors if one.kind == "Half-normal"]
    for variable in map(str, draws.data_vars):
        shown = variable.removesuffix("_signed") + _SD
        if not variable.endswith("_signed") or shown not in draws:
            continue
        if draws[shown].dims != draws[variable].dims:
            continue
        ratio = (draws[shown] / np.abs(draws[variable])).median(SAMPLES)
        for label, used in zip(_labels(draws[shown]), ratio.values.ravel(), strict=True):
            line = _half_of(halves, shown, label)
            if line is not None:
                yield f"{shown} ({label})", line.value, float(used)


def _half_of(halves: list[Declared], shown: str, label: str) -> Declared | None:
    """The half-normal of a standard deviation.

    Of "residual_sd" its own; of "level patient anxiety" in "unit_sd" that of "level_sd", in
    "cluster_sd" that of "cluster_level_sd".
    """
    level, part = shown.removesuffix(_SD), label.split(" ")[0]
    within = f"{part}{_SD}" if level == _UNITS else f"{level}_{part}{_SD}"
    return _line_of([one for one in halves if one.block in (shown, within)], label)


def _line_of(own: list[Declared], label: str) -> Declared | None:
    """The line whose outcome is in a label: the longest that is, if it is the only one."""
    words = label.split(" ")
    fitting = [one for one in own if set(one.outcome.split(" ")) <= set(words)]
    if not fitting:
        return None
    most = max(len(one.outcome.split(" ")) for one in fitting)
    longest = [one for one in fitting if len(one.outcome.split(" ")) == most]
    return longest[0] if len(longest) == 1 else None


def _labels(values: xr.DataArray) -> list[str]:
    """Labels of the cells of a variable, those of its dims joined."""
    dims = [str(dim) for dim in values.dims if dim not in SAMPLES]
    shape = [values.sizes[dim] for dim in dims]
    at: Mapping[str, list[str]] = {dim: [str(one) for one in values[dim].values] for dim in dims}
    return [
        " ".join(at[dim][place] for dim, place in zip(dims, places, strict=True))
        for places in np.ndindex(*shape)
    ]
