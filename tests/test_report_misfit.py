"""What a page says of moments that a model does not reproduce."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from report_example import example_study, residual_moments, write_example

from securebase.report.analysed import Analysed, analysed
from securebase.report.analysis_page import render_analysis
from securebase.report.inputs import read_results
from securebase.report.rules import Rules
from securebase.report.section import Gallery
from securebase.report.sections.misfit import moment_blocks, moment_sentence
from securebase.report.tables import Table
from securebase.report.wording import Number, plain


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    folder = write_example(tmp_path_factory.mktemp("results") / "couples_example")
    study = example_study()
    (found,) = analysed(study, read_results(study, folder), Rules())
    return found


def test_the_moment_ppp_is_said_with_its_cell(one: Analysed) -> None:
    sentence = moment_sentence(one)
    assert plain(sentence) == "Moment PPP: 0.42."
    (number,) = (part for part in sentence if isinstance(part, Number))
    assert number.source == "growth/moment_fit.csv#L2.ppp"


def test_compositions_are_named_where_there_are_several(one: Analysed) -> None:
    fit = one.results.moment_fit
    two = pd.concat([fit.assign(composition="mf"), fit.assign(composition="ff", ppp=0.03)])
    two.index = pd.RangeIndex(2, 4, name="line")
    several = replace(one, results=replace(one.results, moment_fit=two))
    assert plain(moment_sentence(several)) == "Moment PPP: 0.42 (mf); 0.03 (ff)."


def test_the_largest_residual_is_named_and_every_cell_explains_itself(one: Analysed) -> None:
    table, gallery, _, worst = moment_blocks(one)
    assert isinstance(table, Table)
    assert isinstance(gallery, Gallery)
    (picture,) = gallery.pictures
    words = "partner attachment avoidance, month 9 with patient attachment anxiety, month 3"
    assert picture.caption == f"Residual moments: the largest is −0.21, {words}."
    # once below the diagonal, whichever comes first in the table
    assert picture.svg.count("<title>") == len(residual_moments())
    assert f"{words}: −0.21" in picture.svg or "month 3, with partner" in picture.svg
    (rows,) = worst.blocks  # type: ignore[union-attr]
    assert [str(cell) for cell in rows.rows[0]] == ["all", words, "−0.21"]
    assert len(rows.rows) == 10


def test_a_failed_check_withholds_them(tmp_path: Path) -> None:
    folder, study = write_example(tmp_path / "couples_example", e_bfmi=0.1), example_study()
    (bad,) = analysed(study, read_results(study, folder), Rules())
    assert "Moment PPP" not in render_analysis(bad, {})
