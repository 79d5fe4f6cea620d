"""Square effects: whether they turn within the observed range of their predictor, and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from securebase.claims import probability_mcse
from securebase.names import OUTCOME, SAMPLES

_SLOPES: Final = ("curve_slope_on_level", "curve_slope_on_change")
COLUMNS: Final = (
    *("name", "coordinates", "outcome", "p_turns", "p_mcse"),
    *("turn_q2_5", "turn_median", "turn_q97_5"),
)


@dataclass(frozen=True)
class Curve:
    """A square effect of a predictor.

    Parameters
    ----------
    name : str
        Variable that holds its slopes.
    at : dict of str to str
        Predictor, its moderator's value, member and outcome.
    low, high, width : ndarray (chain, draw)
        Slopes at both ends of the observed range, and its length.
    """

    name: str
    at: dict[str, str]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    width: NDArray[np.float64]

    @property
    def words(self) -> str:
        """Its coordinates in words."""
        return ", ".join(label.replace("_", " ") for label in self.at.values())

    @property
    def outcome(self) -> str:
        """Outcome it is an effect on."""
        return self.at.get(OUTCOME, "")

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which draws turn inside the observed range."""
        return np.asarray(np.sign(self.low) != np.sign(self.high))

    @property
    def turns(self) -> NDArray[np.float64]:
        """Where draws turn, as a share of the observed range: those that turn inside it."""
        low, high = self.low[self.inside], self.high[self.inside]
        return np.asarray(low / (low - high))

    @property
    def probability(self) -> float:
        """Posterior probability that it turns inside the observed range."""
        return float(self.inside.mean())


def curves_of(posterior: xr.Dataset) -> Iterator[Curve]:
    """Find the square effects of a posterior.

    Parameters
    ----------
    posterior : xr.Dataset
        Dims chain, draw and more.
    """
    for name in _SLOPES:
        if name not in posterior:
            continue
        slopes, bends = posterior[name], posterior[name.replace("slope", "bend")]
        dims = [str(dim) for dim in bends.dims if dim not in SAMPLES]
        for at in product(*(bends[dim].values for dim in dims)):
            labels = {dim: str(label) for dim, label in zip(dims, at, strict=True)}
            bend = bends.sel(labels).transpose(*SAMPLES).values
            own = slopes.sel(labels).transpose(*SAMPLES, "end")
            low, high = (own.sel(end=end).values for end in ("low", "high"))
            if not np.isnan(bend).all():
                yield Curve(name, labels, low, high, (high - low) / bend)


def curve_table(posterior: xr.Dataset) -> pd.DataFrame:
    """Tabulate how probably square effects turn, and where those draws do.

    Returns
    -------
    pd.DataFrame
        A row per effect: `p_turns`, probability that it turns inside the observed range of its
        predictor, with its Monte Carlo error; `turn_q2_5`, `turn_median`, `turn_q97_5`: where, as
        a share of that range, over draws that turn inside; empty where none does.
    """
    rows = []
    for curve in curves_of(posterior):
        error = probability_mcse(xr.DataArray(curve.inside, dims=SAMPLES))
        limits = np.quantile(curve.turns, [0.025, 0.5, 0.975]) if curve.turns.size else [np.nan] * 3
        at = ", ".join(f"{dim}={label}" for dim, label in curve.at.items())
        rows.append((curve.name, at, curve.outcome, curve.probability, error, *limits))
    return pd.DataFrame(rows, columns=list(COLUMNS))
