"""Two sets of draws that should be of one posterior: differences in Monte Carlo errors.

R-hat over both is no test: it stays near 1 where one is shifted by a fifth of a standard deviation.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import arviz_stats as az
import numpy as np
import pandas as pd
import xarray as xr

from securebase.audit.identities import ALPHA, Array, ZTest
from securebase.codebook.claim import claimed_column

_QUANTILES: Final = (0.05, 0.95)


def refit_test(
    first: xr.DataArray, second: xr.DataArray, names: Sequence[str], alpha: float = ALPHA
) -> ZTest:
    """Compare mean, standard deviation, 5 % and 95 % quantile of each quantity.

    Parameters
    ----------
    first, second : xr.DataArray (cell, chain, draw)
        The same quantities, in the same order; numbers of draws may differ.
    names : sequence of str
        Of the quantities.
    alpha : float

    Returns
    -------
    ZTest
        Four per quantity; z is the difference by the root of the summed squared errors.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        (one, its_error), (other, others_error) = (_summaries(draws) for draws in (first, second))
        z = (other - one) / np.hypot(its_error, others_error)
    # what never varies in either is equal or is not
    z = np.where(one == other, 0.0, z)
    kinds = ("mean", "sd", *(f"{100 * share:.0f} % quantile" for share in _QUANTILES))
    labels = [f"{kind} of {name}" for kind in kinds for name in names]
    return ZTest(tuple(labels), z.ravel(), alpha)


def _summaries(draws: xr.DataArray) -> tuple[Array, Array]:
    """Summaries and their Monte Carlo errors (summary, cell)."""
    samples = ["chain", "draw"]
    values = [draws.mean(samples), draws.std(samples, ddof=1)]
    errors = [az.mcse(draws, method="mean"), az.mcse(draws, method="sd")]
    for share in _QUANTILES:
        values.append(draws.quantile(share, dim=samples))
        errors.append(az.mcse(draws, method="quantile", prob=share))
    first, second = (np.stack([np.asarray(one) for one in many]) for many in (values, errors))
    return first, second


def changed_verdicts(stored: pd.DataFrame, again: pd.DataFrame) -> Iterator[tuple[str, str, bool]]:
    """Compare verdicts of two tables of claims.

    Parameters
    ----------
    stored, again : pandas.DataFrame
        As `claims.claims_table` makes them.

    Yields
    ------
    (claim, words, close)
        Of each that changed: "supported -> undecided (P 0.953 -> 0.948)"; whether the probabilities
        lie within Monte Carlo error, so that the verdict is too close to call.
    """
    after: Mapping[str, pd.Series] = {str(row["id"]): row for _, row in again.iterrows()}
    for _, row in stored.iterrows():
        other = after[str(row["id"])]
        if row["verdict"] == other["verdict"]:
            continue
        column = claimed_column(row["direction"])
        chances = [float(one[column]) for one in (row, other)]
        error = float(np.hypot(row["p_mcse"], other["p_mcse"]))
        words = "{} -> {} (P {:.3f} -> {:.3f})".format(row["verdict"], other["verdict"], *chances)
        yield str(row["id"]), words, abs(chances[0] - chances[1]) <= 3 * error
