"""Curves: slopes at both ends, bends, vertices and turns, by hand and on random draws."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from growth_examples import growth_panel, growth_study

from securebase.checks import checks_table
from securebase.claims import claim_faults
from securebase.codebook.claim import Claim
from securebase.codebook.questions import question_problems
from securebase.config import Thresholds
from securebase.families import claim_units, load_family
from securebase.growth.curves import with_curves
from securebase.growth.design import GrowthDesign, composition_designs
from securebase.names import UNIT
from securebase.panel import Panel
from securebase.structure.cells import laid_out_draws
from securebase.summaries import summary_table

FAMILY = load_family("dyadic_growth")
SUPPORT: dict[str, Any] = {"name": "support", "of": "partner"}
TRAIT: dict[str, Any] = {"name": "trait", "of": "actor"}
DOSE: dict[str, Any] = {"name": "dose", "of": "partner support"}
COVARIATES: dict[str, dict[str, Any]] = {"support": {}, "trait": {}}
# what partners gave, in tens, and what the receiver is like
GIVEN = {"patient": [-2.0, 0.0, 1.0, 3.0], "partner": [-1.0, -0.5, 0.0, 4.0]}
LIKE = {"patient": [1.0, 2.0, 3.0, 6.0], "partner": [-1.0, 0.0, 0.0, 1.0]}


def curved_panel(
    rng: np.random.Generator, analysis: dict[str, Any] | None = None, **study: Any
) -> Panel:
    """Arrange four couples with the values above; `analysis` adds to a curve without moderator."""
    asked = {"predictors": [SUPPORT, TRAIT], "curves": [DOSE], **(analysis or {})}
    made = growth_study(asked, covariates=COVARIATES, **study)
    panel, _ = growth_panel(made, rng, units=4, missing=0.0)
    values = panel.data["predictor_value"].copy(deep=True)
    for measure, given in (("support", GIVEN), ("trait", LIKE)):
        for owner, one in given.items():
            values.loc[{"measure": measure, "owner": owner}] = one
    return replace(panel, data=panel.data.assign(predictor_value=values))


def random_values(
    panel: Panel, rng: np.random.Generator, draws: tuple[int, ...] = ()
) -> xr.Dataset:
    """Draw every mean coefficient of a panel: a posterior (chain, draw), or a truth."""
    found: dict[str, dict[tuple[str, ...], np.ndarray]] = {}
    for design in composition_designs(panel):
        for one in design.coefficients:
            if one.at not in found.setdefault(one.variable, {}):
                found[one.variable][one.at] = rng.normal(size=draws)
    values = xr.Dataset()
    for name, cells in found.items():
        source, predicts, _ = name.partition("_on_")
        dims = [f"{source}_predictor"] if predicts else []
        dims += ["phase"] if len(next(iter(cells))) > len(dims) + 2 else []
        dims += ["role", "outcome"]
        labels = [list(dict.fromkeys(at[place] for at in cells)) for place in range(len(dims))]
        # every variable has all outcomes, NaN where the design has none
        labels[-1] = list(panel.analysis.outcomes)
        array = np.full((*draws, *map(len, labels)), np.nan)
        for at, one in cells.items():
            place = tuple(own.index(label) for own, label in zip(labels, at, strict=True))
            array[(..., *place)] = one
        samples = ("chain", "draw")[: len(draws)]
        values[name] = ((*samples, *dims), array)
        values = values.assign_coords(dict(zip(dims, labels, strict=True)))
    return values


def stated(panel: Panel, numbers: dict[tuple[str, str], float]) -> xr.Dataset:
    """Give patient's anxiety these coefficients of change, by source and term; others 0."""
    values = random_values(panel, np.random.default_rng(0)) * 0.0
    for (source, term), number in numbers.items():
        at = {f"{source}_predictor": term, "role": "patient", "outcome": "anxiety"}
        values[f"{source}_on_change"].loc[at] = number
    return values


def patients(values: xr.Dataset, name: str, **at: str) -> float:
    return float(values[name].sel({"role": "patient", "outcome": "anxiety", **at}))


