"""Slopes of a page over their moderators: where zero is left out."""

import numpy as np
import pytest
from growth_examples import growth_panel, growth_study

from securebase.families import load_family
from securebase.family import build
from securebase.report.slope_figures import slope_panel
from securebase.sampling import prior_draws
from securebase.simple_slopes import clear_of_zero, slope_table, slopes_along, slopes_of

FAMILY = load_family("dyadic_growth")


def test_regions_are_where_the_interval_leaves_zero_out(rng: np.random.Generator) -> None:
    """Against normal draws, whose limits at a place of the moderator are known."""
    main = 0.3 + 0.1 * rng.standard_normal(20_000)
    product = 0.4 + 0.1 * rng.standard_normal(20_000)
    places, limits = slopes_along(main, product)
    spread = 0.1 * np.sqrt(1 + places**2)
    assert limits[1] == pytest.approx(0.3 + 0.4 * places, abs=0.01)
    assert limits[0] == pytest.approx(0.3 + 0.4 * places - 1.96 * spread, abs=0.015)
    clear = clear_of_zero(limits)
    lower = places[clear == -1].max()
    upper = places[clear == 1].min()
    # the roots of (0.3 + 0.4 x)² = 1.96² 0.01 (1 + x²)
    roots = np.sort(np.roots([0.16 - 0.038416, 0.24, 0.09 - 0.038416]).real)
    assert lower == pytest.approx(roots[0], abs=0.1)
    assert upper == pytest.approx(roots[1], abs=0.1)
    figure = slope_panel(places, limits, "support on anxiety", "avoidance, sd", "k")
    assert figure.axes[0].get_xlabel() == "avoidance, sd"


def test_simple_slopes_are_those_of_the_products(rng: np.random.Generator) -> None:
    predictors = [
        {"name": "support", "of": "actor", "scale": "sd"},
        {"name": "age", "of": "actor", "scale": "sd"},
    ]
    study = growth_study(
        {
            "predictors": predictors,
            "interactions": [{"name": "both", "of": ["actor support", "actor age"]}],
        },
        covariates={"support": {}, "age": {}},
    )
    panel, priors = growth_panel(study, rng, units=30)
    posterior = prior_draws(build(FAMILY, panel, priors).model, 200, 3)
    found = slope_table(study.analyses["growth"], posterior)
    slopes = list(slopes_of(study.analyses["growth"], posterior))
    assert len(found) == 3 * len(slopes) > 0
    for number, slope in enumerate(slopes):
        rows = found.iloc[3 * number : 3 * number + 3]
        assert rows["at"].tolist() == [-1.0, 0.0, 1.0]
        above = np.quantile(slope.main + slope.product, [0.025, 0.5, 0.975])
        assert rows.iloc[2][["q2_5", "median", "q97_5"]].tolist() == pytest.approx(above.tolist())
