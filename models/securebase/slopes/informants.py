"""What informants of one thing add of their own."""

from collections.abc import Sequence

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from securebase.priors import Priors
from securebase.structure.cells import At

INFORMANT = "informant"


def informant_sds(
    name: str, scales: list[str], priors: Priors
) -> tuple[Sequence[At], TensorVariable]:
    """Register independent standard deviations, half-normal, in the current model.

    Parameters
    ----------
    name : str
        Variable (informant), and prior block.
    scales : list of str
        Its labels.

    Returns
    -------
    cells, TensorVariable (cell,)
        The sign of a number means nothing.
    """
    model = pm.modelcontext(None)
    model.add_coords({INFORMANT: scales})
    start = np.full(len(scales), 1.2)
    signed = pm.Normal(f"{name.removesuffix('_sd')}_signed", initval=start, dims=INFORMANT)
    sd = priors[name].sds(scales)
    pm.Deterministic(name, pt.abs(signed) * sd, dims=INFORMANT)
    return [(scale,) for scale in scales], signed * sd
