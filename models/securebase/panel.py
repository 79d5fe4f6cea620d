"""Panel: the arrays a family is built from, and the names of their axes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import xarray as xr

from securebase.codebook.analysis import Analysis
from securebase.codebook.loading import Study
from securebase.columns import ColumnSummary
from securebase.faults import Fault, InputError
from securebase.names import CLUSTER, COMPOSITION, MEMBER, OUTCOME, ROLE, UNIT, WAVE
from securebase.predictors import deviations, leader_problems, measures, missing_predictors
from securebase.schedules import answer_times, complete_waves


@dataclass(frozen=True)
class Composition:
    """Units of one make-up: which members they have, and whether labels mean anything.

    Parameters
    ----------
    name : str
        Name of the composition; "all" where a study knows only one.
    slots : tuple of str
        Roles as the waves name them, one per modelled member.
    labels : tuple of str
        Role labels of the parameters, aligned with `slots`; the same label twice
        where members are exchangeable.
    """

    name: str
    slots: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def exchangeable(self) -> bool:
        """Whether the two members share every parameter."""
        return len(set(self.labels)) < len(self.labels)


@dataclass(frozen=True)
class Panel:
    """Scores and predictors of the units of one analysis.

    Parameters
    ----------
    data : xr.Dataset
        `score` (unit, wave, role, outcome), NaN where missing; `asked` (wave, role, outcome),
        whether the design measures it; `time` (wave), planned; `unit_time` (unit, wave, role)
        where the analysis goes by dates; `predictor_value` (unit, owner, measure),
        centred and scaled predictors of each member, modelled or not; `deviation` (unit, wave,
        owner, measure) where predictors vary over waves; `composition` (unit); `cluster` (unit).
    analysis : Analysis
        What is asked.
    compositions : tuple of Composition
        In the order their parameters are named.
    ranges : mapping of str to (float, float)
        Smallest and largest possible score per outcome: what default priors are scaled by.
    time_unit : str
        Unit of `time`, and of every change.
    left_out : pd.DataFrame
        Columns unit, reason: units of the study that this analysis cannot use.
    leader : str, optional
        Role of those who lead a cluster: if modelled, units of a composition of that name.
    told : mapping of str to ColumnSummary
        Predictor columns by composition, where the panel's own units only stand in for others.
    """

    data: xr.Dataset
    analysis: Analysis
    compositions: tuple[Composition, ...]
    ranges: Mapping[str, tuple[float, float]]
    time_unit: str
    left_out: pd.DataFrame
    leader: str | None = None
    told: Mapping[str, ColumnSummary] = field(default_factory=dict)

    def units_of(self, composition: Composition) -> "Panel":
        """Return the panel of one composition's units."""
        rows = self.data[COMPOSITION].values == composition.name
        return replace(self, data=self.data.isel({UNIT: rows}))

    def with_scores(self, score: xr.DataArray) -> "Panel":
        """Return the same panel with other scores: for simulated and replicated data."""
        return replace(self, data=self.data.assign(score=score))


def compositions_of(study: Study, slots: tuple[str, ...]) -> tuple[Composition, ...]:
    """List a study's compositions and how their parameters are labelled; leaders last."""
    leader = study.roles.leader
    if leader in slots:
        members = compositions_of(study, tuple(slot for slot in slots if slot != leader))
        own = Composition(leader, (leader,), (leader,))
        return (*(one for one in members if one.slots), own)
    declared = study.roles.compositions
    if declared is None:
        labels = (MEMBER,) * len(slots) if study.roles.exchangeable else slots
        return (Composition("all", slots, labels),)
    distinguishable = [name for name, one in declared.items() if not one.exchangeable]
    return tuple(
        Composition(
            name,
            slots,
            (name,) * len(slots)
            if one.exchangeable
            else tuple(f"{name}_{slot}" for slot in slots)
            if len(distinguishable) > 1
            else slots,
        )
        for name, one in declared.items()
    )