# --- arithmetic ----------------------------------------------------------------------------


def test_curve_by_hand(rng: np.random.Generator) -> None:
    panel = curved_panel(rng)
    given = {("partner", "support"): -0.5, ("interaction", "dose_square"): 0.25}
    found = with_curves(stated(panel, given), composition_designs(panel))
    # what a patient gets is what the partner gave: from -1 to 4; slope -0.5 + 2 · 0.25 x
    assert list(found["curve"].values) == ["dose"]
    assert patients(found, "curve_slope_on_change", curve="dose", end="low") == -1.0
    assert patients(found, "curve_slope_on_change", curve="dose", end="high") == 1.5
    assert patients(found, "curve_bend_on_change", curve="dose") == 0.5
    assert patients(found, "vertex_on_change", curve="dose") == 1.0
    assert patients(found, "turn_on_change", curve="dose", turn="up") == 1.0
    assert patients(found, "turn_on_change", curve="dose", turn="down") == -1.5


def test_curve_that_turns_beyond_the_range_turns_neither_way(rng: np.random.Generator) -> None:
    panel = curved_panel(rng)
    given = {("partner", "support"): -5.0, ("interaction", "dose_square"): 0.25}
    found = with_curves(stated(panel, given), composition_designs(panel))
    # vertex at 10; slopes -5.5 and -3
    assert patients(found, "vertex_on_change", curve="dose") == 10.0
    assert patients(found, "turn_on_change", curve="dose", turn="up") == -3.0
    assert patients(found, "turn_on_change", curve="dose", turn="down") == -5.5


def test_curve_at_three_places_of_its_moderator_by_hand(rng: np.random.Generator) -> None:
    panel = curved_panel(rng, {"curves": [{**DOSE, "by": "actor trait"}]})
    given = {
        ("partner", "support"): 1.0,
        ("interaction", "dose_square"): -0.5,
        ("interaction", "dose_line_by"): 0.3,
        ("interaction", "dose_square_by"): 0.1,
    }
    found = with_curves(stated(panel, given), composition_designs(panel))
    # patients' traits 1, 2, 3, 6: mean 3, sum of squares 4 + 1 + 0 + 9 = 14, over 3
    sd = np.sqrt(14 / 3)
    assert list(found["curve"].values) == ["dose low", "dose mean", "dose high"]
    for label, trait in (("dose low", 3 - sd), ("dose mean", 3), ("dose high", 3 + sd)):
        line, square = 1.0 + 0.3 * trait, -0.5 + 0.1 * trait
        low, high = line + 2 * square * -1.0, line + 2 * square * 4.0
        for name, expected in (
            ("curve_bend_on_change", 2 * square),
            ("vertex_on_change", -line / (2 * square)),
        ):
            assert patients(found, name, curve=label) == pytest.approx(expected)
        for end, expected in (("low", low), ("high", high)):
            slope = patients(found, "curve_slope_on_change", curve=label, end=end)
            assert slope == pytest.approx(expected)
        for turn, expected in (("up", min(-low, high)), ("down", min(low, -high))):
            assert patients(found, "turn_on_change", curve=label, turn=turn) == pytest.approx(
                expected
            )


def test_square_has_a_column_of_its_own(rng: np.random.Generator) -> None:
    panel = curved_panel(rng, {"curves": [{**DOSE, "by": "actor trait"}]})
    (design,) = composition_designs(panel)
    values = dict(zip(design.columns, design.predictors(panel).T, strict=True))
    given, like = ("support", "partner"), ("trait", "patient")
    x, m = np.array(GIVEN["partner"]), np.array(LIKE["patient"])
    np.testing.assert_allclose(values[(given,)], x)
    np.testing.assert_allclose(values[(given, given)], x**2)
    np.testing.assert_allclose(values[(given, like)], x * m)
    np.testing.assert_allclose(values[(given, given, like)], x**2 * m)


