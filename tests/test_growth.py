"""The design of growth: responses, growth functions, effects and coefficients by hand."""

from typing import Any

import numpy as np
import pymc as pm
import pytest
from growth_examples import growth_panel, growth_study, random_waves

from securebase.families import load_family
from securebase.faults import InputError
from securebase.growth.design import GrowthDesign
from securebase.growth.identification import growth_designs
from securebase.growth.mean import mean_variables
from securebase.growth.priors import default_priors
from securebase.growth.time import growth_functions
from securebase.panel import Panel, panel_from_waves
from securebase.sampling import prior_draws

FIVE = {"w1": 0.0, "w2": 0.5, "w3": 1.0, "w4": 2.0, "w5": 4.0}
ARM = {"type": "categorical", "levels": {"1": "control", "2": "therapy"}}


def design(
    rng: np.random.Generator, analysis: dict[str, Any] | None = None, **study: Any
) -> GrowthDesign:
    (one,) = growth_designs(growth_panel(growth_study(analysis, **study), rng, units=30)[0])
    return one


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ({}, [[1, 0], [1, 0.5], [1, 1], [1, 2], [1, 4]]),
        ({"origin": "w3"}, [[1, -1], [1, -0.5], [1, 0], [1, 1], [1, 3]]),
        (
            {"shape": "piecewise", "knots": ["w3"]},
            [[1, 0, 0], [1, 0.5, 0], [1, 1, 0], [1, 1, 1], [1, 1, 3]],
        ),
        (
            {"shape": "piecewise", "knots": ["w2", "w4"]},
            [[1, 0, 0, 0], [1, 0.5, 0, 0], [1, 0.5, 0.5, 0], [1, 0.5, 1.5, 0], [1, 0.5, 1.5, 2]],
        ),
        # the level is where the origin is, in the second phase; time before it is negative
        (
            {"shape": "piecewise", "knots": ["w3"], "origin": "w4"},
            [[1, -1, -1], [1, -0.5, -1], [1, 0, -1], [1, 0, 0], [1, 0, 2]],
        ),
        (
            {"shape": "piecewise", "knots": ["w3"], "origin": "w3"},
            [[1, -1, 0], [1, -0.5, 0], [1, 0, 0], [1, 0, 1], [1, 0, 3]],
        ),
        ({"shape": "free"}, [[1, 0], [1, 0], [1, 0], [1, 0], [1, 4]]),
    ],
)
def test_growth_functions(
    rng: np.random.Generator, time: dict[str, Any], expected: list[list[float]]
) -> None:
    panel, _ = growth_panel(growth_study({"time": time}, waves=FIVE), rng)
    found = growth_functions(panel)
    assert list(found) == list(FIVE)
    np.testing.assert_allclose(list(found.values()), expected)


def test_change_per_unit_of_time_does_not_depend_on_where_time_starts(
    rng: np.random.Generator,
) -> None:
    late = {wave: time + 2026 for wave, time in FIVE.items()}
    first, second = (
        growth_functions(growth_panel(growth_study(waves=waves), rng)[0]) for waves in (FIVE, late)
    )
    for wave in FIVE:
        np.testing.assert_allclose(first[wave], second[wave])


def test_responses_run_over_waves_members_and_outcomes(rng: np.random.Generator) -> None:
    scales = {"anxiety": {"waves": ["w1", "w2", "w4"]}, "avoidance": {"roles": ["partner"]}}
    one = design(rng, scales=scales)
    assert one.responses == [
        ("w1", "patient", "anxiety"),
        ("w1", "partner", "anxiety"),
        ("w1", "partner", "avoidance"),
        ("w2", "patient", "anxiety"),
        ("w2", "partner", "anxiety"),
        ("w2", "partner", "avoidance"),
        ("w3", "partner", "avoidance"),
        ("w4", "patient", "anxiety"),
        ("w4", "partner", "anxiety"),
        ("w4", "partner", "avoidance"),
    ]
    assert one.series == [
        ("patient", "anxiety"),
        ("partner", "anxiety"),
        ("partner", "avoidance"),
    ]
    assert one.effects == [
        ("level", "patient", "anxiety"),
        ("level", "partner", "anxiety"),
        ("level", "partner", "avoidance"),
        ("change", "patient", "anxiety"),
        ("change", "partner", "anxiety"),
        ("change", "partner", "avoidance"),
    ]
    assert list(one.series_of_response) == [0, 1, 2, 0, 1, 2, 2, 0, 1, 2]
    basis = np.zeros((10, 6))
    for row, series, time in zip(
        range(10), one.series_of_response, [0, 0, 0, 0.5, 0.5, 0.5, 1.5, 2, 2, 2], strict=True
    ):
        basis[row, series], basis[row, 3 + series] = 1, time
    np.testing.assert_allclose(one.basis, basis)


