"""Models of a bundle, for the checks that need them: built from what it declares."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from securebase.audit.asking import Scores
from securebase.audit.identities import Array
from securebase.audit.opened import Opened
from securebase.bundle.opening import Bundle, log_density, refit_bundle
from securebase.names import SAMPLES


@dataclass(frozen=True)
class BundledModels:
    """What a bundle's templates, priors and moments make of each analysis.

    Parameters
    ----------
    cores : int
        Chains side by side in a re-fit; no draw depends on it.
    """

    cores: int = 1

    def log_density(self, opened: Opened, analysis: str, posterior: xr.Dataset) -> Array:
        """Give prior times likelihood of the moments (chain, draw), as a sampler sees it."""
        found = log_density(Bundle(opened.folder), analysis, posterior)
        return np.asarray(found.transpose(*SAMPLES).values)

    def scores(self, opened: Opened, analysis: str, posterior: xr.Dataset) -> Scores | None:
        """Give no gradients: draws are kept as they are read, not as the sampler moves them."""
        return None

    def refit(self, opened: Opened, analysis: str, seed: int) -> tuple[xr.Dataset, xr.Dataset]:
        """Draw anew from the moments: posterior and sample_stats (chain, draw, ...)."""
        return refit_bundle(Bundle(opened.folder), analysis, seed, cores=self.cores)

    def second_route(self, opened: Opened, analysis: str) -> float | None:
        """Know no second route to the density."""
        return None
