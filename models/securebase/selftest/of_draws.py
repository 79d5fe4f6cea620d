"""Tamperings with draws: moved, narrowed, dropped, repeated; with or without their log density."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from securebase.audit.asking import Models, source_of_draws
from securebase.audit.opened import Opened
from securebase.selftest.changes import Tampering, inner, tree_of

Array = NDArray[Any]
_BY_DRAW: Final = ("posterior", "sample_stats", "log_prior", "log_likelihood")


def values(name: str, change: Callable[[Array], Array]) -> Callable[[xr.Dataset], xr.Dataset]:
    """Change the values of one variable."""
    return lambda found: found.assign({name: found[name].copy(data=change(found[name].values))})


def fewer(file: str = "posterior.nc", **chosen: slice) -> Tampering:
    """Keep some chains or draws, in every group that has them."""

    def tampering(folder: Path) -> None:
        with tree_of(inner(folder, file)) as tree:
            for group in _BY_DRAW:
                if group in tree.children:
                    tree[group] = xr.DataTree(tree[group].to_dataset().isel(chosen))

    return tampering


def fewer_told(chains: int) -> Tampering:
    """Leave out chains, and say in every file but the ledger that there were no more."""

    def tampering(folder: Path) -> None:
        fewer(chain=slice(0, chains))(folder)
        with tree_of(inner(folder, "posterior.nc")) as tree:
            settings = json.loads(tree.attrs["settings"]) | {"chains": chains}
            tree.attrs["settings"] = json.dumps(settings)
        said = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        said["sampling"]["chains"] = chains
        (folder / "config.json").write_text(json.dumps(said), encoding="utf-8")

    return tampering


def of_source(change: Callable[[xr.Dataset, str], xr.Dataset], models: Models | None) -> Tampering:
    """Change the draws whose density the audit computes.

    Parameters
    ----------
    change : callable (posterior, variable) -> posterior
        The variable is that of the first claim.
    models : Models or None
        Given, the stored log density is computed anew from the edited draws, as somebody does who
        knows of the check; not given, it stays.
    """

    def tampering(folder: Path) -> None:
        opened = Opened(folder)
        analysis = opened.about.analyses[0]
        variable = opened.study.claims[0].estimand[0].variable
        path = folder / source_of_draws(opened, analysis)
        with tree_of(path) as tree:
            edited = change(tree["posterior"].to_dataset(), variable)
            tree["posterior"] = xr.DataTree(edited)
            if models is not None:
                density = models.log_density(opened, analysis, edited)
                stats = tree["sample_stats"].to_dataset()
                stored = stats["logp"].copy(data=density)
                tree["sample_stats"] = xr.DataTree(stats.assign(logp=stored))

    return tampering


def moved(share: float) -> Callable[[xr.Dataset, str], xr.Dataset]:
    """Move one effect by a share of its standard deviation."""

    def change(posterior: xr.Dataset, variable: str) -> xr.Dataset:
        return _one(posterior, variable, lambda draws: draws + share * draws.std())

    return change


def narrowed(factor: float) -> Callable[[xr.Dataset, str], xr.Dataset]:
    """Make the posterior of one effect narrower."""

    def change(posterior: xr.Dataset, variable: str) -> xr.Dataset:
        return _one(posterior, variable, lambda one: one.mean() + factor * (one - one.mean()))

    return change


def overturned(posterior: xr.Dataset, variable: str) -> xr.Dataset:
    """Move one effect far to the other side of zero."""
    return _one(posterior, variable, lambda one: one - 24.0 * np.sign(one.mean()) * one.std())


def one_draw(posterior: xr.Dataset, variable: str) -> xr.Dataset:
    """Move a single draw by a hundredth of its posterior's standard deviation."""

    def change(draws: Array) -> Array:
        edited = draws.copy()
        edited[-1, -1] += 0.01 * draws.std()
        return edited

    return _one(posterior, variable, change)


def _one(posterior: xr.Dataset, name: str, change: Callable[[Array], Array]) -> xr.Dataset:
    """Change the draws (chain, draw) of the first element of a variable."""
    found = posterior[name].values.copy()
    by_element = found.reshape(*found.shape[:2], -1)
    by_element[..., 0] = change(by_element[..., 0])
    return posterior.assign({name: posterior[name].copy(data=found)})


def diverging(share: float) -> Callable[[xr.Dataset], xr.Dataset]:
    """Let some draws have diverged."""

    def change(flags: Array) -> Array:
        found: Array = (np.arange(flags.size) < share * flags.size).reshape(flags.shape)
        return found

    return values("diverging", change)
