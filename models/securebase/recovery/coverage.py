"""Whether intervals hold the truth as often as they say, and verdicts err as seldom.

Over replicates of one truth the number of intervals that hold it is binomial. Over many
estimands some counts are far out by chance: p-values are corrected for the whole family (Holm),
and the band holds all counts of the family at once with the wanted probability (Bonferroni).
Intervals are exactly nominal on average over the prior; for one truth only nearly so, as far as
the prior weighs little.
"""

import numpy as np
import pandas as pd
from scipy.stats import binom

from securebase.calibration.band import holm
from securebase.recovery.replicates import LEVELS, UNDEFINED

ERROR_RATE = 0.05
SETTLED_RATE = 0.5


def coverage_band(
    replicates: int, level: int, family: int, probability: float = 0.95
) -> tuple[float, float]:
    """Limits between which all of a family's coverages lie with the wanted probability.

    Parameters
    ----------
    replicates : int
        Fits of each estimand.
    level : int
        Nominal coverage in per cent.
    family : int
        Coverages looked at: estimands × worlds × levels.
    probability : float
        That none of them leaves the band.
    """
    tail = (1 - probability) / family / 2
    low, high = binom.ppf(tail, replicates, level / 100), binom.isf(tail, replicates, level / 100)
    return float(low) / replicates, float(high) / replicates


def coverages(table: pd.DataFrame) -> pd.DataFrame:
    """Test every coverage of recovery tables against its nominal value.

    Returns
    -------
    pd.DataFrame
        The rows of the table once per level: columns study, analysis, world, claim, truth,
        data_weight (see `data_weight`), level, fitted, coverage, p (exact binomial, two-sided),
        p_family (over all rows).
    """
    names = ["study", "analysis", "world", "claim", "truth", "data_weight"]
    table = table[table["region"] != UNDEFINED]
    table = table.assign(data_weight=data_weight(table))
    fitted = (table["replicates"] - table["failed"]).astype(int)
    parts = [
        table[names].assign(level=level, fitted=fitted, coverage=table[f"coverage_{level}"])
        for level in LEVELS
    ]
    long = pd.concat(parts, ignore_index=True)
    held = np.rint(long["coverage"] * long["fitted"])
    nominal = long["level"] / 100
    below = binom.cdf(held, long["fitted"], nominal)
    above = binom.sf(held - 1, long["fitted"], nominal)
    p = np.minimum(2 * np.minimum(below, above), 1.0)
    return long.assign(p=p, p_family=holm(np.asarray(p)))


def data_weight(table: pd.DataFrame) -> "pd.Series[float]":
    """Give the share of a posterior's precision that comes from the data.

    With prior and likelihood normal, a share w makes the posterior mean w times what the data
    alone say, and its variance w times theirs. Over replicates means then vary by w² times the
    variance of the data alone, so that w is their variance over that of the posterior.
    """
    between = table["rmse"] ** 2 - table["bias"] ** 2
    return between / table["posterior_sd"] ** 2


def wrong_verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """List the claims that err more often than one time in twenty where they must not hold.

    In the world `null` a directional claim must be neither supported nor contradicted where its
    truth lies in the ROPE; in the world `reversed` no claim must be supported whose truth lies
    outside the claimed region.

    Returns
    -------
    pd.DataFrame
        Columns study, analysis, world, claim, truth, rate, se, p (that a rate of 5 % gives so
        many, exact binomial), p_family over all that were looked at; rates above 5 % only.
    """
    fitted = table["replicates"] - table["failed"]
    claimed = np.where(table["direction"] == "zero", "rope", "beyond")
    null = (table["world"] == "null") & (table["direction"] != "zero") & (table["region"] == "rope")
    turned = (table["world"] == "reversed") & (table["region"] != UNDEFINED)
    turned &= table["region"] != claimed
    rate = np.where(turned, table["supported"], table["supported"] + table["contradicted"])
    looked = table[["study", "analysis", "world", "claim", "truth"]].assign(
        rate=rate, se=np.sqrt(rate * (1 - rate) / fitted), fitted=fitted
    )[null | turned]
    p = binom.sf(np.rint(looked["rate"] * looked["fitted"]) - 1, looked["fitted"], ERROR_RATE)
    looked = looked.assign(p=p, p_family=holm(np.asarray(p)))
    return looked[looked["rate"] > ERROR_RATE].drop(columns="fitted").reset_index(drop=True)


def unsettled(table: pd.DataFrame) -> pd.DataFrame:
    """List the claims that are supported in less than half of the replicates of `source`."""
    few = (table["world"] == "source") & (table["supported"] < SETTLED_RATE)
    return table[few].reset_index(drop=True)
