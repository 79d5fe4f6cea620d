"""Predictors: values by hand, centred, scaled, coded and owned."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import xarray as xr
from growth_examples import growth_study, wave_table

from securebase.codebook.terms import Predictor
from securebase.predictors import contrasted_levels, measures, missing_predictors, owners_of

WAVES = {"w1": 0.0, "w2": 1.0}
ARM = {"type": "categorical", "levels": {"1": "control", "2": "therapy", "3": "waiting"}}
NAN = np.nan
Values = Mapping[str, tuple[Any, Any]]


def measured(
    predictors: list[dict[str, Any]],
    covariates: Mapping[str, Any],
    values: Mapping[str, Values],
    wave: str = "w1",
) -> xr.DataArray:
    """Measure the predictors of units given {unit: {covariate: (patient's, partner's)}}."""
    study = growth_study({"predictors": predictors}, covariates=covariates, waves=WAVES)
    rows = [
        {"unit": unit, "role": role, "wave": wave}
        | {name: pair[place] for name, pair in one.items()}
        for unit, one in values.items()
        for place, role in enumerate(("patient", "partner"))
    ]
    return measures(wave_table(rows, study), study, study.analyses["growth"])


AGES: Mapping[str, Values] = {
    "u1": {"age": (20.0, 30.0)}, "u2": {"age": (40.0, None)}, "u3": {"age": (50.0, 60.0)},
}  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"centre": "none"}, [[20, 30], [40, NAN], [50, 60]]),
        # the mean of the five is 40
        ({}, [[-20, -10], [0, NAN], [10, 20]]),
        # their sum of squares is 400 + 100 + 0 + 100 + 400 = 1000, over 4: sd = √250
        ({"scale": "sd"}, np.array([[-20, -10], [0, NAN], [10, 20]]) / np.sqrt(250)),
        ({"scale": "sd", "centre": "none"}, np.array([[20, 30], [40, NAN], [50, 60]]) / 250**0.5),
    ],
)
@pytest.mark.parametrize("of", ["actor", "partner"])
def test_person_s_values_are_centred_over_all_persons(
    settings: dict[str, Any], expected: Any, of: str
) -> None:
    found = measured([{"name": "age", "of": of, **settings}], {"age": {}}, AGES)
    assert found.dims == ("unit", "owner", "measure")
    assert list(found["owner"].values) == ["patient", "partner"]
    np.testing.assert_allclose(found.sel(measure="age").values, expected)


def test_unit_s_value_counts_once_whoever_reports_it() -> None:
    values = {
        "u1": {"years": (2.0, None)}, "u2": {"years": (None, 4.0)}, "u3": {"years": (8.0, 10.0)},
    }  # fmt: skip
    found = measured(
        [{"name": "years", "of": "unit", "scale": "sd"}], {"years": {"of": "unit"}}, values
    )
    # 2, 4 and 9 (the mean of both reports): mean 5, sum of squares 9 + 1 + 16 = 26, over 2
    expected = np.array([-3, -1, 4]) / np.sqrt(13)
    np.testing.assert_allclose(found.sel(measure="years", owner="patient"), expected)
    swapped = {unit: {"years": one["years"][::-1]} for unit, one in values.items()}
    again = measured(
        [{"name": "years", "of": "unit", "scale": "sd"}], {"years": {"of": "unit"}}, swapped
    )
    xr.testing.assert_allclose(again, found)


def test_levels_become_contrasts_with_the_reference() -> None:
    values = {
        "u1": {"arm": ("control", "therapy")}, "u2": {"arm": ("waiting", None)},
    }  # fmt: skip
    found = measured([{"name": "arm", "of": "actor"}], {"arm": ARM}, values)
    assert list(found["measure"].values) == ["arm[therapy]", "arm[waiting]"]
    np.testing.assert_array_equal(found.sel(measure="arm[therapy]"), [[0, 1], [0, NAN]])
    np.testing.assert_array_equal(found.sel(measure="arm[waiting]"), [[0, 0], [1, NAN]])
    other = measured([{"name": "arm", "of": "actor", "reference": "waiting"}], {"arm": ARM}, values)
    assert list(other["measure"].values) == ["arm[control]", "arm[therapy]"]


def test_level_of_a_unit_on_which_members_disagree_is_not_known() -> None:
    values = {
        "u1": {"arm": ("therapy", "therapy")}, "u2": {"arm": (None, "control")},
        "u3": {"arm": ("therapy", "control")}, "u4": {"arm": (None, None)},
    }  # fmt: skip
    found = measured([{"name": "arm", "of": "unit"}], {"arm": {**ARM, "of": "unit"}}, values)
    np.testing.assert_array_equal(
        found.sel(measure="arm[therapy]", owner="patient"), [1, 0, NAN, NAN]
    )


def test_reference_is_the_first_level_unless_named() -> None:
    study = growth_study(covariates={"arm": ARM})
    one = Predictor(name="arm", of="actor")
    assert contrasted_levels(one, study) == ("therapy", "waiting")
    one = Predictor(name="arm", of="actor", reference="therapy")
    assert contrasted_levels(one, study) == ("control", "waiting")


def test_composite_is_the_mean_of_standardised_measures() -> None:
    values = {
        "u1": {"warmth": (1.0, 3.0), "skill": (10.0, 10.0)},
        "u2": {"warmth": (2.0, 2.0), "skill": (30.0, None)},
        "u3": {"warmth": (None, 2.0), "skill": (20.0, 30.0)},
    }
    found = measured(
        [
            {
                "name": "sensitivity",
                "of": "partner",
                "mean_of": ["warmth", "skill"],
                "centre": "none",
            }
        ],
        {"warmth": {}, "skill": {}},
        values,
    )
    warmth = np.array([[1, 3], [2, 2], [NAN, 2]])
    skill = np.array([[10, 10], [30, NAN], [20, 30]])
    # of 1 3 2 2 2: mean 2, sd √(2/4); of 10 10 30 20 30: mean 20, sd √(400/4) = 10
    expected = ((warmth - 2) / np.sqrt(0.5) + (skill - 20) / 10) / 2
    assert list(found["measure"].values) == ["sensitivity"]
    np.testing.assert_allclose(found.sel(measure="sensitivity"), expected)


def test_scale_is_taken_at_the_wave_that_is_named() -> None:
    study = growth_study(
        {"predictors": [{"name": "avoidance", "of": "actor", "wave": "w2", "centre": "none"}]},
        waves=WAVES,
    )
    rows = [
        {"unit": "u1", "role": "patient", "wave": wave, "avoidance": score}
        for wave, score in (("w1", 1.0), ("w2", 5.0))
    ]
    found = measures(wave_table(rows, study), study, study.analyses["growth"])
    assert float(found.sel(unit="u1", owner="patient", measure="avoidance")) == 5.0


def test_measure_is_taken_at_the_first_wave_that_asks_it() -> None:
    found = measured(
        [{"name": "age", "of": "actor", "centre": "none"}], {"age": {"waves": ["w2"]}}, AGES, "w2"
    )
    np.testing.assert_array_equal(found.sel(measure="age"), [[20, 30], [40, NAN], [50, 60]])


def test_actor_and_partner_share_one_measure() -> None:
    predictors = [{"name": "age", "of": "actor"}, {"name": "age", "of": "partner"}]
    found = measured(predictors, {"age": {}}, AGES)
    assert list(found["measure"].values) == ["age"]


@pytest.mark.parametrize("scale", ["sd", "none"])
def test_values_that_are_all_the_same_stay_numbers(scale: str) -> None:
    same = {unit: {"age": (40.0, 40.0)} for unit in ("u1", "u2")}
    found = measured([{"name": "age", "of": "actor", "scale": scale}], {"age": {}}, same)
    np.testing.assert_array_equal(found.sel(measure="age"), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("of", "slot", "expected"),
    [
        ("actor", "patient", ["patient"]),
        ("actor", "partner", ["partner"]),
        ("partner", "patient", ["partner"]),
        ("partner", "partner", ["patient"]),
        ("unit", "partner", ["patient"]),
    ],
)
def test_owner_of_a_value(of: Any, slot: str, expected: list[str]) -> None:
    one = Predictor(name="age", of=of)
    assert owners_of(one, slot, ["patient", "partner"]) == expected


def test_partner_in_units_of_one_has_no_owner() -> None:
    assert owners_of(Predictor(name="age", of="partner"), "soldier", ["soldier"]) == []


@pytest.mark.parametrize(
    ("of", "slots", "lacking"),
    [
        ("actor", ("patient", "partner"), [False, True]),
        ("actor", ("patient",), [False, False]),
        ("partner", ("patient",), [False, True]),
        ("partner", ("partner",), [False, False]),
    ],
)
def test_value_is_missed_only_where_it_would_predict(
    of: str, slots: tuple[str, ...], lacking: list[bool]
) -> None:
    study = growth_study({"predictors": [{"name": "age", "of": of}]}, covariates={"age": {}})
    coords = {"unit": ["u1", "u2"], "owner": ["patient", "partner"], "measure": ["age"]}
    values = xr.DataArray([[[1.0], [2.0]], [[3.0], [NAN]]], coords, ("unit", "owner", "measure"))
    answered = dict.fromkeys(slots, ("anxiety", "avoidance"))
    words = missing_predictors(values, study.analyses["growth"], answered)
    assert list(words) == ["no value of predictor age" if one else "" for one in lacking]


def test_no_value_is_missed_of_a_role_that_never_has_one() -> None:
    study = growth_study({"predictors": [{"name": "age", "of": "actor"}]}, covariates={"age": {}})
    coords = {"unit": ["u1", "u2"], "owner": ["patient", "partner"], "measure": ["age"]}
    values = xr.DataArray([[[1.0], [NAN]], [[3.0], [NAN]]], coords, ("unit", "owner", "measure"))
    answered = dict.fromkeys(("patient", "partner"), ("anxiety",))
    words = missing_predictors(values, study.analyses["growth"], answered)
    assert list(words) == ["", ""]


@pytest.mark.parametrize(
    ("outcomes", "interactions", "lacking"),
    [
        (["anxiety"], [], True),
        (["avoidance"], [], False),
        # what enters a product is needed for the outcomes of the product
        (["avoidance"], [{"name": "both", "of": ["actor age", "actor years"]}], True),
        (["avoidance"], [{"name": "both", "of": ["actor age", "actor years"],
                          "outcomes": ["avoidance"]}], False),
    ],
)  # fmt: skip
def test_value_is_missed_only_for_outcomes_of_the_role(
    outcomes: list[str], interactions: list[dict[str, Any]], lacking: bool
) -> None:
    predictors = [{"name": "age", "of": "actor", "outcomes": outcomes},
                  {"name": "years", "of": "actor", "outcomes": ["avoidance"]}]  # fmt: skip
    study = growth_study(
        {"predictors": predictors, "interactions": interactions},
        covariates={"age": {}, "years": {}},
    )
    coords = {"unit": ["u1", "u2"], "owner": ["patient"], "measure": ["age"]}
    values = xr.DataArray([[[1.0]], [[NAN]]], coords, ("unit", "owner", "measure"))
    words = missing_predictors(values, study.analyses["growth"], {"patient": ("anxiety",)})
    assert list(words) == ["", "no value of predictor age" if lacking else ""]
