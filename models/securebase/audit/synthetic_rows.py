"""Rows that are nobody's and have exactly the moments of those who were measured.

Information-preserving statistical obfuscation: the mean of a cell, and random orthogonal
contrasts times a root of its scatter. Langsrud (2019), doi:10.1007/s11222-018-9848-9. They live in
memory only, each under a name that says what it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from securebase.audit.identities import Array
from securebase.moments import Integers, Moments

WATERMARK: Final = "SYNTHETIC-IPSO"
# of an eigenvalue relative to the largest: what is below is rounding
_ROUNDING: Final = 1e-10


@dataclass(frozen=True, eq=False)
class SyntheticRows:
    """Rows of a part.

    Parameters
    ----------
    score : ndarray (row, response)
        NaN where missing.
    designs : ndarray (row, design)
        The constant first.
    cluster : ndarray (row,), optional
        Number of each row's cluster.
    """

    score: Array
    designs: Array
    cluster: Integers | None

    @property
    def names(self) -> list[str]:
        """A name for each row, that says what it is."""
        return [f"{WATERMARK} {number}" for number in range(1, len(self.score) + 1)]


def synthetic_rows(moments: Moments, rng: np.random.Generator) -> SyntheticRows:
    """Make rows with exactly these moments.

    Parameters
    ----------
    moments : Moments
        The first design column is the constant.
    rng : Generator
        Turns the contrasts: no moment depends on it.

    Returns
    -------
    SyntheticRows
        Pattern by pattern; of clusters also with the sums of each cluster and pattern.

    Raises
    ------
    ValueError
        No rows have these moments: more directions of scatter than so many units can have.
    """
    count = len(moments.response_names)
    scores, designs, clusters = [], [], []
    for pattern, seen in enumerate(moments.observed):
        counts, sums, labels = _groups(moments, pattern)
        fields = _fields(moments.centred[pattern], counts, sums, rng)
        w = fields[:, count:]
        y = fields[:, :count] + w @ moments.reference.T
        scores.append(np.where(seen, y, np.nan))
        designs.append(w)
        clusters.append(np.repeat(labels, counts))
    cluster = np.concatenate(clusters) if moments.clustered else None
    return SyntheticRows(np.concatenate(scores), np.concatenate(designs), cluster)


def _groups(moments: Moments, pattern: int) -> tuple[Integers, Array, Integers]:
    """Counts and sums (group, field) of the clusters of a pattern; without clusters, of all."""
    cells, constant = moments.cells, len(moments.response_names)
    if cells is None:
        whole = moments.centred[pattern][constant][None]
        return moments.counts[pattern : pattern + 1], whole, np.zeros(1, dtype=np.int64)
    mine = cells.pattern == pattern
    return cells.counts[mine], cells.sums[mine], cells.cluster[mine]


def _fields(products: Array, counts: Integers, sums: Array, rng: np.random.Generator) -> Array:
    """Rows (row, field) with sums by group and cross-products."""
    means = sums / counts[:, None]
    scatter = products - means.T @ sums
    values, vectors = np.linalg.eigh(scatter / np.outer(scale := _scale(products), scale))
    kept = values > _ROUNDING * max(values.max(), 1.0)
    roots = np.sqrt(values[kept])[:, None] * vectors[:, kept].T * scale
    group = np.repeat(np.arange(len(counts)), counts)
    free = len(group) - len(counts)
    if len(roots) > free:
        given = f"{len(group)} rows in {len(counts)} groups"
        raise ValueError(f"{given} cannot have a scatter of {len(roots)} directions")
    return np.asarray(means[group] + _contrasts(group, counts, len(roots), rng) @ roots)


def _scale(products: Array) -> Array:
    scale = np.sqrt(np.maximum(np.diag(products), 0.0))
    return np.where(scale > 0, scale, 1.0)


def _contrasts(
    group: NDArray[np.intp], counts: Integers, number: int, rng: np.random.Generator
) -> Array:
    """Random orthonormal columns (row, number) that add up to 0 in each group."""
    noise = rng.normal(size=(len(group), number))
    for _ in range(2):  # once more: what rounding left
        sums = np.zeros((len(counts), number))
        np.add.at(sums, group, noise)
        noise = np.linalg.qr(noise - (sums / counts[:, None])[group])[0]
    return np.asarray(noise)


def patterns_of(score: Array) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Each pattern of what is observed (response,), and the rows that have it (row,)."""
    seen = ~np.isnan(score)
    kinds, place = np.unique(seen, axis=0, return_inverse=True)
    for number, kind in enumerate(kinds):
        yield kind, place.reshape(-1) == number
