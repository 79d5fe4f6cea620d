"""Calibration: uniform ranks pass, ranks of a wrong posterior do not."""

from typing import Any

import numpy as np
import pytest
from growth_examples import growth_panel, growth_study

from securebase.calibration.band import distribution_difference, holm, uniform_band
from securebase.calibration.ranks import LOG_LIKELIHOOD, calibrate
from securebase.config import Refits, Sampling
from securebase.families import load_family
from securebase.family import build

HIGHEST = 99
FAMILY = load_family("dyadic_growth")


def ranks(
    rng: np.random.Generator, replicates: int, spread: float = 1.0, shift: float = 0.0
) -> np.ndarray:
    """Rank true values among draws that are exact, or too narrow, or shifted."""
    truth = rng.normal(size=(replicates, 1))
    centre = truth + rng.normal(size=(replicates, 1))
    # prior N(0, 1), one score with sd 1: posterior N(score / 2, 1 / 2)
    sd = np.sqrt(0.5)
    draws = centre / 2 + shift * sd + spread * sd * rng.normal(size=(replicates, HIGHEST))
    return (draws < truth).sum(axis=1)


def test_exact_posteriors_stay_inside_as_often_as_said() -> None:
    rng, band = np.random.default_rng(1), uniform_band(200, HIGHEST, 4000)
    p = np.array([band.p_value(ranks(rng, 200)) for _ in range(400)])
    # 400 trials: the share below .05 has a standard error of .011
    assert abs((p < 0.05).mean() - 0.05) < 0.035
    assert abs((p < 0.5).mean() - 0.5) < 0.08


def test_band_holds_the_whole_function_as_often_as_said() -> None:
    rng, band = np.random.default_rng(2), uniform_band(200, HIGHEST, 4000)
    _, low, high = band.limits(0.95)
    inside = []
    for _ in range(400):
        difference = distribution_difference(ranks(rng, 200), HIGHEST)
        inside.append(bool(((low <= difference) & (difference <= high)).all()))
    assert abs(np.mean(inside) - 0.95) < 0.035


@pytest.mark.parametrize(("spread", "shift"), [(0.7, 0.0), (1.4, 0.0), (1.0, 0.35)])
def test_wrong_posteriors_are_noticed(spread: float, shift: float) -> None:
    rng, band = np.random.default_rng(3), uniform_band(500, HIGHEST, 2000)
    assert band.p_value(ranks(rng, 500, spread, shift)) < 0.005


def test_holm_holds_over_a_family() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(holm(np.array([0.6, 0.9])), [1.0, 1.0])


@pytest.mark.parametrize("settings", [{}, {"exchangeable": True}])
def test_every_quantity_is_ranked_once(settings: dict[str, Any], rng: np.random.Generator) -> None:
    study = growth_study(scales={"anxiety": {}}, **settings)
    panel, priors = growth_panel(study, rng, units=10, missing=0.1)
    built = build(FAMILY, panel, priors)
    refits = Refits(draws=100, tune=150, ess=1)
    found = calibrate(FAMILY, panel, built, 3, refits, Sampling(), 2, highest=49)
    names = list(found.ranks)
    assert LOG_LIKELIHOOD in names
    assert sum(name.startswith("unit_corr[") for name in names) == 6  # 4 effects
    assert not [name for name in names if "_vine" in name]
    assert len(set(names)) == len(names)
    assert found.ranks.shape[0] == 3
    assert found.ranks.min().min() >= 0
    assert found.ranks.max().max() <= 49
    assert (found.fits["failure"] == "").all()
    again = calibrate(FAMILY, panel, built, 3, refits, Sampling(), 1, highest=49)
    assert again.ranks.equals(found.ranks)