def expected_changes(design: GrowthDesign, panel: Panel, values: xr.Dataset) -> np.ndarray:
    """Mean change of the patient's anxiety (unit,), through the design."""
    shape = (len(design.effects), len(design.columns))
    regression = laid_out_draws(design.coefficients, values, shape)
    effect = design.effects.index(("change", "patient", "anxiety"))
    return np.asarray(design.predictors(panel) @ regression[effect])


def test_slopes_are_derivatives_of_the_expected_change(rng: np.random.Generator) -> None:
    panel = curved_panel(rng, {"curves": [{**DOSE, "by": "actor trait"}]})
    (design,) = composition_designs(panel)
    values = random_values(panel, rng)
    found = with_curves(values, [design])
    sd = np.std(LIKE["patient"], ddof=1)
    for end, x in (("low", -1.0), ("high", 4.0)):
        for label, trait in (("low", 3 - sd), ("mean", 3.0), ("high", 3 + sd)):
            changes = []
            for given in (x - 0.5, x + 0.5):
                moved = panel.data["predictor_value"].copy(deep=True)
                moved.loc[{"measure": "support", "owner": "partner"}] = given
                moved.loc[{"measure": "trait", "owner": "patient"}] = trait
                other = replace(panel, data=panel.data.assign(predictor_value=moved))
                changes.append(expected_changes(design, other, values)[0])
            # of a parabola a symmetric difference is the derivative
            slope = patients(found, "curve_slope_on_change", curve=f"dose {label}", end=end)
            assert slope == pytest.approx(changes[1] - changes[0])


def test_curve_of_one_outcome_on_phases_and_level(rng: np.random.Generator) -> None:
    both = ["level", "change"]
    panel = curved_panel(
        rng,
        {
            "time": {"shape": "piecewise", "knots": ["w2"], "phases": ["early", "late"]},
            "curves": [{**DOSE, "on": both, "outcomes": ["avoidance"]}],
        },
    )
    values = random_values(panel, rng, (2, 3))
    found = with_curves(values, composition_designs(panel))
    slope = found["curve_slope_on_change"]
    assert slope.dims == ("chain", "draw", "curve", "end", "phase", "role", "outcome")
    assert found["turn_on_level"].dims == ("chain", "draw", "curve", "turn", "role", "outcome")
    assert bool(slope.sel(outcome="anxiety").isnull().all())
    late = {"phase": "late", "role": "partner", "outcome": "avoidance"}
    line = values["partner_on_change"].sel(partner_predictor="support", **late)
    square = values["interaction_on_change"].sel(interaction_predictor="dose_square", **late)
    # a partner gets what the patient gave: up to 3
    expected = (line + 6.0 * square).values
    np.testing.assert_allclose(slope.sel(curve="dose", end="high", **late), expected)


def test_posterior_and_truth_are_described_alike(rng: np.random.Generator) -> None:
    panel = curved_panel(rng, {"curves": [{**DOSE, "by": "actor trait"}]})
    posterior = random_values(panel, rng, (2, 5))
    found = FAMILY.implied(posterior, panel)
    one = FAMILY.implied(posterior.isel(chain=1, draw=3), panel)
    assert {"curve_slope_on_change", "curve_bend_on_change", "vertex_on_change"} < set(one)
    xr.testing.assert_allclose(one, found.isel(chain=1, draw=3))


def test_several_curves_stand_side_by_side(rng: np.random.Generator) -> None:
    trait = {"name": "kind", "of": "actor trait", "outcomes": ["anxiety"]}
    panel = curved_panel(rng, {"curves": [DOSE, trait]})
    values = random_values(panel, rng)
    found = with_curves(values, composition_designs(panel))
    assert list(found["curve"].values) == ["dose", "kind"]
    at = {"role": "patient", "outcome": "anxiety"}
    square = values["interaction_on_change"].sel(interaction_predictor="kind_square", **at)
    line = values["actor_on_change"].sel(actor_predictor="trait", **at)
    # patients' own traits end at 6
    slope = patients(found, "curve_slope_on_change", curve="kind", end="high")
    assert slope == pytest.approx(float(line + 12 * square))


