"""Indirect effects of a panel against the square of a matrix of lagged effects written by hand."""

from typing import Any

import numpy as np
import pytest
import xarray as xr
from growth_examples import growth_study, random_waves
from panel_by_hand import EQUAL, FAMILY, path

from securebase.panel import Panel, panel_from_waves
from securebase.simulation.blanks import blank_truth

OUTCOMES = ("success", "self_model", "anxiety")
PATHS = [
    path("success", "self_model", lag=1),
    path("self_model", "anxiety", lag=1),
    path("anxiety", "self_model", lag=1),
    path("anxiety", "success", lag=1, of="partner"),
]
EFFECTS = {
    ("success to success", "patient"): 0.2,
    ("success to self_model", "patient"): 0.3,
    ("success to self_model", "partner"): 0.4,
    ("self_model to anxiety", "patient"): -0.5,
    ("self_model to anxiety", "partner"): -0.6,
    ("anxiety to self_model", "patient"): -0.1,
    ("anxiety to self_model", "partner"): -0.2,
    ("partner anxiety to success", "patient"): -0.7,
    ("partner anxiety to success", "partner"): -0.8,
}


def couples(exchangeable: bool = False, **analysis: Any) -> Panel:
    study = growth_study(
        {"family": "dyadic_panel", "outcomes": list(OUTCOMES), "paths": PATHS, **analysis},
        scales={one: {} for one in OUTCOMES}, waves=EQUAL, exchangeable=exchangeable,
    )  # fmt: skip
    waves = random_waves(study, np.random.default_rng(1), 8, 0.0)
    return panel_from_waves(waves, study, "growth")


@pytest.fixture(scope="module")
def panel() -> Panel:
    return couples()


@pytest.fixture(scope="module")
def truth(panel: Panel) -> xr.Dataset:
    values = blank_truth(FAMILY, panel).values
    for (name, role), effect in EFFECTS.items():
        values["lagged"].loc[{"path": name, "role": role}] = effect
    return FAMILY.implied(values, panel)


def test_a_chain_is_the_product_of_its_two_effects(truth: xr.Dataset) -> None:
    found = truth["indirect_lagged"]
    assert found.dims == ("indirect", "role")
    by_hand = {
        ("success via self_model to anxiety", "patient"): 0.3 * -0.5,
        ("success via self_model to anxiety", "partner"): 0.4 * -0.6,
        # the partner's model of self, the partner's anxiety, one's own success
        ("partner self_model via partner anxiety to success", "patient"): -0.6 * -0.7,
        ("partner self_model via partner anxiety to success", "partner"): -0.5 * -0.8,
        # what the partner's anxiety does to one's own success, and that to one's own model
        ("partner anxiety via success to self_model", "patient"): -0.7 * 0.3,
    }
    for (name, role), expected in by_hand.items():
        assert float(found.sel(indirect=name, role=role)) == pytest.approx(expected), name


def test_chains_add_up_to_the_square_of_the_matrix_of_effects(truth: xr.Dataset) -> None:
    series = [(role, one) for role in ("patient", "partner") for one in OUTCOMES]
    other = {"patient": "partner", "partner": "patient"}
    direct = np.zeros((6, 6))
    for (name, role), effect in EFFECTS.items():
        source, _, target = name.removeprefix("partner ").partition(" to ")
        who = other[role] if name.startswith("partner") else role
        direct[series.index((role, target)), series.index((who, source))] = effect
    np.fill_diagonal(direct, 0.0)
    square = direct @ direct
    np.fill_diagonal(square, 0.0)
    found = np.zeros_like(square)
    for label in truth["indirect"].values:
        source, target = label.partition(" via ")[0], label.rpartition(" to ")[2]
        for role in other:
            who = other[role] if source.startswith("partner ") else role
            place = (
                series.index((role, target)),
                series.index((who, source.removeprefix("partner "))),
            )
            found[place] += float(truth["indirect_lagged"].sel(indirect=label, role=role))
    assert np.abs(square).max() > 0.3
    np.testing.assert_allclose(found, square, atol=1e-12)


def test_draws_are_multiplied_one_by_one(panel: Panel, truth: xr.Dataset) -> None:
    rng = np.random.default_rng(5)
    blank = truth.drop_vars("indirect_lagged")["lagged"]
    lagged = blank.expand_dims(chain=2, draw=3).copy(data=rng.normal(size=(2, 3, *blank.shape)))
    found = FAMILY.implied(lagged.to_dataset(), panel)["indirect_lagged"]
    role = {"role": "partner"}
    expected = lagged.sel(path="success to self_model", **role) * lagged.sel(
        path="self_model to anxiety", **role
    )
    assert found.dims == ("chain", "draw", "indirect", "role")
    np.testing.assert_allclose(
        found.sel(indirect="success via self_model to anxiety", **role), expected
    )


def test_exchangeable_members_share_their_chains(truth: xr.Dataset) -> None:
    both = couples(exchangeable=True)
    values = FAMILY.implied(blank_truth(FAMILY, both).values, both)["indirect_lagged"]
    assert list(values["indirect"].values) == list(truth["indirect"].values)
    assert list(values["role"].values) == ["member"]


def test_there_is_none_without_a_chain_or_where_each_step_is_its_own() -> None:
    for analysis in (
        {"paths": PATHS[:1]},
        {"paths": []},
        {"dynamics": {"effects": "by_step"}},
    ):
        panel = couples(**analysis)
        assert "indirect_lagged" not in FAMILY.implied(blank_truth(FAMILY, panel).values, panel)
