"""Joint growth of several outcomes in the members of a couple.

For unit i, member r, outcome k at wave t::

    y[i,t,r,k] = level[i,r,k] + Σ_p change[i,p,r,k] · time[p,t] + residual[i,t,r,k]
    level[i,r,k]  = level[r,k]  + actor_on_level · own + partner_on_level · partner's + … + u
    change[i,r,k] = change[r,k] + actor_on_change · own + partner_on_change · partner's + … + v
    (u, v) ~ Normal(0, unit)                   correlated over members and outcomes
    residual of one wave ~ Normal(0, residual)     correlated over members and outcomes

Exchangeable members share every parameter; the sum and the difference of their effects are
independent, so that their covariance is [[P, Q], [Q, P]] with P + Q and P - Q positive
definite, and swapping labels changes nothing. A unit of one member is growth of persons;
clusters add a level and a change of their own to each series.

References: Kenny, Kashy & Cook (2006), Dyadic Data Analysis; Woody & Sadler (2005),
doi:10.1037/1082-989X.10.2.139 (exchangeable members).
"""

from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.correlation import normal_rows
from securebase.family import Family, Parameter, predictor_parameters, spread_parameters
from securebase.faults import Fault, InputError
from securebase.growth.curves import CURVE_VARIABLES, VERTEX_VARIABLES, with_curves
from securebase.growth.design import GrowthDesign, column_name
from securebase.growth.effects import (
    effect_sds,
    growth_covariances,
    residual_sds,
    shared_by_members,
)
from securebase.growth.identification import growth_designs
from securebase.growth.loadings import free_loadings, growth_basis
from securebase.growth.mean import Coefficients, effect_regression, mean_coefficients
from securebase.growth.priors import POINTS, default_priors
from securebase.growth.time import inner_waves
from securebase.likelihood import product
from securebase.panel import Panel
from securebase.part import Part, RandomEffects
from securebase.priors import Priors
from securebase.responses import paths_of_roles, with_drawn
from securebase.structure.cells import cell, laid_out_draws
from securebase.structure.covariance import MemberCovariance

Array = NDArray[np.float64]

SLOPE: Final = "points per {time}"
PARAMETERS: Final = (
    Parameter("level", ("role", "outcome"), POINTS, "Mean at the origin of time."),
    Parameter("change", ("phase", "role", "outcome"), SLOPE, "Mean change; phase if piecewise."),
    *(
        parameter
        for part, unit in (("level", POINTS), ("change", SLOPE))
        for parameter in predictor_parameters(
            part, unit, ("phase", "role", "outcome"), f"Effect of {{whose}} on the {part}."
        )
    ),
    Parameter(
        "loading", ("outcome", "inner_wave"), "{time}", "Time a free path is at, at inner waves."
    ),
    *spread_parameters("unit", "effect", POINTS, "Between units.", SLOPE),
    *spread_parameters("residual", "series", POINTS, "Around a unit's own path, at one wave."),
    *spread_parameters(
        "cluster", "cluster_effect", POINTS, "Between clusters.", SLOPE, members=False
    ),
    *(Parameter(*one, stated=False) for one in CURVE_VARIABLES),
    *(Parameter(*one, stated=False, ratio=True) for one in VERTEX_VARIABLES),
)


def parts(panel: Panel, priors: Priors) -> list[Part]:
    """Write the priors into the current model and return the implied moments.

    Returns
    -------
    list of Part
        One per composition.

    Raises
    ------
    InputError
        Where the design cannot identify the model (see `growth_designs`).
    """
    designs = growth_designs(panel)
    _refuse_clusters_of_mixed(panel, designs)
    coefficients = mean_coefficients(designs, priors)
    loading = free_loadings(designs, priors)
    return [_part(design, priors, coefficients, loading) for design in designs]


def _part(
    design: GrowthDesign,
    priors: Priors,
    coefficients: Coefficients,
    loading: TensorVariable | None,
) -> Part:
    panel = design.panel
    unit, residual, cluster = growth_covariances(design)
    effects = RandomEffects(
        basis=growth_basis(design, loading),
        factor=unit.factor(effect_sds(unit, priors), priors["unit_corr"]),
        residual=_squared(residual.factor(residual_sds(residual, priors), priors["residual_corr"])),
        series=design.series_of_response,
        wave=design.wave_of_response,
        unit_basis=design.unit_basis,
    )
    shared, cluster_factor = None, None
    if panel.analysis.clusters:
        shared = shared_by_members(design, cluster)
        cluster_factor = cluster.factor(
            effect_sds(cluster, priors, "cluster_"), priors["cluster_corr"]
        )
    return Part(
        name=design.composition.name,
        score=design.score(panel),
        predictors=design.predictors(panel),
        cluster=design.cluster(panel),
        responses=tuple(" ".join(response) for response in design.responses),
        columns=tuple(map(column_name, design.columns)),
        regression=effect_regression(design, coefficients),
        effects=effects,
        shared=shared,
        cluster_factor=cluster_factor,
    )


