"""Power-scaling of priors and likelihood: how much a claim moves with either, without a re-fit.

Kallioinen et al. (2024), doi:10.1007/s11222-023-10366-5. Block by block: a prior on spreads
that disagrees with the data would else be blamed on the priors of effects.
"""

from collections.abc import Sequence

import arviz_stats as az
import pandas as pd
import xarray as xr

from securebase.claims import estimand_draws
from securebase.codebook.claim import Claim

COLUMNS = ("claim", "block", "prior", "likelihood", "diagnosis")
CONFLICT = "prior-data conflict"
STRONG = "strong prior or weak data"


def power_scaling(draws: xr.DataTree, claims: Sequence[Claim], threshold: float) -> pd.DataFrame:
    """Say how much each claim's estimand moves with each block of the prior.

    Parameters
    ----------
    draws : xr.DataTree
        Groups posterior, log_prior (a variable per block) and log_likelihood, each with dims chain
        and draw; see `fitting.fit_analysis`.
    claims : sequence of Claim
    threshold : float
        Sensitivity from which on something is said.

    Returns
    -------
    pd.DataFrame
        A row per claim and block. `prior` and `likelihood`: how far the estimand's distribution
        moves when their exponent is doubled (cumulative Jensen-Shannon distance, to first order);
        `diagnosis`: empty where `prior` is below the threshold, `CONFLICT` where both are above
        it, `STRONG` where only `prior` is.
    """
    if not claims:
        return pd.DataFrame(columns=list(COLUMNS))
    posterior = draws["posterior"].to_dataset()
    asked = xr.Dataset({one.id: estimand_draws(one, posterior) for one in claims})
    groups = {name: draws[name].to_dataset() for name in ("log_prior", "log_likelihood")}
    tree = xr.DataTree.from_dict({"posterior": asked, **groups})
    data = az.psense(tree, group="likelihood")
    rows = []
    for block in map(str, groups["log_prior"].data_vars):
        prior = az.psense(tree, group="prior", group_var_names=[block])
        for one in claims:
            both = float(prior[one.id]), float(data[one.id])
            rows.append((one.id, block, *both, _diagnosis(*both, threshold)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _diagnosis(prior: float, likelihood: float, threshold: float) -> str:
    if prior < threshold:
        return ""
    return CONFLICT if likelihood >= threshold else STRONG
