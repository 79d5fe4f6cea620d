"""Diaries: what soothes whom, and at what cost, from moment to moment.

For unit i, occasion t, member r and outcome k::

    y[i,t,r,k] = level[r,k] + change[r,k] · time[t] + Σ_x between[x,r,k] · mean_x[i]
                 + Σ_x (within[x,r,k] + slope[i,x,r,k]) · deviation_x[i,t]
                 + Σ_p product[p,r,k] · (deviations and values multiplied)
                 + Σ_m (path[m,r,k] + slope[i,m,r,k]) · (m[i,t] - mean_m[i])
                 + intercept[i,r,k] + residual[i,t,r,k]
    (intercepts, slopes) ~ Normal(0, unit)     correlated over members, outcomes, predictors
    residuals of one occasion ~ Normal(0, residual)     correlated over members and outcomes

A deviation is from the own mean of the person who has it. Outcomes m that paths start from
are observed when the density of their targets is written down, so their residuals are
independent of those of the targets, and the joint density is the product.

References: Bolger & Laurenceau (2013), Intensive Longitudinal Methods; Bauer, Preacher & Gil
(2006), doi:10.1037/1082-989X.11.2.142; Kenny, Korchmaros & Bolger (2003),
doi:10.1037/1082-989X.8.2.115.
"""

from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from securebase.family import (
    PREDICTOR_SOURCES,
    Family,
    Parameter,
    predictor_parameters,
    spread_parameters,
)
from securebase.growth.priors import POINTS
from securebase.likelihood import product
from securebase.panel import Panel
from securebase.part import Part
from securebase.priors import Prior, Priors
from securebase.slopes.coefficients import Numbers, expected_paths, registered, spreads_of
from securebase.slopes.diary import (
    diary_designs,
    residual_covariances,
    unit_covariance,
)
from securebase.slopes.indirect import with_indirect
from securebase.slopes.occasions import OccasionDesign, has_trend
from securebase.slopes.part import occasion_part
from securebase.slopes.priors import only, slope_blocks, unit_sds
from securebase.slopes.simulation import simulated_diary
from securebase.structure.blocks import blocks_factor
from securebase.structure.cells import laid_out

PER_UNIT: Final = "points per unit of the predictor"
PARAMETERS: Final = (
    Parameter("level", ("role", "outcome"), POINTS, "Mean of a person with average predictors."),
    Parameter("change", ("role", "outcome"), "points per {time}", "Mean change over time."),
    *predictor_parameters(
        "level", POINTS, ("role", "outcome"),
        "Effect of {whose} on the level; if it varies, of the person's mean.",
    ),
    *(
        Parameter(
            f"{source}_on_moment",
            (f"{source}_moment", "role", "outcome"),
            PER_UNIT,
            f"Effect of {PREDICTOR_SOURCES[source]}, as the deviation at an occasion, there.",
        )
        for source in ("actor", "partner", "interaction")
    ),
    Parameter(
        "path_on_moment",
        ("moment_path", "role"),
        "points per point",
        "Effect of another outcome's deviation at the same occasion.",
    ),
    Parameter(
        "indirect_on_moment",
        ("indirect", "role"),
        PER_UNIT,
        "Average over persons of the product of the slopes to and from a mediator.",
        stated=False,
    ),
    *spread_parameters("unit", "effect", POINTS, "Between units.", PER_UNIT),
    *spread_parameters("residual", "series", POINTS, "Around expectation, at one occasion."),
    *spread_parameters(
        "residual_explained", "series_explained", POINTS,
        "Around expectation, at one occasion, given where paths start.",
    ),
)  # fmt: skip


def default_priors(panel: Panel) -> dict[str, Prior]:
    """Weak priors, scaled by each outcome's range."""
    analysis = panel.analysis
    used = {"level", "on_moment", "level_sd", "slope_sd", "residual_sd"}
    used |= {"unit_corr", "residual_corr"}
    if analysis.predictors:
        used.add("on_level")
    if has_trend(panel):
        used.add("change")
    return only(slope_blocks(panel), used)


def parts(panel: Panel, priors: Priors) -> list[Part]:
    """Write the priors into the current model and return the implied moments.

    Returns
    -------
    list of Part
        One per composition.

    Raises
    ------
    InputError
        Where the design cannot identify the model (see `diary_designs`).
    """
    designs = diary_designs(panel)
    numbers = registered(spreads_of(designs), panel, priors)
    return [_part(design, priors, numbers) for design in designs]


def _part(design: OccasionDesign, priors: Priors, numbers: Numbers) -> Part:
    unit, residuals = unit_covariance(design), residual_covariances(design)
    size, width = len(design.effects), len(design.columns)
    sds = [
        priors["residual_sd"].sds([outcome for _, _, outcome in one.covariance.quantities])
        for one in residuals
    ]
    noise = blocks_factor(residuals, sds, priors["residual_corr"], len(design.growth.series))
    return occasion_part(
        design,
        regression=laid_out(design.placements, numbers, (size, width)),
        factor=blocks_factor([unit], [unit_sds(design, priors)], priors["unit_corr"], size),
        residual=product(noise, noise, right_transposed=True),
    )


def derived(posterior: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add standard deviations, correlations and indirect effects to sampled variables."""
    for design in diary_designs(panel):
        for block in (unit_covariance(design), *residual_covariances(design)):
            posterior = block.covariance.described(posterior)
    return implied(posterior, panel)


def implied(values: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add `indirect_on_moment`, which follows from paths, slopes and their covariance."""
    return with_indirect(values, diary_designs(panel)) if panel.analysis.paths else values


def trajectories(posterior: xr.Dataset, panel: Panel) -> xr.DataArray:
    """Expected score at each occasion; see `expected_paths`."""
    return expected_paths(diary_designs(panel), posterior)


def simulate(rng: np.random.Generator, truth: xr.Dataset, panel: Panel) -> Panel:
    """Draw new scores for the units of a panel, in the order of the paths.

    Parameters
    ----------
    rng : numpy.random.Generator
    truth : xr.Dataset
        Stated parameters, as in a posterior, without chain and draw.
    panel : Panel
        Gives units, predictors and what is missing.

    Returns
    -------
    Panel
        The same panel with other scores; a score that depends on an observation that the
        panel lacks is drawn as if that were the person's mean, and is used no more than the old.
    """
    score = panel.data["score"].copy(deep=True)
    for design in diary_designs(panel):
        simulated_diary(rng, truth, design, score)
    return panel.with_scores(score)


def unused(panel: Panel) -> pd.DataFrame:
    """Count answers that the model cannot use, see `OccasionDesign.lost`."""
    return pd.concat([design.lost() for design in diary_designs(panel)])


FAMILY = Family(
    name="momentary_buffering",
    equation="y = level + between · means + (within + slope) · deviations + residual; levels and "
    "slopes differ between units, correlated over members, outcomes and predictors",
    parameters=PARAMETERS,
    default_priors=default_priors,
    parts=parts,
    derived=derived,
    trajectories=trajectories,
    simulate=simulate,
    implied=implied,
    unused=unused,
    keys=frozenset({"time", "predictors", "interactions", "paths"}),
)
