"""The claims of a study as Markdown: to paste into a message, an issue, a supplement."""

from collections.abc import Iterator, Sequence

from securebase.codebook.loading import Study
from securebase.config import Decision
from securebase.report.claims import ClaimResult, verdict_sentence
from securebase.report.wording import plain, short

_COLUMNS = ("claim", "verdict", "median", "95 % ETI", "unit", "ROPE", "P(claim)", "MCSE")


def claims_markdown(study: Study, claims: Sequence[ClaimResult], decision: Decision) -> str:
    """Write verdicts as a table, then a sentence each."""
    return "\n".join(_lines(study, claims, decision)) + "\n"


def _lines(study: Study, claims: Sequence[ClaimResult], decision: Decision) -> Iterator[str]:
    yield f"# {study.title}\n"
    if study.simulated:
        yield "**Simulated data: effect sizes are ours.**\n"
    if not claims:
        yield "No claim is declared for this study."
        return
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---" * len(_COLUMNS) + "|"
    yield from (f"| {' | '.join(_row(one))} |" for one in claims)
    yield ""
    for one in claims:
        words = plain(verdict_sentence(one, decision))
        yield f"- **{one.claim.id}** {one.claim.sentence} *{one.verdict}*. {words}"
    yield (
        "\nETI: equal-tailed interval; ROPE: region too small to matter; a verdict needs "
        f"probability {short(decision.probability)}. Numbers: claims.csv."
    )


def _row(one: ClaimResult) -> tuple[str, ...]:
    rope = f"{short(one.claim.rope.low)} to {short(one.claim.rope.high)}"
    if one.withheld:
        return (one.claim.id, one.verdict, "withheld", "", one.unit, rope, "", "")
    return (
        one.claim.id,
        one.verdict,
        str(one.estimate("median")),
        f"{one.estimate('q2_5')} to {one.estimate('q97_5')}",
        one.unit,
        rope,
        str(one.probability(one.claimed_column)),
        str(one.mcse),
    )
