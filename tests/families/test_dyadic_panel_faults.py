"""What keeps a panel from being fitted is said at once, with what to do."""

from typing import Any

import numpy as np
import pytest
from growth_examples import growth_study, random_waves
from panel_by_hand import EQUAL, FAMILY, path

from securebase.faults import Fault, InputError
from securebase.panel import Panel, panel_from_waves
from securebase.panels.grid import Grid, grid_of, longest_step

THREE = {"w1": 0.0, "w2": 1.0, "w3": 2.0}


def asked(analysis: dict[str, Any], **study: Any) -> Panel:
    made = growth_study({"family": "dyadic_panel", **analysis}, **study)
    waves = random_waves(made, np.random.default_rng(5), 14)
    return panel_from_waves(waves, made, "growth")


@pytest.mark.parametrize(
    ("times", "step"),
    [
        ([0, 1, 2, 3], 1),
        ([0, 0.25, 0.5, 1.0], 0.25),
        ([0, 2, 5], 1),
        ([0, 4, 10], 2),
        ([0, 0.083, 0.25, 1.0], 1 / 12),
        ([0, 0.02, 0.25, 0.5, 1.0], None),
    ],
)
def test_longest_step_of_all_waves(times: list[float], step: float | None) -> None:
    assert longest_step(times) == (None if step is None else pytest.approx(step))


def test_waves_stand_on_the_grid() -> None:
    grid = grid_of({"m0": 0.0, "m3": 0.25, "m12": 1.0}, None)
    assert isinstance(grid, Grid)
    assert grid.occasion == {"m0": 0, "m3": 1, "m12": 4}
    assert grid.size == 5
    equal = grid_of({"m0": 0.0, "m3": 0.25, "m6": 0.5}, None, "effects: by_step")
    assert isinstance(equal, Grid)
    assert equal.step_label(1) == "m0 to m3"


@pytest.mark.parametrize(
    ("times", "step", "named", "said"),
    [
        ({"a": 0.0, "b": 0.02, "c": 0.25, "d": 1.0}, None, "", "steps of unequal length"),
        ({"a": 0.0, "b": 1.0, "c": 2.0}, 0.75, "", "a length all steps are multiples of"),
        ({"a": 0.0, "b": 1.0, "c": 2.0}, 0.02, "", "makes 101 occasions"),
        (
            {"a": 0.0, "b": 1.0, "c": 3.0},
            None,
            "effects: by_step",
            "by_step, with steps of unequal length",
        ),
    ],
)
def test_steps_that_make_no_grid_are_refused(
    times: dict[str, float], step: float | None, named: str, said: str
) -> None:
    found = grid_of(times, step, named)
    assert isinstance(found, Fault)
    assert said in str(found)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "two waves": (
        {}, {"waves": {"w1": 0.0, "w2": 1.0}}, ["no outcome is measured at three waves or more"]
    ),
    "one wave, and a lag to an outcome measured twice": (
        {"paths": [path("anxiety", "avoidance", lag=1)]},
        {"waves": EQUAL,
         "scales": {"anxiety": {}, "avoidance": {"waves": ["w1", "w4"]}, "mood": {"waves": ["w1"]}},
         "roles": ("patient",)},
        ["patient mood is measured at 1 waves", "lag 1 with an outcome measured twice"],
    ),
    "three waves of scores, and a path within a wave": (
        {"dynamics": {"kind": "scores"}, "paths": [path("anxiety", "avoidance")]},
        {"waves": THREE},
        ["patient anxiety is measured at 3 waves; expected four or more",
         "partner avoidance is measured at 3 waves", "lag 0 where scores drive each other"],
    ),
    "paths in a circle, and a path of change": (
        {"paths": [path("anxiety", "avoidance"), path("avoidance", "anxiety"),
                   path("anxiety", "avoidance", lag=1, from_part="change")]},
        {"waves": EQUAL},
        ["within stable parts lead back", "within a wave lead back", "from_part: change"],
    ),
    "a partner who is not there": (
        {"paths": [path("anxiety", "avoidance", lag=1, of="partner")]},
        {"waves": EQUAL, "roles": ("patient",)},
        ["no member has its source and its target"],
    ),
    "one informant": (
        {"informants": {"mood": ["anxiety"]}, "dynamics": {"kind": "scores"}},
        {"waves": EQUAL},
        ["mood has one informant", "informants of scores"],
    ),
    "informants at two waves, one of them on nobody": (
        {"informants": {"mood": ["anxiety", "avoidance"]},
         "outcomes": ["anxiety", "avoidance", "anger"]},
        {"waves": EQUAL,
         "scales": {"anxiety": {"roles": ["patient"], "waves": ["w1", "w2"]},
                    "avoidance": {"waves": ["w1", "w2"]}, "anger": {}}},
        ["patient mood is measured at 2 waves, by informants",
         "avoidance of partner reports on nobody"],
    ),
    "predictors of nothing": (
        {"predictors": [{"name": "age", "of": "actor", "on": ["change"]}]},
        {"waves": EQUAL, "covariates": {"age": {}}},
        ["'age' predicts nothing: on change"],
    ),
    "innovations of waves at unequal steps": (
        {"dynamics": {"innovations": "by_wave"}}, {},
        ["innovations: by_wave, with steps of unequal length"],
    ),
    "a predictor that varies": (
        {"predictors": [{"name": "mood", "of": "actor", "varying": True}],
         "outcomes": ["anxiety"]},
        {"waves": EQUAL, "scales": {"anxiety": {}, "mood": {}}},
        ["'actor mood' varies over waves"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_designs_that_identify_nothing_are_refused(name: str) -> None:
    analysis, study, said = REFUSED[name]
    panel = asked(analysis, **study)
    with pytest.raises(InputError) as caught:
        FAMILY.default_priors(panel)
    text = str(caught.value)
    assert [one for one in said if one not in text] == []
    assert len(caught.value.faults) >= len(said)
