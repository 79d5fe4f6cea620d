"""The page of a study: one file that says what was found, and how far it can be trusted."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from securebase import claim_figures, figures
from securebase.analysis import Analysis
from securebase.claims import estimand_draws
from securebase.config import Decision
from securebase.report_claims import (
    ClaimResult,
    claim_results,
    check_words,
    expected_wrong,
    probability_regions,
    region_style,
    sides,
    verdict_sentence,
)
from securebase.report_inputs import AnalysisResults, StudyResults, read_results
from securebase.report_fit_tables import (
    change_table,
    check_table,
    fit_table,
    parameter_table,
    provenance_table,
)
from securebase.report_tables import Table, exclusion_table, flow_tables, scoring_table
from securebase.study import Study
from securebase.svg import inline_svg
from securebase.wording import counted, estimand_words, fixed, listed, plain, short

_ANSWERED: Final = "answered"


@dataclass(frozen=True)
class Picture:
    """A drawing, and the sentence that says what it shows."""

    svg: Markup
    caption: str


@dataclass(frozen=True)
class AnalysisPage:
    """What the page shows of one analysis."""

    name: str
    analysis: Analysis
    results: AnalysisResults
    trajectories: list[Picture]
    axis_note: str
    contrasts: list[tuple[ClaimResult, Picture]]
    changes: Table
    parameters: Table
    checks: Table
    fit: Table | None
    provenance: Table

    @property
    def withheld(self) -> bool:
        """Whether a failed check forbids its numbers."""
        return not self.results.failures.empty

    @property
    def has_prior(self) -> bool:
        """Whether what was believed before the data can be shown."""
        return "prior" in self.results.posterior.children

    @property
    def trust(self) -> str:
        """How its checks went, in a sentence."""
        total, failed = len(self.results.checks), len(self.results.failures)
        warned = len(self.results.warnings)
        if failed:
            return f"{failed} of {counted(total, 'check')} failed"
        if not total:
            return "nothing was checked"
        if warned:
            return f"no check failed, {counted(warned, 'warning')} in {counted(total, 'check')}"
        return f"all {counted(total, 'check')} passed"


def write_report(
    study: Study, results: Path, destination: Path, decision: Decision | None = None
) -> None:
    """Write the page of a study: one HTML file without script or external address.

    Parameters
    ----------
    study : Study
        The codebook.
    results : pathlib.Path
        ``results/<study>``.
    destination : pathlib.Path
        The file to write. It appears whole or not at all.
    decision : Decision, optional
        The rule the verdicts were reached by; by default the configuration's defaults.

    Raises
    ------
    InputError
        Results that are missing or lack a column.
    """
    page = render_report(study, read_results(study, results), decision or Decision())
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = destination.with_name(f".{destination.name}.partial")
    partial.write_text(page, encoding="utf-8", newline="\n")
    os.replace(partial, destination)


def render_report(study: Study, results: StudyResults, decision: Decision) -> str:
    """Render the page of a study as HTML."""
    claims = claim_results(study, results)
    environment = Environment(
        loader=PackageLoader("securebase", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages = [_analysis_page(study, name, results, claims) for name in study.analyses]
    supported, wrong = expected_wrong(claims)
    return environment.get_template("report.html.j2").render(
        study=study,
        results=results,
        decision=decision,
        claims=[(result, verdict_sentence(result, decision)) for result in claims],
        estimand_words=estimand_words,
        short=short,
        check_words=check_words,
        probability_regions=probability_regions,
        region_style=region_style,
        sides=sides,
        supported=supported,
        expected_wrong=fixed(wrong, 2),
        forests=_forests(claims, decision),
        analyses=pages,
        participation=_participation(study, results),
        flow=flow_tables(results, study),
        exclusions=exclusion_table(results),
        scoring=scoring_table(results, study),
    )


def _forests(claims: list[ClaimResult], decision: Decision) -> list[Picture]:
    pictures = []
    for number, unit in enumerate(dict.fromkeys(result.unit for result in claims)):
        members = [result for result in claims if result.unit == unit]
        if all(result.withheld for result in members):
            continue
        intervals = [
            claim_figures.ClaimInterval(
                result.claim,
                *(result.value(name) for name in ("q2_5", "median", "q97_5")),
                result.verdict,
            )
            for result in members
        ]
        words = (
            f"{result.claim.id} {result.verdict}: {plain(verdict_sentence(result, decision))}"
            for result in members
        )
        svg = inline_svg(
            claim_figures.claims_forest(intervals, unit), f"forest{number}", " ".join(words)
        )
        pictures.append(Picture(svg, unit))
    return pictures


def _analysis_page(
    study: Study, name: str, results: StudyResults, claims: list[ClaimResult]
) -> AnalysisPage:
    analysis = results.analyses[name]
    labels = _labels(study)
    own = [result for result in claims if result.claim.analysis == name]
    trajectories = _shown_trajectories(analysis)
    limits = figures.trajectory_limits(trajectories)
    return AnalysisPage(
        name=name,
        analysis=study.analyses[name],
        results=analysis,
        trajectories=_trajectories(study, name, trajectories, limits),
        axis_note=_axis_note(study, limits),
        contrasts=[(result, _contrast(result, analysis)) for result in own if not result.withheld],
        changes=change_table(analysis, labels),
        parameters=parameter_table(analysis, labels),
        checks=check_table(analysis),
        fit=fit_table(analysis),
        provenance=provenance_table(analysis),
    )


def _labels(study: Study) -> dict[str, str]:
    roles = {name: role.label or name for name, role in study.roles.levels.items()}
    scales = {name: scale.label or name for name, scale in study.scales.items()}
    return roles | scales


def _wave_labels(study: Study) -> dict[str, str]:
    return {name: wave.label or name for name, wave in study.waves.levels.items()}


def _role_labels(study: Study, rows: pd.DataFrame) -> dict[str, str]:
    declared = {name: role.label or name for name, role in study.roles.levels.items()}
    found = {str(role): str(role) for role in rows["role"].drop_duplicates()}
    return {name: label for name, label in declared.items() if name in found} | {
        name: label for name, label in found.items() if name not in declared
    }


def _shown_trajectories(analysis: AnalysisResults) -> pd.DataFrame:
    if analysis.failures.empty:
        return analysis.trajectories
    return analysis.trajectories.assign(expected=np.nan, q2_5=np.nan, q97_5=np.nan)


def _trajectories(
    study: Study,
    analysis: str,
    trajectories: pd.DataFrame,
    limits: Mapping[str, tuple[float, float]],
) -> list[Picture]:
    pictures = []
    for position, outcome in enumerate(trajectories["outcome"].drop_duplicates()):
        rows = trajectories[trajectories["outcome"] == outcome]
        roles = _role_labels(study, rows)
        title = _labels(study).get(outcome, outcome)
        panel = figures.trajectory_panel(
            rows,
            roles,
            _wave_labels(study),
            figures.outcome_colour(outcome, position),
            limits[outcome],
            title,
            _scale_words(study, outcome),
        )
        sentence = _trajectory_sentence(rows, roles, title)
        svg = inline_svg(panel, f"{analysis}-{outcome}", sentence)
        pictures.append(Picture(svg, sentence))
    return pictures


def _trajectory_sentence(rows: pd.DataFrame, roles: Mapping[str, str], title: str) -> str:
    if rows["expected"].isna().all():
        return f"{title}: observed means only; what the model expects is withheld."
    parts = []
    for role, label in roles.items():
        part = rows[rows["role"] == role].sort_values("time")
        first, last = part.iloc[0], part.iloc[-1]
        parts.append(
            f"{label} from {fixed(first['expected'], 2)} at {short(first['time'])} "
            f"to {fixed(last['expected'], 2)} at {short(last['time'])} {last['time_unit']}"
        )
    return f"{title}, expected: {listed(parts)}."


def _axis_note(study: Study, limits: Mapping[str, tuple[float, float]]) -> str:
    shown = next(iter(limits.values()))
    span = short(float(f"{shown[1] - shown[0]:.2g}"))
    ranges = {study.scales[name].score_range for name in limits if name in study.scales}
    scale = ""
    if len(ranges) == 1:
        low, high = ranges.pop()
        scale = f" of a scale from {short(low)} to {short(high)}"
    return f"Every panel shows {span} points{scale}, so slopes compare by eye."


def _scale_words(study: Study, outcome: str) -> str:
    if outcome not in study.scales:
        return ""
    low, high = study.scales[outcome].score_range
    return f"points, {short(low)} to {short(high)}"


def _contrast(result: ClaimResult, analysis: AnalysisResults) -> Picture:
    draws = {
        group: estimand_draws(result.claim, analysis.posterior[group].to_dataset())
        .to_numpy()
        .ravel()
        for group in ("posterior", "prior")
        if group in analysis.posterior.children
    }
    drawing = claim_figures.contrast_density(
        draws["posterior"], result.claim, result.unit, draws.get("prior")
    )
    sentence = (
        f"Posterior of {estimand_words(result.claim)}: median {result.estimate('median')} "
        f"{result.unit}, 95 % ETI {result.estimate('q2_5')} to {result.estimate('q97_5')}."
    )
    return Picture(inline_svg(drawing, f"contrast-{result.claim.id}", sentence), sentence)


def _participation(study: Study, results: StudyResults) -> Picture | None:
    answered = results.flow[results.flow["stage"].str.startswith(_ANSWERED)]
    answered = answered[answered["wave"].isin(list(study.waves.levels))]
    if answered.empty:
        return None
    counts = answered.pivot_table(index="wave", columns="role", values="persons", aggfunc="sum")
    roles = _role_labels(study, answered)
    counts = counts.reindex(
        index=[wave for wave in study.waves.levels if wave in counts.index], columns=list(roles)
    )
    parts = [
        f"{label} {listed(f'{int(n):,}' for n in counts[role].dropna())}"
        for role, label in roles.items()
    ]
    sentence = f"Persons who answered, wave by wave: {'; '.join(parts)}."
    drawing = figures.participation(counts, roles, _wave_labels(study))
    return Picture(inline_svg(drawing, "participation", sentence), sentence)
