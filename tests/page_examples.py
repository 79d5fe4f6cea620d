"""Every kind of page, from made-up results, in the folders a run would write."""

from pathlib import Path

from headline_example import example_contributions, example_synthesis, write_contributions
from ledger_example import write_ledger
from report_example import example_study, write_example

from securebase.codebook.loading import Study
from securebase.config import Decision, Dropout, Sensitivity
from securebase.report.headline import write_headline
from securebase.report.index_page import write_index
from securebase.report.rules import Rules
from securebase.report.study_pages import write_study_pages
from securebase.synthesis.headline import headline

GOOD, FAILING = "couples_example", "couples_failing"
PAGES = (
    *("index.html", "headline.html"),
    *(f"{GOOD}/{name}.html" for name in ("claims", "growth", "paper")),
    *(f"{FAILING}/{name}.html" for name in ("claims", "growth", "paper")),
)


def page_study(name: str) -> Study:
    """Give the codebook of a study: a real one, or a simulated one whose fit failed."""
    return example_study(study=name, simulated=name == FAILING)


def write_pages(results: Path, root: Path) -> Path:
    """Write two studies, the headline and the first page; see `PAGES`.

    Parameters
    ----------
    results : pathlib.Path
        Folder to write to.
    root : pathlib.Path
        Of the project, where simulation has left what it has shown.
    """
    rules = Rules(sensitivity=Sensitivity(refits=True), dropout=Dropout(refits=True))
    for name in (GOOD, FAILING):
        write_example(results / name, e_bfmi=0.18 if name == FAILING else 0.91)
        known = [root / "docs" / "calibration" / "families.csv"]
        ledger = write_ledger(results / "ledger.jsonl", name, results / name / "waves.parquet")
        write_study_pages(page_study(name), results / name, rules, known, ledger)
    synthesis, decision = example_synthesis(), Decision()
    write_contributions(results / "contributions")
    contributions = example_contributions(results / "contributions")
    found = headline(synthesis, contributions, decision)
    found.write(results / "headline")
    write_headline(synthesis, contributions, found, results / "headline.html", decision)
    studies = [page_study(name) for name in (GOOD, FAILING)]
    write_index(studies, results, results / "index.html", decision, synthesis)
    return results
