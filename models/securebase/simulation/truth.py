"""True parameters of a simulated study, by name, as a posterior holds them."""

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np
import xarray as xr

from securebase.faults import Fault, InputError
from securebase.structure.covariance import MemberCovariance
from securebase.growth.design import GrowthDesign
from securebase.growth.identification import growth_designs
from securebase.growth.mean import mean_variables
from securebase.panel import Panel
from securebase.simulation.settings import FACTORS, Cell, Effects, Simulation, World

# variables without a natural zero: every cell has to be named
_TO_BE_NAMED = ("level", "unit_sd", "residual_sd")
# a correlation matrix with a smaller eigenvalue is not one
_SMALLEST_EIGENVALUE = 1e-6


def truth_of(settings: Simulation, panel: Panel, world: World = "source") -> xr.Dataset:
    """Lay the declared values into arrays.

    Parameters
    ----------
    settings : Simulation
        The declared values.
    panel : Panel
        Gives variables, dims and labels.
    world : {"source", "null", "reversed"}
        Multiplies claimed values by 1, 0 or -1.

    Returns
    -------
    xr.Dataset
        Every variable of the model, with its dims and labels, in the unit of the variable.

    Raises
    ------
    InputError
        With every fault: unknown variables, dims and labels, values that nobody names, standard
        deviations that are not positive, correlations that no data can have.
    """
    truth = blank_truth(panel)
    faults = list(_name_faults(settings, truth))
    if not faults:
        for effects in settings.truth:
            _fill(truth[effects.variable], effects, FACTORS[world] if effects.claimed else 1.0)
        faults = list(_value_faults(settings, truth))
    if faults:
        raise InputError(f"simulation {settings.study}, world {world}", faults)
    return truth


def blank_truth(panel: Panel) -> xr.Dataset:
    """Every variable of the model on a panel: 0, or NaN where a value has to be named."""
    designs = growth_designs(panel)
    blank = {
        one.name: _array(dict(zip(one.cells.dims, one.cells.coords, strict=True)), one.name)
        for one in mean_variables(designs)
    }
    for design in designs:
        for covariance in _covariances(design):
            rows = covariance.rows
            blank[f"{covariance.name}_sd"] = _array({covariance.dim: rows}, "unit_sd")
            blank[f"{covariance.name}_corr"] = xr.DataArray(
                np.eye(len(rows)),
                coords={covariance.dim: rows, f"{covariance.dim}_bis": rows},
                dims=(covariance.dim, f"{covariance.dim}_bis"),
            )
    return xr.Dataset(blank)


def _array(coords: Mapping[str, list[str]], name: str) -> xr.DataArray:
    start = np.nan if name in _TO_BE_NAMED else 0.0
    shape = tuple(len(labels) for labels in coords.values())
    return xr.DataArray(np.full(shape, start), coords=coords, dims=tuple(coords))


def _covariances(design: GrowthDesign) -> tuple[MemberCovariance, MemberCovariance]:
    several = len(design.panel.compositions) > 1
    suffix = f"_{design.composition.name}" if several else ""
    slots, labels = design.composition.slots, design.composition.labels
    residuals = [("", *series) for series in design.series]
    return (
        MemberCovariance(f"unit{suffix}", f"effect{suffix}", design.effects, slots, labels),
        MemberCovariance(f"residual{suffix}", f"series{suffix}", residuals, slots, labels),
    )


def _fill(values: xr.DataArray, effects: Effects, factor: float) -> None:
    for cell in effects.cells:
        for at in _places(values, cell):
            values.loc[at] = factor * cell.value


def _places(values: xr.DataArray, cell: Cell) -> Iterator[dict[str, str]]:
    """Every place a cell means: all labels of a dim left out; both halves of a correlation."""
    dims = [str(dim) for dim in values.dims]
    options = [[cell.at[dim]] if dim in cell.at else list(values[dim].values) for dim in dims]
    for labels in product(*options):
        yield dict(zip(dims, labels, strict=True))
        if len(dims) == 2 and dims[1] == f"{dims[0]}_bis":
            yield dict(zip(dims, reversed(labels), strict=True))


def _name_faults(settings: Simulation, truth: xr.Dataset) -> Iterator[Fault]:
    for place, effects in enumerate(settings.truth):
        if effects.variable not in truth:
            yield _fault(settings, f"variable '{effects.variable}'", truth.data_vars, place)
            continue
        values = truth[effects.variable]
        for number, cell in enumerate(effects.cells):
            for dim, label in cell.at.items():
                if dim not in values.dims:
                    yield _fault(settings, f"dim '{dim}'", values.dims, place, number)
                elif label not in values[dim].values:
                    yield _fault(settings, f"{dim} '{label}'", values[dim].values, place, number)


def _value_faults(settings: Simulation, truth: xr.Dataset) -> Iterator[Fault]:
    file = _file(settings)
    for name, values in truth.data_vars.items():
        empty = int(values.isnull().sum())
        if empty:
            given = f"{empty} of {values.size} values of {name} are not named"
            yield Fault(file, given, "all of them", column="truth")
        if str(name).endswith("_sd") and bool((values <= 0).any()):
            yield Fault(file, f"{name} of 0 or less", "standard deviations above 0", column="truth")
        if str(name).endswith("_corr"):
            smallest = float(np.linalg.eigvalsh(values.values)[0])
            if smallest < _SMALLEST_EIGENVALUE:
                given = f"{name} has the eigenvalue {smallest:.3g}"
                remedy = "make the largest correlations smaller"
                yield Fault(file, given, "a positive definite matrix", remedy, column="truth")


def _fault(
    settings: Simulation, what: str, known: object, place: int, cell: int | None = None
) -> Fault:
    listed = ", ".join(map(str, known))  # type: ignore[call-overload]
    column = f"truth.{place}" + ("" if cell is None else f".cells.{cell}.at")
    return Fault(_file(settings), f"no {what}", f"one of: {listed}", column=column)


def _file(settings: Simulation) -> str:
    return f"config/simulations/{settings.study}.yaml"
