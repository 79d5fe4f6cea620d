"""Persons in groups over missions: a climate the group shares, and whom it helps.

For person i of group j, mission t and scale s of latent k (itself, or what several
informants report on)::

    y[i,t,s] = level[s] + change[s] · time[t] + Σ_x effect[x,s] · x[i] + Σ_x slope[j,x,s] · x[i]
               + group[j,k] + group_bias[j,s] + person[i,k] + bias[i,s] + residual[i,t,s]
    group[j,k]    = Σ_m cluster_path[m,k] · group[j,m] + u[j,k]
    slope[j,x,s]  = Σ_m moderation[m,x,s] · group[j,m] + v[j,x,s]
    person[i,k]   = Σ_m path[m,k] · person[i,m] + w[i,k]
    u, v ~ Normal(0, cluster), w ~ Normal(0, unit), residuals of a mission ~ Normal(0, residual)
    biases, only where a latent has several informants, independent of all else

group[j,m] is the latent group mean: what the ratings of all members have in common, not
their observed average. person[i,m] is how a member sees the group against it. Paths and
moderation are among what predictors leave over, so effect[x,s] is all that x does. Scales
measured once have a residual of a hundredth of their range: what is the person's cannot be
told from it.

References: Lüdtke et al. (2008), doi:10.1037/a0012869 (latent group means); Snijders & Bosker
(2012), Multilevel Analysis (cross-level interaction); Preacher, Zyphur & Zhang (2010),
doi:10.1037/a0020141.
"""

from typing import Final

import numpy as np
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.family import Family, Parameter, predictor_parameters, spread_parameters
from securebase.growth.priors import POINTS
from securebase.likelihood import product
from securebase.panel import Panel
from securebase.part import Part
from securebase.priors import Prior, Priors
from securebase.slopes.climate import ClimateDesign
from securebase.slopes.climate_identification import climate_design
from securebase.slopes.climate_priors import (
    arrow_spreads,
    climate_blocks,
    cluster_sds,
    fixed_residual,
    moderation_spreads,
)
from securebase.slopes.climate_simulation import simulated_climate
from securebase.slopes.coefficients import Numbers, expected_paths, registered, spreads_of
from securebase.slopes.informants import informant_sds
from securebase.slopes.occasions import OccasionDesign
from securebase.slopes.part import occasion_part
from securebase.structure.blocks import blocks_factor
from securebase.structure.cells import Placement, laid_out
from securebase.structure.totals import total_effects

Array = NDArray[np.float64]
PER_UNIT: Final = "points per unit of the predictor"
PARAMETERS: Final = (
    Parameter("level", ("role", "outcome"), POINTS, "Mean of a person with average predictors."),
    Parameter("change", ("role", "outcome"), "points per {time}", "Mean change over missions."),
    *predictor_parameters(
        "level", POINTS, ("role", "outcome"),
        "Effect of {whose} on the level, in an average group.",
        ("actor", "unit", "leader", "group"),
    ),
    Parameter(
        "interaction_on_level",
        ("interaction_predictor", "role", "outcome"),
        "points per unit of each factor",
        "Effect of a product; with a latent group mean, change of a slope per its point.",
    ),
    *(
        Parameter(
            f"{prefix}path_on_level", (f"{prefix}path", "role"), "points per point of the source",
            f"Effect of {whose}.",
        )
        for prefix, whose in (
            ("", "how a person sees the group, against the group mean"),
            ("cluster_", "a latent group mean on another"),
        )
    ),
    *(
        parameter
        for name, dim, whose in (
            ("unit", "effect", "Between persons of a group"),
            ("cluster", "cluster_effect", "Between groups"),
        )
        for late, when in (("", ""), ("_explained", ", beyond what paths explain"))
        for parameter in spread_parameters(
            f"{name}{late}", f"{dim}{late}", POINTS, f"{whose}{when}.", PER_UNIT, members=False
        )
    ),
    Parameter("informant_sd", ("informant",), POINTS, "An informant's view of single persons."),
    Parameter("cluster_informant_sd", ("informant",), POINTS, "Its view of whole groups."),
    *spread_parameters(
        "residual", "series", POINTS, "Around a person's own level, at one mission.", members=False
    ),
)  # fmt: skip


def default_priors(panel: Panel) -> dict[str, Prior]:
    """Weak priors, scaled by each outcome's range."""
    return climate_blocks(panel)


