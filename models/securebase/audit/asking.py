"""What checks ask of the models of a bundle: the seam between an audit and what builds them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import xarray as xr

from securebase.audit.draws_checks import effective_draws, r_hat, sampler
from securebase.audit.identities import Array
from securebase.audit.opened import Opened

NEEDS_MODEL: Final = "This needs the model of the bundle, which was not built."

LogDensity = Callable[[Array], tuple[Array, Array]]
"""From draws (draw, parameter) to log densities (draw,) and gradients (draw, parameter)."""


class Models(Protocol):
    """What can be asked of the models of a bundle."""

    def log_density(self, opened: Opened, analysis: str) -> LogDensity:
        """Give prior times likelihood of the moments, on the real line, as a sampler sees it."""

    def refit(self, opened: Opened, analysis: str, seed: int) -> xr.DataTree:
        """Draw anew from the moments: groups posterior, prior and sample_stats."""

    def second_route(self, opened: Opened, analysis: str) -> float:
        """Give the largest difference of the log density from that of another route."""


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
    """

    opened: Opened
    models: Models | None
    seed: int

    def refit(self, analysis: str) -> xr.DataTree:
        """Fit an analysis again, one time."""
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
    about = opened.about
    lost = about.units_withheld.get(analysis, 0) + about.values_masked.get(analysis, 0)
    return opened.file(analysis, "public.nc" if lost else "posterior.nc")


def holds_draws(opened: Opened, file: str) -> bool:
    """Say whether a file of draws is there."""
    return opened.has(file) and "sample_stats" in opened.tree(file).children


def unfit(opened: Opened) -> str:
    """Say why tests of draws would mean nothing: they assume that the chains agree."""
    failed = [
        one.words
        for check in (r_hat, effective_draws, sampler)
        for one in check(opened)
        if one.status == "FAIL"
    ]
    return f"Draws fail before: {failed[0]}" if failed else ""
