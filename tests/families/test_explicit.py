"""The explicit twin, integrated over its random effects, is the likelihood that samples none."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from growth_examples import dated_panel, growth_panel, growth_study, parameters

from securebase.families import load_family
from securebase.family import Built, build
from securebase.predictive import implied_moments, replicate

FAMILY = load_family("dyadic_growth")
ACTOR: dict[str, Any] = {"predictors": [{"name": "age", "of": "actor"}]}
DATES: dict[str, Any] = {"time": {"measured_by": "date"}}
KNEE: dict[str, Any] = {"time": {"shape": "piecewise", "knots": ["w2"], "measured_by": "date"}}
# analysis, study, clusters
EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "free": ({"time": {"shape": "free"}}, {}, 0),
    "piecewise": ({"time": {"shape": "piecewise", "knots": ["w2"]}}, {}, 0),
    "exchangeable": (ACTOR, {"exchangeable": True, "covariates": {"age": {}}}, 0),
    "clusters": ({"clusters": True}, {}, 3),
    "dates": ({**DATES, **ACTOR}, {"covariates": {"age": {}}}, 0),
    "dates of exchangeable members": (DATES, {"exchangeable": True}, 0),
    "dates and phases": (KNEE, {}, 0),
    "dates in clusters": ({**DATES, "clusters": True}, {}, 3),
    "dates in clusters of exchangeable members": (
        {**DATES, "clusters": True},
        {"exchangeable": True},
        2,
    ),
}


def log_likelihood(built: Built, values: list[np.ndarray]) -> float:
    model = built.model
    total = pt.add(*model.potentials) if len(model.potentials) > 1 else model.potentials[0]
    function = pytensor.function(
        model.free_RVs, total, mode="FAST_COMPILE", on_unused_input="ignore"
    )
    return float(function(*values))


def integrated(twin: Built, values: list[np.ndarray]) -> float:
    # given the other parameters, loglik(z) + log Normal(z) is quadratic in the random effects z:
    # its value, gradient and Hessian at z = 0 give the integral exactly
    offsets = twin.model.free_RVs[len(values) :]
    assert all("offset" in one.name for one in offsets)
    loglik = pt.add(*twin.model.potentials, 0.0)
    gradients = pytensor.grad(loglik, offsets, disconnected_inputs="raise")
    both = pytensor.function(
        twin.model.free_RVs, [loglik, *gradients], mode="FAST_COMPILE", on_unused_input="ignore"
    )
    shapes = [tuple(one.shape.eval()) for one in offsets]
    stops = np.cumsum([int(np.prod(shape)) for shape in shapes])

    def at(z: np.ndarray) -> tuple[float, np.ndarray]:
        pieces = np.split(z, stops[:-1])
        given = [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]
        value, *slopes = both(*values, *given)
        return float(value), np.concatenate([np.ravel(slope) for slope in slopes])

    value, slope = at(np.zeros(stops[-1]))
    hessian = np.stack([at(row)[1] - slope for row in np.eye(stops[-1])]) - np.eye(stops[-1])
    return float(
        value + 0.5 * slope @ np.linalg.solve(-hessian, slope)
        - 0.5 * np.linalg.slogdet(-hessian)[1]
    )  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_explicit_twin_integrates_to_the_likelihood(name: str, rng: np.random.Generator) -> None:
    analysis, settings, clusters = EXAMPLES[name]
    study = growth_study(analysis, **settings)
    make = dated_panel if "measured_by" in analysis.get("time", {}) else growth_panel
    panel, priors = make(study, rng, units=6, missing=0.1, clusters=clusters)
    marginal, twin = build(FAMILY, panel, priors), build(FAMILY, panel, priors, explicit=True)
    values = parameters(marginal.model, rng)
    names = [one.name for one in marginal.model.free_RVs]
    assert [one.name for one in twin.model.free_RVs[: len(names)]] == names
    assert integrated(twin, values) == pytest.approx(log_likelihood(marginal, values), abs=1e-8)


@pytest.mark.parametrize("clusters", [0, 4])
def test_dates_at_the_planned_times_give_the_likelihood_of_waves(
    clusters: int, rng: np.random.Generator
) -> None:
    study = growth_study({**DATES, **ACTOR, "clusters": bool(clusters)}, covariates={"age": {}})
    panel, priors = dated_panel(study, rng, units=20, jitter=0.0, clusters=clusters)
    planned = replace(panel, data=panel.data.drop_vars("unit_time"))
    one, other = build(FAMILY, panel, priors), build(FAMILY, planned, priors)
    values = parameters(one.model, rng)
    # dates are kept to the microsecond
    expected = log_likelihood(other, values)
    assert log_likelihood(one, values) == pytest.approx(expected, rel=1e-10)
    moved, _ = dated_panel(study, rng, units=20, jitter=0.2, clusters=clusters)
    shifted = replace(panel, data=panel.data.assign(unit_time=moved.data["unit_time"]))
    assert abs(log_likelihood(build(FAMILY, shifted, priors), values) - expected) > 0.1


def test_replicated_scores_at_own_times_have_the_implied_mean_and_spread(
    rng: np.random.Generator,
) -> None:
    study = growth_study({**DATES, "clusters": True})
    panel, priors = dated_panel(study, rng, units=6, missing=0.0, clusters=2)
    built = build(FAMILY, panel, priors)
    (part,), (implied,) = (
        built.parts,
        implied_moments(built)(
            {
                one.name: value
                for one, value in zip(
                    built.model.free_RVs, parameters(built.model, rng), strict=True
                )
            }
        ),
    )
    scores = np.array([replicate(rng, part, implied) for _ in range(6000)])
    basis = part.effects.unit_basis
    assert basis is not None
    unit = 3
    mean = basis[unit] @ implied["regression"] @ part.predictors[unit]
    shared = part.shared @ implied["cluster_cov"] @ part.shared.T
    same = np.equal.outer(part.effects.wave, part.effects.wave)
    series = part.effects.series
    cov = basis[unit] @ (implied["own"] + shared) @ basis[unit].T
    cov = cov + implied["residual"][np.ix_(series, series)] * same
    error = np.sqrt(np.diag(cov) / len(scores))
    assert (np.abs(scores[:, unit].mean(axis=0) - mean) < 5 * error).all()
    found, scale = np.cov(scores[:, unit].T), np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    assert np.abs((found - cov) / scale).max() < 5 * np.sqrt(2 / len(scores))