def parts(panel: Panel, priors: Priors) -> list[Part]:
    """Write the priors into the current model and return the implied moments.

    Returns
    -------
    list of Part
        One: persons of one role.

    Raises
    ------
    InputError
        Where the design cannot identify the model (see `climate_design`).
    """
    design = climate_design(panel)
    found = spreads_of([design.occasions])
    if design.moderations:
        found.setdefault("interaction_on_level", {}).update(moderation_spreads(design))
    arrows = arrow_spreads(design)
    numbers = registered(found | arrows, panel, priors, dict.fromkeys(arrows, "path_on_level"))
    occasions, shape = design.occasions, (len(design.occasions.effects),)
    return [
        occasion_part(
            occasions,
            regression=laid_out(occasions.placements, numbers, (*shape, len(occasions.columns))),
            factor=_unit_factor(design, priors, numbers),
            residual=_residual(design, priors),
            cluster=design.growth.cluster(panel),
            shared=design.shared,
            cluster_factor=_cluster_factor(design, priors, numbers),
        )
    ]


def _unit_factor(design: ClimateDesign, priors: Priors, numbers: Numbers) -> TensorVariable:
    """Factor (effect, standard): latents first, then what each informant says too high."""
    size, extra = len(design.latents), len(design.informants)
    blocks = design.within.blocks
    sds = [priors["level_sd"].sds([out for *_, out in one.covariance.quantities]) for one in blocks]
    factor = blocks_factor(blocks, sds, priors["unit_corr"], size)
    if design.within.placements:
        arrows = laid_out(design.within.placements, numbers, (size, size))
        factor = product(total_effects(arrows), factor)
    factor = product(design.of_latents, factor)
    if not extra:
        return factor
    beside = np.eye(size, size + extra)
    places = [
        Placement("informant_sd", (scale,), design.scales.index(scale), size + number)
        for number, scale in enumerate(design.informants)
    ]
    own = {"informant_sd": informant_sds("informant_sd", design.informants, priors)}
    return product(factor, beside) + laid_out(places, own, (len(design.of_latents), size + extra))


def _cluster_factor(design: ClimateDesign, priors: Priors, numbers: Numbers) -> TensorVariable:
    """Factor (cluster_effect, cluster_effect): latents, slopes, views of informants."""
    size, extra = design.cluster_size, len(design.informants)
    blocks = design.between_blocks
    sds = [cluster_sds(design, block, priors) for block in blocks]
    factor = blocks_factor(blocks, sds, priors["cluster_corr"], size)
    arrows = [*design.between.placements, *design.moderated]
    if arrows:
        factor = product(total_effects(laid_out(arrows, numbers, (size, size))), factor)
    if not extra:
        return factor
    places = [
        Placement("cluster_informant_sd", (scale,), size - extra + number, size - extra + number)
        for number, scale in enumerate(design.informants)
    ]
    name = "cluster_informant_sd"
    own = {name: informant_sds(name, design.informants, priors)}
    return product(factor, np.eye(size - extra, size)) + laid_out(places, own, (size, size))


def _residual(design: ClimateDesign, priors: Priors) -> TensorVariable:
    """Covariance (series, series) of the residuals of a mission."""
    scales = [design.scales[row] for row in design.repeated]
    sds = priors["residual_sd"].sds(scales)
    factor = design.residual.factor(sds, priors["residual_corr"])
    place = np.eye(len(design.scales))[:, design.repeated]
    reach = product(place, factor)
    own = product(reach, reach, right_transposed=True)
    return own + pt.constant(fixed_residual(design))


def derived(posterior: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add standard deviations and correlations to sampled variables."""
    design = climate_design(panel)
    blocks = [*design.within.blocks, *design.between_blocks]
    for covariance in (*(block.covariance for block in blocks), design.residual):
        posterior = covariance.described(posterior)
    return posterior


def trajectories(posterior: xr.Dataset, panel: Panel) -> xr.DataArray:
    """Expected score at each mission; see `expected_paths`."""
    designs: list[OccasionDesign] = [climate_design(panel).occasions]
    return expected_paths(designs, posterior)


def simulate(rng: np.random.Generator, truth: xr.Dataset, panel: Panel) -> Panel:
    """Draw new scores for the persons of a panel: groups, persons, then missions.

    Parameters
    ----------
    rng : numpy.random.Generator
    truth : xr.Dataset
        Stated parameters, as in a posterior, without chain and draw.
    panel : Panel
        Gives persons, groups, predictors and what is missing. An observed group mean that
        predicts is taken as it is, whatever outcome it is a mean of.

    Returns
    -------
    Panel
        The same panel with other scores.
    """
    return panel.with_scores(simulated_climate(rng, truth, climate_design(panel)))


FAMILY = Family(
    name="group_climate",
    equation="y = level + effects · predictors + group + person + residual; group means are "
    "latent, predict each other and moderate the effects of predictors",
    parameters=PARAMETERS,
    default_priors=default_priors,
    parts=parts,
    derived=derived,
    trajectories=trajectories,
    simulate=simulate,
    keys=frozenset(
        {"time", "predictors", "interactions", "group_means", "paths", "informants", "clusters"}
    ),
)
