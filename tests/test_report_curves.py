"""Curves of a page: the effect along the observed range, and where it turns."""

import numpy as np
import pytest

from securebase.report.curve_figures import POINTS, curve_panel, effect_along
from securebase.report.sections.curves import Curve


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
    curve = Curve("support", "avoidance", "points", low, high, np.ones(4))
    assert curve.probability == 0.75
    assert curve.turns == pytest.approx([0.5, 0.25, 0.25])
    panel = curve_panel(effect_along(low, high, np.ones(4)), curve.turns, "support", "points", "k")
    assert len(panel.axes) == 2
