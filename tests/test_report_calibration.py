"""What a page says of calibration: counted from the tables that calibration wrote."""

from pathlib import Path

import pandas as pd
import pytest
from report_example import example_study, write_example

from securebase.report.analysed import Analysed, analysed
from securebase.report.calibration import read_calibrated
from securebase.report.inputs import read_results
from securebase.report.rules import Rules
from securebase.report.sections import calibration
from securebase.report.tables import Table
from securebase.report.wording import plain


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        ("dyadic_growth", "one", 500, 20, 0.4),
        ("dyadic_growth", "two", 300, 10, 0.8),
        ("dyadic_panel", "three", 100, 5, 0.001),
    ]
    columns = ["family", "design", "refits", "quantities", "p_family"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "families.csv", index=False)
    found = {
        "study": "couples_example", "analysis": "growth", "claim": ["H1", "H1", "H2"],
        "world": ["source", "null", "source"], "units": 150, "supported": [0.9, 0.03, 0.4],
        "coverage_95": [0.95, 0.94, 0.96],
    }  # fmt: skip
    (tmp_path / "recovery").mkdir()
    pd.DataFrame(found).to_csv(tmp_path / "recovery" / "couples_example.csv", index=False)
    return tmp_path


def page_of(tmp_path: Path, *known: Path) -> Analysed:
    study = example_study()
    results = read_results(study, write_example(tmp_path / "results"))
    (one,) = analysed(study, results, Rules(), read_calibrated(known))
    return one


def test_designs_of_the_family_are_counted(tmp_path: Path, folder: Path) -> None:
    section = calibration.section(
        page_of(tmp_path, folder / "families.csv", folder / "recovery" / "couples_example.csv")
    )
    assert plain(section.sentence) == (
        "In 800 re-fits of 2 designs of the family dyadic growth, ranks of true values are uniform "
        "(smallest p 0.40)."
    )
    designs, claims = (block for block in section.blocks if isinstance(block, Table))
    assert [row[0] for row in designs.rows] == ["one", "two"]
    assert [[str(cell) for cell in row] for row in claims.rows] == [
        ["H1", "0.90", "0.95", "0.03"],
        ["H2", "0.40", "0.96", ""],
    ]


def test_a_family_that_was_not_calibrated_is_said_to_be_so(tmp_path: Path) -> None:
    one = page_of(tmp_path)
    assert plain(calibration.sentence(one)).endswith("has not been calibrated by simulation.")
