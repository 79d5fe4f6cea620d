"""From the responses and designs of units to their moments."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from securebase.faults import InputError
from securebase.moments.acceptance import panel_faults
from securebase.moments.statistics import Floats, Moments, distinct_patterns, with_cells


def moments_of(
    y: ArrayLike,
    w: ArrayLike,
    cluster: ArrayLike | None = None,
    response_names: Sequence[str] | None = None,
    design_names: Sequence[str] | None = None,
    *,
    full_rank: bool = True,
) -> Moments:
    """Sufficient statistics of units for a Gaussian model with mean M w.

    Parameters
    ----------
    y : float (unit, response)
        Responses; NaN where missing.
    w : float (unit, design)
        Design vectors, usually beginning with a column of ones.
    cluster : (unit,), optional
        Label of the cluster that each unit lies in.
    response_names, design_names : sequence of str, optional
        Names; the numbers 0, 1, ... by default.
    full_rank : bool
        Whether to refuse a design with columns that other columns determine. Units that
        are only a part of a panel may well share a value.

    Returns
    -------
    Moments

    Raises
    ------
    InputError
        No units; shapes that do not agree; infinite responses; a design that is
        not finite or (if asked) not of full rank; units without any observed response.
    """
    responses = np.array(y, dtype=float)
    designs = np.array(w, dtype=float)
    labels = None if cluster is None else np.asarray(cluster)
    names = _named(responses, response_names), _named(designs, design_names)
    faults = panel_faults(responses, designs, labels, *names, full_rank=full_rank)
    if faults:
        raise InputError("moments of a panel", faults)
    observed, place = distinct_patterns(~np.isnan(responses))
    reference = _least_squares(responses, designs)
    deviations = np.nan_to_num(responses - designs @ reference.T)
    fields = np.hstack([deviations, designs])
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place, minlength=len(observed))
    centred = np.empty((len(observed), fields.shape[1], fields.shape[1]))
    for pattern, mine in enumerate(np.split(fields[order], np.cumsum(counts)[:-1])):
        centred[pattern] = mine.T @ mine
    total = Moments(*names, observed, counts.astype(np.int64), reference, centred)
    if labels is None:
        return total
    return with_cells(total, labels, place, np.ones(len(place), dtype=np.int64), fields)


def _least_squares(y: Floats, w: Floats) -> Floats:
    """Fit each response on the design over the units that have it (response, design)."""
    seen = ~np.isnan(y)
    filled = np.where(seen, y, 0.0)
    scale = np.sqrt(np.mean(w**2, axis=0))
    scaled = w / scale
    fit = np.empty((y.shape[1], w.shape[1]))
    for response in range(y.shape[1]):
        rows = scaled[seen[:, response]]
        # any least-squares solution serves: the reference only has to be near the data
        fit[response] = np.linalg.lstsq(
            rows.T @ rows, rows.T @ filled[seen[:, response], response], rcond=1e-10
        )[0]
    return fit / scale


def _named(array: Floats, names: Sequence[str] | None) -> tuple[str, ...]:
    """Names given, or the numbers of the columns."""
    if names is not None:
        return tuple(str(name) for name in names)
    return tuple(str(number) for number in range(array.shape[-1] if array.ndim else 0))
