"""The page of a study's claims: one file that says what was found, and how far to trust it."""

from collections.abc import Sequence

from securebase.codebook.loading import Study
from securebase.config import Decision
from securebase.report import claim_figures
from securebase.report.analysed import Analysed, in_declared_order
from securebase.report.claim_counts import expected_wrong
from securebase.report.claims import (
    ClaimResult,
    sides,
    verdict_sentence,
)
from securebase.report.flow_chart import flow_chart
from securebase.report.inputs import StudyResults
from securebase.report.rendering import rendered
from securebase.report.rules import Rules
from securebase.report.sections import (
    answer,
    check_it,
    deviations,
    fidelity,
    missing,
    prior_sensitivity,
    specifications,
    tried,
    trust,
)
from securebase.report.sections.tried import Record
from securebase.report.set_aside import exclusion_table
from securebase.report.specified import specified
from securebase.report.svg import Picture, inline_svg
from securebase.report.tables import (
    flow_tables,
    scoring_table,
    took_part,
)
from securebase.report.wording import Sentence, estimand_words, plain


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
    multiverse = specified(study, results, decision)
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
        standings=specifications.standings(multiverse, claims),
        expected_wrong=expected_wrong(claims),
        forests=_forests(claims, decision),
        analyses=[
            (one, trust.outcome(one), answer.sentence(one), _firmness(one)) for one in analyses
        ],
        trouble=[one for one in analyses if one.withheld],
        digests=results.digests,
        people=took_part(results, study),
        chart=flow_chart(study, results),
        flow=flow_tables(results, study),
        exclusions=exclusion_table(results),
        scoring=scoring_table(results, study),
        told=[
            *filter(None, [fidelity.section(analyses)]),
            *specifications.sections(multiverse, claims),
            tried.section(study, record),
            deviations.section(study, rules, record),
            check_it.section(study, results.counted is not None),
        ],
    )


def _firmness(one: Analysed) -> list[Sentence]:
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
