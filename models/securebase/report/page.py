"""The page of a study: one file that says what was found, and how far it can be trusted."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from securebase.codebook.loading import Study
from securebase.config import Decision, Dropout, Sensitivity
from securebase.report import claim_figures
from securebase.report.analysis import analysis_page
from securebase.report.claims import (
    ClaimResult,
    check_words,
    claim_results,
    expected_wrong,
    probability_regions,
    region_style,
    sides,
    verdict_sentence,
)
from securebase.report.inputs import DROPOUT_FILE, GRID_FILE, StudyResults, read_results
from securebase.report.participation import participation
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import (
    exclusion_table,
    flow_tables,
    labels_of,
    people,
    scoring_table,
    wave_labels,
)
from securebase.report.wording import estimand_words, fixed, listed, plain, short

_ANSWERED: Final = "answered"
_LOST: Final = "lost"


@dataclass(frozen=True)
class Rules:
    """What a run was asked for, as far as its page has to say it; by default the defaults.

    Parameters
    ----------
    decision : Decision
        The rule verdicts were reached by.
    sensitivity : Sensitivity
        What was asked of other priors.
    dropout : Dropout
        What was asked of those who left.
    """

    decision: Decision = field(default_factory=Decision)
    sensitivity: Sensitivity = field(default_factory=Sensitivity)
    dropout: Dropout = field(default_factory=Dropout)

    @property
    def tables(self) -> list[str]:
        """Tables of re-fits that each analysis has."""
        asked = {GRID_FILE: self.sensitivity.refits, DROPOUT_FILE: self.dropout.refits}
        return [name for name, do in asked.items() if do]


def write_report(
    study: Study, results: Path, destination: Path, rules: Rules | None = None
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
    rules : Rules, optional

    Raises
    ------
    InputError
        Results that are missing or lack a column.
    """
    rules = rules or Rules()
    page = render_report(study, read_results(study, results, rules.tables), rules)
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = destination.with_name(f".{destination.name}.partial")
    partial.write_text(page, encoding="utf-8", newline="\n")
    os.replace(partial, destination)


def render_report(study: Study, results: StudyResults, rules: Rules) -> str:
    """Render the page of a study as HTML."""
    decision = rules.decision
    claims = claim_results(study, results)
    environment = Environment(
        loader=PackageLoader("securebase.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages = [
        analysis_page(
            study,
            one,
            [result for result in claims if result.claim.analysis == name],
            decision.probability,
        )
        for name, one in results.analyses.items()
    ]
    supported, wrong = expected_wrong(claims)
    return environment.get_template("report.html.j2").render(
        study=study,
        results=results,
        decision=decision,
        sensitivity=rules.sensitivity,
        dropout=rules.dropout,
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
        people=people(results, study),
        participation=_participation(study, results),
        flow=flow_tables(results, study),
        exclusions=exclusion_table(results),
        scoring=scoring_table(results, study),
    )


def _forests(claims: Sequence[ClaimResult], decision: Decision) -> list[Picture]:
    pictures = []
    for number, unit in enumerate(dict.fromkeys(result.unit for result in claims)):
        members = [result for result in claims if result.unit == unit]
        if all(result.withheld for result in members):
            continue
        intervals = [
            claim_figures.ClaimInterval(
                claim=result.claim,
                low=result.value("q2_5"),
                median=result.value("median"),
                high=result.value("q97_5"),
                verdict=result.verdict,
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


def _participation(study: Study, results: StudyResults) -> Picture | None:
    persons = _persons(study, results, [_ANSWERED])
    if persons.empty:
        return None
    due = _persons(study, results, [_ANSWERED, _LOST])
    roles = {str(role): labels_of(study)[str(role)] for role in persons}
    parts = [
        f"{label} {listed(f'{int(n):,} of {int(m):,}' for n, m in _told(persons[role], due[role]))}"
        for role, label in roles.items()
    ]
    sentence = f"Persons who answered of those who were due, wave by wave: {'; '.join(parts)}."
    drawing = participation(persons, due, roles, wave_labels(study))
    return Picture(inline_svg(drawing, "participation", sentence), sentence)


def _persons(study: Study, results: StudyResults, stages: Sequence[str]) -> pd.DataFrame:
    """Count persons by wave and role over stages of the flow."""
    rows = results.flow[results.flow["stage"].isin(stages)]
    counts = rows.pivot_table(index="wave", columns="role", values="persons", aggfunc="sum")
    return counts.reindex(
        index=[wave for wave in study.waves.levels if wave in counts.index],
        columns=[role for role in study.roles.levels if role in counts.columns],
    )


def _told(persons: pd.Series, due: pd.Series) -> Iterator[tuple[float, float]]:
    pairs = zip(persons, due.reindex(persons.index), strict=True)
    return (pair for pair in pairs if pd.notna(pair[0]))
