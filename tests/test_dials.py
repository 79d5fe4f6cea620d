"""Dials on priors: nothing at 0, and elsewhere the model that another prior would have made."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from growth_examples import growth_study, random_waves

from securebase.calibration.ranks import log_likelihood as compiled_log_likelihood
from securebase.config import Sampling
from securebase.dials import (
    WEIGHT,
    add_dials,
    blocks_of,
    log_likelihood,
    log_prior,
    weights,
)
from securebase.fitting import Question, posed
from securebase.sampling import posterior_draws

# the family's priors behind each spread
PRIORS = {
    "change": ["change"],
    "unit_sd": ["level_sd", "change_sd"],
    "residual_sd": ["residual_sd"],
}


def question(priors: Mapping[str, Mapping[str, float]] | None = None) -> Question:
    given = {name: {"reason": "to be compared", **one} for name, one in (priors or {}).items()}
    scales = {"anxiety": {"roles": ["person"]}}
    study = growth_study({"priors": given}, roles=("person",), scales=scales)
    return posed(study, "growth", waves())


def waves() -> pd.DataFrame:
    study = growth_study(roles=("person",), scales={"anxiety": {"roles": ["person"]}})
    return random_waves(study, np.random.default_rng(1), units=30, missing=0.1)


@pytest.fixture(scope="module")
def declared() -> Question:
    return question()


def points(model: pm.Model, count: int = 5) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(3)
    start = model.initial_point()
    return [
        {name: value + 0.4 * rng.normal(size=value.shape) for name, value in start.items()}
        for _ in range(count)
    ]


def densities(model: pm.Model, at: list[dict[str, np.ndarray]]) -> np.ndarray:
    density = model.compile_logp(mode="FAST_COMPILE")
    return np.array([float(density(point)) for point in at])


def test_blocks_have_the_names_that_readers_know(declared: Question) -> None:
    names = [one.name for one in blocks_of(declared.built.model)]
    assert names == ["level", "change", "unit_sd", "unit_corr", "residual_sd"]
    known = declared.prior(5, seed=1)
    assert all(name in known for name in names)


def test_a_dial_at_zero_adds_nothing() -> None:
    with pm.Model() as model:
        pm.Normal("x", 1.0, 2.0, shape=3)
        pm.Beta("y_vine", 2.0, 2.0)
    before = densities(model, points(model))
    add_dials(model)
    np.testing.assert_array_equal(densities(model, points(model)), before)


@pytest.mark.parametrize(
    ("scales", "etas"),
    [
        ({"change": 0.25}, {}), ({"unit_sd": 2.0}, {}), ({"residual_sd": 0.5}, {}),
        ({}, {"unit_corr": 5.0}),
    ],
)  # fmt: skip
def test_a_turned_dial_is_another_prior(
    declared: Question, scales: dict[str, float], etas: dict[str, float]
) -> None:
    """Densities differ only by what no parameter moves."""
    overrides = {
        prior: {"sd": factor * (declared.priors[prior].sd or {})["anxiety"]}
        for name, factor in scales.items()
        for prior in PRIORS[name]
    } | {name: {"eta": eta} for name, eta in etas.items()}
    other = question(overrides).built.model
    model = declared.built.model
    with model:
        pm.set_data(weights(blocks_of(model), scales, etas))
    turned = densities(model, points(model))
    with model:
        pm.set_data({WEIGHT: np.zeros(len(blocks_of(model)))})
    # the sampler has spreads in units of their prior's: the same ones are other values there
    units = {name.replace("_sd", "_signed"): one for name, one in scales.items() if "_sd" in name}
    moved = [
        {name: value / units.get(name, 1.0) for name, value in point.items()}
        for point in points(model)
    ]
    expected = densities(other, moved)
    np.testing.assert_allclose(turned - turned[0], expected - expected[0], atol=1e-8)
    assert turned.std() > 1.0


def test_an_unknown_block_has_no_dial(declared: Question) -> None:
    with pytest.raises(KeyError, match="changes"):
        weights(blocks_of(declared.built.model), {"changes": 2.0}, {})


def test_what_the_prior_leaves_of_the_density_is_the_likelihood(declared: Question) -> None:
    model = declared.built.model
    posterior, stats = posterior_draws(model, Sampling(chains=2, draws=100, tune=150), 4, cores=1)
    found = log_likelihood(model, posterior, stats, log_prior(model, posterior))["study"]
    data = declared.built.data_of(declared.panel)
    flat = posterior.stack(sample=("chain", "draw"))
    expected = compiled_log_likelihood(declared.built)(flat, data)
    difference = found.stack(sample=("chain", "draw")).values - expected
    np.testing.assert_allclose(difference, difference[0], atol=1e-7)
    assert found.std() > 0.5


def test_log_prior_is_pymcs(declared: Question) -> None:
    model = declared.built.model
    draws = declared.prior(20, seed=2)
    found = log_prior(model, draws)
    for block in blocks_of(model):
        name = str(block.variable.name)
        theirs = pm.logp(block.variable, draws[name].values[0, 7]).eval()
        assert float(found[block.name][0, 7]) == pytest.approx(float(np.sum(theirs)), rel=1e-10)
