"""Tables of an analysis of whose units some are withheld, at the predictors of the others.

Curves, correlations with leaders and the scale of priors follow from the predictor values of all
units. The draws of a bundle have them at those of the units that are released; so do its tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import xarray as xr

from securebase.bundle.models import BundledModel
from securebase.checks import checks_table
from securebase.claims import claims_table
from securebase.codebook.claim import Claim
from securebase.config import Config
from securebase.names import NOT_ASSESSABLE
from securebase.summaries import summary_table, trajectory_table
from securebase.turning_points import curve_table

# they follow from what is withheld, and stay as they were found
_OF_ALL: Final = ("e_bfmi", "moment_ppp")
_CHECK: Final = "check"


@dataclass(frozen=True, eq=False)
class AtReleased:
    """An analysis at the predictors of the units that are released.

    Parameters
    ----------
    draws : xr.DataTree
        See `draws.public_draws`.
    model : BundledModel
        On the public moments.
    claims : sequence of Claim
        Of the analysis.
    config : Config
        Of the run.
    """

    draws: xr.DataTree
    model: BundledModel
    claims: Sequence[Claim]
    config: Config

    def tables(self, checks: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Make the tables again that depend on predictors.

        Parameters
        ----------
        checks : pd.DataFrame
            checks.tsv of all units.
        """
        posterior, stats = (self.draws[one].to_dataset() for one in ("posterior", "sample_stats"))
        family, panel = self.model.family, self.model.panel
        summary = summary_table(posterior, family, panel.time_unit)
        found = checks_table(summary, posterior, stats, self.claims, self.config.thresholds)
        return {
            "summary.csv": summary,
            "trajectories.csv": trajectory_table(posterior, family, panel),
            "curves.csv": curve_table(posterior),
            "checks.tsv": _beside(checks, found),
        }

    def judged(self, known: pd.DataFrame) -> pd.DataFrame:
        """Judge the claims again.

        Parameters
        ----------
        known : pd.DataFrame
            Their rows of claims.csv.
        """
        posterior, prior = (self.draws[one].to_dataset() for one in ("posterior", "prior"))
        trusted = bool((known["verdict"] != NOT_ASSESSABLE).any())
        (name,) = {one.analysis for one in self.claims}
        units = dict(zip(known["id"], known["unit"], strict=True))
        found = claims_table(
            self.claims, {name: posterior}, {name: trusted}, units, self.config.decision,
            {name: prior},
        )  # fmt: skip
        return found.set_index(known.index)


def _beside(checks: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Put what was found anew in the place of what was known, but for what follows from all."""
    of_all = checks[_CHECK].isin(_OF_ALL)
    again = found[~found[_CHECK].isin(_OF_ALL)].set_index(_CHECK)
    table = checks.set_index(_CHECK)
    rows = [
        table.iloc[place] if kept else again.loc[name]
        for place, (name, kept) in enumerate(zip(checks[_CHECK], of_all, strict=True))
    ]
    return pd.DataFrame(rows, columns=table.columns).rename_axis(_CHECK).reset_index()