def test_wave_at_which_nobody_answered_is_no_response(rng: np.random.Generator) -> None:
    study = growth_study()
    waves = random_waves(study, rng)
    waves.loc[(waves["wave"] == "w2") & (waves["role"] == "partner"), "anxiety"] = np.nan
    (one,) = growth_designs(panel_from_waves(waves, study, "growth"))
    assert ("w2", "partner", "anxiety") not in one.responses
    assert ("w2", "patient", "anxiety") in one.responses


def test_exchangeable_members_have_the_same_responses(rng: np.random.Generator) -> None:
    study = growth_study(exchangeable=True)
    waves = random_waves(study, rng)
    waves.loc[(waves["wave"] == "w2") & (waves["role"] == "partner"), "anxiety"] = np.nan
    (one,) = growth_designs(panel_from_waves(waves, study, "growth"))
    assert len(one.responses) == 4 * 2 * 2


def test_coefficients_of_predictors(rng: np.random.Generator) -> None:
    one = design(
        rng,
        {
            "outcomes": ["anxiety"],
            "predictors": [
                {"name": "age", "of": "actor"},
                {"name": "age", "of": "partner", "on": ["change"]},
                {"name": "arm", "of": "unit", "on": ["change"]},
            ],
            "interactions": [{"name": "gap", "of": ["actor age", "partner age"]}],
        },
        covariates={"age": {}, "arm": {**ARM, "of": "unit"}},
    )
    patient, partner, arm = ("age", "patient"), ("age", "partner"), ("arm[therapy]", "patient")
    assert one.columns == [(), (patient,), (partner,), (arm,), (partner, patient)]
    found = {
        (c.variable, c.at): (one.effects[c.row], one.columns[c.column]) for c in one.coefficients
    }
    assert len(found) == len(one.coefficients) == 4 + 4 + 2 + 2 + 2
    for role, own, other in (("patient", patient, partner), ("partner", partner, patient)):
        level, change = ("level", role, "anxiety"), ("change", role, "anxiety")
        expected = {
            ("level", (role, "anxiety")): (level, ()),
            ("change", (role, "anxiety")): (change, ()),
            ("actor_on_level", ("age", role, "anxiety")): (level, (own,)),
            ("actor_on_change", ("age", role, "anxiety")): (change, (own,)),
            ("partner_on_change", ("age", role, "anxiety")): (change, (other,)),
            ("unit_on_change", ("arm[therapy]", role, "anxiety")): (change, (arm,)),
            ("interaction_on_change", ("gap", role, "anxiety")): (change, (partner, patient)),
        }
        assert expected.items() <= found.items()


def test_columns_of_interactions_are_products(rng: np.random.Generator) -> None:
    analysis = {
        "predictors": [{"name": "age", "of": "actor"}, {"name": "age", "of": "partner"}],
        "interactions": [{"name": "gap", "of": ["actor age", "partner age"]}],
    }
    study = growth_study(analysis, covariates={"age": {}})
    panel, _ = growth_panel(study, rng)
    (one,) = growth_designs(panel)
    values = one.predictors(panel)
    own = panel.data["predictor_value"].sel(measure="age")
    np.testing.assert_array_equal(values[:, 0], 1.0)
    for number, column in enumerate(one.columns[1:], 1):
        expected = np.prod([own.sel(owner=owner).values for _, owner in column], axis=0)
        np.testing.assert_allclose(values[:, number], expected)


def test_predictor_of_one_role_has_no_coefficient_for_the_other(rng: np.random.Generator) -> None:
    one = design(
        rng,
        {"outcomes": ["anxiety"], "predictors": [{"name": "skill", "of": "partner"}]},
        covariates={"skill": {"roles": ["partner"]}},
    )
    effects = [c.at for c in one.coefficients if c.variable == "partner_on_change"]
    assert effects == [("skill", "patient", "anxiety")]


