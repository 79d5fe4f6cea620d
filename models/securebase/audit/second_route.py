"""The log density of draws by another route than the moment likelihood.

Rows with the moments of the bundle are made, and each is asked its ordinary multivariate normal
density, in NumPy and SciPy alone; units that share a cluster are one long row with a dense
covariance. Priors come from SciPy's densities. Of the code under test only the family's function
from parameters to implied moments is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from scipy.linalg import cho_factor, cho_solve

from securebase.audit.identities import Array
from securebase.audit.synthetic_rows import SyntheticRows, patterns_of, synthetic_rows
from securebase.bundle.models import BundledModel
from securebase.bundle.moment_files import moments_for
from securebase.dials import blocks_of
from securebase.names import SAMPLES
from securebase.predictive import Implied, implied_moments

DRAWS: Final = 20
"""Draws at which both routes are compared."""
# turns the contrasts of the rows; no density depends on it
_SEED: Final = 20190101


@dataclass(frozen=True)
class Route:
    """What two routes to a log density came to, relative to its size.

    Parameters
    ----------
    rows, draws : int
        How many were evaluated.
    from_moments : float
        Largest difference from the density by the moment likelihood.
    from_stored : float
        Largest difference from the density that the file of draws has; NaN where it has none.
    """

    rows: int
    draws: int
    from_moments: float
    from_stored: float


def rows_of(model: BundledModel, moments: Mapping[str, xr.Dataset]) -> list[SyntheticRows]:
    """Make rows for each part of a model.

    Raises
    ------
    InputError
        Units measured at times of their own, of whom no moments are sufficient.
    ValueError
        See `synthetic_rows.synthetic_rows`.
    """
    rng = np.random.default_rng(_SEED)
    return [
        synthetic_rows(moments_for(moments[part.name], part), rng) for part in model.built.parts
    ]


def by_rows(
    model: BundledModel, moments: Mapping[str, xr.Dataset], posterior: xr.Dataset, stored: Array
) -> Route:
    """Compare the log density by rows with that by moments, and with the stored one.

    Parameters
    ----------
    model : BundledModel
    moments : mapping of str to xr.Dataset
        Of the bundle, by part.
    posterior : xr.Dataset
        Draws (chain, draw) of every free variable.
    stored : ndarray (chain, draw)
        Log density that the file has; NaN where it has none.
    """
    rows = rows_of(model, moments)
    some = np.linspace(0, stored.size - 1, min(DRAWS, stored.size)).astype(int)
    flat = posterior[[one.name for one in model.built.model.free_RVs]].stack(sample=SAMPLES)
    flat = flat.isel(sample=some).reset_index("sample", drop=True)
    few = flat.rename(sample="draw").expand_dims("chain").transpose(*SAMPLES, ...)
    found = row_density(model, rows, few)
    moment = model.log_density(few).values.ravel()
    count = sum(len(one.score) for one in rows)
    return Route(count, len(some), _apart(found, moment), _apart(found, stored.ravel()[some]))


def _apart(found: Array, other: Array) -> float:
    return float((np.abs(found - other) / np.maximum(np.abs(found), 1.0)).max())


def row_density(model: BundledModel, rows: Sequence[SyntheticRows], draws: xr.Dataset) -> Array:
    """Log density (draw,) that a sampler moves in: prior, change of variables, and rows."""
    total = np.zeros(draws.sizes["draw"])
    for block in blocks_of(model.built.model):
        prior = block.log_density(draws) + block.log_jacobian(draws)
        total += prior.values.ravel()
    at = implied_moments(model.built)
    for place in range(len(total)):
        values = {str(name): draws[name].values[0, place] for name in draws.data_vars}
        for own, implied in zip(rows, at(values), strict=True):
            total[place] += row_loglik(own, implied)
    return total


def row_loglik(rows: SyntheticRows, implied: Implied) -> float:
    """Log density of the rows of a part under its implied moments."""
    apart = rows.score - rows.designs @ implied["mean"].T
    if rows.cluster is None or "loading" not in implied:
        return float(
            sum(
                _normal(apart[mine][:, seen], implied["cov"][np.ix_(seen, seen)])
                for seen, mine in patterns_of(rows.score)
            )
        )
    shared = implied["loading"] @ implied["cluster_cov"] @ implied["loading"].T
    return float(
        sum(
            _of_cluster(apart[rows.cluster == one], implied["cov"], shared)
            for one in np.unique(rows.cluster)
        )
    )


def _of_cluster(apart: Array, cov: Array, shared: Array) -> float:
    """Log density of a cluster: its units (unit, response) as one row."""
    seen = ~np.isnan(apart).ravel()
    units = len(apart)
    whole = np.kron(np.eye(units), cov) + np.kron(np.ones((units, units)), shared)
    return _normal(apart.ravel()[seen][None], whole[np.ix_(seen, seen)])


def _normal(apart: Array, cov: Array) -> float:
    """Sum of log densities of deviations (row, response) from a multivariate normal's mean."""
    factor = cho_factor(cov, lower=True)
    squares = float((apart * cho_solve(factor, apart.T).T).sum())
    half_log = float(np.log(np.diag(factor[0])).sum())
    count, width = apart.shape
    return -0.5 * squares - count * (half_log + 0.5 * width * np.log(2.0 * np.pi))
