"""Panels of waves in which what deviates now drives what deviates next.

For unit i, member r, outcome k at wave t (kind: deviations)::

    y[i,t,r,k] = mean[t,r,k] + stable[i,r,k] + deviation[i,t,r,k]
    deviation[t] = Σ lagged · deviation[t-1] + Σ concurrent · deviation[t] + innovation[t]
    stable[i,r,k] = Σ stable_path · stable + actor_on_level · own + … + u
    u ~ Normal(0, stable); deviation[first] ~ Normal(0, first); innovation ~ Normal(0, innovation)

each covariance over members and outcomes, those of a path's source and its target apart. Own
lagged effects are always there; occasions between unequal steps have deviations and no
scores. An outcome measured twice has a level beside the stable parts, and a change regressed
on it and on stable parts. Informants of one outcome each have a loading, a stable bias and
noise of their own. Kind scores (latent change scores)::

    y[i,t,r,k] = score[i,t,r,k] + noise
    score[first] = level[i,r,k];  score[t] = Σ lagged · score[t-1] + change[i,r,k] + innovation[t]

References: Hamaker, Kuiper & Grasman (2015), doi:10.1037/a0038889 (random intercepts);
McArdle (2009), doi:10.1146/annurev.psych.60.110707.163612 (change scores).
"""

from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.family import Family, Parameter, predictor_parameters, spread_parameters
from securebase.growth.design import column_name
from securebase.growth.priors import POINTS
from securebase.likelihood import product
from securebase.names import OUTCOME, ROLE, WAVE
from securebase.panel import Panel
from securebase.panels.arrows import arrows, fixed_arrows
from securebase.panels.design import PanelDesign, dynamics_of
from securebase.panels.expected import expected_scores
from securebase.panels.identification import panel_designs
from securebase.panels.indirect import with_indirect
from securebase.panels.priors import default_priors
from securebase.panels.simulation import simulated
from securebase.panels.spreads import described, noise_cov, noises, parts_factor
from securebase.panels.variables import Numbers, part_means, registered
from securebase.part import Part, RandomEffects
from securebase.priors import Priors
from securebase.structure.cells import laid_out
from securebase.structure.totals import total_effects

Array = NDArray[np.float64]

PER_POINT: Final = "points per point"
SLOPE: Final = "points per {time}"
EXPLAINED: Final = "where paths of lag 0 end, beyond what they explain."
SPREADS: Final = (
    ("stable", "stable_series", POINTS, "Between persons."),
    ("stable_explained", "stable_series_explained", POINTS, f"Between persons, {EXPLAINED}"),
    ("first", "first_series", POINTS, "Deviations at the first wave."),
    ("first_explained", "first_series_explained", POINTS, f"At the first wave, {EXPLAINED}"),
    ("innovation", "innovation_series", POINTS, "What is new at each step."),
    ("innovation_explained", "innovation_series_explained", POINTS, f"At each step, {EXPLAINED}"),
    ("change", "change_series", SLOPE, "Changes between two waves, beyond what predicts them."),
    ("unit", "effect", POINTS, "Levels, and changes per step, of kind scores."),
)
PARAMETERS: Final = (
    Parameter("mean", (WAVE, ROLE, OUTCOME), POINTS, "Mean at each wave, at predictors of 0."),
    Parameter("level", (ROLE, OUTCOME), POINTS, "Mean at the first wave: measured twice, or kind "
              "scores."),
    Parameter("change", (ROLE, OUTCOME), SLOPE, "Mean change: per unit of time of what is "
              "measured twice; of kind scores per step, of a score of 0."),
    Parameter("lagged", ("path", "step", ROLE), f"{PER_POINT}, one step later", "Effect of a "
              "deviation (kind scores: a score) on the next; role of the target; step if they "
              "differ."),
    Parameter("proportional", ("step", ROLE, OUTCOME), f"{PER_POINT}, per step", "Kind scores: "
              "own lagged effect minus 1, what a point adds to its own change.", stated=False),
    Parameter("indirect_lagged", ("indirect", ROLE), f"{PER_POINT}, two steps later", "Product of "
              "two lagged effects in a chain: what a deviation does through another.",
              stated=False),
    Parameter("concurrent", ("path", ROLE), PER_POINT, "Within persons: effect of a deviation at "
              "the same wave."),
    Parameter("stable_path", ("path", ROLE), PER_POINT, "Between persons: effect of the source's "
              "stable part on the target's."),
    Parameter("stable_on_change", ("path", ROLE), f"{PER_POINT}, per {{time}}", "Effect of the "
              "source's stable part on a change between two waves."),
    Parameter("baseline_on_change", (ROLE, OUTCOME), f"{PER_POINT}, per {{time}}", "Effect of the "
              "own level on a change between two waves."),
    *(
        parameter
        for part, unit, what in (("level", POINTS, "stable part or level"),
                                 ("change", SLOPE, "change"))
        for parameter in predictor_parameters(
            part, unit, (ROLE, OUTCOME), f"Effect of {{whose}} on the {what}."
        )
    ),
    Parameter("loading", ("informant",), PER_POINT, "Points of an informant's scale per point of "
              "the first informant's."),
    *(parameter for spread in SPREADS for parameter in spread_parameters(*spread)),
    Parameter("informant_sd", ("series",), POINTS, "What an informant always adds to a person."),
    Parameter("noise_sd", ("series",), POINTS, "Around what is latent, at each wave."),
)  # fmt: skip


