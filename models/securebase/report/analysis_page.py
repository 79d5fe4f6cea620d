"""The page of an analysis: section by section, from whether it can be trusted to its origin."""

from collections.abc import Callable, Mapping
from typing import Final

from securebase.report.analysed import Analysed
from securebase.report.rendering import rendered
from securebase.report.section import Section
from securebase.report.sections import (
    answer,
    calibration,
    computation,
    curves,
    data,
    missing,
    model,
    moderation,
    origin,
    paths,
    prediction,
    prior_sensitivity,
    priors,
    replication,
    standards,
    together,
    trust,
)

SECTIONS: Final[tuple[Callable[[Analysed], Section | None], ...]] = (
    trust.section,
    answer.section,
    paths.section,
    together.section,
    curves.section,
    moderation.section,
    model.section,
    data.section,
    priors.section,
    prior_sensitivity.section,
    replication.section,
    missing.section,
    prediction.section,
    computation.section,
    calibration.section,
    standards.section,
    origin.section,
)
"""In the order of the page."""

RESTING_ON_TRUST: Final = (
    *(paths.section, together.section, curves.section, moderation.section),
    *(prior_sensitivity.section, replication.section, missing.section, prediction.section),
)
"""Left out where a check failed: all they say rests on the draws."""


def render_analysis(one: Analysed, digests: Mapping[str, str]) -> str:
    """Render the page of an analysis as HTML.

    Parameters
    ----------
    one : Analysed
    digests : mapping of str to str
        SHA-256 of each file that was read.
    """
    return rendered(
        "analysis.html.j2",
        study=one.study,
        one=one,
        rules=one.rules,
        sections=sections_of(one),
        digests=digests,
        trouble=[one] if one.withheld else [],
    )


def sections_of(one: Analysed) -> list[Section]:
    """Write the sections of a page, without those that have nothing to say."""
    asked = (two for two in SECTIONS if not (one.withheld and two in RESTING_ON_TRUST))
    found = (section(one) for section in asked)
    return [section for section in found if section is not None]