def panel_from_waves(waves: pd.DataFrame, study: Study, name: str) -> Panel:
    """Arrange the scored waves of a study for one of its analyses.

    Parameters
    ----------
    waves : pd.DataFrame
        waves.parquet: a row per person and wave.
    study : Study
        The codebook.
    name : str
        The analysis, a key of `study.analyses`.

    Returns
    -------
    Panel
        With every unit that has at least one score; the others in `left_out`.

    Raises
    ------
    InputError
        With every fault of the analysis against the data.
    """
    analysis = study.analyses[name]
    slots = modelled_roles(study, analysis)
    _refuse(study, name, slots, waves)
    # leaders whose outcomes are not modelled are no units here: they only predict
    rows = waves if study.roles.leader in slots else waves[waves[ROLE] != study.roles.leader]
    score = _score(rows, study, analysis, slots)
    units = {UNIT: score[UNIT].values}
    data = xr.Dataset(
        {
            "score": score,
            "asked": _asked(study, analysis, slots),
            "time": (WAVE, [wave.time for wave in study.waves.levels.values()]),
            "predictor_value": measures(waves, study, analysis).sel(units),
        }
    )
    data = data.assign(_unit_columns(rows, study, data[UNIT].values))
    if analysis.time.measured_by == "date":
        data = data.assign(unit_time=answer_times(rows, study, slots))
    if any(one.varying for one in analysis.predictors):
        data = data.assign(deviation=deviations(waves, study, analysis).sel(units))
    data = data.sel({WAVE: list(analysis.waves or study.waves.levels)})
    kept, left_out = _usable(data, study, analysis)
    _refuse_empty(study, name, kept, left_out)
    return Panel(
        data=data.isel({UNIT: kept}),
        analysis=analysis,
        compositions=compositions_of(study, slots),
        ranges={outcome: study.scales[outcome].score_range for outcome in analysis.outcomes},
        time_unit=study.waves.time_unit,
        left_out=left_out,
        leader=study.roles.leader,
    )


def modelled_roles(study: Study, analysis: Analysis) -> tuple[str, ...]:
    """Roles whose outcomes an analysis models, in the codebook's order."""
    answering = {
        role
        for outcome in analysis.outcomes
        for role in study.scales[outcome].roles or study.roles.levels
    }
    wanted = answering if analysis.roles is None else answering & set(analysis.roles)
    return tuple(role for role in study.roles.levels if role in wanted)


def _score(
    waves: pd.DataFrame, study: Study, analysis: Analysis, slots: tuple[str, ...]
) -> xr.DataArray:
    outcomes = list(analysis.outcomes)
    long = waves.set_index([UNIT, WAVE, ROLE])[outcomes].rename_axis(columns=OUTCOME)
    score = xr.DataArray(long.astype(float).stack(future_stack=True).to_xarray())
    return score.reindex(
        {
            UNIT: sorted(waves[UNIT].unique()),
            WAVE: list(study.waves.levels),
            ROLE: list(slots),
            OUTCOME: outcomes,
        }
    ).transpose(UNIT, WAVE, ROLE, OUTCOME)


def _asked(study: Study, analysis: Analysis, slots: tuple[str, ...]) -> xr.DataArray:
    waves = list(study.waves.levels)
    asked = [
        [
            [
                role in (scale.roles or slots) and wave in (scale.waves or waves)
                for scale in (study.scales[outcome] for outcome in analysis.outcomes)
            ]
            for role in slots
        ]
        for wave in waves
    ]
    coords = {WAVE: waves, ROLE: list(slots), OUTCOME: list(analysis.outcomes)}
    return xr.DataArray(asked, coords=coords, dims=(WAVE, ROLE, OUTCOME))


