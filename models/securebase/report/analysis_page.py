"""The page of an analysis: section by section, from whether it can be trusted to its origin."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from securebase.codebook.loading import Study
from securebase.report.analysed import Analysed, analysed
from securebase.report.inputs import read_results
from securebase.report.rendering import rendered, write_page
from securebase.report.rules import Rules
from securebase.report.section import Section
from securebase.report.sections import (
    answer,
    computation,
    data,
    missing,
    model,
    origin,
    prediction,
    prior_sensitivity,
    priors,
    replication,
    trust,
)

SECTIONS: Final[tuple[Callable[[Analysed], Section], ...]] = (
    *(trust.section, answer.section, model.section, data.section, priors.section),
    *(prior_sensitivity.section, replication.section, missing.section),
    *(prediction.section, computation.section, origin.section),
)
"""In the order of the page."""

RESTING_ON_TRUST: Final = (
    *(prior_sensitivity.section, replication.section, missing.section, prediction.section),
)
"""Left out where a check failed: all they say rests on the draws."""


def write_analysis_page(
    study: Study, name: str, results: Path, destination: Path, rules: Rules | None = None
) -> None:
    """Write the page of an analysis: one HTML file that loads nothing.

    Parameters
    ----------
    study : Study
        The codebook.
    name : str
        The analysis.
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
    found = read_results(study, results, rules.tables, [name])
    (one,) = analysed(study, found, rules)
    text = rendered(
        "analysis.html.j2",
        study=study,
        one=one,
        sections=sections_of(one),
        digests=found.digests,
        trouble=[one] if one.withheld else [],
    )
    write_page(text, destination)


def sections_of(one: Analysed) -> list[Section]:
    """Write the sections of a page, without those that a failed check leaves nothing to say."""
    return [
        section(one) for section in SECTIONS if not (one.withheld and section in RESTING_ON_TRUST)
    ]
