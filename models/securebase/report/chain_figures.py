"""Drawings of chains: whether each visits every part of a posterior as often as the others."""

import textwrap
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import binom, rankdata

from securebase.report import svg

BINS: Final = 20
_TITLE_LETTERS: Final = 42
_STYLES: Final = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
_COLOURS: Final = (svg.AVOIDANCE, svg.ANXIETY, svg.CLAIMED, svg.OPPOSITE)


def rank_shares(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Count the ranks of each chain among all draws, in equal bins.

    Vehtari et al. (2021), doi:10.1214/20-BA1221.

    Parameters
    ----------
    draws : ndarray (chain, draw)

    Returns
    -------
    ndarray (chain, bin)
        Shares of the draws of a chain; 1 / `BINS` each where chains agree.
    """
    ranks = rankdata(draws, method="average").reshape(draws.shape)
    edges = np.linspace(0.5, draws.size + 0.5, BINS + 1)
    counts = np.array([np.histogram(chain, edges)[0] for chain in ranks])
    return counts / draws.shape[1]


def rank_panel(draws: NDArray[np.float64], effective: float, title: str) -> Figure:
    """Draw the share of each chain's draws over the ranks of all.

    Parameters
    ----------
    draws : ndarray (chain, draw)
    effective : float
        Effective sample size of all chains: the band holds 95 % of shares of so many
        independent draws.
    title : str
    """
    shares, even = rank_shares(draws), 1 / BINS
    count = max(int(effective / len(draws)), 1)
    low, high = (binom.ppf(tail, count, even) / count for tail in (0.025, 0.975))
    with svg.drawing_style():
        figure = Figure(figsize=(svg.PANEL_INCHES, 1.8))
        axes = figure.add_axes((0.11, 0.23, 0.86, 0.55))
        axes.axhspan(low, high, color=svg.ROPE, linewidth=0)
        axes.axhline(even, color=svg.MUTED, linewidth=0.6)
        edges = np.linspace(0, 1, BINS + 1)
        for number, chain in enumerate(shares):
            axes.stairs(
                chain, edges, baseline=None, color=_COLOURS[number % 4],
                linestyle=_STYLES[number % 4], linewidth=1.1,
            )  # fmt: skip
        axes.set_ylim(0, max(2.2 * even, 1.1 * shares.max()))
        axes.set_yticks([0, even], ["0", f"1/{BINS}"])
        axes.set_xticks([0, 0.5, 1], ["lowest", "rank among all draws", "highest"])
        axes.tick_params(axis="x", length=0)
        lines = textwrap.fill(title, _TITLE_LETTERS)
        axes.set_title(lines, loc="left", fontsize=8, fontweight="bold", pad=3)
    return figure
