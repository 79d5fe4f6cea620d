"""The mean parameters of designs with slopes: registered, and laid into expected effects."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.names import OUTCOME, ROLE
from securebase.panel import Panel
from securebase.priors import Priors
from securebase.responses import paths_of_roles
from securebase.slopes.occasions import OccasionDesign
from securebase.structure.cells import At, cell, cells_of

Array = NDArray[np.float64]
Spreads = dict[str, dict[At, float]]
"""{variable: {cell: standard deviation of what it multiplies}}"""
Numbers = dict[str, tuple[Sequence[At], TensorVariable]]


def dims_of(variable: str) -> tuple[str, ...]:
    """Dims of a mean parameter, by its name.

    The predictors of an occasion have a dim of their own: "actor_moment".
    """
    source, found, part = variable.partition("_on_")
    if not found:
        return (ROLE, OUTCOME)
    if source.endswith("path"):
        return (f"{part}_path" if part == "moment" else source, ROLE)
    return (f"{source}_{'predictor' if part == 'level' else part}", ROLE, OUTCOME)


def spreads_of(designs: Iterable[OccasionDesign]) -> Spreads:
    """List the cells of every mean parameter, and how widely what they multiply is spread.

    Levels and changes multiply nothing that was observed: 1. Members who share a cell are
    taken together, so that their labels do not matter.
    """
    found: dict[str, dict[At, list[Array]]] = {}
    for design in designs:
        predictors = design.predictors(design.panel)
        for one in design.placements:
            moved = design.multiplied(one.row) * predictors[:, [one.column]]
            found.setdefault(one.variable, {}).setdefault(one.at, []).append(moved.ravel())
    return {
        variable: {
            at: float(np.concatenate(values).std()) if "_on_" in variable else 1.0
            for at, values in cells.items()
        }
        for variable, cells in found.items()
    }


def registered(
    found: Spreads, panel: Panel, priors: Priors, blocks: Mapping[str, str] | None = None
) -> Numbers:
    """Register mean parameters in the current model.

    Parameters
    ----------
    found : mapping
        See `spreads_of`.
    blocks : mapping of str to str, optional
        Prior block of variables that are not called after it ("actor_on_level": "on_level").

    Returns
    -------
    dict of str to (cells, tensor (cell,))
    """
    labels: dict[str, dict[str, None]] = {OUTCOME: dict.fromkeys(panel.analysis.outcomes)}
    for variable, spreads in found.items():
        for at in spreads:
            for dim, label in zip(dims_of(variable), at, strict=True):
                labels.setdefault(dim, {})[label] = None
    numbers: Numbers = {}
    for variable, spreads in found.items():
        cells = cells_of(variable, dims_of(variable), spreads, labels)
        source, predicted, part = variable.partition("_on_")
        prior = priors[(blocks or {}).get(variable, f"on_{part}" if predicted else source)]
        outcomes = [outcome_of(at) for at in cells.cells]
        spread = np.array([spreads[at] for at in cells.cells])
        tensor = cells.registered(prior.means(outcomes), prior.sds(outcomes) / spread)
        numbers[variable] = (cells.cells, tensor)
    return numbers


def outcome_of(at: At) -> str:
    """Outcome that a cell is about: its last label, or where its path leads to."""
    target = at[0].rpartition(" to ")
    return target[2] if target[1] else at[-1]


def expected_paths(designs: Sequence[OccasionDesign], posterior: xr.Dataset) -> xr.DataArray:
    """Expected score at each wave, averaged over what the units observed there.

    Returns
    -------
    xr.DataArray
        Dims chain, draw, role, outcome, wave, in points; NaN where not measured.
    """
    return paths_of_roles(
        designs[0].panel,
        (
            (one.growth.composition, one.growth.responses, _expected(one, posterior))
            for one in designs
        ),
    )


def _expected(design: OccasionDesign, posterior: xr.Dataset) -> Array:
    """Expected scores (chain, draw, response) of a composition."""
    predictors = design.predictors(design.panel)
    samples = posterior.sizes["chain"], posterior.sizes["draw"]
    scores = np.zeros((*samples, len(design.growth.responses)))
    for row in range(len(design.growth.responses)):
        for one in design.placements:
            seen = design.basis[:, row, one.row] * predictors[:, one.column]
            if np.nan_to_num(seen).any():
                scores[..., row] += np.nanmean(seen) * cell(posterior[one.variable], one.at)
    return scores