def _unit_columns(
    waves: pd.DataFrame, study: Study, units: np.ndarray
) -> dict[str, tuple[str, np.ndarray]]:
    per_unit = waves.groupby(UNIT)[[CLUSTER, COMPOSITION]].first().reindex(units)
    composition = per_unit[COMPOSITION] if study.roles.compositions else pd.Series("all", units)
    leaders = waves.loc[waves[ROLE] == study.roles.leader, UNIT]
    composition = composition.mask(composition.index.isin(leaders), study.roles.leader)
    return {
        CLUSTER: (UNIT, per_unit[CLUSTER].fillna("").astype(str).to_numpy(dtype=str)),
        COMPOSITION: (UNIT, composition.fillna("").astype(str).to_numpy(dtype=str)),
    }


def _usable(data: xr.Dataset, study: Study, analysis: Analysis) -> tuple[np.ndarray, pd.DataFrame]:
    reasons = pd.Series("", index=data[UNIT].values)
    leader = study.roles.leader
    leads = data[COMPOSITION].values == leader
    asked = data["asked"].any(WAVE)
    answered = {
        str(role): [str(name) for name in asked[OUTCOME].values[asked.sel({ROLE: role})]]
        for role in asked[ROLE].values
    }
    for here, members in ((leads, False), (~leads, True)):
        own = {role: names for role, names in answered.items() if (role != leader) == members}
        values = data["predictor_value"].isel({UNIT: here})
        reasons[here] = missing_predictors(values, analysis, own, leader)
    silent = data["score"].isnull().all((WAVE, ROLE, OUTCOME)).values
    where = f"any of {', '.join(analysis.waves)}" if analysis.waves else "any wave"
    reasons[silent] = f"no score on any outcome at {where}"
    if analysis.complete_waves:
        few = complete_waves(data, leader) < analysis.complete_waves
        reasons[few & ~silent] = f"fewer than {analysis.complete_waves} waves answered in full"
    reasons[data[COMPOSITION].values == ""] = "composition not known"
    if analysis.clusters:
        reasons[data[CLUSTER].values == ""] = "cluster not known"
    left_out = reasons[reasons != ""].rename_axis(UNIT).reset_index(name="reason")
    return (reasons == "").to_numpy(), left_out


def _refuse_empty(study: Study, name: str, kept: np.ndarray, left_out: pd.DataFrame) -> None:
    if kept.sum() > 1:
        return
    counts = left_out["reason"].value_counts()
    reasons = "; ".join(f"{count} left out: {reason}" for reason, count in counts.items())
    fault = Fault(
        f"config/studies/{study.study}.yaml",
        f"{kept.sum()} of {len(kept)} units can be used ({reasons})",
        "at least 2",
        "ask for less, or measure it",
        column=f"analyses.{name}",
    )
    raise InputError(f"analysis {name} of study {study.study}", [fault])


def _refuse(study: Study, name: str, slots: tuple[str, ...], waves: pd.DataFrame) -> None:
    analysis = study.analyses[name]
    file, place = f"config/studies/{study.study}.yaml", f"analyses.{name}"
    faults = [
        Fault(
            file,
            f"'{outcome}' has no score at any wave",
            "at least one score",
            "see scoring.tsv and exclusions.tsv",
            column=f"{place}.outcomes",
        )
        for outcome in analysis.outcomes
        if waves[outcome].isna().all()
    ]
    if not slots:
        given, expected = "no role answers the outcomes", ", ".join(study.roles.levels)
        faults.append(Fault(file, given, f"roles among {expected}", column=f"{place}.roles"))
    members = [slot for slot in slots if slot in study.roles.members]
    if study.roles.exchangeable and len(members) == 1:
        given = f"only '{members[0]}' of two exchangeable members is modelled"
        expected = "both: their labels carry no meaning"
        faults.append(Fault(file, given, expected, column=f"{place}.roles"))
    faults += [
        Fault(file, *problem, column=f"{place}.predictors")
        for problem in leader_problems(waves, study, analysis, slots)
    ]
    if faults:
        raise InputError(f"analysis {name} of study {study.study}", faults)
