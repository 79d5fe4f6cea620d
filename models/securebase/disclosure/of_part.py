"""From the units of a model to the sample that is released of them."""

import numpy as np
from numpy.typing import ArrayLike

from securebase.codebook.study import Study
from securebase.disclosure.grids import grid_of_scale, grid_of_values
from securebase.disclosure.sample import Sample
from securebase.faults import Fault, InputError
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
        Columns of the design that are not the constant are predictors. Where no scoring rule
        tells their grid, it is read off the values, as if its origin and step were known.

    Raises
    ------
    InputError
        Units measured at times of their own: no moments are sufficient for them.
    """
    if part.effects.unit_basis is not None:
        remedy = "bring answers to planned waves (time: measured_by: wave), or release no moments"
        fault = Fault(part.name, "units measured at times of their own", "planned waves", remedy)
        raise InputError("moments to be released", [fault])
    predictors = part.columns[1:]
    rules = {one: grid_of_scale(study.scales[one.split(" ")[-1]]) for one in part.responses}
    x = part.predictors[:, 1:]
    columns = dict(zip((*part.responses, *predictors), np.hstack([part.score, x]).T, strict=True))
    found = {name: rules.get(name) or grid_of_values(own) for name, own in columns.items()}
    grids = {name: grid for name, grid in found.items() if grid is not None}
    labels = np.asarray(units)
    return Sample(labels, part.score, x, part.responses, predictors, grids, study.unit)
