"""A35: the rivals that the codebook declares, fitted to the moments; verdicts before and after."""

import json
from collections.abc import Iterator

from securebase.audit.asking import Asked
from securebase.audit.full.fitted import fitted_analyses, not_fitted
from securebase.audit.outcomes import Said, passes, skips, warns
from securebase.audit.questions.answers import Answer, answered
from securebase.audit.questions.asked import Asking
from securebase.faults import InputError


def rivals_again(asked: Asked) -> Iterator[Said]:
    """Judge every claim under every declared rival; another verdict is a warning."""
    for name in fitted_analyses(asked):
        for rival, declared in asked.opened.study.analyses[name].rivals.items():
            changes = tuple(
                (f"{key}: {json.dumps(value)}", declared.reason)
                for key, value in declared.change.items()
            )
            question = Asking("rival", rival, name, changes, change=declared.change)
            try:
                found = answered(
                    asked.opened, question, asked.seed, asked.models.cores if asked.models else 1
                )
            except InputError as error:
                given = "; ".join(one.given for one in error.faults)
                yield skips(f"{name}, {rival}: moments cannot be asked: {given}.")
                continue
            yield from _told(f"{name}, {rival}", found)
    yield from not_fitted(asked)


def _told(place: str, found: Answer) -> Iterator[Said]:
    if found.trouble:
        yield warns(f"{place}: the fit is not to be relied on: {found.trouble}.")
        return
    if not found.lines:
        yield skips(f"{place}: no claim is about this analysis.")
        return
    same, other = [], []
    for one in found.lines:
        if one.changed:
            yield warns(f"{place}: {one.claim} {one.before.verdict} -> {one.after.verdict}.")
        elif one.after.answers:
            same.append(one.claim)
        else:
            other.append(one.claim)
    if other:
        yield skips(f"{place}: {', '.join(other)} cannot be judged by what is declared of them.")
    if same:
        yield passes(f"{place}: the verdicts of {', '.join(same)} are the same.")
