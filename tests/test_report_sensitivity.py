"""What a page says of other priors, and of those who left."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from report_example import example_study, write_example

from securebase.config import Sensitivity
from securebase.faults import InputError
from securebase.report.analysed import Analysed, analysed
from securebase.report.analysis_page import render_analysis
from securebase.report.claims import ClaimResult
from securebase.report.inputs import AnalysisResults, read_results
from securebase.report.rules import Rules
from securebase.report.sections import missing
from securebase.report.sections.missing import dropout_panels, dropout_table
from securebase.report.sections.prior_sensitivity import (
    grid_sentence,
    grid_table,
    scaling_sentence,
    scaling_table,
)
from securebase.report.wording import plain


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_example(tmp_path_factory.mktemp("results") / "couples_example")


@pytest.fixture(scope="module")
def growth(folder: Path) -> AnalysisResults:
    return read_results(example_study(), folder, ["prior_grid.csv", "dropout.csv"]).analyses[
        "growth"
    ]


@pytest.fixture(scope="module")
def claims(folder: Path) -> list[ClaimResult]:
    study = example_study()
    (one,) = analysed(study, read_results(study, folder), Rules())
    return list(one.claims)


def words(row: tuple[object, ...]) -> list[str]:
    return [plain(cell) if isinstance(cell, tuple) else str(cell) for cell in row]


def page_of(growth: AnalysisResults, claims: list[ClaimResult]) -> Analysed:
    return Analysed(example_study(), growth, claims, Rules())


def test_the_strongest_block_is_named_with_what_it_means(
    growth: AnalysisResults, claims: list[ClaimResult]
) -> None:
    table = scaling_table(growth, claims)
    assert table is not None
    rows = {str(row[0]): words(row) for row in table.rows}
    assert rows["H3"] == ["H3", "unit standard deviation", "0.08", "0.12", "prior-data conflict"]
    assert rows["H1"][-1] == "the data decide"
    assert scaling_sentence(growth) == (
        "Claims that lean on a block of the prior: H3 on unit standard deviation."
    )


def test_verdicts_that_another_prior_changes_are_named(
    growth: AnalysisResults, claims: list[ClaimResult]
) -> None:
    table = grid_table(growth, claims)
    assert table is not None
    rows = {str(row[0]): words(row) for row in table.rows}
    assert rows["H1"][1] == "0.710"
    # the re-fit that failed counts nowhere
    assert rows["H1"][-2:] == ["1 of 2", "undecided at change sd × 0.25"]
    assert rows["H2"][-2:] == ["2 of 2", "nowhere"]
    assert plain(grid_sentence(page_of(growth, claims))) == (
        "Fitted again under 2 other priors, 3 of 4 claims keep their verdict under all; "
        "1 re-fit failed."
    )


def test_numbers_of_other_priors_have_addresses(
    folder: Path, growth: AnalysisResults, claims: list[ClaimResult]
) -> None:
    table = grid_table(growth, claims)
    assert table is not None
    file = pd.read_csv(folder / "growth" / "prior_grid.csv")
    lowest = table.rows[0][1]
    path, _, place = lowest.source.partition("#")  # type: ignore[union-attr]
    line, _, column = place.rpartition(".")
    assert path == "growth/prior_grid.csv"
    assert file.loc[int(line[1:]) - 2, column] == 0.71


def _page(folder: Path, rules: Rules) -> str:
    study = example_study()
    (one,) = analysed(study, read_results(study, folder, rules.tables), rules)
    return render_analysis(one, {})


def test_without_re_fits_the_page_says_so(folder: Path) -> None:
    asked = Rules(sensitivity=Sensitivity(refits=True))
    without, with_grid = (_page(folder, rules) for rules in (Rules(), asked))
    assert "was not fitted again under other priors in this run" in without
    assert "Every claim again under other priors" not in without
    assert "Every claim again under other priors" in with_grid
    assert "was not fitted again" not in with_grid


def test_re_fits_that_are_asked_for_have_to_be_there(folder: Path, tmp_path: Path) -> None:
    other = write_example(tmp_path / "couples_example")
    (other / "growth" / "prior_grid.csv").unlink()
    with pytest.raises(InputError, match=r"prior_grid.csv.*no such file"):
        read_results(example_study(), other, ["prior_grid.csv"])


LABELS = {"anxiety": "attachment anxiety"}


def test_what_those_who_left_would_have_to_be_like_is_named(
    growth: AnalysisResults, claims: list[ClaimResult]
) -> None:
    table = dropout_table(growth, claims, LABELS)
    assert table is not None
    rows = {str(row[0]): words(row) for row in table.rows}
    # the smallest shift, though a larger one does so too
    assert rows["H1"][-1] == "undecided: attachment anxiety 0.5 sd higher"
    assert rows["H1"][1] == "0.620"
    assert rows["H2"][-1] == "nothing within these shifts"
    assert plain(missing.sentence(page_of(growth, claims))) == (
        "3 of 4 claims keep their verdict whatever those who left were like, up to 1 sd either "
        "way. 1 re-fit failed."
    )


def test_each_claim_has_a_drawing_that_says_what_it_shows(
    growth: AnalysisResults, claims: list[ClaimResult]
) -> None:
    pictures = dropout_panels(growth, claims, LABELS, 0.95)
    assert [one.caption.split(",")[0] for one in pictures] == ["H1", "H2", "H3", "H4"]
    assert "undecided: attachment anxiety 0.5 sd higher" in pictures[0].svg
    assert "the verdict holds" in pictures[1].caption


def test_nothing_is_drawn_where_nobody_left(growth: AnalysisResults) -> None:
    assert growth.dropout is not None
    empty = replace(growth, dropout=growth.dropout.head(0))
    assert dropout_table(empty, [], LABELS) is None
    assert dropout_panels(empty, [], LABELS, 0.95) == []
    said = plain(missing.sentence(page_of(empty, [])))
    assert said.startswith("Nothing is claimed, nobody left for good")
    without = page_of(replace(growth, dropout=None), [])
    assert "missing at random" in plain(missing.sentence(without))


def test_a_re_fit_to_compare_with_that_failed_is_told(
    growth: AnalysisResults, claims: list[ClaimResult]
) -> None:
    assert growth.grid is not None
    assert growth.dropout is not None
    failed = growth.grid["failure"].mask(growth.grid["block"] == "declared", "RuntimeError: no")
    table = grid_table(replace(growth, grid=growth.grid.assign(failure=failed)), claims)
    assert table is not None
    assert table.rows[0] == ("H1", "", "", "", "", "the re-fit as declared failed")
    none = growth.dropout["imputations"].mask(growth.dropout["shift"] == 0.0, 0)
    lost = replace(growth, dropout=growth.dropout.assign(imputations=none))
    table = dropout_table(lost, claims, LABELS)
    assert table is not None
    assert table.rows[0] == ("H1", "", "", "", "the re-fits without a shift failed")
