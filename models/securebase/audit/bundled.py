"""What builds the models of a bundle, for the checks that need them."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from securebase.audit.asking import Scores
from securebase.audit.identities import Array
from securebase.audit.opened import Opened
from securebase.audit.second_route import Route, by_rows
from securebase.bundle.models import BundledModel
from securebase.bundle.opening import bundled_model, refit_bundle
from securebase.faults import InputError
from securebase.names import SAMPLES


@dataclass(frozen=True)
class BundledModels:
    """Models from ``model.json``, ``priors.json`` and ``moments.nc``; see `asking.Models`.

    Parameters
    ----------
    cores : int
        Chains of a re-fit side by side; no draw depends on it.
    """

    cores: int = 1

    def log_density(self, opened: Opened, analysis: str, posterior: xr.Dataset) -> Array:
        """Give prior times likelihood of the moments (chain, draw), as a sampler sees it."""
        return np.asarray(self.model(opened, analysis).log_density(posterior).values)

    def scores(self, opened: Opened, analysis: str, posterior: xr.Dataset) -> Scores:
        """Give the gradients of that density."""
        model = self.model(opened, analysis)
        values = model.unconstrained(posterior)
        flat = [one.reshape(len(one), -1) for one in values.values()]
        names = tuple(
            f"{name} {place}"
            for name, one in zip(values, flat, strict=True)
            for place in range(one.shape[1])
        )
        shape = (*(posterior.sizes[dim] for dim in SAMPLES), len(names))
        gradients = model.gradients(posterior).reshape(shape)
        return Scores(names, np.concatenate(flat, axis=1).reshape(shape), gradients)

    def refit(self, opened: Opened, analysis: str, seed: int) -> tuple[xr.Dataset, xr.Dataset]:
        """Draw anew from the moments: posterior and sample_stats."""
        return refit_bundle(opened.bundle, analysis, seed, cores=self.cores)

    def second_route(self, opened: Opened, analysis: str, file: str) -> Route | str:
        """Compare the density at draws of a file by rows that have the moments of the bundle."""
        tree = opened.tree(file)
        posterior, stats = (tree[one].to_dataset() for one in ("posterior", "sample_stats"))
        unknown = np.full([posterior.sizes[dim] for dim in SAMPLES], np.nan)
        stored = stats["logp"].values if "logp" in stats else unknown
        try:
            moments = opened.bundle.moments(analysis)
            return by_rows(self.model(opened, analysis), moments, posterior, stored)
        except InputError as error:
            return error.faults[0].given

    def model(self, opened: Opened, analysis: str) -> BundledModel:
        """Write the model of an analysis once."""
        return opened.once("model", analysis, lambda: bundled_model(opened.bundle, analysis))
