"""The panel: waves laid into arrays, and who is left out and why."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from growth_examples import growth_study, wave_table

from securebase.faults import InputError
from securebase.panel import Composition, compositions_of, modelled_roles, panel_from_waves

THREE = {"w1": 0.0, "w2": 1.0, "w3": 2.5}


def rows(*cells: tuple[str, str, str, float | None, float | None], **more: Any) -> list[dict]:
    """Give rows of unit, role, wave, anxiety and avoidance."""
    names = ("unit", "role", "wave", "anxiety", "avoidance")
    return [dict(zip(names, cell, strict=True)) | more for cell in cells]


def test_scores_lie_by_unit_wave_role_and_outcome() -> None:
    study = growth_study(waves=THREE)
    table = wave_table(
        rows(
            # not in any order; the partner of u2 never took part, w2 has nobody but u1's patient
            ("u2", "patient", "w3", 3.1, 3.2),
            ("u1", "partner", "w1", 2.1, 2.2),
            ("u1", "patient", "w1", 1.1, 1.2),
            ("u1", "patient", "w2", None, 1.4),
            ("u2", "patient", "w1", 3.3, None),
        ),
        study,
    )
    panel = panel_from_waves(table, study, "growth")
    nan = np.nan
    expected = [
        [[[1.1, 1.2], [2.1, 2.2]], [[nan, 1.4], [nan, nan]], [[nan, nan], [nan, nan]]],
        [[[3.3, nan], [nan, nan]], [[nan, nan], [nan, nan]], [[3.1, 3.2], [nan, nan]]],
    ]
    assert panel.data["score"].dims == ("unit", "wave", "role", "outcome")
    np.testing.assert_array_equal(panel.data["score"].values, expected)
    for dim, labels in (
        ("unit", ["u1", "u2"]),
        ("wave", ["w1", "w2", "w3"]),
        ("role", ["patient", "partner"]),
        ("outcome", ["anxiety", "avoidance"]),
    ):
        assert list(panel.data[dim].values) == labels
    assert list(panel.data["time"].values) == [0.0, 1.0, 2.5]
    assert list(panel.data["composition"].values) == ["all", "all"]
    assert panel.time_unit == "year"
    assert panel.left_out.empty


def test_order_of_outcomes_and_roles_is_the_analysis_and_the_codebook_s() -> None:
    study = growth_study({"outcomes": ["avoidance", "anxiety"], "roles": ["partner"]}, waves=THREE)
    table = wave_table(
        rows(("u1", "partner", "w1", 1.0, 2.0), ("u2", "partner", "w2", 3.0, None)), study
    )
    panel = panel_from_waves(table, study, "growth")
    assert list(panel.data["role"].values) == ["partner"]
    np.testing.assert_array_equal(panel.data["score"].values[0, 0, 0], [2.0, 1.0])


def test_ranges_are_those_of_the_scores() -> None:
    scales = {
        "mean_of": {"items": ["a", "b", "c"], "range": [0, 4]},
        "total": {"items": ["d", "e", "f"], "range": [1, 5], "score": "sum"},
    }
    study = growth_study(scales=scales, waves=THREE)
    table = wave_table(
        [
            {"unit": unit, "role": "patient", "wave": "w1", "mean_of": 1.0, "total": 9.0}
            for unit in ("u1", "u2")
        ],
        study,
    )
    panel = panel_from_waves(table, study, "growth")
    assert panel.ranges == {"mean_of": (0.0, 4.0), "total": (3.0, 15.0)}


def test_design_asks_only_the_roles_and_waves_of_a_scale() -> None:
    study = growth_study(
        scales={"anxiety": {}, "avoidance": {"roles": ["partner"], "waves": ["w1", "w3"]}},
        waves=THREE,
    )
    table = wave_table(
        rows(("u1", "patient", "w1", 1.0, None), ("u2", "partner", "w1", 2.0, 3.0)), study
    )
    asked = panel_from_waves(table, study, "growth").data["asked"]
    assert asked.dims == ("wave", "role", "outcome")
    np.testing.assert_array_equal(
        asked.values,
        [
            [[True, False], [True, True]],
            [[True, False], [True, False]],
            [[True, False], [True, True]],
        ],
    )


def test_roles_modelled_are_those_that_answer_and_are_wanted() -> None:
    scales = {"anxiety": {"roles": ["partner"]}}
    study = growth_study(scales=scales)
    assert modelled_roles(study, study.analyses["growth"]) == ("partner",)
    study = growth_study({"roles": ["partner", "patient"]})
    assert modelled_roles(study, study.analyses["growth"]) == ("patient", "partner")


def left_out(table: pd.DataFrame, study: Any) -> dict[str, str]:
    panel = panel_from_waves(table, study, "growth")
    both = dict(zip(panel.left_out["unit"], panel.left_out["reason"], strict=True))
    assert set(both).isdisjoint(panel.data["unit"].values)
    assert set(both) | set(panel.data["unit"].values) == set(table["unit"])
    return both


def test_units_without_a_score_are_left_out() -> None:
    study = growth_study(waves=THREE)
    table = wave_table(
        rows(
            ("u1", "patient", "w1", 1.0, None),
            ("u2", "patient", "w1", None, None),
            ("u3", "partner", "w3", None, 2.0),
            ("u4", "patient", "w2", 3.0, None),
        ),
        study,
    )
    assert left_out(table, study) == {"u2": "no score on any outcome at any wave"}
    # of the waves that an analysis models: an answer at another one is none here
    study = growth_study({"waves": ["w2", "w3"]}, waves=THREE)
    reason = "no score on any outcome at any of w2, w3"
    assert left_out(table, study) == {"u1": reason, "u2": reason}


def test_units_without_a_needed_predictor_are_left_out() -> None:
    # only the partner's value predicts, so a patient without one is kept
    study = growth_study(
        {"roles": ["patient"], "predictors": [{"name": "age", "of": "partner"}]},
        covariates={"age": {}},
        waves=THREE,
    )
    table = wave_table(
        [
            {"unit": unit, "role": role, "wave": "w1", "age": age, "anxiety": 3.0}
            for unit, ages in {
                "u1": (30, 31), "u2": (None, 32), "u3": (33, None), "u4": (34, 35),
            }.items()
            for role, age in zip(("patient", "partner"), ages, strict=True)
        ]
        + rows(("u1", "patient", "w2", 4.0, 4.0)),
        study,
    )  # fmt: skip
    assert left_out(table, study) == {"u3": "no value of predictor age"}


def test_units_without_a_cluster_are_left_out() -> None:
    study = growth_study({"clusters": True}, waves=THREE)
    table = wave_table(
        rows(("u1", "patient", "w1", 1.0, 1.0), ("u2", "patient", "w1", 2.0, 2.0), cluster="c2")
        + rows(("u3", "patient", "w1", 1.0, 1.0))
        + rows(("u4", "partner", "w1", 1.0, 1.0), cluster="c1"),
        study,
    )
    assert left_out(table, study) == {"u3": "cluster not known"}
    panel = panel_from_waves(table, study, "growth")
    assert list(panel.data["cluster"].values) == ["c2", "c2", "c1"]


def test_cluster_and_composition_are_known_from_any_row_of_a_unit() -> None:
    study = growth_study({"clusters": True}, waves=THREE)
    table = wave_table(
        rows(("u1", "patient", "w1", 1.0, 1.0))
        + rows(("u1", "partner", "w2", 1.0, 1.0), ("u2", "partner", "w2", 1.0, 1.0), cluster="c1"),
        study,
    )
    assert left_out(table, study) == {}


def test_units_of_unknown_composition_are_left_out() -> None:
    study = growth_study(compositions={"mf": {}, "ff": {"exchangeable": True}}, waves=THREE)
    table = wave_table(
        rows(("u1", "patient", "w1", 1.0, 1.0), composition="ff")
        + rows(("u2", "patient", "w1", 1.0, 1.0))
        + rows(("u3", "patient", "w1", 2.0, 1.0), composition="mf"),
        study,
    )
    assert left_out(table, study) == {"u2": "composition not known"}
    panel = panel_from_waves(table, study, "growth")
    assert [list(panel.units_of(one).data["unit"].values) for one in panel.compositions] == [
        ["u3"],
        ["u1"],
    ]


@pytest.mark.parametrize(
    ("exchangeable", "compositions", "expected"),
    [
        (False, None, [("all", ("patient", "partner"))]),
        (True, None, [("all", ("member", "member"))]),
        (
            False,
            {"mf": {}, "ff": {"exchangeable": True}},
            [("mf", ("patient", "partner")), ("ff", ("ff", "ff"))],
        ),
        (
            False,
            {"one": {}, "two": {}, "same": {"exchangeable": True}},
            [
                ("one", ("one_patient", "one_partner")),
                ("two", ("two_patient", "two_partner")),
                ("same", ("same", "same")),
            ],
        ),
    ],
)
def test_labels_of_members(
    exchangeable: bool, compositions: Any, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    study = growth_study(exchangeable=exchangeable, compositions=compositions)
    slots = ("patient", "partner")
    assert compositions_of(study, slots) == tuple(
        Composition(name, slots, labels) for name, labels in expected
    )
    assert [one.exchangeable for one in compositions_of(study, slots)] == [
        labels[0] == labels[1] for _, labels in expected
    ]


def test_outcomes_without_a_score_are_all_named() -> None:
    study = growth_study(waves=THREE)
    table = wave_table(rows(("u1", "patient", "w1", None, None)), study)
    with pytest.raises(InputError, match="'anxiety' has no score at any wave") as caught:
        panel_from_waves(table, study, "growth")
    assert len(caught.value.faults) == 2
    assert "analyses.growth.outcomes" in str(caught.value)


def test_too_few_units_say_why_the_others_are_left_out() -> None:
    study = growth_study({"clusters": True}, waves=THREE)
    table = wave_table(
        rows(("u1", "patient", "w1", 1.0, 1.0), ("u2", "patient", "w1", 2.0, 2.0)), study
    )
    match = r"0 of 2 units can be used \(2 left out: cluster not known\); expected at least 2"
    with pytest.raises(InputError, match=match):
        panel_from_waves(table, study, "growth")


def test_one_of_two_exchangeable_members_is_not_a_sample() -> None:
    study = growth_study({"roles": ["partner"]}, exchangeable=True, waves=THREE)
    table = wave_table(rows(("u1", "partner", "w1", 1.0, 1.0)), study)
    with pytest.raises(InputError, match="only 'partner' of two exchangeable members"):
        panel_from_waves(table, study, "growth")


def test_other_scores_leave_the_rest_of_a_panel_alone() -> None:
    study = growth_study(waves=THREE)
    table = wave_table(
        rows(("u1", "patient", "w1", 1.0, 1.0), ("u2", "patient", "w1", 2.0, 2.0)), study
    )
    panel = panel_from_waves(table, study, "growth")
    other = panel.with_scores(panel.data["score"] + 1)
    assert float(other.data["score"].sel(unit="u2", wave="w1", role="patient").sum()) == 6.0
    assert float(panel.data["score"].sel(unit="u2", wave="w1", role="patient").sum()) == 4.0
    assert other.analysis is panel.analysis
