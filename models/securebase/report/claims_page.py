"""The page of a study's claims: one file that says what was found, and how far to trust it."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from securebase.codebook.loading import Study
from securebase.config import Decision
from securebase.report import claim_figures
from securebase.report.analysed import Analysed, in_declared_order
from securebase.report.claims import (
    ClaimResult,
    expected_wrong,
    sides,
    verdict_sentence,
)
from securebase.report.inputs import StudyResults
from securebase.report.participation import participation
from securebase.report.rendering import rendered
from securebase.report.rules import Rules
from securebase.report.sections import answer, deviations, missing, prior_sensitivity, tried, trust
from securebase.report.sections.tried import Record
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import (
    exclusion_table,
    flow_tables,
    labels_of,
    people,
    scoring_table,
    wave_labels,
)
from securebase.report.wording import estimand_words, fixed, listed, plain

_ANSWERED: Final = "answered"
_LOST: Final = "lost"


def render_claims(
    study: Study,
    results: StudyResults,
    analyses: Sequence[Analysed],
    rules: Rules,
    record: Record | None = None,
) -> str:
    """Render the page of a study as HTML.

    Parameters
    ----------
    study : Study
        The codebook.
    results : StudyResults
    analyses : sequence of Analysed
        All of the study.
    rules : Rules
    record : Record, optional
        What the ledger says of the study; without it, that none was kept.
    """
    decision = rules.decision
    claims = in_declared_order(study, analyses)
    supported, wrong = expected_wrong(claims)
    return rendered(
        "claims.html.j2",
        study=study,
        results=results,
        rules=rules,
        claims=[(result, verdict_sentence(result, decision)) for result in claims],
        estimand_words=estimand_words,
        sides=sides,
        weights={
            result.claim.id: prior_sensitivity.prior_weight(one.results, result)
            for one in analyses
            for result in one.shown
        },
        grades={
            result.claim.id: prior_sensitivity.graded(one.results, result, decision)
            for one in analyses
            for result in one.shown
        },
        supported=supported,
        expected_wrong=fixed(wrong, 2),
        forests=_forests(claims, decision),
        analyses=[
            (one, trust.outcome(one), answer.sentence(one), _firmness(one)) for one in analyses
        ],
        trouble=[one for one in analyses if one.withheld],
        digests=results.digests,
        people=people(results.people, study),
        participation=_participation(study, results),
        flow=flow_tables(results, study),
        exclusions=exclusion_table(results),
        scoring=scoring_table(results, study),
        told=[tried.section(study, record), deviations.section(study, rules, record)],
    )


def _firmness(one: Analysed) -> list[str]:
    """Say, for an analysis, what other priors and other fates of those who left would change."""
    if one.withheld:
        return []
    return [prior_sensitivity.sentence(one), missing.sentence(one)]


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
