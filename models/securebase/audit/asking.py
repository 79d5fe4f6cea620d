"""What checks ask of the models of a bundle: the seam between an audit and what builds them."""

from dataclasses import dataclass
from typing import Final, Protocol

import xarray as xr

from securebase.audit.draws_checks import effective_draws, r_hat, sampler
from securebase.audit.identities import Array
from securebase.audit.opened import Opened
from securebase.audit.outcomes import REPLICATES
from securebase.audit.records.handed import Handed
from securebase.audit.second_route import Route
from securebase.bundle.models import BundledModel

NEEDS_MODEL: Final = "This needs the model of the bundle, which was not built."


@dataclass(frozen=True)
class Scores:
    """Draws as a sampler moves them, and the gradients of the stated log density there.

    Parameters
    ----------
    names : tuple of str
        Of the parameters.
    draws, gradients : ndarray (chain, draw, parameter)
        On the real line.
    """

    names: tuple[str, ...]
    draws: Array
    gradients: Array


class Models(Protocol):
    """What can be asked of the models of a bundle, built from what it declares."""

    @property
    def cores(self) -> int:
        """Chains, or fits, side by side."""

    def model(self, opened: Opened, analysis: str) -> BundledModel:
        """Write the model of an analysis, with the moments of the bundle as its data."""

    def log_density(self, opened: Opened, analysis: str, posterior: xr.Dataset) -> Array:
        """Give prior times likelihood of the moments (chain, draw), as a sampler sees it."""

    def scores(self, opened: Opened, analysis: str, posterior: xr.Dataset) -> Scores | None:
        """Give the gradients of that density; None where they cannot be had."""

    def refit(self, opened: Opened, analysis: str, seed: int) -> tuple[xr.Dataset, xr.Dataset]:
        """Draw anew from the moments: posterior and sample_stats (chain, draw, ...)."""

    def second_route(self, opened: Opened, analysis: str, file: str) -> Route | str:
        """Compare the density at draws of a file by another route; say why there is none."""


@dataclass(frozen=True)
class Asked:
    """What checks with a model work with.

    Parameters
    ----------
    opened : Opened
    models : Models or None
        None where models cannot be built.
    seed : int
        Of re-fits: the reader's.
    handed : Handed or None
        Raw files and nonces, of those who have them.
    replicates : int
        Of simulated studies that calibrate a posterior.
    """

    opened: Opened
    models: Models | None
    seed: int
    handed: Handed | None = None
    replicates: int = REPLICATES

    def refit(self, analysis: str) -> tuple[xr.Dataset, xr.Dataset]:
        """Fit an analysis again, one time: posterior and sample_stats."""
        if self.models is None:
            raise ValueError(NEEDS_MODEL)
        models = self.models
        key = f"{analysis} {self.seed}"
        return self.opened.once(
            "refit", key, lambda: models.refit(self.opened, analysis, self.seed)
        )


def source_of_draws(opened: Opened, analysis: str) -> str:
    """Name the file whose draws are of the moments that the bundle holds.

    Where nothing is masked or withheld these are all moments, else those of the public re-fit.
    """
    lost = opened.about.lost(analysis)
    return opened.file(analysis, "public.nc" if lost else "posterior.nc")


def unfit(opened: Opened) -> str:
    """Say why tests of draws would mean nothing: they assume that the chains agree."""
    failed = [
        one.words
        for check in (r_hat, effective_draws, sampler)
        for one in check(opened)
        if one.status == "FAIL"
    ]
    return f"Draws fail before: {failed[0]}" if failed else ""


def hindrance(asked: Asked) -> str:
    """Say why draws cannot be held against the model of the bundle; empty where they can."""
    return NEEDS_MODEL if asked.models is None else unfit(asked.opened)