def test_swapping_labels_of_exchangeable_members_changes_no_curve(
    rng: np.random.Generator,
) -> None:
    panel = curved_panel(rng, {"curves": [{**DOSE, "by": "actor trait"}]}, exchangeable=True)
    values = random_values(panel, rng)
    found = with_curves(values, composition_designs(panel))
    swapped = panel.data.copy(deep=True)
    given = swapped["predictor_value"].values
    given[[0, 3]] = given[[0, 3]][:, ::-1]
    other = with_curves(values, composition_designs(replace(panel, data=swapped)))
    xr.testing.assert_allclose(other, found)
    # both members' gifts are observed: from -2 to 4
    line = values["partner_on_change"].sel(partner_predictor="support")
    square, line_by, square_by = (
        values["interaction_on_change"].sel(interaction_predictor=f"dose_{one}")
        for one in ("square", "line_by", "square_by")
    )
    mean = np.mean([*LIKE["patient"], *LIKE["partner"]])
    expected = line + mean * line_by - 4.0 * (square + mean * square_by)
    slope = found["curve_slope_on_change"].sel(curve="dose mean", end="low")
    np.testing.assert_allclose(slope, expected)


def test_turn_is_positive_exactly_where_the_vertex_is_inside(rng: np.random.Generator) -> None:
    panel = curved_panel(rng)
    values = random_values(panel, rng, (4, 500))
    found = with_curves(values, composition_designs(panel)).sel(
        curve="dose", role="patient", outcome="anxiety"
    )
    inside = (found["vertex_on_change"] > -1.0) & (found["vertex_on_change"] < 4.0)
    square = values["interaction_on_change"].sel(
        interaction_predictor="dose_square", role="patient", outcome="anxiety"
    )
    shares = []
    for turn, right in (("up", square > 0), ("down", square < 0)):
        claimed = found["turn_on_change"].sel(turn=turn) > 0
        np.testing.assert_array_equal(claimed, inside & right)
        shares.append(float(claimed.mean()))
    assert min(shares) > 0.2
    assert sum(shares) < 0.9


def test_truth_without_a_square_has_no_vertex(rng: np.random.Generator) -> None:
    panel = curved_panel(rng)
    found = with_curves(stated(panel, {("partner", "support"): 0.5}), composition_designs(panel))
    assert np.isinf(patients(found, "vertex_on_change", curve="dose"))
    assert patients(found, "turn_on_change", curve="dose", turn="up") == -0.5


def test_left_out_units_give_no_range(rng: np.random.Generator) -> None:
    panel = curved_panel(rng)
    fewer = replace(panel, data=panel.data.isel({UNIT: slice(0, 3)}))
    given = {("partner", "support"): -0.5, ("interaction", "dose_square"): 0.25}
    found = with_curves(stated(panel, given), composition_designs(fewer))
    # without the fourth unit partners give at most 0
    assert patients(found, "curve_slope_on_change", curve="dose", end="high") == -0.5


# --- tables, checks, claims ----------------------------------------------------------------


def test_ratio_is_summarised_by_quantiles_only_and_breaks_no_check(
    rng: np.random.Generator,
) -> None:
    panel = curved_panel(rng, {"outcomes": ["anxiety"]}, scales={"anxiety": {}})
    # line and square around 0: their ratio is Cauchy
    posterior = FAMILY.implied(random_values(panel, rng, (4, 1000)), panel)
    table = summary_table(posterior, FAMILY, "year").set_index("name")
    vertex = table.loc["vertex_on_change"]
    moments = ["mean", "sd", "mcse_mean", "mcse_sd"]
    assert vertex[moments].isna().all(axis=None)
    assert table.drop(index="vertex_on_change").notna().all(axis=None)
    quantiles = vertex[["q2_5", "median", "q97_5"]].to_numpy(float)
    assert np.isfinite(quantiles).all()
    # -line / (2 square) of standard normals: quartiles of a Cauchy at ± 1/2, 2.5 % at -6.35
    np.testing.assert_allclose(quantiles[:, 1], 0.0, atol=0.06)
    np.testing.assert_allclose(quantiles[:, 0], -0.5 / np.tan(np.pi * 0.025), rtol=0.25)
    stats = xr.Dataset(
        {
            "diverging": (("chain", "draw"), np.zeros((4, 1000), bool)),
            "maxdepth_reached": (("chain", "draw"), np.zeros((4, 1000), bool)),
            "energy": (("chain", "draw"), rng.normal(size=(4, 1000))),
        }
    )
    claim = turn_claim({"curve": "dose", "role": "patient", "outcome": "anxiety", "turn": "up"})
    checks = checks_table(table.reset_index(), posterior, stats, [claim], Thresholds())
    judged = checks.set_index("check")["passed"]
    # independent draws: chains agree, and every number has as many effective draws as drawn
    assert set(judged[["r_hat", "ess_bulk", "ess_tail", "focal_r_hat"]]) == {"pass"}


