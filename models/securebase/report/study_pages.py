"""All pages and texts of a study, from its results read once."""

from collections.abc import Sequence
from pathlib import Path

from securebase.codebook.loading import Study
from securebase.ledger.listing import listing, write_fits
from securebase.report.analysed import analysed, in_declared_order
from securebase.report.analysis_page import render_analysis
from securebase.report.calibration import read_calibrated
from securebase.report.claims_page import render_claims
from securebase.report.inputs import FITS_FILE, WAVES_FILE, read_results
from securebase.report.markdown import claims_markdown
from securebase.report.paper import render_paper
from securebase.report.rendering import write_page
from securebase.report.result_tables import read_table
from securebase.report.rules import Rules
from securebase.report.sections.tried import Record


def write_study_pages(
    study: Study,
    folder: Path,
    rules: Rules | None = None,
    calibration: Sequence[Path] = (),
    ledger: Path | None = None,
) -> None:
    """Write claims.html, claims.md, paper.html and a page per analysis; fits.csv from a ledger.

    Each HTML file loads nothing, and appears whole or not at all.

    Parameters
    ----------
    study : Study
        The codebook.
    folder : pathlib.Path
        ``results/<study>``: results are read there, pages are written there.
    rules : Rules, optional
        What the run was asked for.
    calibration : sequence of pathlib.Path
        What simulation has shown: see `calibration.read_calibrated`.
    ledger : pathlib.Path, optional
        Of all fits; fits.csv has those of the study, no row where there is no ledger.

    Raises
    ------
    InputError
        Results that are missing or lack a column; words that a page may not say.
    """
    rules = rules or Rules()
    record = _recorded(study, folder, ledger) if ledger else None
    results = read_results(study, folder, rules.tables, rules.multiverse_of(study))
    analyses = analysed(study, results, rules, read_calibrated(calibration))
    claims = in_declared_order(study, analyses)
    write_page(render_claims(study, results, analyses, rules, record), folder / "claims.html")
    write_page(claims_markdown(study, claims, rules.decision), folder / "claims.md")
    write_page(render_paper(study, results, analyses, rules), folder / "paper.html")
    for one in analyses:
        write_page(render_analysis(one, results.digests), folder / f"{one.name}.html")


def _recorded(study: Study, folder: Path, ledger: Path) -> Record | None:
    """Write the fits of a study beside its results, and read them as every other table."""
    found = listing(study, ledger, folder / WAVES_FILE)
    write_fits(found.rows if found else (), folder / FITS_FILE)
    return Record(found.reading, read_table(folder / FITS_FILE)) if found else None