def test_variables_that_share_a_dim_share_its_labels(rng: np.random.Generator) -> None:
    one = design(
        rng,
        {
            "predictors": [
                {"name": "age", "of": "actor", "on": ["level"], "outcomes": ["avoidance"]},
                {"name": "skill", "of": "actor", "on": ["change"]},
            ]
        },
        covariates={"age": {}, "skill": {"roles": ["partner"]}},
    )
    variables = {variable.name: variable for variable in mean_variables([one])}
    for name in ("actor_on_level", "actor_on_change"):
        assert variables[name].cells.dims == ("actor_predictor", "role", "outcome")
        assert variables[name].cells.coords == (
            ["age", "skill"], ["patient", "partner"], ["anxiety", "avoidance"],
        )  # fmt: skip
    assert variables["actor_on_level"].cells.cells == [
        ("age", "patient", "avoidance"), ("age", "partner", "avoidance"),
    ]  # fmt: skip
    assert variables["actor_on_change"].cells.cells == [
        ("skill", "partner", "anxiety"), ("skill", "partner", "avoidance"),
    ]  # fmt: skip
    assert variables["level"].block == "level"
    assert variables["actor_on_level"].block == "on_level"


def test_spread_of_a_predictor_is_that_of_its_column(rng: np.random.Generator) -> None:
    study = growth_study(
        {"outcomes": ["anxiety"], "predictors": [{"name": "age", "of": "actor", "on": ["change"]}]},
        covariates={"age": {}},
    )
    panel, _ = growth_panel(study, rng)
    variables = {one.name: one for one in mean_variables(growth_designs(panel))}
    values = panel.data["predictor_value"].sel(measure="age").values
    np.testing.assert_allclose(variables["actor_on_change"].spread, values.std(axis=0))
    np.testing.assert_allclose(variables["change"].spread, 1.0)


def test_clusters_are_numbered_by_unit(rng: np.random.Generator) -> None:
    panel, _ = growth_panel(growth_study({"clusters": True}), rng, units=7, clusters=3)
    (one,) = growth_designs(panel)
    assert one.cluster(panel).tolist() == [0, 1, 2, 0, 1, 2, 0]
    panel, _ = growth_panel(growth_study(), rng)
    (one,) = growth_designs(panel)
    assert one.cluster(panel) is None


def test_default_priors_are_scaled_by_range_and_span(rng: np.random.Generator) -> None:
    study = growth_study(
        {"time": {"shape": "free"}, "predictors": [{"name": "age", "of": "actor"}]},
        scales={"anxiety": {"range": [1, 7]}, "total": {"range": [0, 100]}},
        waves=FIVE,
        covariates={"age": {}},
    )
    priors = default_priors(growth_panel(study, rng)[0])
    assert priors["level"].mean == {"anxiety": 4.0, "total": 50.0}
    assert priors["level"].sd == {"anxiety": 3.0, "total": 50.0}
    assert priors["change"].sd == {"anxiety": 6 / 4 / 4, "total": 100 / 4 / 4}
    assert priors["on_change"].sd == {"anxiety": 0.15, "total": 2.5}
    assert priors["loading"].sd == {"anxiety": 2.0, "total": 2.0}


def test_priors_of_a_phase_are_scaled_by_its_own_time(rng: np.random.Generator) -> None:
    study = growth_study(
        {
            "time": {"shape": "piecewise", "knots": ["w3"], "phases": ["early", "late"]},
            "predictors": [{"name": "age", "of": "actor"}],
        },
        roles=("patient",),
        scales={"anxiety": {}},
        waves=FIVE,
        covariates={"age": {}},
    )
    panel, _ = growth_panel(study, rng)
    priors = default_priors(panel)
    # one unit of time early, three late; the scale is six points wide
    assert priors["change"].sd == {"early anxiety": 1.5, "late anxiety": 0.5}
    assert priors["change_sd"].sd == {"early anxiety": 1.5, "late anxiety": 0.5}
    assert priors["on_change"].sd == {"early anxiety": 0.6, "late anxiety": 0.2}
    with pm.Model() as model:
        load_family("dyadic_growth").parts(panel, priors)
    drawn = prior_draws(model, 4000, 1)
    age = float(panel.data["predictor_value"].std())
    for name, sd in (("change", [1.5, 0.5]), ("actor_on_change", [0.6 / age, 0.2 / age])):
        found = drawn[name].std(("chain", "draw")).squeeze().values
        np.testing.assert_allclose(found, sd, rtol=0.1)
    found = (drawn["unit_sd"] ** 2).mean(("chain", "draw")) ** 0.5
    np.testing.assert_allclose(found[1:], [1.5, 0.5], rtol=0.1)


