"""Answers in words: lines for a terminal, values for a file."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from securebase.audit.opened import Opened
from securebase.audit.questions.answers import Answer, Judged, answered
from securebase.audit.questions.asked import Asking
from securebase.faults import InputError
from securebase.report.wording import fixed, probability_text

_TITLES: Final = {"priors": "Your own priors", "rival": "Your own structure"}
_NO_CHECK: Final = "an answer, not a check: the exit code does not depend on it"


def all_answered(
    opened: Opened, asked: Sequence[Asking], seed: int, cores: int = 1
) -> list[Answer]:
    """Answer every question; what cannot be fitted costs the others nothing."""
    return [_answered(opened, one, seed, cores) for one in asked]


def _answered(opened: Opened, asking: Asking, seed: int, cores: int) -> Answer:
    try:
        return answered(opened, asking, seed, cores)
    except InputError as error:
        return Answer(asking, (), "; ".join(map(str, error.faults)))
    except Exception as error:  # a file made to harm may raise anything
        return Answer(asking, (), f"{type(error).__name__}: {error}")


def title(answer: Answer) -> str:
    """Name a question: "Your own priors (mine.yaml): growth"."""
    asking = answer.asking
    return f"{_TITLES[asking.kind]} ({asking.name}): {asking.analysis}"


def estimate_text(judged: Judged) -> str:
    """Write an estimate with its interval; empty where there is none."""
    if judged.estimate is None or judged.low is None or judged.high is None:
        return ""
    numbers = [fixed(one, judged.places) for one in (judged.estimate, judged.low, judged.high)]
    return f"{numbers[0]} ({numbers[1]} to {numbers[2]})"


def chance_text(judged: Judged) -> str:
    """Write the probability of what is claimed; empty where there is none."""
    if judged.probability is None:
        return ""
    return probability_text(judged.probability, judged.error)


def lines_of(answers: Sequence[Answer]) -> Iterator[str]:
    """Tell answers line by line."""
    for answer in answers:
        yield f"{title(answer)} ({_NO_CHECK})."
        yield from (f"  {what} [{reason}]" for what, reason in answer.asking.changes)
        if answer.trouble:
            yield f"  The fit is not to be relied on: {answer.trouble}."
        for line in answer.lines:
            sides = " -> ".join(_side(one) for one in (line.before, line.after))
            yield f"  {line.claim}  {sides}{'  CHANGED' if line.changed else ''}"
            if line.published != line.before.verdict:
                yield f"      claims.csv, from all data, says: {line.published}."


def _side(judged: Judged) -> str:
    estimate, chance = estimate_text(judged), chance_text(judged)
    return f"{judged.verdict} {estimate}, P {chance}" if estimate else judged.verdict


def as_values(answers: Sequence[Answer], seed: int) -> list[dict[str, Any]]:
    """Give answers as plain values."""
    return [
        {
            "kind": one.asking.kind,
            "name": one.asking.name,
            "analysis": one.asking.analysis,
            "seed": seed,
            "changes": [{"what": what, "reason": reason} for what, reason in one.asking.changes],
            "trouble": one.trouble,
            "claims": [{**asdict(line), "changed": line.changed} for line in one.lines],
        }
        for one in answers
    ]
