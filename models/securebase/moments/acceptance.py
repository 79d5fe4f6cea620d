"""Which responses and designs moments can be made of."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from securebase.faults import Fault
from securebase.moments.statistics import Floats


def panel_faults(
    y: Floats,
    w: Floats,
    cluster: NDArray[Any] | None,
    response_names: tuple[str, ...],
    design_names: tuple[str, ...],
    *,
    full_rank: bool,
) -> list[Fault]:
    """Everything that makes the arrays unusable."""
    shapes = _shape_faults(y, w, cluster, response_names, design_names)
    if shapes:
        return shapes
    faults: list[Fault] = []
    infinite = np.isinf(y).any(axis=0)
    for name in np.array(response_names)[infinite]:
        faults.append(Fault("y", "infinite values", "finite, or NaN if missing", column=name))
    silent = int(np.isnan(y).all(axis=1).sum())
    if silent:
        given = f"{silent} of {len(y)} units have no observed response"
        faults.append(Fault("y", given, "at least one each", "leave these units out"))
    unfinished = ~np.isfinite(w).all(axis=0)
    for name in np.array(design_names)[unfinished]:
        faults.append(Fault("w", "values that are not finite", "finite numbers", column=name))
    if full_rank and not unfinished.any():
        faults += _rank_faults(w, design_names)
    return faults


def _rank_faults(w: Floats, names: tuple[str, ...]) -> list[Fault]:
    """Say which design columns the columns before them determine."""
    scaled = w / np.maximum(np.sqrt(np.sum(w**2, axis=0)), np.finfo(float).tiny)
    faults: list[Fault] = []
    for column, name in enumerate(names):
        rank = np.linalg.matrix_rank(scaled[:, : column + 1], tol=1e-9)
        if rank < column + 1 - len(faults):
            given = "determined by the columns before it"
            remedy = "leave it out, or measure more units"
            faults.append(Fault("w", given, "a design of full rank", remedy, column=name))
    return faults


def _shape_faults(
    y: Floats,
    w: Floats,
    cluster: NDArray[Any] | None,
    response_names: tuple[str, ...],
    design_names: tuple[str, ...],
) -> list[Fault]:
    """Arrays whose shapes do not agree."""
    faults = []
    if y.ndim != 2 or w.ndim != 2:
        given = f"y has shape {y.shape}, w has shape {w.shape}"
        return [Fault("y, w", given, "(unit, response) and (unit, design)")]
    if 0 in y.shape or 0 in w.shape:
        given = f"an empty panel: y has shape {y.shape}, w has shape {w.shape}"
        faults.append(Fault("y, w", given, "at least one unit, response and design column"))
    if len(w) != len(y):
        faults.append(Fault("w", f"{len(w)} units", f"{len(y)} as in y"))
    if cluster is not None and cluster.shape != (len(y),):
        faults.append(Fault("cluster", f"shape {cluster.shape}", f"({len(y)},) as in y"))
    for what, array, names in (("y", y, response_names), ("w", w, design_names)):
        if len(names) != array.shape[1]:
            faults.append(Fault(what, f"{len(names)} names", f"{array.shape[1]}, one per column"))
        if len(set(names)) < len(names):
            faults.append(Fault(what, f"names that repeat: {', '.join(names)}", "distinct names"))
    return faults