# --- faults --------------------------------------------------------------------------------


def refused(
    rng: np.random.Generator, analysis: dict[str, Any] | None = None, **study: Any
) -> InputError:
    panel: Panel = growth_panel(growth_study(analysis, **study), rng, units=30)[0]
    with pytest.raises(InputError) as caught:
        growth_designs(panel)
    return caught.value


def test_too_few_waves_are_refused_for_every_series(rng: np.random.Generator) -> None:
    error = refused(rng, waves={"w1": 0.0, "w2": 1.0})
    assert len(error.faults) == 4
    assert "partner avoidance is measured at 2 waves; expected more than 2" in str(error)
    error = refused(
        rng, {"time": {"shape": "piecewise", "knots": ["w2"]}}, waves=dict(list(FIVE.items())[:3])
    )
    assert "measured at 3 waves; expected more than 3" in str(error)


def test_phase_without_a_wave_is_refused(rng: np.random.Generator) -> None:
    error = refused(
        rng,
        {"time": {"shape": "piecewise", "knots": ["w2"]}},
        waves=FIVE,
        scales={"anxiety": {}, "avoidance": {"waves": ["w2", "w3", "w4", "w5"]}},
    )
    assert len(error.faults) == 2
    assert "patient avoidance is measured at w2, w3, w4, w5 only, which misses a phase" in str(
        error
    )


def test_free_path_needs_both_ends(rng: np.random.Generator) -> None:
    error = refused(
        rng,
        {"time": {"shape": "free"}},
        waves=FIVE,
        scales={"anxiety": {"waves": ["w1", "w2", "w3", "w4"]}},
    )
    assert "patient anxiety on a free path is not measured at both ends; expected w1 and w5" in str(
        error
    )


def test_predictor_that_does_not_vary_is_refused(rng: np.random.Generator) -> None:
    study = growth_study({"predictors": [{"name": "age", "of": "actor"}]}, covariates={"age": {}})
    waves = random_waves(study, rng)
    waves.loc[waves["role"] == "patient", "age"] = 40.0
    with pytest.raises(
        InputError, match="predictor 'age patient' is the same in all units"
    ) as caught:
        growth_designs(panel_from_waves(waves, study, "growth"))
    assert len(caught.value.faults) == 1


def test_predictor_that_could_predict_nobody_is_refused(rng: np.random.Generator) -> None:
    error = refused(
        rng,
        {"roles": ["patient"], "predictors": [{"name": "skill", "of": "actor"}]},
        covariates={"skill": {"roles": ["partner"]}},
    )
    assert "predictor 'actor skill' is known of no member whom it could predict" in str(error)


def test_partner_in_units_of_one_is_refused(rng: np.random.Generator) -> None:
    error = refused(
        rng,
        {"predictors": [{"name": "age", "of": "partner"}]},
        roles=("soldier",),
        covariates={"age": {}},
    )
    assert "predictor 'partner age' is known of no member" in str(error)


def test_single_wave_is_refused_by_the_priors(rng: np.random.Generator) -> None:
    study = growth_study(waves={"w1": 0.0})
    panel = panel_from_waves(random_waves(study, rng), study, "growth")
    with pytest.raises(InputError, match="a single wave"):
        default_priors(panel)


def test_predictor_that_varies_over_waves_is_refused(rng: np.random.Generator) -> None:
    analysis = {"predictors": [{"name": "age", "of": "actor", "varying": True}]}
    study = growth_study(analysis, covariates={"age": {}})
    panel, _ = growth_panel(study, rng)
    with pytest.raises(InputError, match="'actor age' varies over waves"):
        growth_designs(panel)
