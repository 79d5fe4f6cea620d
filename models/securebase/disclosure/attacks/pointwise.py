"""The pointwise attack: what a log-likelihood by unit gives away of every unit.

Each value is c - (y - m)' P (y - m) / 2 with the mean m, the precision P and the constant c of
one posterior draw, which are published too. Some hundred draws are as many equations in the
few numbers of one record; Gauss-Newton solves them. Started from several places it arrives at
the same place in all that the equations determine.
"""

from dataclasses import dataclass

import numpy as np

from securebase.disclosure.attacks.claims import Claims
from securebase.moments import Floats

NAME = "pointwise attack"
DRAWS = 300
# most starts arrive within ten steps; those that do not are not needed
_STARTS, _STEPS = 8, 15
_NEAR = 1e-6


@dataclass(frozen=True, eq=False)
class PointwiseLoglik:
    """A log-likelihood by unit, and the draws it belongs to.

    Parameters
    ----------
    loglik : float (draw, unit)
    mean : float (draw, unit, response)
        Expected scores of each unit: an attacker who knows its predictors has them.
    cov : float (draw, response, response)
        Random effects integrated out.
    observed : bool (unit, response)
    functionals : float (functional, response)
        What is asked of a record: the identity for every score, or levels and slopes.
    names : tuple of str
        Names of the functionals.
    """

    loglik: Floats
    mean: Floats
    cov: Floats
    observed: np.ndarray
    functionals: Floats
    names: tuple[str, ...]


def pointwise_attack(released: PointwiseLoglik, seed: int = 0) -> Claims:
    """Recover what a log-likelihood by unit tells of the units.

    Parameters
    ----------
    released : PointwiseLoglik
    seed : int
        Of the places that the search starts from.

    Returns
    -------
    Claims
        A row per unit, NaN where a functional is not determined; units of which nothing is
        are left out.
    """
    rng = np.random.default_rng(seed)
    draws = np.unique(np.linspace(0, len(released.loglik) - 1, DRAWS).astype(int))
    rows = []
    for unit, seen in enumerate(released.observed):
        solutions = _solutions(
            released.loglik[draws, unit],
            released.mean[draws, unit][:, seen],
            released.cov[draws][:, seen][:, :, seen],
            rng,
        )
        reach = released.functionals[:, seen]
        whole = ~released.functionals[:, ~seen].any(axis=1)
        rows.append(np.where(whole, _agreed(solutions @ reach.T), np.nan))
    records = np.array(rows).reshape(-1, len(released.names))
    return Claims(NAME, released.names, records[~np.isnan(records).all(axis=1)])


def _agreed(values: Floats) -> Floats:
    """Values (start, functional) that do not depend on where the search started."""
    if len(values) < 2:
        return np.full(values.shape[1], np.nan)
    middle = np.median(values, axis=0)
    apart = np.abs(values - middle).max(axis=0)
    return np.where(apart < _NEAR * np.maximum(np.abs(middle), 1.0), middle, np.nan)


def _solutions(loglik: Floats, mean: Floats, cov: Floats, rng: np.random.Generator) -> Floats:
    """Records (start, response) that have these log-likelihoods, one for each good start."""
    width = mean.shape[1]
    precision = np.linalg.inv(cov)
    constant = -0.5 * (width * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1])
    target = 2 * (constant - loglik)
    spread = np.sqrt(np.diagonal(cov, axis1=1, axis2=2).mean(axis=0))
    record = mean.mean(axis=0) + spread * rng.normal(size=(_STARTS, width))
    rest, slope = _misfit(record, mean, precision, target)
    for _ in range(_STEPS):
        # what the equations do not determine stays where it started
        step = -np.einsum("kis,ks->ki", np.linalg.pinv(slope, rcond=1e-9), rest)
        record, rest, slope = _descended(record, step, rest, (mean, precision, target))
        if (np.abs(step) < 1e-12).all():
            break
    found: Floats = record[np.abs(rest).max(axis=1) < _NEAR * np.abs(target).max()]
    return found


def _descended(
    record: Floats, step: Floats, rest: Floats, equations: tuple[Floats, Floats, Floats]
) -> tuple[Floats, Floats, Floats]:
    """Go the longest step, halved again and again, that brings each start nearer."""
    share = np.ones((len(record), 1))
    before = (rest**2).sum(axis=1)
    for _ in range(10):
        nearer = _misfit(record + share * step, *equations)[0]
        worse = (nearer**2).sum(axis=1) > before
        if not worse.any():
            break
        share[worse] /= 2
    share[worse] = 0.0
    moved = record + share * step
    return moved, *_misfit(moved, *equations)


def _misfit(
    record: Floats, mean: Floats, precision: Floats, target: Floats
) -> tuple[Floats, Floats]:
    """Quadratic forms minus what they have to be (start, draw), with their slopes."""
    apart = record[:, None, :] - mean
    pulled = np.einsum("sij,ksj->ksi", precision, apart)
    return (apart * pulled).sum(axis=-1) - target, 2 * pulled
