"""The family of groups against densities written out by hand from its equation."""

from typing import Any

import numpy as np
import pytensor
import pytest
from climate_by_hand import FAMILY, climate_panel, climate_study, hand_loglik, person
from diary_by_hand import at_a_point

PERSONS: dict[str, Any] = {"predictors": [person("anxiety"), person("avoidance")]}
PATHS: dict[str, Any] = {"paths": [{"from": "cohesion", "to": "functioning"}]}
INFORMANTS: dict[str, Any] = {"informants": {"functioning": ["self_rated", "observed"]}}
HELPED = {"name": "cohesion_by_anxiety", "of": ["group cohesion", "actor anxiety"]}
EXAMPLES: dict[str, dict[str, Any]] = {
    "groups": {},
    "persons": {
        **PERSONS,
        "interactions": [{"name": "both", "of": ["actor anxiety", "actor avoidance"]}],
    },
    "informants": {**INFORMANTS},
    "paths": {"paths": [{"from": "cohesion", "to": "self_rated"}]},
    "paths and informants": {**PERSONS, **PATHS, **INFORMANTS},
    "moderation": {**PERSONS, "interactions": [HELPED]},
    "everything": {
        **PERSONS, **PATHS, **INFORMANTS, "time": {"shape": "linear"},
        "interactions": [
            HELPED,
            {"name": "cohesion_by_avoidance", "of": ["actor avoidance", "group cohesion"],
             "outcomes": ["observed", "group_anxiety"]},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_log_likelihood_is_that_of_dense_normals(name: str, rng: np.random.Generator) -> None:
    panel = climate_panel(climate_study(EXAMPLES[name]), rng, units=14, clusters=3)
    point = at_a_point(FAMILY, panel, rng)
    assert point.loglik == pytest.approx(hand_loglik(panel, point.truth), abs=1e-8)
    model = point.built.model
    gradients = pytensor.grad(model.logp(), model.value_vars)
    slopes = model.compile_fn(gradients, mode="FAST_COMPILE")(model.initial_point())
    assert all(np.isfinite(one).all() for one in slopes)
    assert max(np.abs(one).max() for one in slopes) > 0
