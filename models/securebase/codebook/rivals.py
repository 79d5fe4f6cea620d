"""Rivals of an analysis: other models of the same scores, as codebooks of their own."""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from securebase.codebook.analysis import Analysis
from securebase.codebook.document import error_details
from securebase.codebook.questions import Problem, question_problems
from securebase.codebook.study import Study

CHANGED: Final = frozenset(Analysis.model_fields) - {
    *("family", "question", "outcomes", "roles", "waves", "complete_waves", "clusters", "rivals"),
}
"""Keys a rival may change: with others it would not be about the same scores."""


def rival_study(study: Study, name: str, rival: str) -> Study:
    """Put a rival in the place of its analysis.

    Parameters
    ----------
    study : Study
        The codebook.
    name : str
        The analysis.
    rival : str
        One of its rivals.

    Returns
    -------
    Study
        Without claims on the analysis, and without its rivals.

    Raises
    ------
    ValidationError
        Where the change is not one of an analysis; none in a codebook that was loaded.
    """
    declared = study.analyses[name]
    said = declared.model_dump(mode="json", exclude={"rivals"}, exclude_unset=True)
    values = said | declared.rivals[rival].change
    other = {**study.analyses, name: Analysis.model_validate(values)}
    claims = tuple(one for one in study.claims if one.analysis != name)
    return study.model_copy(update={"analyses": other, "claims": claims})


def rival_problems(study: Study) -> Iterator[Problem]:
    """Find rivals that are not about the same scores, or use names the study does not have."""
    for name, analysis in study.analyses.items():
        for rival, declared in analysis.rivals.items():
            place = ("analyses", name, "rivals", rival, "change")
            kept = set(declared.change) - CHANGED
            for key in sorted(kept):
                expected = f"one of: {', '.join(sorted(CHANGED))}"
                yield (*place, key), f"'{key}' of a rival", expected, ""
            if not kept:
                yield from _problems(study, name, rival)


def _problems(study: Study, name: str, rival: str) -> Iterator[Problem]:
    place = ("analyses", name, "rivals", rival, "change")
    try:
        other = rival_study(study, name, rival)
    except ValidationError as error:
        for detail in error_details(error):
            yield (*place, *detail["loc"]), f"{detail['input']!r}", str(detail["msg"]), ""
        return
    known = set(question_problems(study))
    for path, *words in question_problems(other):
        if (path, *words) not in known and path[:2] == ("analyses", name):
            given, expected, remedy = words
            yield (*place, *path[2:]), given, expected, remedy