def turn_claim(at: dict[str, str]) -> Claim:
    return Claim.model_validate(
        {
            "id": "A9",
            "sentence": "Too much support turns the change of anxiety.",
            "analysis": "growth",
            "estimand": [{"variable": "turn_on_change", "at": at}],
            "direction": "positive",
            "rope": {"low": -0.01, "high": 0.01, "reason": "A slope no one would see."},
        }
    )


def test_claims_name_curves_and_learn_which_there_are(rng: np.random.Generator) -> None:
    panel = curved_panel(rng, {"curves": [{**DOSE, "by": "actor trait"}]})
    posterior = FAMILY.implied(random_values(panel, rng, (2, 5)), panel)
    at = {"curve": "dose", "role": "patient", "outcome": "anxiety", "turn": "up"}
    (fault,) = claim_faults([turn_claim(at)], posterior, FAMILY, "study.yaml")
    assert "no curve 'dose'" in fault.given
    assert "dose low, dose mean, dose high" in fault.expected
    right = turn_claim({**at, "curve": "dose high"})
    assert claim_faults([right], posterior, FAMILY, "study.yaml") == []
    study = growth_study(covariates=COVARIATES, claims=(right.model_dump(),))
    assert claim_units(study) == {"A9": "points per year per unit of the predictor"}


# --- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analysis", "key", "given"),
    [
        ({"curves": [{**DOSE, "on": ["level"]}], "predictors": [{**SUPPORT, "on": ["change"]}]},
         "of", "does not predict level"),
        ({"predictors": [{**SUPPORT, "outcomes": ["anxiety"]}], "curves": [DOSE]},
         "of", "does not predict avoidance"),
        ({"predictors": [SUPPORT, {**TRAIT, "on": ["level"]}],
          "curves": [{**DOSE, "by": "actor trait"}]}, "by", "does not predict change"),
        ({"predictors": [SUPPORT, {"name": "arm", "of": "unit"}],
          "curves": [{**DOSE, "by": "unit arm"}]}, "by", "is categorical"),
        ({"predictors": [{"name": "arm", "of": "unit"}],
          "curves": [{"name": "dose", "of": "unit arm"}]}, "of", "is categorical"),
        ({"predictors": [SUPPORT], "curves": [{**DOSE, "by": "partner support"}]},
         "by", "bends its own curve"),
    ],
)  # fmt: skip
def test_curve_needs_predictors_of_all_that_it_predicts(
    analysis: dict[str, Any], key: str, given: str
) -> None:
    arm = {"type": "categorical", "of": "unit", "levels": {"1": "control", "2": "therapy"}}
    study = growth_study(analysis, covariates={**COVARIATES, "arm": arm})
    ((path, found, _, _),) = question_problems(study)
    assert path == ("analyses", "growth", "curves", 0, key)
    assert given in found


def test_curve_that_fits_is_not_refused() -> None:
    analysis = {
        "predictors": [SUPPORT, {**TRAIT, "outcomes": ["anxiety"]}],
        "curves": [{**DOSE, "by": "actor trait", "outcomes": ["anxiety"]}],
    }
    assert list(question_problems(growth_study(analysis, covariates=COVARIATES))) == []
