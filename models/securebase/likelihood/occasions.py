"""Units that were each measured at times of their own, as the arrays that a kernel reads.

Occasion t of unit i gives y = Z (own effects) + residual, where Z holds what each effect
is multiplied with at that time, and each effect moves one series. What the likelihood
needs of a unit are sums over its occasions with the same set of observed series: of
products of Z with Z, of Z with y, and of y with y. So the cost is one small matrix
factorisation per unit, however many occasions it has.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from securebase.likelihood.layout import Table
from securebase.likelihood.products import padded
from securebase.moments import Floats

OCCASIONS: Final = (
    "series", "sets", "units", "design", "blocks",
    "effect_products", "cross_products", "score_products", "shared", "reference",
)  # fmt: skip
"""The arrays, where a star marks a dim that is padded with zeros to a multiple of four.

series : int (effect*,); sets : int (set, series), which series are observed together;
units : int (unit, 3), number of the cluster, begin and end of its blocks, sorted by cluster;
design : float (unit, design); blocks : int (block, 2), set and number of occasions; sums over
these, effect_products : float (block, effect*, effect*), cross_products (block, series*,
effect*) and score_products (block, series*, series*); shared : float (effect,
cluster_effect); reference : float (effect, design), what scores are measured from.
"""

# columns of `units` and of `blocks`
CLUSTER, START, STOP = 0, 1, 2
SET, COUNT = 0, 1


def occasion_arrays(
    score: Floats,
    basis: Floats,
    design: Floats,
    series: NDArray[np.int64],
    wave: list[str],
    cluster: NDArray[np.int64] | None = None,
    shared: Floats | None = None,
) -> dict[str, NDArray[Any]]:
    """Sums over the occasions of each unit.

    Parameters
    ----------
    score : float (unit, response)
        NaN where missing.
    basis : float (unit, response, effect)
        Each effect moves the responses of one series only.
    design : float (unit, design)
        The constant first.
    series : int (response,)
        Series of each response.
    wave : list of str (response,)
        Occasion of each response; residuals of two occasions are independent.
    cluster : int (unit,), optional
        Number of each unit's cluster.
    shared : float (effect, cluster_effect), optional
        From cluster effects to the effects of a unit.

    Returns
    -------
    dict of arrays
        See `OCCASIONS`.

    Raises
    ------
    ValueError
        An effect that moves two series.
    """
    owner = _series_of_effects(basis, series)
    order = np.arange(len(score)) if cluster is None else np.argsort(cluster, kind="stable")
    reference = _least_squares(score, basis, design)
    deviation = (score - np.einsum("ire,ed,id->ir", basis, reference, design))[order]
    sets, found = _observed_sets(~np.isnan(deviation), series, wave)
    unit, which, counts, sums = _block_sums(deviation, basis[order], series, wave, found)
    limits = np.searchsorted(unit, np.arange(len(score) + 1))
    number = np.zeros(len(score), int) if cluster is None else cluster[order]
    return {
        "series": np.pad(owner, (0, padded(len(owner)) - len(owner))).astype(np.int32),
        "sets": sets.astype(np.int32),
        "units": np.column_stack([number, limits[:-1], limits[1:]]).astype(np.int32),
        "design": np.ascontiguousarray(design[order]),
        "blocks": np.column_stack([which, counts]).astype(np.int32),
        **sums,
        "shared": np.zeros((basis.shape[2], 0)) if shared is None else shared,
        "reference": reference,
    }


def _series_of_effects(basis: Floats, series: NDArray[np.int64]) -> NDArray[np.int64]:
    """Series that each effect moves."""
    moves = (basis != 0).any(axis=0)
    owners = [np.unique(series[moves[:, effect]]) for effect in range(basis.shape[2])]
    for effect, owner in enumerate(owners):
        if len(owner) != 1:
            raise ValueError(f"effect {effect} moves {len(owner)} series; each has to move one")
    return np.concatenate(owners)


def _least_squares(score: Floats, basis: Floats, design: Floats) -> Floats:
    """Regression of the effects on the design that fits all scores best (effect, design)."""
    unit, response = np.nonzero(~np.isnan(score))
    rows = np.einsum("ke,kd->ked", basis[unit, response], design[unit]).reshape(len(unit), -1)
    # any solution serves: the reference only has to be near the data
    fit = np.linalg.lstsq(rows.T @ rows, rows.T @ score[unit, response], rcond=1e-10)[0]
    return np.asarray(fit.reshape(basis.shape[2], design.shape[1]))


def _observed_sets(
    seen: NDArray[np.bool_], series: NDArray[np.int64], wave: list[str]
) -> tuple[Table, NDArray[np.int64]]:
    """Sets of series observed together, and the set (unit, occasion) of each; -1 if empty."""
    names = list(dict.fromkeys(wave))
    observed = np.zeros((len(seen), len(names), int(series.max()) + 1), bool)
    for response, name in enumerate(wave):
        observed[:, names.index(name), series[response]] = seen[:, response]
    sets, place = np.unique(observed.reshape(-1, observed.shape[2]), axis=0, return_inverse=True)
    # the empty set sorts first
    empty = int(not sets[0].any())
    return sets[empty:].astype(np.int32), (place - empty).reshape(len(seen), len(names))


def _block_sums(
    deviation: Floats,
    basis: Floats,
    series: NDArray[np.int64],
    wave: list[str],
    found: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], dict[str, Floats]]:
    """Unit, set, number of occasions and sums of each block, in the order of the units."""
    n_sets, n_effects = int(found.max()) + 1, basis.shape[2]
    m, q = padded(int(series.max()) + 1), padded(n_effects)
    counts = np.zeros(len(deviation) * n_sets, int)
    sums = {
        "effect_products": np.zeros((len(counts), q, q)),
        "cross_products": np.zeros((len(counts), m, q)),
        "score_products": np.zeros((len(counts), m, m)),
    }
    for occasion, name in enumerate(dict.fromkeys(wave)):
        here = [response for response, one in enumerate(wave) if one == name]
        units = np.flatnonzero(found[:, occasion] >= 0)
        answers = deviation[np.ix_(units, here)]
        x, y = np.zeros((len(units), q)), np.zeros((len(units), m))
        seen = basis[units][:, here] * ~np.isnan(answers)[:, :, None]
        x[:, :n_effects], y[:, series[here]] = seen.sum(axis=1), np.nan_to_num(answers)
        place = units * n_sets + found[units, occasion]
        for products, (a, b) in zip(sums.values(), ((x, x), (y, x), (y, y)), strict=True):
            products[place] += a[:, :, None] * b[:, None, :]
        counts[place] += 1
    kept = np.flatnonzero(counts)
    held = {key: products[kept] for key, products in sums.items()}
    return kept // n_sets, kept % n_sets, counts[kept], held