def parts(panel: Panel, priors: Priors) -> list[Part]:
    """Write the priors into the current model and return the implied moments.

    Returns
    -------
    list of Part
        One per composition.

    Raises
    ------
    InputError
        Where the design cannot identify the model (see `panel_designs`).
    """
    designs = panel_designs(panel)
    numbers = registered(designs, priors)
    own = noises(designs)
    independent = {one.name: one.registered(priors) for one in own}
    labels = own[0].labels if own else []
    return [_part(one, priors, numbers, independent, labels) for one in designs]


def _part(
    design: PanelDesign,
    priors: Priors,
    numbers: Numbers,
    independent: dict[str, TensorVariable],
    labels: list[str],
) -> Part:
    factor = parts_factor(design, priors, independent.get("informant"), labels)
    measured, predicted = design.measured, design.predicted
    constant = np.zeros((design.size, len(predicted.columns)))
    constant[-1, 0] = 1.0
    return Part(
        name=design.composition.name,
        score=measured.score(design.panel),
        predictors=predicted.predictors(design.panel),
        cluster=None,
        responses=tuple(" ".join(response) for response in design.responses),
        columns=tuple(map(column_name, predicted.columns)),
        regression=laid_out(part_means(design), numbers, constant.shape) + constant,
        effects=RandomEffects(
            basis=_basis(design, numbers),
            factor=factor,
            residual=noise_cov(design, independent.get("noise"), labels),
            series=measured.series_of_response,
            wave=measured.wave_of_response,
        ),
    )


def _basis(design: PanelDesign, numbers: Numbers) -> TensorVariable:
    """From what parts do not explain of each other, and the constant, to responses."""
    fixed, free = design.loadings()
    loading = laid_out([*design.means(), *free], numbers, fixed.shape) + fixed
    known = fixed_arrows(design)
    direct = laid_out(arrows(design), numbers, known.shape)
    return product(loading, total_effects(direct + known if known.any() else direct))


def derived(posterior: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add standard deviations and correlations to sampled variables, and what `implied` adds."""
    return implied(described(posterior, panel_designs(panel)), panel)


def implied(values: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add `indirect_lagged`; where scores drive each other `proportional`, own effects minus 1."""
    values = with_indirect(values, panel_designs(panel))
    if dynamics_of(panel.analysis).kind != "scores":
        return values
    outcomes = list(panel.analysis.outcomes)
    own = values["lagged"].sel(path=[f"{one} to {one}" for one in outcomes]) - 1.0
    named = own.rename(path=OUTCOME).assign_coords({OUTCOME: outcomes})
    return values.assign(proportional=named.transpose(..., ROLE, OUTCOME))


def trajectories(posterior: xr.Dataset, panel: Panel) -> xr.DataArray:
    """Expected score at each wave, at the average of the predictors.

    Returns
    -------
    xr.DataArray
        Dims chain, draw, role, outcome, wave, in points; NaN where not measured.
    """
    return expected_scores(posterior, panel_designs(panel))


def simulate(rng: np.random.Generator, truth: xr.Dataset, panel: Panel) -> Panel:
    """Draw new scores for the units of a panel, wave after wave.

    Parameters
    ----------
    rng : numpy.random.Generator
    truth : xr.Dataset
        Stated variables as in a posterior, without chain and draw.
    panel : Panel
        Gives units, predictors, and what is missing.

    Returns
    -------
    Panel
        The same panel with other scores.
    """
    return simulated(rng, truth, panel, panel_designs(panel))


FAMILY = Family(
    name="dyadic_panel",
    equation="y = mean + stable + deviation; deviations of a wave follow from those of the last, "
    "one's own, of other outcomes and of the partner",
    parameters=PARAMETERS,
    default_priors=default_priors,
    parts=parts,
    derived=derived,
    trajectories=trajectories,
    simulate=simulate,
    implied=implied,
    keys=frozenset({"predictors", "interactions", "paths", "informants", "dynamics"}),
    # stable and changing parts trade variance: see docs/families/dyadic_panel.md
    adaptation="low_rank",
)
