"""A50: moments that records can have: scatter, limits of the scale, whole numbers of steps."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from securebase.audit.moments_read import grids_of, no_moments, released_parts
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said, fails, passes, skips
from securebase.disclosure import Cell
from securebase.disclosure.clustered import Within

_NEAR: Final = 1e-9
# how near to a whole number sums of thousands of scores come
_WHOLE: Final = 1e-5


def well_formed(opened: Opened) -> Iterator[Said]:
    """A50: each cell of moments is one that answers to the questionnaires can give."""
    for name in opened.study.analyses:
        why, count = no_moments(opened, name), 0
        if why:
            yield skips(why)
            continue
        for part in released_parts(opened, name):
            if part.within is not None:
                yield from _of_within(part.within, f"{name}, {part.name}")
            for cell in part.cells:
                count += 1
                yield from _of_cell(opened, cell, f"{name}, {part.name}, {cell.name}")
        yield passes(
            f"{name}: {count} scatter matrices are PSD, inside scale bounds, and consistent with "
            "the scoring grid."
        )


def _of_cell(opened: Opened, cell: Cell, place: str) -> Iterator[Said]:
    if not (np.isfinite(cell.mean).all() and np.isfinite(cell.scatter).all()):
        yield fails(f"{place}: moments that are no numbers.")
        return
    yield from _of_scatter(cell.scatter, cell.n - 1, place)
    for number, response in enumerate(cell.responses):
        scale = opened.study.scales.get(response.split(" ")[-1])
        if scale is not None:
            mean, low, high = cell.mean[number], *scale.score_range
            most = cell.n * (high - mean) * (mean - low)
            if not low - _NEAR <= mean <= high + _NEAR:
                yield fails(
                    f"{place}: mean of {response} is {mean:.4g}, outside of {low:g}-{high:g}."
                )
            elif cell.scatter[number, number] > most * (1 + _NEAR) + _NEAR:
                yield fails(
                    f"{place}: variance of {response} exceeds the maximum possible on a "
                    f"{low:g}-{high:g} scale."
                )
    yield from _of_grids(opened, cell, place)


def _of_scatter(scatter: np.ndarray, rank: int, place: str) -> Iterator[Said]:
    if np.abs(scatter - scatter.T).max() > _NEAR * np.abs(scatter).max():
        yield fails(f"{place}: scatter is not symmetric.")
        return
    sd = np.sqrt(np.maximum(np.diag(scatter), 0.0))
    values = np.linalg.eigvalsh(scatter / np.outer(*(np.where(sd > 0, sd, 1.0),) * 2))
    if (np.diag(scatter) < 0).any() or values[0] < -_NEAR * len(values):
        yield fails(f"{place}: scatter is not positive semi-definite (eigenvalue {values[0]:.2g}).")
    elif (values > 1e-7).sum() > rank:
        yield fails(f"{place}: scatter has a larger rank than {rank + 1} records can give.")


def _of_within(within: Within, place: str) -> Iterator[Said]:
    if not np.isfinite(within.scatter).all():
        yield fails(f"{place}: moments that are no numbers.")
        return
    yield from _of_scatter(within.scatter, within.n - within.clusters, f"{place}, within clusters")


def _of_grids(opened: Opened, cell: Cell, place: str) -> Iterator[Said]:
    """Sums of scores are whole numbers of steps, and so are sums of their squares and products.

    The idea of GRIM (Brown & Heathers 2017, doi:10.1177/1948550616673876), for exact moments.
    """
    grids = grids_of(opened, cell)
    names = [name for name in cell.responses if name in grids]
    if not names:
        return
    own = cell.marginal(names)
    steps = np.array([grids[name].steps[-1] for name in names])
    origins = np.array([grids[name].origin for name in names])
    scale = np.concatenate([[1.0], 1 / steps])
    products = own.measured_from(origins).crossproducts * np.outer(scale, scale)
    # products of fine steps are too large for their rounding to tell anything
    exact = np.abs(products) < _WHOLE / np.finfo(float).eps
    off = np.where(exact, np.abs(products - np.rint(products)), 0.0)
    for number, name in enumerate(names, 1):
        if off[0, number] > _WHOLE:
            yield fails(
                f"{place}: n x mean of {name} is {products[0, number]:.4f} steps of the scoring "
                "grid, not an integer."
            )
        elif off[number].max() > 1e-3:
            yield fails(f"{place}: products of {name} are no whole numbers of steps of the grid.")
