"""True parameters of a simulated study, by name, as a posterior holds them."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import xarray as xr

from securebase.family import Family
from securebase.faults import Fault, InputError
from securebase.panel import Panel
from securebase.simulation.blanks import Blank, blank_truth
from securebase.simulation.settings import Cell, Effects, World

# a correlation matrix with a smaller eigenvalue is not one
_SMALLEST_EIGENVALUE = 1e-6


def truth_of(
    effects: Sequence[Effects],
    family: Family,
    panel: Panel,
    world: World = "source",
    where: tuple[str, str] = ("settings", "truth"),
    beside: xr.Dataset | None = None,
) -> xr.Dataset:
    """Lay declared values into arrays.

    Parameters
    ----------
    effects : sequence of Effects
        The declared values.
    family : Family
        Gives the variables.
    panel : Panel
        Gives dims, labels and what is measured.
    world : {"source", "null", "reversed"}
        Multiplies claimed values by 1, 0 or -1; see `Cell` for values of one world.
    where : (str, str)
        File and key of the values, for messages.
    beside : xr.Dataset, optional
        A truth that holds for what the declared values do not name.

    Returns
    -------
    xr.Dataset
        Every variable that the family states, with its dims and labels, in the unit of the
        variable; NaN where the design does not measure. What follows from these, the family's
        `implied` adds.

    Raises
    ------
    InputError
        With every fault: unknown variables, dims and labels, values that nobody names, standard
        deviations that are not positive, correlations that no data can have.
    """
    blank = blank_truth(family, panel)
    file, column = where
    faults = list(_name_faults(effects, blank, where))
    if not faults:
        if beside is not None:
            blank = Blank(beside.fillna(blank.values), blank.measured)
        for one in effects:
            _fill(blank.values[one.variable], one, world)
        blank = Blank(blank.values.where(blank.measured), blank.measured)
        faults = list(value_faults(blank, where))
    if faults:
        raise InputError(f"{file}, {column}, world {world}", faults)
    return blank.values


def _fill(values: xr.DataArray, effects: Effects, world: World) -> None:
    for cell in effects.cells:
        for at in _places(values, cell):
            values.loc[at] = cell.value_in(world, effects.claimed)


def _places(values: xr.DataArray, cell: Cell) -> Iterator[dict[str, str]]:
    """Every place a cell means: all labels of a dim left out; both halves of a correlation."""
    dims = [str(dim) for dim in values.dims]
    options = [[cell.at[dim]] if dim in cell.at else list(values[dim].values) for dim in dims]
    for labels in product(*options):
        yield dict(zip(dims, labels, strict=True))
        if len(dims) == 2 and dims[1] == f"{dims[0]}_bis":
            yield dict(zip(dims, reversed(labels), strict=True))


def _name_faults(
    effects: Sequence[Effects], blank: Blank, where: tuple[str, str]
) -> Iterator[Fault]:
    file, column = where
    for place, one in enumerate(effects):
        here = f"{column}.{place}"
        if one.variable not in blank.values:
            yield _unknown(file, f"variable '{one.variable}'", blank.values.data_vars, here)
            continue
        values = blank.values[one.variable]
        for number, cell in enumerate(one.cells):
            faults = list(_label_faults(cell, values, (file, f"{here}.cells.{number}.at")))
            yield from faults
            if not faults and not bool(blank.measured[one.variable].sel(cell.at).any()):
                given = f"{one.variable} at {', '.join(cell.at.values())}"
                expected = "a cell that the design measures"
                yield Fault(file, given, expected, column=f"{here}.cells.{number}")


def _label_faults(cell: Cell, values: xr.DataArray, where: tuple[str, str]) -> Iterator[Fault]:
    file, column = where
    for dim, label in cell.at.items():
        if dim not in values.dims:
            yield _unknown(file, f"dim '{dim}'", values.dims, column)
        elif label not in values[dim].values:
            yield _unknown(file, f"{dim} '{label}'", values[dim].values, column)


def value_faults(truth: Blank, where: tuple[str, str]) -> Iterator[Fault]:
    """List values that are not named, or that no data can have."""
    file, column = where
    for name, values in truth.values.data_vars.items():
        empty, measured = int(truth.unnamed[name].sum()), int(truth.measured[name].sum())
        if empty:
            given = f"{empty} of {measured} values of {name} are not named"
            yield Fault(file, given, "all of them", column=column)
        if str(name).endswith("_sd") and bool((values <= 0).any()):
            yield Fault(file, f"{name} of 0 or less", "standard deviations above 0", column=column)
        if str(name).endswith("_corr"):
            smallest = float(np.linalg.eigvalsh(values.values)[0])
            if smallest < _SMALLEST_EIGENVALUE:
                given = f"{name} has the eigenvalue {smallest:.3g}"
                remedy = "make the largest correlations smaller"
                yield Fault(file, given, "a positive definite matrix", remedy, column=column)


def _unknown(file: str, what: str, known: object, column: str) -> Fault:
    listed = ", ".join(map(str, known))  # type: ignore[call-overload]
    return Fault(file, f"no {what}", f"one of: {listed}", column=column)
