"""What a page shows of one analysis: its drawings, estimates, checks and origin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from securebase.claims import estimand_draws
from securebase.codebook.analysis import Analysis
from securebase.codebook.loading import Study
from securebase.report import claim_figures, figures
from securebase.report.claims import ClaimResult
from securebase.report.departures import dropout_panels, dropout_sentence, dropout_table
from securebase.report.fit_tables import (
    change_table,
    check_table,
    left_out_note,
    parameter_table,
    prior_table,
    provenance_table,
)
from securebase.report.inputs import AnalysisResults
from securebase.report.prior_sensitivity import (
    grid_sentence,
    grid_table,
    scaling_sentence,
    scaling_table,
)
from securebase.report.replications import (
    replication_note,
    replication_panels,
    replication_table,
    replications,
)
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import Table, labels_of, role_labels, wave_labels
from securebase.report.wording import counted, estimand_words, fixed, listed, short


@dataclass(frozen=True)
class AnalysisPage:
    """What the page shows of one analysis."""

    name: str
    analysis: Analysis
    results: AnalysisResults
    trajectories: list[Picture]
    axis_note: str
    contrasts: list[tuple[ClaimResult, Picture]]
    changes: Table | None
    parameters: Table
    checks: Table
    replications: list[Picture]
    replicated: Table
    replication_note: str
    priors: Table | None
    scaling: Table | None
    grid: Table | None
    sensitivity_note: str
    dropout: Table | None
    dropout_panels: list[Picture]
    dropout_note: str
    left_out: str
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


def analysis_page(
    study: Study, analysis: AnalysisResults, claims: Sequence[ClaimResult], needed: float
) -> AnalysisPage:
    """Gather what the page shows of one analysis.

    Parameters
    ----------
    study : Study
        The codebook.
    analysis : AnalysisResults
        What the analysis left.
    claims : sequence of ClaimResult
        Those asked of it.
    needed : float
        Probability a verdict needs.
    """
    name = analysis.name
    labels = labels_of(study)
    compared = replications(analysis)
    trajectories = _shown_trajectories(analysis)
    limits = figures.trajectory_limits(trajectories, _ranges(study))
    return AnalysisPage(
        name=name,
        analysis=study.analyses[name],
        results=analysis,
        trajectories=_trajectories(study, name, trajectories, limits),
        axis_note=_axis_note(study, limits),
        contrasts=[
            (result, _contrast(result, analysis)) for result in claims if not result.withheld
        ],
        changes=change_table(analysis, labels)
        if "change" in set(analysis.summary["name"])
        else None,
        parameters=parameter_table(analysis, labels),
        checks=check_table(analysis),
        replications=replication_panels(study, name, compared),
        replicated=replication_table(compared, analysis),
        replication_note=replication_note(compared),
        priors=prior_table(analysis),
        scaling=scaling_table(analysis, claims),
        grid=grid_table(analysis, claims),
        dropout=dropout_table(analysis, claims, labels),
        dropout_panels=dropout_panels(analysis, claims, labels, needed),
        dropout_note=dropout_sentence(analysis),
        sensitivity_note=f"{scaling_sentence(analysis)} {grid_sentence(analysis)}".strip(),
        left_out=left_out_note(analysis, study.unit),
        provenance=provenance_table(analysis),
    )


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
        roles = role_labels(study, rows)
        title = labels_of(study).get(outcome, outcome)
        panel = figures.trajectory_panel(
            rows,
            roles,
            wave_labels(study),
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
        if len(part) == 1:
            parts.append(f"{label} {fixed(first['expected'], 2)}")
            continue
        parts.append(
            f"{label} from {fixed(first['expected'], 2)} at {short(first['time'])} "
            f"to {fixed(last['expected'], 2)} at {short(last['time'])} {last['time_unit']}"
        )
    return f"{title}, expected: {listed(parts)}."


def _ranges(study: Study) -> dict[str, tuple[float, float]]:
    return {name: scale.score_range for name, scale in study.scales.items()}


def _axis_note(study: Study, limits: Mapping[str, tuple[float, float]]) -> str:
    ranges = {_ranges(study).get(name) for name in limits}
    if len(ranges) != 1 or None in ranges:
        return "Panels of one scale show the same number of points, so their slopes compare by eye."
    low, high = _ranges(study)[next(iter(limits))]
    bottom, top = next(iter(limits.values()))
    span = short(float(f"{top - bottom:.2g}"))
    return (
        f"Every panel shows {span} points of a scale from {short(low)} to {short(high)}, "
        "so slopes compare by eye."
    )


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
        f"Posterior of {estimand_words(result.claim)}: "
        f"median {result.estimate('median')}{result.unit_words}, "
        f"95 % ETI {result.estimate('q2_5')} to {result.estimate('q97_5')}."
    )
    return Picture(inline_svg(drawing, f"contrast-{result.claim.id}", sentence), sentence)
