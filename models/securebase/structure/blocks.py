"""Covariances of effects in blocks: correlated within a block, independent between blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.likelihood import product
from securebase.priors import Prior
from securebase.structure.covariance import MemberCovariance

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """Effects that vary together.

    Parameters
    ----------
    covariance : MemberCovariance
        Names and labels of what varies.
    rows : sequence of int
        Position of each of its quantities among all effects.
    """

    covariance: MemberCovariance
    rows: Sequence[int]


def blocks_factor(
    blocks: Sequence[Block], sds: Sequence[Array], corr: Prior, size: int
) -> TensorVariable:
    """Register the blocks in the current model; return F (effect, standard), covariance F Fᵀ.

    Parameters
    ----------
    sds : sequence of ndarray (quantity,)
        Spread of the half-normal of each standard deviation, block by block.
    corr : Prior
        LKJ, the same in every block.
    size : int
        Number of effects; those of no block do not vary.
    """
    width = sum(len(block.rows) for block in blocks)
    terms, first = [], 0
    for block, sd in zip(blocks, sds, strict=True):
        count = len(block.rows)
        down, across = np.zeros((size, count)), np.zeros((count, width))
        down[list(block.rows), np.arange(count)] = 1.0
        across[np.arange(count), first + np.arange(count)] = 1.0
        terms.append(product(product(down, block.covariance.factor(sd, corr)), across))
        first += count
    return reduce(add, terms)


def blocks_cov(blocks: Sequence[Block], truth: Mapping[Any, xr.DataArray], size: int) -> Array:
    """Covariance (effect, effect) that stated standard deviations and correlations make."""
    cov = np.zeros((size, size))
    for block in blocks:
        cov[np.ix_(block.rows, block.rows)] = block.covariance.stated(truth)
    return cov