def _squared(factor: TensorVariable) -> TensorVariable:
    return product(factor, factor, right_transposed=True)


def _refuse_clusters_of_mixed(panel: Panel, designs: list[GrowthDesign]) -> None:
    if panel.analysis.clusters and len(designs) > 1:
        raise InputError(
            "dyadic growth",
            [
                Fault(
                    "panel",
                    "clusters together with mixed compositions",
                    "one composition, or no clusters",
                    "couples of two compositions in one cluster share its effects, "
                    "which this family does not model",
                )
            ],
        )


def derived(posterior: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add standard deviations, correlations and the shapes of curves to sampled variables."""
    for design in growth_designs(panel):
        unit, residual, cluster = growth_covariances(design)
        for covariance in (unit, residual, *((cluster,) if panel.analysis.clusters else ())):
            posterior = covariance.described(posterior)
    return implied(posterior, panel)


def implied(values: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add slopes, bends, vertices and turns of curves; see `growth.curves.with_curves`."""
    return with_curves(values, growth_designs(panel))


def trajectories(posterior: xr.Dataset, panel: Panel) -> xr.DataArray:
    """Expected score at each wave, at the average of the predictors.

    Returns
    -------
    xr.DataArray
        Dims chain, draw, role, outcome, wave, in points; NaN where not measured.
    """
    return paths_of_roles(
        panel,
        (
            (one.composition, one.responses, _expected(posterior, one))
            for one in growth_designs(panel)
        ),
    )


def _expected(posterior: xr.Dataset, design: GrowthDesign) -> Array:
    """Expected scores (chain, draw, response) of a composition."""
    average = design.summary.mean
    place = (len(design.effects), len(design.columns))
    effects = laid_out_draws(design.coefficients, posterior, place) @ average
    scores = effects @ design.basis.T
    for row, (wave, slot, outcome) in enumerate(design.responses):
        if wave in inner_waves(design.panel):
            change = effects[..., len(design.series) + design.series.index((slot, outcome))]
            loading = posterior["loading"].sel(outcome=outcome, inner_wave=wave)
            scores[..., row] += change * loading.values
    return np.asarray(scores)


def simulate(rng: np.random.Generator, truth: xr.Dataset, panel: Panel) -> Panel:
    """Draw new scores for the units of a panel, effects and residuals written out.

    Parameters
    ----------
    rng : numpy.random.Generator
    truth : xr.Dataset
        Mean parameters, `unit_sd`, `unit_corr`, `residual_sd`, `residual_corr` (and
        `cluster_*`, `loading`) as in a posterior, without chain and draw.
    panel : Panel
        Gives units, predictors, clusters and what is missing.

    Returns
    -------
    Panel
        The same panel with other scores.
    """
    return with_drawn(
        panel,
        (
            (one.composition, one.responses, _simulated(rng, truth, one))
            for one in growth_designs(panel)
        ),
    )


def _simulated(rng: np.random.Generator, truth: xr.Dataset, design: GrowthDesign) -> Array:
    """Scores (unit, response) of one composition."""
    predictors = design.predictors(design.panel)
    unit, residual, cluster = growth_covariances(design)
    effects = _normal_rows(rng, truth, unit, len(predictors))
    for one in design.coefficients:
        coefficient = float(cell(truth[one.variable], one.at))
        effects[:, one.row] += coefficient * predictors[:, one.column]
    groups = design.cluster(design.panel)
    if groups is not None:
        of_cluster = _normal_rows(rng, truth, cluster, int(groups.max()) + 1)
        effects += (of_cluster @ shared_by_members(design, cluster).T)[groups]
    basis = design.basis
    for row, (wave, slot, outcome) in enumerate(design.responses):
        if wave in inner_waves(design.panel):
            effect = len(design.series) + design.series.index((slot, outcome))
            basis[row, effect] = truth["loading"].sel(outcome=outcome, inner_wave=wave)
    own = design.unit_basis
    scores = effects @ basis.T if own is None else np.einsum("ire,ie->ir", own, effects)
    for wave in dict.fromkeys(design.wave_of_response):
        noise = _normal_rows(rng, truth, residual, len(predictors))
        here = np.array([one == wave for one in design.wave_of_response])
        scores[:, here] += noise[:, design.series_of_response[here]]
    return scores


def _normal_rows(
    rng: np.random.Generator, truth: xr.Dataset, covariance: MemberCovariance, count: int
) -> Array:
    return normal_rows(rng, covariance.stated(truth), count)


FAMILY = Family(
    name="dyadic_growth",
    equation="y = level + change · time + residual; level and change differ between units, "
    "correlated over members and outcomes",
    parameters=PARAMETERS,
    default_priors=default_priors,
    parts=parts,
    derived=derived,
    trajectories=trajectories,
    simulate=simulate,
    implied=implied,
    keys=frozenset({"time", "predictors", "interactions", "curves", "clusters"}),
    plain_growth=True,
)
