"""Predictors: centred, scaled and coded values of each member of a unit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from securebase.clusters import LEADER, by_unit, disagreements, of_clusters
from securebase.codebook.analysis import Analysis
from securebase.codebook.loading import Study
from securebase.codebook.terms import Interaction, Predictor
from securebase.coding import apart, rescaled, spread, standardised
from securebase.names import CLUSTER, GROUP, MEASURE, OWNER, ROLE, UNIT, WAVE


def measures(waves: pd.DataFrame, study: Study, analysis: Analysis) -> xr.DataArray:
    """Arrange every predictor of an analysis by unit and by whose value it is.

    Returns
    -------
    xr.DataArray
        Dims unit, owner, measure. Owners are all roles of the study, since a partner whose
        outcomes are not modelled may still predict, and "group" where a mean over a cluster
        does. A categorical predictor has one 0/1 measure per contrasted level,
        "arm[treatment]". A value of the unit is kept with the first role, a leader's with each
        unit of the cluster; what varies over waves with its mean. NaN where unknown. Members'
        values are centred and scaled over members, leaders' over leaders, means of clusters
        over clusters.
    """
    columns: dict[str, list[xr.DataArray]] = {}
    for predictor in analysis.predictors:
        for label, found in _columns_of(predictor, waves, study):
            of_units = found if CLUSTER not in found.dims else by_unit(found, waves)
            columns.setdefault(label, []).append(of_units)
    owners = [*study.roles.levels, *_groups(analysis)]
    units = sorted(waves[UNIT].unique())
    values = np.full((len(units), len(owners), len(columns)), np.nan)
    for place, parts in enumerate(columns.values()):
        for part in parts:
            rows = [owners.index(str(owner)) for owner in part[ROLE].values]
            own = np.asarray(part.reindex({UNIT: units}).transpose(UNIT, ROLE).values)
            # a leader's value comes by the cluster, and for the leader as a person's own
            values[:, rows, place] = np.where(np.isnan(own), values[:, rows, place], own)
    coords = {UNIT: units, OWNER: owners, MEASURE: list(columns)}
    return xr.DataArray(values, coords=coords, dims=(UNIT, OWNER, MEASURE))


def _groups(analysis: Analysis) -> tuple[str, ...]:
    return (GROUP,) if any(one.of == GROUP for one in analysis.predictors) else ()


def deviations(waves: pd.DataFrame, study: Study, analysis: Analysis) -> xr.DataArray:
    """Arrange what varies over waves, as each person's deviation from the own mean.

    Returns
    -------
    xr.DataArray
        Dims unit, wave, owner, measure; NaN where unknown. Divided by the standard deviation
        of all values, as the means are, where the predictor says `scale: sd`.
    """
    varying = {one.name: one for one in analysis.predictors if one.varying}
    coords = {
        UNIT: sorted(waves[UNIT].unique()),
        WAVE: list(study.waves.levels),
        OWNER: list(study.roles.levels),
        MEASURE: list(varying),
    }
    values = np.full([len(labels) for labels in coords.values()], np.nan)
    for place, one in enumerate(varying.values()):
        every = _at_every_wave(one.name, waves, study)
        width = spread(every) if one.scale == "sd" else 1.0
        values[..., place] = (
            ((every - every.mean(WAVE)) / width)
            .reindex({UNIT: coords[UNIT]})
            .transpose(UNIT, WAVE, ROLE)
        )
    return xr.DataArray(values, coords=coords, dims=tuple(coords))


def _at_every_wave(name: str, waves: pd.DataFrame, study: Study) -> xr.DataArray:
    """Values (unit, wave, role) of a measure."""
    rows = waves.set_index([UNIT, WAVE, ROLE])[name].astype(float)
    labels = {WAVE: list(study.waves.levels), ROLE: list(study.roles.levels)}
    return xr.DataArray(rows.to_xarray()).reindex(labels)


def _columns_of(
    predictor: Predictor, waves: pd.DataFrame, study: Study
) -> Iterator[tuple[str, xr.DataArray]]:
    if predictor.mean_of:
        parts = [
            apart(_taken(name, predictor, waves, study), study, standardised)
            for name in predictor.mean_of
        ]
        mean = xr.concat(parts, "part").mean("part", skipna=False)
        yield predictor.name, apart(mean, study, partial(rescaled, predictor=predictor))
        return
    if predictor.varying:
        every = _at_every_wave(predictor.name, waves, study)
        width = spread(every) if predictor.scale == "sd" else 1.0
        mean = every.mean(WAVE) / width
        centred = apart(mean, study, lambda one: one - one.mean())
        yield predictor.name, centred if predictor.centre == "grand" else mean
        return
    covariate = study.covariates.get(predictor.name)
    if covariate is not None and covariate.type == "categorical":
        answers = _answers(predictor.name, predictor, waves, study, numeric=False)
        # a group has no level, but a share of members at each
        whole = answers if predictor.of == GROUP else _whose(answers, predictor, waves, study)
        for level in contrasted_levels(predictor, study):
            indicator = (whole == level).astype(float).where(whole.notnull())
            if predictor.of == GROUP:
                indicator = of_clusters(indicator, GROUP, waves, study)
            yield f"{predictor.name}[{level}]", indicator
        return
    values = _taken(predictor.name, predictor, waves, study)
    yield predictor.name, apart(values, study, partial(rescaled, predictor=predictor))


def contrasted_levels(predictor: Predictor, study: Study) -> tuple[str, ...]:
    """Levels of a categorical predictor that are compared with its reference."""
    levels = tuple((study.covariates[predictor.name].levels or {}).values())
    reference = predictor.reference or levels[0]
    return tuple(level for level in levels if level != reference)


def _taken(name: str, predictor: Predictor, waves: pd.DataFrame, study: Study) -> xr.DataArray:
    answers = _answers(name, predictor, waves, study)
    return _whose(answers, predictor, waves, study)


def _answers(
    name: str, predictor: Predictor, waves: pd.DataFrame, study: Study, numeric: bool = True
) -> xr.DataArray:
    """Value of each person (unit, role)."""
    rows = _rows(name, predictor, waves, study)
    values = xr.DataArray((rows.astype(float) if numeric else rows.astype(object)).to_xarray())
    return values.reindex({ROLE: list(study.roles.levels)})


def _whose(
    values: xr.DataArray, predictor: Predictor, waves: pd.DataFrame, study: Study
) -> xr.DataArray:
    """Values of persons (unit, role), of units (unit, one role) or of clusters (cluster, role)."""
    if predictor.of == UNIT:
        return _shared(values.sel({ROLE: list(study.roles.members)}))
    if predictor.of in (LEADER, GROUP):
        return of_clusters(values, predictor.of, waves, study)
    return values


def leader_problems(
    waves: pd.DataFrame, study: Study, analysis: Analysis, slots: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    """Find leaders' values that are not one number: given, expected, remedy.

    Clusters whose leaders differ; and, where leaders' outcomes are modelled, a measure that is
    coded in two ways, as a person's own and as the leader's.
    """
    of = {one.term: one for one in analysis.predictors}
    for one in (one for one in of.values() if one.of == LEADER):
        for name in one.mean_of or (one.name,):
            numeric = getattr(study.covariates.get(name), "type", "") != "categorical"
            answers = _answers(name, one, waves, study, numeric)
            if clusters := disagreements(answers, waves, study):
                given = f"leaders who differ in {name} lead the same cluster: {', '.join(clusters)}"
                remedy = "exclude one of them, or split the cluster"
                yield given, "one leader in each cluster, or one value", remedy
        own = of.get(f"actor {one.name}")
        if study.roles.leader in slots and own is not None and own.coding != one.coding:
            given = f"'{own.term}' and '{one.term}', both of them a leader's, are coded in two ways"
            yield given, "the same wave, centre and scale", "or model leaders in another analysis"


def _rows(name: str, predictor: Predictor, waves: pd.DataFrame, study: Study) -> pd.Series[Any]:
    """Values by unit and role, at the wave that is asked for.

    Where none is: a scale at the first wave that measures it; a covariate, which does not
    change, at the first wave at which the person told it.
    """
    covariate = study.covariates.get(name)
    if predictor.wave is None and covariate is not None:
        order = waves[WAVE].map({wave: n for n, wave in enumerate(study.waves.levels)})
        return waves.assign(order=order).sort_values("order").groupby([UNIT, ROLE])[name].first()
    source = study.scales.get(name) or study.covariates[name]
    wave = predictor.wave or next(iter(source.waves or study.waves.levels))
    return waves[waves[WAVE] == wave].set_index([UNIT, ROLE])[name]


def _shared(values: xr.DataArray) -> xr.DataArray:
    """Value of a unit, kept with its first role so that it counts once.

    What both members report is averaged; a level they disagree on is not known. Neither
    depends on who of them is first.
    """
    if values.dtype != object:
        shared = values.mean(ROLE)
    else:
        first = values.isel({ROLE: 0}, drop=True)
        for role in values[ROLE].values[1:]:
            first = first.where(first.notnull(), values.sel({ROLE: role}, drop=True))
        shared = first.where(((values == first) | values.isnull()).all(ROLE))
    return shared.expand_dims({ROLE: values[ROLE].values[:1]}).transpose(UNIT, ROLE)


def owners_of(
    predictor: Predictor, slot: str, roles: list[str], leader: str | None = None
) -> list[str]:
    """Whose value predicts the outcomes of the member `slot`: one owner, or none.

    Parameters
    ----------
    roles : list of str
        Roles of the study.
    leader : str, optional
        The one of leaders: no one's partner.
    """
    members = [role for role in roles if role not in (leader, GROUP)]
    if predictor.of == "actor":
        return [slot]
    if predictor.of == "leader":
        return [leader] if leader is not None else []
    if predictor.of == GROUP:
        return [GROUP]
    if slot == leader:
        return []
    if predictor.of == "partner":
        return [role for role in members if role != slot]
    return members[:1]


def missing_predictors(
    measure: xr.DataArray,
    analysis: Analysis,
    answered: Mapping[str, Collection[str]],
    leader: str | None = None,
) -> np.ndarray:
    """Say for each unit which predictor it lacks.

    A value is needed from everybody whose value predicts an outcome of the modelled
    roles, if that role gives one in any unit.

    Parameters
    ----------
    measure : xr.DataArray
        Dims unit, owner, measure.
    answered : mapping of str to collection of str
        Outcomes of each modelled role.
    leader : str, optional
        Role of leaders.

    Returns
    -------
    np.ndarray
        One sentence per unit, "" where nothing is lacking.
    """
    words = np.full(measure.sizes[UNIT], "", dtype=object)
    roles = [str(role) for role in measure[OWNER].values]
    owners = {
        (one.name, owner)
        for slot, outcomes in answered.items()
        for one in _used(analysis, outcomes)
        for owner in owners_of(one, slot, roles, leader)
    }
    for label in measure[MEASURE].values:
        name = str(label).partition("[")[0]
        used = [role for role in roles if (name, role) in owners]
        values = measure.sel({MEASURE: label, OWNER: used})
        needed = values.notnull().any(UNIT)
        for owner in used:
            lacking = (values.isnull() & needed).sel({OWNER: owner}).values
            whose = {leader: " of the leader", GROUP: " of the group"}.get(owner, "")
            words[lacking] = f"no value of predictor {label}{whose}"
    return words


def _used(analysis: Analysis, outcomes: Collection[str]) -> list[Predictor]:
    """Predictors that predict any of some outcomes, alone or in a product."""

    def here(one: Predictor | Interaction) -> bool:
        return bool(set(one.outcomes or analysis.outcomes) & set(outcomes))

    inside = {term for one in analysis.products if here(one) for term in one.of}
    return [one for one in analysis.predictors if here(one) or one.term in inside]
