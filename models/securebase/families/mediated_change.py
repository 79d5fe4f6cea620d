"""Levels and changes of units, and arrows among them, within units and between clusters.

For unit i of cluster j, member r, outcome k, first measured at time t0, at time t::

    y[i,t,r,k] = level[i,r,k] + change[i,t,r,k] · (t - t0)
    e[i]       = mean + B_cluster c[j] + B_unit d[i]        e: all levels and changes
    c[j] = (I - cluster_path)⁻¹ (leader_on · leader's + group_on · group's + u[j])
    d[i] = (I - path)⁻¹ (actor_on · own + partner_on · partner's + … + v[i])
    u ~ Normal(0, cluster), v ~ Normal(0, unit)

Every wave has a change of its own, so there is no residual: two waves are a latent change,
one wave is a level alone. What units of a cluster share is latent: an arrow between
clusters leads from group mean to group mean, not from their observed averages. A member's
outcome may also follow from what the leader answers (`of: leader`), which is modelled in
leaders as units of their own. Products of coefficients along arrows are indirect effects.

References: McArdle (2009), doi:10.1146/annurev.psych.60.110707.163612 (latent change);
Preacher, Zyphur & Zhang (2010), doi:10.1037/a0020141 (multilevel mediation with latent
group means); Lüdtke et al. (2008), doi:10.1037/a0012869.
"""

from collections.abc import Sequence

import numpy as np
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pytensor.tensor.variable import TensorVariable

from securebase.correlation import normal_rows
from securebase.family import Family
from securebase.growth.curves import with_curves
from securebase.growth.design import column_name
from securebase.growth.effects import effect_sds
from securebase.growth.mean import Coefficients, mean_coefficients
from securebase.likelihood import product
from securebase.mediation.agreement import with_leader_corr
from securebase.mediation.arrows import Arrows
from securebase.mediation.chains import with_indirect
from securebase.mediation.design import MediatedDesign, mediated_designs
from securebase.mediation.parameters import PARAMETERS
from securebase.mediation.priors import default_priors, source_range
from securebase.names import PHASE, ROLE
from securebase.panel import Panel
from securebase.part import Part, RandomEffects
from securebase.priors import Priors
from securebase.responses import paths_of_roles, with_drawn
from securebase.structure.blocks import blocks_cov, blocks_factor
from securebase.structure.cells import cell, cells_of, laid_out
from securebase.structure.totals import total_effects

Array = NDArray[np.float64]


def parts(panel: Panel, priors: Priors) -> list[Part]:
    """Write the priors into the current model and return the implied moments.

    Returns
    -------
    list of Part
        One per composition; leaders last.

    Raises
    ------
    InputError
        See `mediation.design.mediated_designs`.
    """
    designs = mediated_designs(panel)
    coefficients = mean_coefficients([one.growth for one in designs], priors)
    arrows = _registered_arrows(designs, priors)
    return [_part(design, priors, coefficients | arrows) for design in designs]


def _registered_arrows(designs: Sequence[MediatedDesign], priors: Priors) -> Coefficients:
    """Register every variable of arrows in the current model."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    dims: dict[str, tuple[str, ...]] = {}
    for design in designs:
        for level in design.levels:
            for one in level.placements:
                reach = source_range(design, level, one.column)
                found.setdefault(one.variable, {}).setdefault(one.at, reach)
                dims[one.variable] = level.dims(one.row)
    labels: dict[str, dict[str, None]] = {}
    for design in designs:
        labels.setdefault(ROLE, {}).update(dict.fromkeys(design.growth.composition.labels))
        # a step that no arrow leads to is one of the labels all the same
        labels.setdefault(PHASE, {}).update(dict.fromkeys(design.steps))
    for name, reached in found.items():
        for at in reached:
            for dim, label in zip(dims[name], at, strict=True):
                labels.setdefault(dim, {})[label] = None
    registered: Coefficients = {}
    for name, reached in found.items():
        cells = cells_of(name, dims[name], reached, labels)
        prior = priors[f"path_on_{name.rpartition('_on_')[2]}"]
        targets = [at[0].rpartition(" to ")[2] for at in cells.cells]
        width = np.array([reached[at] for at in cells.cells])
        values = cells.registered(prior.means(targets) / width, prior.sds(targets) / width)
        registered[name] = cells.cells, values
    return registered


def _part(design: MediatedDesign, priors: Priors, values: Coefficients) -> Part:
    growth = design.growth
    panel, shape = growth.panel, (len(growth.effects), len(growth.columns))
    regression = laid_out(design.coefficients(None), values, shape)
    within, factor = _level(design, design.within, priors, values)
    regression = regression + within
    cluster_factor, shared = None, None
    if design.between is not None:
        shared = design.shared
        between, cluster_factor = _level(design, design.between, priors, values)
        regression = regression + product(shared, between)
    count = len(growth.series)
    return Part(
        name=growth.composition.name,
        score=growth.score(panel),
        predictors=growth.predictors(panel),
        cluster=None if shared is None else growth.cluster(panel),
        responses=tuple(" ".join(response) for response in growth.responses),
        columns=tuple(map(column_name, growth.columns)),
        regression=regression,
        effects=RandomEffects(
            basis=pt.constant(growth.basis),
            factor=factor,
            residual=pt.constant(np.zeros((count, count))),
            series=growth.series_of_response,
            wave=growth.wave_of_response,
        ),
        shared=shared,
        cluster_factor=cluster_factor,
    )


def _level(
    design: MediatedDesign, level: Arrows, priors: Priors, values: Coefficients
) -> tuple[TensorVariable, TensorVariable]:
    """Regression (effect, design) and factor (effect, standard) of one level."""
    size, width = len(level.effects), len(design.growth.columns)
    sds = [effect_sds(block.covariance, priors, level.prefix) for block in level.blocks]
    corr = priors["cluster_corr" if level.prefix else "unit_corr"]
    factor = blocks_factor(level.blocks, sds, corr, size)
    direct = laid_out(design.coefficients(level), values, (size, width))
    if not level.placements:
        return direct, factor
    totals = total_effects(laid_out(level.placements, values, (size, size)))
    return product(totals, direct), product(totals, factor)


def derived(posterior: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add standard deviations, correlations and indirect effects to sampled variables."""
    for design in mediated_designs(panel):
        for level in design.levels:
            for block in level.blocks:
                posterior = block.covariance.described(posterior)
    return implied(posterior, panel)


