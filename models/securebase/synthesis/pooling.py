"""Random effects over studies, without sampling.

Estimates d with known standard errors σ scatter around their studies' effects δ, and these around
a mean::

    d_s ~ Normal(δ_s, σ_s²),   δ_s ~ Normal(μ, τ²),   μ ~ Normal(0, ·),   τ ~ half-normal(·)

Given τ everything is normal and known in closed form; τ is integrated by Gauss–Legendre
quadrature. So each posterior is a mixture of normals, without Monte Carlo error. Gelman et al.
(2013), Bayesian Data Analysis, sections 5.4–5.5; Röver (2020), doi:10.18637/jss.v093.i06.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

from securebase.synthesis.mixture import NormalMixture

Array = NDArray[np.float64]

_PANELS, _NODES = 256, 8
# in standard deviations of its prior: beyond is one part in 10¹⁵
_REACH = 8.0


@dataclass(frozen=True)
class Heterogeneity:
    """Posterior of the standard deviation between studies.

    Parameters
    ----------
    edges : ndarray (panel + 1,)
    below : ndarray (panel + 1,)
        Probability below each edge.
    """

    edges: Array
    below: Array

    def quantile(self, probability: float) -> float:
        """Value below which it lies with a probability."""
        smooth = CubicSpline(self.edges, self.below - probability)
        return float(brentq(smooth, self.edges[0], self.edges[-1]))


@dataclass(frozen=True)
class Pooled:
    """Posteriors of a random-effects meta-analysis.

    Parameters
    ----------
    mean : NormalMixture
        Mean over studies.
    new : NormalMixture
        True effect of a study like these that nobody has seen.
    effects : tuple of NormalMixture
        True effect of each study, shrunk towards the mean as far as the others say.
    heterogeneity : Heterogeneity
        Standard deviation between studies.
    shares : ndarray (study,)
        Weight of each study in the mean; what lacks to 1 is the prior's.
    """

    mean: NormalMixture
    new: NormalMixture
    effects: tuple[NormalMixture, ...]
    heterogeneity: Heterogeneity
    shares: Array


def pooled(estimates: Array, errors: Array, mean_sd: float, heterogeneity_sd: float) -> Pooled:
    """Pool estimates of studies.

    Parameters
    ----------
    estimates, errors : ndarray (study,)
        Posterior mean and standard deviation of each study's effect; at least one.
    mean_sd, heterogeneity_sd : float
        Of the normal prior of the mean, of the half-normal prior of the spread between studies.
    """
    between, panel_weights = _panels(_REACH * heterogeneity_sd + 2.0 * float(np.ptp(estimates)))
    spread = errors**2 + between[:, None] ** 2
    precision = 1.0 / mean_sd**2 + (1.0 / spread).sum(axis=1)
    centre = (estimates / spread).sum(axis=1) / precision
    log_density = -0.5 * (
        np.log(spread).sum(axis=1)
        + np.log(precision)
        + (estimates**2 / spread).sum(axis=1)
        - centre**2 * precision
        + (between / heterogeneity_sd) ** 2
    )
    weights = panel_weights * np.exp(log_density - log_density.max())
    weights /= weights.sum()
    # share of the mean in a study's effect: all of it where studies do not differ
    pull = errors**2 / spread
    centres = pull * centre[:, None] + (1.0 - pull) * estimates
    variances = (1.0 - pull) * errors**2 + pull**2 / precision[:, None]
    return Pooled(
        mean=NormalMixture(weights, centre, np.sqrt(1.0 / precision)),
        new=NormalMixture(weights, centre, np.sqrt(1.0 / precision + between**2)),
        effects=tuple(
            NormalMixture(weights, centres[:, study], np.sqrt(variances[:, study]))
            for study in range(len(estimates))
        ),
        heterogeneity=_heterogeneity(between, weights),
        shares=weights @ (1.0 / spread / precision[:, None]),
    )


def _panels(upper: float) -> tuple[Array, Array]:
    """Nodes and weights of Gauss–Legendre quadrature on panels of 0 to `upper`."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    width = upper / _PANELS
    starts = width * np.arange(_PANELS)
    places = (starts[:, None] + width * (nodes + 1.0) / 2.0).ravel()
    return places, np.tile(weights * width / 2.0, _PANELS)


def _heterogeneity(between: Array, weights: Array) -> Heterogeneity:
    width = between[-1] + between[0]
    below = np.concatenate([[0.0], np.cumsum(weights.reshape(_PANELS, _NODES).sum(axis=1))])
    return Heterogeneity(np.linspace(0.0, width, _PANELS + 1), np.minimum(below, 1.0))


def pooled_draws(
    draws: Array, mean_sd: float, heterogeneity_sd: float, within: tuple[float, float]
) -> NormalMixture:
    """Pool the studies' posteriors as they are, not as normals: the check on `pooled`.

    Each study's likelihood is the density of its draws, smoothed by Silverman's rule with the
    spread kept; mean and spread between studies lie on a grid.

    Parameters
    ----------
    draws : ndarray (study, draw)
        A few hundred of each study, evenly taken.
    mean_sd, heterogeneity_sd : float
        As in `pooled`.
    within : (float, float)
        Range of the mean, generous.

    Returns
    -------
    NormalMixture
        Of the mean over studies: narrow components, one per place of the grid.
    """
    middle, spread = draws.mean(axis=1, keepdims=True), draws.std(axis=1, keepdims=True)
    width = spread * (4.0 / 3.0 / draws.shape[1]) ** 0.2
    centres = middle + (draws - middle) * np.sqrt(1.0 - (width / spread) ** 2)
    upper = _REACH / 2.0 * heterogeneity_sd + 2.0 * float(np.ptp(middle))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    between, node_weights = upper * (nodes + 1.0) / 2.0, weights * upper / 2.0
    means = np.linspace(*within, 241)
    log_density = -0.5 * (
        (means / mean_sd)[:, None] ** 2 + (between / heterogeneity_sd)[None, :] ** 2
    )
    for centre, smoothing in zip(centres, width[:, 0], strict=True):
        for place, node in enumerate(between):
            sd = np.hypot(node, smoothing)
            density = np.exp(-0.5 * ((means[:, None] - centre) / sd) ** 2).mean(axis=1) / sd
            log_density[:, place] += np.log(np.maximum(density, 1e-300))
    joint = np.exp(log_density - log_density.max()) @ node_weights
    step = means[1] - means[0]
    return NormalMixture(joint / joint.sum(), means, np.full(len(means), step / np.sqrt(12.0)))
