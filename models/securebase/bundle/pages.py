"""Pages of a bundle: made of what it holds, never copied from those of the author."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from securebase.bundle.tables import Files
from securebase.codebook.loading import Study
from securebase.report.analysed import analysed
from securebase.report.analysis_page import render_analysis
from securebase.report.bundled_results import read_bundled
from securebase.report.calibration import read_calibrated
from securebase.report.claims_page import render_claims
from securebase.report.inputs import StudyResults, read_results
from securebase.report.language import refuse_foreign_words
from securebase.report.rules import Rules
from securebase.report.sections.tried import Record

FOLDER: Final = "pages"


def public_pages(
    study: Study, files: Files, rules: Rules, record: Record | None, calibration: Sequence[Path]
) -> Files:
    """Write the pages of a public bundle.

    Parameters
    ----------
    study : Study
        The codebook, as the bundle has it.
    files : dict of str to bytes
        Of the bundle: its tables and draws.
    rules : Rules
        What the run was asked for.
    record : Record or None
        What the ledger says of the study.
    calibration : sequence of pathlib.Path
        See `report.calibration.read_calibrated`.
    """
    with tempfile.TemporaryDirectory(prefix="securebase-pages-") as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        results = read_bundled(study, folder, rules.tables)
        return _pages(study, results, rules, record, calibration)


def controlled_pages(
    study: Study, folder: Path, rules: Rules, record: Record | None, calibration: Sequence[Path]
) -> Files:
    """Write those of a controlled bundle, from ``results/<study>``: with exact counts."""
    results = read_results(study, folder, rules.tables)
    return _pages(study, results, rules, record, calibration)


def _pages(
    study: Study, results: StudyResults, rules: Rules, record: Record | None,
    calibration: Sequence[Path],
) -> Files:  # fmt: skip
    analyses = analysed(study, results, rules, read_calibrated(calibration))
    pages = {"claims": render_claims(study, results, analyses, rules, record)}
    pages |= {one.name: render_analysis(one, results.digests) for one in analyses}
    for name, text in pages.items():
        refuse_foreign_words(text, f"{FOLDER}/{name}.html")
    return {f"{FOLDER}/{name}.html": text.encode() for name, text in pages.items()}