def implied(values: xr.Dataset, panel: Panel) -> xr.Dataset:
    """Add what follows for curves, from direct effects, indirect effects, leaders' correlations.

    See `growth.curves.with_curves`, `mediation.chains.with_indirect` and
    `mediation.agreement.with_leader_corr`.
    """
    designs = mediated_designs(panel)
    values = with_curves(values, [one.growth for one in designs])
    return with_leader_corr(with_indirect(values, designs), designs)


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
            (one.growth.composition, one.growth.responses, _expected(posterior, one))
            for one in mediated_designs(panel)
        ),
    )


def _expected(posterior: xr.Dataset, design: MediatedDesign) -> Array:
    """Expected scores (chain, draw, response) of a composition."""
    growth = design.growth
    average = growth.summary.mean
    return np.asarray(design.expected(posterior) @ average @ growth.basis.T)


def simulate(rng: np.random.Generator, truth: xr.Dataset, panel: Panel) -> Panel:
    """Draw new scores for the units of a panel, effects in the order of their coming.

    Parameters
    ----------
    rng : numpy.random.Generator
    truth : xr.Dataset
        The stated variables, as in a posterior, without chain and draw.
    panel : Panel
        Gives units, predictors, clusters and what is missing. Predictors are taken as they
        are: what leaders answer is drawn anew, as a predictor of members it stays.

    Returns
    -------
    Panel
        The same panel with other scores.
    """
    return with_drawn(
        panel,
        (
            (
                one.growth.composition,
                one.growth.responses,
                _simulated(rng, truth, one) @ one.growth.basis.T,
            )
            for one in mediated_designs(panel)
        ),
    )


def _simulated(rng: np.random.Generator, truth: xr.Dataset, design: MediatedDesign) -> Array:
    """Effects (unit, effect) of one composition."""
    growth = design.growth
    predictors = growth.predictors(growth.panel)
    effects = np.zeros((len(predictors), len(growth.effects)))
    for one in design.coefficients(None):
        effects[:, one.row] += float(cell(truth[one.variable], one.at))
    effects += _deviations(rng, truth, design, design.within, predictors)
    groups = growth.cluster(growth.panel)
    if design.between is not None and groups is not None:
        first = np.unique(groups, return_index=True)[1]
        shared = _deviations(rng, truth, design, design.between, predictors[first])
        effects += (shared @ design.shared.T)[groups]
    return effects


def _deviations(
    rng: np.random.Generator,
    truth: xr.Dataset,
    design: MediatedDesign,
    level: Arrows,
    predictors: Array,
) -> Array:
    """Effects of units or clusters less their means, the earlier ones first."""
    size = len(level.effects)
    drawn = normal_rows(rng, blocks_cov(level.blocks, truth, size), len(predictors))
    for one in design.coefficients(level):
        drawn[:, one.row] += float(cell(truth[one.variable], one.at)) * predictors[:, one.column]
    for effect in np.argsort(level.ranks, kind="stable"):
        for one in level.placements:
            if one.row == effect:
                drawn[:, effect] += float(cell(truth[one.variable], one.at)) * drawn[:, one.column]
    return drawn


FAMILY = Family(
    name="mediated_change",
    equation="y = level + change · time since the first wave; levels and changes follow from "
    "predictors and from each other along arrows, within units and between clusters",
    parameters=PARAMETERS,
    default_priors=default_priors,
    parts=parts,
    derived=derived,
    trajectories=trajectories,
    simulate=simulate,
    implied=implied,
    keys=frozenset({"time", "predictors", "interactions", "curves", "paths", "clusters"}),
    adaptation="low_rank",
)
