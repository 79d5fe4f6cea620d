"""Curves: how an effect bends, where it turns, and whether that is where anyone was observed.

With x the predictor of a curve and m its moderator, both as they enter the design::

    effect(x, m) = (line + line_by · m) · x + (square + square_by · m) · x²
    slope(x, m)  = (line + line_by · m) + 2 · (square + square_by · m) · x
    bend(m)      = 2 · (square + square_by · m)
    vertex(m)    = -(line + line_by · m) / bend(m)

The vertex lies inside the observed range exactly where the slopes at the two ends of the range
have opposite signs. The smaller of the two slopes, each with the sign that the shape asks for,
is `turn`: positive where the curve turns inside the range, and how steep it then is on its
flatter side. It is a smooth function of the coefficients, where the vertex, a ratio, has no mean.

References: Lind & Mehlum (2010), doi:10.1111/j.1468-0084.2009.00569.x (slopes at both ends);
Haans, Pieters & He (2016), doi:10.1002/smj.2399; Simonsohn (2018),
doi:10.1177/2515245918805755 (what a square alone does not show).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.codebook.terms import Curve
from securebase.columns import ColumnSummary
from securebase.growth.design import GrowthDesign
from securebase.growth.priors import POINTS
from securebase.growth.time import CHANGE, LEVEL
from securebase.names import OUTCOME, PHASE, ROLE

Array = NDArray[np.float64]

ENDS: Final = ("low", "high")
_CELLS: Final = (PHASE, ROLE, OUTCOME)
_DIMS: Final = {
    "curve_slope": ("curve", "end", *_CELLS),
    "curve_bend": ("curve", *_CELLS),
    "vertex": ("curve", *_CELLS),
    "turn": ("curve", "turn", *_CELLS),
}
_PER: Final = "per unit of the predictor"
_WORDS: Final = {
    "curve_slope": (_PER, "Slope of a curve at an end of the observed range"),
    "curve_bend": ("per squared unit of the predictor", "Change of a curve's slope"),
    "turn": (_PER, "Smaller slope towards the ends, positive where the curve turns inside them"),
}

CURVE_VARIABLES: Final = tuple(
    (f"{name}_on_{part}", _DIMS[name], f"{unit} {per}", f"{meaning}, on the {part}.")
    for part, unit in ((LEVEL, POINTS), (CHANGE, f"{POINTS} per {{time}}"))
    for name, (per, meaning) in _WORDS.items()
)
"""Name, dims, unit and meaning of each variable that has a mean."""

VERTEX_VARIABLES: Final = tuple(
    (
        f"vertex_on_{part}",
        _DIMS["vertex"],
        "unit of the predictor, centred and scaled as it enters",
        f"Where the slope of a curve on the {part} is zero: a ratio, quantiles only.",
    )
    for part in (LEVEL, CHANGE)
)
"""The same of each ratio: it has quantiles, and no mean."""


def with_curves(values: xr.Dataset, designs: Sequence[GrowthDesign]) -> xr.Dataset:
    """Add what follows for curves from the coefficients of their lines and squares.

    Parameters
    ----------
    values : xr.Dataset
        `{source}_on_{part}` and `interaction_on_{part}`: of a posterior (chain, draw, …), or of
        a truth (…).
    designs : sequence of GrowthDesign
        Of all compositions; they give the observed values of predictors and moderators.

    Returns
    -------
    xr.Dataset
        With `curve_slope_on_{part}` (curve, end, …), `curve_bend_on_{part}` (curve, …),
        `vertex_on_{part}` (curve, …), `turn_on_{part}` (curve, turn, …), where … is phase,
        role and outcome. A curve with a moderator is given three times, "NAME low", "NAME mean"
        and "NAME high": at its mean over the units, and one standard deviation to each side.
    """
    analysis = designs[0].panel.analysis
    for part in (LEVEL, CHANGE):
        found = {
            label: shape
            for curve in analysis.curves
            if part in curve.on
            for label, shape in _shapes(values, designs, curve, part)
        }
        if found:
            joined = xr.concat(list(found.values()), "curve").assign_coords(curve=list(found))
            values = values.assign(
                {
                    name: joined[name].transpose("chain", "draw", *dims, missing_dims="ignore")
                    for name, dims in ((f"{one}_on_{part}", dims) for one, dims in _DIMS.items())
                }
            )
    return values


def _shapes(
    values: xr.Dataset, designs: Sequence[GrowthDesign], curve: Curve, part: str
) -> Iterator[tuple[str, xr.Dataset]]:
    """Label and shape of a curve at each place of its moderator."""
    by_term = {one.term: one for one in designs[0].panel.analysis.predictors}
    predictor = by_term[curve.of]
    source = f"{predictor.of}_on_{part}"
    line = values[source].sel({f"{predictor.of}_predictor": predictor.name}, drop=True)
    square = _product(values, part, f"{curve.name}_square")
    roles = [str(role) for role in line[ROLE].values]
    observed = _observed(designs, source, predictor.name)
    ends = _by_role(observed, roles, "end", ENDS)
    if curve.by is None:
        yield curve.name, _shape(line, square, ends, part)
        return
    moderator = by_term[curve.by]
    observed = _observed(designs, f"{moderator.of}_on_{part}", moderator.name)
    moments = _by_role(observed, roles, "moment", ("mean", "sd"))
    mean, sd = (moments.sel(moment=one, drop=True) for one in ("mean", "sd"))
    line_by, square_by = (_product(values, part, one.name) for one in curve.moderated)
    for place, at in (("low", mean - sd), ("mean", mean), ("high", mean + sd)):
        label = f"{curve.name} {place}"
        yield label, _shape(line + at * line_by, square + at * square_by, ends, part)


def _product(values: xr.Dataset, part: str, name: str) -> xr.DataArray:
    return values[f"interaction_on_{part}"].sel(interaction_predictor=name, drop=True)


def _shape(line: xr.DataArray, square: xr.DataArray, ends: xr.DataArray, part: str) -> xr.Dataset:
    bend = 2.0 * square
    slope = line + bend * ends
    low, high = (slope.sel(end=end, drop=True) for end in ENDS)
    with np.errstate(divide="ignore", invalid="ignore"):
        # a truth without a square has its vertex nowhere
        vertex = -line / bend
    turns = xr.Dataset({"up": np.minimum(-low, high), "down": np.minimum(low, -high)})
    found = {
        "curve_slope": slope,
        "curve_bend": bend,
        "vertex": vertex,
        "turn": turns.to_dataarray("turn"),
    }
    return xr.Dataset({f"{name}_on_{part}": one for name, one in found.items()})


def _observed(
    designs: Sequence[GrowthDesign], variable: str, term: str
) -> dict[str, dict[str, float]]:
    """Describe a predictor, over units and members that a role label stands for."""
    found: dict[str, dict[tuple[str, int], ColumnSummary]] = {}
    for design in designs:
        for one in design.coefficients:
            if one.variable == variable and one.at[0] == term:
                place = design.composition.name, one.column
                own = design.summary.only([design.summary.names[one.column]])
                found.setdefault(one.at[-2], {})[place] = own
    return {label: _together(list(one.values())) for label, one in found.items()}


def _together(columns: Sequence[ColumnSummary]) -> dict[str, float]:
    """Ends, mean and standard deviation (one unit less below it) of columns end to end."""
    units = np.array([one.units for one in columns])
    mean, sd = (np.array([getattr(one, name)[0] for one in columns]) for name in ("mean", "sd"))
    overall = float(np.average(mean, weights=units))
    square = np.sum(units * (sd**2 + (mean - overall) ** 2))
    return {
        "low": float(min(one.low[0] for one in columns)),
        "high": float(max(one.high[0] for one in columns)),
        "mean": overall,
        "sd": float(np.sqrt(square / (units.sum() - 1))),
    }


def _by_role(
    known: Mapping[str, Mapping[str, float]], roles: Sequence[str], dim: str, asked: Sequence[str]
) -> xr.DataArray:
    """Numbers (dim, role) that describe the values of each role, NaN where it has none."""
    values = [[known[role][one] if role in known else np.nan for role in roles] for one in asked]
    return xr.DataArray(values, coords={dim: list(asked), ROLE: list(roles)}, dims=(dim, ROLE))
