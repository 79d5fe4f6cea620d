"""What recovery needs of a simulator: the panel of an analysis of the codebook, and its truth."""

from collections.abc import Iterator, Sequence

import xarray as xr

from securebase.codebook.analysis import Analysis
from securebase.codebook.study import Study
from securebase.families import load_family
from securebase.faults import Fault, InputError
from securebase.panel import Panel, panel_from_waves
from securebase.simulation.blanks import Blank, blank_truth
from securebase.simulation.settings import Simulation, Size, World
from securebase.simulation.truth import truth_of
from securebase.simulation.whole import simulate_study

# what an analysis has to have as the model has it, so that the model's truth is its truth
_ALIKE = ("time", "clusters", "interactions", "curves", "informants", "dynamics")


def design_panel(
    study: Study, settings: Simulation, name: str, size: Size | None = None, seed: int | None = None
) -> Panel:
    """Arrange the panel of an analysis on one simulated study without faults.

    Parameters
    ----------
    study : Study
        The codebook.
    settings : Simulation
        Its simulator's.
    name : str
        The analysis, a key of `study.analyses`.
    size : {"small", "full"}, optional
        See `simulate_study`.
    seed : int, optional
        Another seed than the settings'.

    Returns
    -------
    Panel
        Units, clusters, predictors and what is missing, with scores as observed: with the error
        of the items, skipped items, lost persons and units.

    Raises
    ------
    InputError
        With every fault of the settings against the codebook.
    """
    waves = simulate_study(study, settings, seed=seed, size=size).waves
    return panel_from_waves(waves, study, name)


def truth_for(
    study: Study, settings: Simulation, name: str, panel: Panel, world: World = "source"
) -> xr.Dataset:
    """Give the true parameters of an analysis of the codebook.

    Parameters
    ----------
    study : Study
        The codebook.
    settings : Simulation
        Its simulator's. `truths` says the truth of the analysis; for what it does not say, that
        of the generating model holds, where the analysis is part of one.
    name : str
        The analysis.
    panel : Panel
        Of the analysis: see `design_panel`.
    world : {"source", "null", "reversed"}
        See `truth_of`.

    Returns
    -------
    xr.Dataset
        See `truth_of`.

    Raises
    ------
    InputError
        With every fault of the truth; where no model has a truth for the analysis, with all that
        is missing.
    """
    family = load_family(panel.analysis.family)
    own = None
    number, problems = _generating(study, settings, panel.analysis)
    if not problems:
        blank = blank_truth(family, panel)
        own = _restricted(simulate_study(study, settings, world).truths[number], blank)
        problems = list(_lacking(own, blank))
    if name in settings.truths:
        where = (settings.file, f"truths.{name}")
        return truth_of(settings.truths[name], family, panel, world, where, own)
    if own is not None and not problems:
        return own
    remedy = f"say the truth of this analysis: truths: {{{name}: [...]}}"
    expected = "a model whose truth holds for the analysis"
    faults = [
        Fault(settings.file, given, expected, remedy, column=f"truths.{name}") for given in problems
    ]
    raise InputError(f"truth of analysis {name}, simulation {settings.study}", faults)


def _generating(study: Study, settings: Simulation, analysis: Analysis) -> tuple[int, list[str]]:
    """Number of the first model that the analysis is part of, and nothing against it.

    Where there is none: the first that comes near, and what is against it.
    """
    models = [one.analysis for one in settings.models]
    same = [number for number, one in enumerate(models) if one.family == analysis.family]
    if not same:
        return 0, [f"no model of family {analysis.family}"]
    whole = [number for number in same if set(analysis.outcomes) <= set(models[number].outcomes)]
    found = [
        (number, list(_differences(study, analysis, models[number]))) for number in (*whole, *same)
    ]
    return next((one for one in found if not one[1]), found[0])


def _differences(study: Study, analysis: Analysis, model: Analysis) -> Iterator[str]:
    """Say why parameters of the model are not those of the analysis."""
    model = _of_outcomes(model, analysis.outcomes)
    waves = [_waves(study, each, analysis.outcomes) for each in (analysis, model)]
    if waves[0] != waves[1]:
        yield f"the model that draws the scores has other waves ({', '.join(waves[1]) or 'none'})"
    for key in _ALIKE:
        if getattr(analysis, key) != getattr(model, key):
            yield f"the model that draws the scores has other {key}"
    codings = [{one.term: one.coding for one in each.predictors} for each in (analysis, model)]
    if codings[0] != codings[1]:
        listed = ", ".join(codings[1]) or "none"
        yield f"the model that draws the scores has other predictors ({listed})"
    kept = set(analysis.latents)
    paths = {(one.name, one.lag) for one in model.paths if one.target in kept}
    if paths != {(one.name, one.lag) for one in analysis.paths}:
        listed = ", ".join(sorted(path for path, _ in paths)) or "none"
        yield f"the model that draws the scores has other paths to these outcomes ({listed})"


def _of_outcomes(model: Analysis, outcomes: Sequence[str]) -> Analysis:
    """Leave out of a model the products and informants that concern other outcomes."""
    products = []
    for product in model.interactions:
        own = tuple(one for one in product.outcomes or model.outcomes if one in outcomes)
        kept = own if product.outcomes is not None else None
        if own:
            products.append(product.model_copy(update={"outcomes": kept}))
    informants = {
        name: scales for name, scales in model.informants.items() if set(scales) <= set(outcomes)
    }
    return model.model_copy(update={"interactions": tuple(products), "informants": informants})


def _waves(study: Study, analysis: Analysis, outcomes: Sequence[str]) -> list[str]:
    """Waves at which an analysis has some of the outcomes."""
    own = [study.scales[outcome] for outcome in outcomes if outcome in analysis.outcomes]
    waves = analysis.waves or tuple(study.waves.levels)
    return [wave for wave in waves if any(scale.asked(None, wave) for scale in own)]


def _restricted(whole: xr.Dataset, blank: Blank) -> xr.Dataset:
    """Take the cells of a truth that a blank has; NaN where it has none."""
    own = {}
    for name, values in blank.values.data_vars.items():
        taken = xr.full_like(values, float("nan"))
        if name in whole and set(whole[name].dims) == set(values.dims):
            labels = {dim: values[dim].values for dim in values.dims}
            taken = whole[name].reindex(labels).transpose(*values.dims)
        own[name] = taken.where(blank.measured[name])
    return xr.Dataset(own)


def _lacking(own: xr.Dataset, blank: Blank) -> Iterator[str]:
    for name, values in own.data_vars.items():
        empty = values.isnull() & blank.measured[name]
        if bool(empty.any()):
            named = empty.where(empty, drop=True)
            labels = ", ".join(str(label) for dim in named.dims for label in named[dim].values)
            yield f"no value of {name} for {labels} in the model that draws the scores"
