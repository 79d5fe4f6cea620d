"""Curves of a page: the effect along the observed range, and where it turns."""

import numpy as np
import pytest
import xarray as xr

from securebase.report.curve_figures import POINTS, curve_panel, effect_along
from securebase.turning_points import Curve, curve_table


def test_an_effect_is_the_square_it_was_made_of() -> None:
    """Against a x + b x² from -1 to 3, at its ends, in the middle and where it turns."""
    a, b = np.array([2.0, -1.0]), np.array([-1.0, 0.25])
    low, high = a + 2 * b * -1, a + 2 * b * 3
    effects = effect_along(low, high, (high - low) / (2 * b))
    x = np.linspace(-1, 3, POINTS)
    expected = (a[:, None] * x + b[:, None] * x**2) - (-a + b)[:, None]
    assert effects == pytest.approx(expected)


def test_draws_that_turn_inside_are_counted(rng: np.random.Generator) -> None:
    low, high = np.array([1.0, 1.0, -1.0, 2.0]), np.array([-1.0, 1.0, 3.0, -6.0])
    curve = Curve("curve_slope_on_level", {"outcome": "avoidance"}, low, high, np.ones(4))
    assert curve.probability == 0.75
    assert curve.turns == pytest.approx([0.5, 0.25, 0.25])
    assert curve.outcome == "avoidance"
    panel = curve_panel(effect_along(low, high, np.ones(4)), curve.turns, "support", "points", "k")
    assert len(panel.axes) == 2


def test_curves_are_tabulated_from_their_slopes() -> None:
    """Three of four draws turn inside, at 1/2, 1/4 and 1/4 of the range; of the other none does."""
    slopes = np.array([[[1.0, -1.0], [1.0, 1.0], [-1.0, 3.0], [2.0, -6.0]], [[1.0, 2.0]] * 4])
    bends = slopes[..., 1] - slopes[..., 0] + 0.5
    dims = ("outcome", "chain", "draw")
    posterior = xr.Dataset(
        {
            "curve_slope_on_level": ((*dims, "end"), slopes[:, None]),
            "curve_bend_on_level": (dims, bends[:, None]),
        },
        coords={"outcome": ["avoidance", "anxiety"], "end": ["low", "high"]},
    )
    first, second = curve_table(posterior).to_dict("records")
    assert first["coordinates"] == "outcome=avoidance"
    assert (first["p_turns"], second["p_turns"]) == (0.75, 0.0)
    assert first["turn_median"] == 0.25
    assert first["turn_q97_5"] == pytest.approx(np.quantile([0.5, 0.25, 0.25], 0.975))
    assert np.isnan(second["turn_median"])
    assert curve_table(posterior[[]]).empty
