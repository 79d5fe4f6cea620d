"""From the units of a model to the sample that is released of them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from securebase.codebook.study import Study
from securebase.disclosure.grids import Grid, grid_of_scale, grid_of_values
from securebase.disclosure.sample import Sample
from securebase.part import Part


def sample_of_part(part: Part, study: Study, units: ArrayLike) -> Sample:
    """Take the records of a part as the likelihood takes them.

    Parameters
    ----------
    part : Part
    study : Study
        Tells the scoring rules, and so the grids that anybody knows.
    units : (unit,)
        Labels of the part's units, in its order.

    Returns
    -------
    Sample
        Columns of the design that are not the constant are predictors. What grid they lie on is
        read off their values, as if its origin and step were known.
    """
    grids: dict[str, Grid | None] = {
        response: grid_of_scale(study.scales[response.split(" ")[-1]])
        for response in part.responses
    }
    x = part.predictors[:, 1:]
    grids |= {name: grid_of_values(own) for name, own in zip(part.columns[1:], x.T, strict=True)}
    labels: Any = np.asarray(units)
    return Sample(
        labels,
        part.score,
        x,
        part.responses,
        part.columns[1:],
        {name: grid for name, grid in grids.items() if grid is not None},
        study.unit,
    )
