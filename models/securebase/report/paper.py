"""Text and tables for a paper, from the results: Methods and Results in APA style (JARS-Quant).

Appelbaum et al. (2018), doi:10.1037/amp0000191, table 8 for Bayesian analyses. Every number is one
that the pages print.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from securebase.codebook.loading import Study
from securebase.report.analysed import Analysed, in_declared_order
from securebase.report.claims import ClaimResult
from securebase.report.fit_tables import parameter_table, prior_table
from securebase.report.inputs import StudyResults
from securebase.report.rendering import rendered
from securebase.report.rules import Rules
from securebase.report.sections import missing, model, prior_sensitivity
from securebase.report.tables import Cell, Table, labels_of, took_part
from securebase.report.wording import (
    Number,
    claimed_region,
    counted,
    estimand_words,
    fixed,
    listed,
    plain,
    probability_text,
    quantity_word,
    short,
)

_VERDICTS: Final = {
    "supported": "The data supported the claim",
    "contradicted": "The data contradicted the claim",
    "practically zero": "The quantity was practically zero",
    "undecided": "The data did not decide",
}
_SAMPLING: Final = ("securebase", "pymc", "nutpie")


def apa(number: Number | str) -> str:
    """Print what lies between 0 and 1 as APA style has it: no zero before the point."""
    return str(number).replace("0.", ".", 1)


def render_paper(
    study: Study, results: StudyResults, analyses: Sequence[Analysed], rules: Rules
) -> str:
    """Render text and tables as HTML that a word processor opens.

    Parameters
    ----------
    study : Study
        The codebook.
    results : StudyResults
    analyses : sequence of Analysed
        All of the study.
    rules : Rules
    """
    claims = in_declared_order(study, analyses)
    return rendered(
        "paper.html.j2",
        study=study,
        methods=list(methods(study, results, analyses, rules)),
        results=list(results_paragraphs(claims, analyses)),
        tables=list(_tables(claims, analyses)),
    )


def _tables(claims: Sequence[ClaimResult], analyses: Sequence[Analysed]) -> Iterator[Table]:
    columns = ("claim", "what it asks", "#median", "#95% CrI", "#ROPE", "#P(claim)", "verdict")
    yield Table("Claims and verdicts", columns, tuple(map(_claim_row, claims)), "claims.csv")
    for one in analyses:
        if not one.withheld:
            yield parameter_table(one.results, one.labels)
        declared = prior_table(one.results)
        if declared:
            yield declared


def _claim_row(one: ClaimResult) -> tuple[Cell, ...]:
    name, asks = one.claim.id, estimand_words(one.claim)
    rope = f"[{short(one.claim.rope.low)}, {short(one.claim.rope.high)}]"
    if one.withheld:
        return (name, asks, "withheld", "", rope, "", one.verdict)
    return (
        *(name, asks, one.estimate("median")),
        ("[", one.estimate("q2_5"), ", ", one.estimate("q97_5"), "]"),
        *(rope, apa(one.probability(one.claimed_column)), one.verdict),
    )


def methods(
    study: Study, results: StudyResults, analyses: Sequence[Analysed], rules: Rules
) -> Iterator[str]:
    """Write the paragraphs of a Methods section."""
    yield _participants(study, results)
    yield _measures(study, results)
    for one in analyses:
        yield f"{one.analysis.question} {plain(model.fitted(one))}"
    if analyses:
        yield _estimation(analyses)
    yield _decision(rules)


def _participants(study: Study, results: StudyResults) -> str:
    set_aside = len(results.exclusions)
    what = counted(set_aside, "row or cell", "rows and cells")
    lost = f" {what} were set aside, each with its reason."
    simulated = " All data are simulated; effect sizes are ours." if study.simulated else ""
    return f"{plain(took_part(results, study))}.{lost if set_aside else ''}{simulated}"


def _measures(study: Study, results: StudyResults) -> str:
    labels = labels_of(study)
    parts = []
    for name, scale in study.scales.items():
        low, high = scale.score_range
        found = results.scoring[results.scoring["scale"] == name]["omega"].dropna()
        spread = ""
        if len(found):
            lowest, highest = (apa(fixed(one, 2)) for one in (found.min(), found.max()))
            spread = f", ω = {lowest}" + (f" to {highest}" if highest != lowest else "")
        items = counted(len(scale.items), "item")
        parts.append(f"{labels[name]} ({items}, {short(low)} to {short(high)}{spread})")
    return f"Measures were {listed(parts)}."


def _estimation(analyses: Sequence[Analysed]) -> str:
    drawn, mixed, used = {}, {}, dict[str, None]()
    for one in analyses:
        sizes, table = one.results.posterior["posterior"].sizes, one.results.summary
        versions = str(one.results.posterior.attrs.get("versions", "")).split(", ")
        used |= dict.fromkeys(part for part in versions if part.split(" ")[0] in _SAMPLING)
        drawn[one.name] = f"{sizes['chain']} chains of {sizes['draw']:,} draws after warm-up."
        mixed[one.name] = (
            f"Largest R-hat = {fixed(table['r_hat'].max(), 3)}, smallest effective sample size = "
            f"{one.results.smallest_ess:,.0f}."
        )
    return (
        f"Posteriors were drawn by the no-U-turn sampler ({listed(used)}): {_once(drawn)} "
        f"{_once(mixed)} Random effects were integrated out of the likelihood of what was "
        "observed, so that missing answers were handled by full information."
    )


def _decision(rules: Rules) -> str:
    needed = apa(probability_text(rules.decision.probability, 0.01))
    return (
        "Each claim names a region of its estimand beyond a region of practical equivalence "
        "(ROPE), which was declared with its reason. It counts as supported, contradicted or "
        f"practically zero if the posterior probability is at least {needed} after "
        f"{short(rules.decision.mcse_margin)} Monte Carlo standard errors are subtracted, and else "
        "as undecided."
    )


def results_paragraphs(
    claims: Sequence[ClaimResult], analyses: Sequence[Analysed]
) -> Iterator[str]:
    """Write the paragraphs of a Results section, one per claim, then what would change them."""
    yield from (_claim(one) for one in claims)
    shown = [one for one in analyses if not one.withheld]
    for sentence in (prior_sensitivity.sentence, missing.sentence):
        if shown:
            yield _once({one.name: plain(sentence(one)) for one in shown})


def _once(said: Mapping[str, str]) -> str:
    """Say what is the same of all analyses once, and else of each by name."""
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    names = (name.replace("_", " ") for name in said)
    pairs = zip(names, said.values(), strict=True)
    return " ".join(f"Analysis {name}: {words[0].lower()}{words[1:]}" for name, words in pairs)


def _claim(one: ClaimResult) -> str:
    head = f"{one.claim.id}: {one.claim.sentence.rstrip('.')}."
    if one.withheld:
        return f"{head} Not assessable: {listed(one.reasons[:3])}."
    return (
        f"{head} {_VERDICTS[one.verdict]}: the posterior probability that "
        f"{quantity_word(one.claim)} is {claimed_region(one.claim)}{one.unit_words} was "
        f"{apa(one.probability(one.claimed_column))} "
        f"(MCSE {apa(one.mcse)}), median = {one.estimate('median')}, 95% credible interval "
        f"[{one.estimate('q2_5')}, {one.estimate('q97_5')}]."
    )
