"""Analyses that can be fitted again and again, and claims as each fit answers them."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from securebase.audit.asking import NEEDS_MODEL, Asked
from securebase.audit.outcomes import Said, skips
from securebase.bundle.models import BundledModel
from securebase.claim_refits import estimands_of, refit_kept
from securebase.codebook.claim import Claim
from securebase.config import Refits
from securebase.refits import Outcome, Task


def fitted_analyses(asked: Asked) -> Iterator[str]:
    """Name the analyses whose moments are released."""
    if asked.models is not None:
        for name in asked.opened.study.analyses:
            if not asked.opened.about.without_moments.get(name):
                yield name


def not_fitted(asked: Asked) -> Iterator[Said]:
    """Say which are not, and why."""
    if asked.models is None:
        yield skips(NEEDS_MODEL)
        return
    for name, why in asked.opened.about.without_moments.items():
        yield skips(f"{name}: no moments are released: {why}.")


def data_of(model: BundledModel) -> dict[str, np.ndarray]:
    """Data of a model, by the names under which they are exchanged."""
    return {str(one.name): np.asarray(one.get_value()) for one in model.built.model.data_vars}


def fits_of_claims(
    asked: Asked, model: BundledModel, claims: Sequence[Claim], tasks: Sequence[Task], how: Refits
) -> list[Outcome[xr.Dataset]]:
    """Fit a model to data of one truth; keep what the claims ask.

    Returns
    -------
    list of Outcome
        In the order of the tasks; see `claim_refits.estimands_of`.
    """

    def kept(_: int, posterior: xr.Dataset, stats: xr.Dataset) -> xr.Dataset:
        return estimands_of(model.family, model.panel, claims, posterior, stats)

    sampling = model.family.sampled(asked.opened.as_run.sampling)
    cores = asked.models.cores if asked.models else 1
    return refit_kept(model.built.model, tasks, how, sampling, cores, kept, alike=tasks)
