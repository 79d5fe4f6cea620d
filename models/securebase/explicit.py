"""The explicit twin of a model: random effects sampled instead of integrated out."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.part import Part


def explicit_loglik(part: Part) -> TensorVariable:
    """Log-density of the scores given random effects that are sampled.

    Registers the standard normals `unit_offset_{part}` (unit, standard) and, with clusters,
    `cluster_offset_{part}` (cluster, standard) in the current model. Residuals are grouped
    by the set of series observed together at a wave.
    """
    effects = part.effects
    expected = _expected(part)
    total: TensorVariable = pt.constant(0.0)
    for units, responses in _residual_blocks(part):
        series = effects.series[responses[0]]
        chol = pt.linalg.cholesky(effects.residual[series][:, series])
        residual = part.score[units[:, None], responses] - expected[units[:, None], responses]
        white = pt.linalg.solve_triangular(chol, residual.T, lower=True)
        logdet = pt.log(pt.diagonal(chol)).sum()
        constant = 0.5 * len(series) * np.log(2 * np.pi)
        total = total - 0.5 * (white**2).sum() - len(units) * (logdet + constant)
    return total


def _expected(part: Part) -> TensorVariable:
    """Scores (unit, response) without residuals, random effects as sampled."""
    basis, factor = part.effects.basis, part.effects.factor
    # fewer standard normals than effects where some effects do not vary
    offset = pm.Normal(f"unit_offset_{part.name}", shape=(len(part.score), factor.type.shape[1]))
    own = pt.dot(part.predictors, part.regression.T) + pt.dot(offset, factor.T)
    if part.cluster is not None and part.shared is not None and part.cluster_factor is not None:
        shape = (int(part.cluster.max()) + 1, part.shared.shape[1])
        of_cluster = pt.dot(
            pm.Normal(f"cluster_offset_{part.name}", shape=shape), part.cluster_factor.T
        )
        own = own + pt.dot(of_cluster, part.shared.T)[part.cluster]
    if part.effects.unit_basis is None:
        return pt.dot(own, basis.T)
    return (own[:, None, :] * part.effects.unit_basis).sum(axis=-1)


def _residual_blocks(part: Part) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(unit, responses) rows of each set of series observed together at one wave."""
    rows: dict[tuple[int, ...], list[tuple[int, NDArray[np.int64]]]] = {}
    wave = np.array(part.effects.wave)
    for unit, score in enumerate(part.score):
        for name in dict.fromkeys(part.effects.wave):
            responses = np.flatnonzero((wave == name) & ~np.isnan(score))
            if len(responses):
                key = tuple(part.effects.series[responses])
                rows.setdefault(key, []).append((unit, responses))
    return [
        (np.array([unit for unit, _ in found]), np.stack([places for _, places in found]))
        for found in rows.values()
    ]
