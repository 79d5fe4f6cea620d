"""What became of each claim over the replicates: bias, coverage, verdicts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from securebase.recovery.replicates import LEVELS
from securebase.simulation.settings import WORLDS

VERDICTS = ("supported", "contradicted", "practically zero", "undecided")


def recovery_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise the replicates of one analysis in one world.

    Parameters
    ----------
    rows : pd.DataFrame
        As `replicates.recover` gives them.

    Returns
    -------
    pd.DataFrame
        A row per claim, in the declared order. `bias` of the posterior mean and its Monte Carlo
        standard error; `rmse`; `posterior_sd` on average; `coverage_50`, … of equal-tailed
        intervals with binomial standard errors; the share of each verdict; the draws of a fit,
        how many fits were `redrawn` with more; the worst R-hat and effective sample size of the
        claim; fits with divergent draws. Failed fits count in `failed` and nowhere else; a truth
        that is undefined is neither missed nor covered.
    """
    return pd.DataFrame([_summary(part) for _, part in rows.groupby("claim", sort=False)])


def _summary(part: pd.DataFrame) -> dict[str, object]:
    fitted = part[part["failure"] == ""]
    truth, first = float(part["truth"].iloc[0]), part.iloc[0]
    kept = ("world", "claim", "direction", "region", "truth", "units")
    summary = {name: first[name] for name in kept}
    summary |= {"replicates": len(part), "failed": len(part) - len(fitted)}
    if fitted.empty:
        return summary
    error = fitted["mean"] - truth
    summary |= {
        "bias": error.mean(),
        "bias_se": error.std(ddof=1) / np.sqrt(len(error)),
        "rmse": np.sqrt((error**2).mean()),
        "posterior_sd": fitted["sd"].mean(),
    }
    for level in LEVELS if np.isfinite(truth) else ():
        covered = (fitted[f"low_{level}"] <= truth) & (truth <= fitted[f"high_{level}"])
        summary[f"coverage_{level}"] = covered.mean()
        summary[f"coverage_{level}_se"] = share_error(covered.mean(), len(covered))
    for word in VERDICTS:
        summary[word.replace(" ", "_")] = (fitted["verdict"] == word).mean()
    return summary | {
        "draws": int(fitted["draws"].min()),
        "redrawn": int((fitted["draws"] > fitted["draws"].min()).sum()),
        "r_hat_max": fitted["r_hat"].max(),
        "ess_min": fitted[["ess_bulk", "ess_tail"]].min(axis=None),
        "divergent_fits": int((fitted["divergences"] > 0).sum()),
    }


def share_error(share: float, count: int) -> float:
    """Binomial standard error of a share."""
    return float(np.sqrt(share * (1 - share) / count))


def gathered(tables: Sequence[Path]) -> pd.DataFrame:
    """Put the tables of many analyses and worlds under each other, in the order given."""
    # a world is called "null", which is a word here and not a missing value
    read = [pd.read_csv(path, keep_default_na=False, na_values=[""]) for path in tables]
    return pd.concat(read, ignore_index=True)


def renewed(known: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Replace the analyses that were made again, world by world, and keep the others.

    Parameters
    ----------
    known, found : pd.DataFrame
        See `gathered`.

    Returns
    -------
    pd.DataFrame
        By study, analysis and world; claims in their declared order.
    """
    keys = ["study", "analysis", "world"]
    old, new = pd.MultiIndex.from_frame(known[keys]), pd.MultiIndex.from_frame(found[keys])
    rows = pd.concat([known[~old.isin(new)], found], ignore_index=True)
    place = {world: number for number, world in enumerate(WORLDS)}
    return rows.sort_values(
        keys, kind="stable", ignore_index=True, key=lambda one: one.replace(place)
    )
