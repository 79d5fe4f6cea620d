"""The multiverse on the page of claims: grades, counts with their source, the curve."""

from pathlib import Path

import numpy as np
import pytest
from address_rules import read_address
from multiverse_example import MULTIVERSE, multiverse_study, write_multiverse
from page_parts import Page
from report_example import example_study, write_example

from securebase.codebook.claim import Claim
from securebase.config import Decision, Multiverse
from securebase.faults import InputError
from securebase.report.analysed import analysed, in_declared_order
from securebase.report.claims import ClaimResult
from securebase.report.inputs import read_results
from securebase.report.rules import Rules
from securebase.report.sections import specifications
from securebase.report.specification_curve import Curve, specification_curve
from securebase.report.specified import Specified, specified
from securebase.report.study_pages import write_study_pages
from securebase.report.wording import plain

RUN = Rules(multiverse=Multiverse(run=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_example(tmp_path_factory.mktemp("multiverse") / "couples_example")
    write_multiverse(folder, multiverse_study())
    write_study_pages(multiverse_study(), folder, RUN)
    return folder


@pytest.fixture(scope="module")
def known(folder: Path) -> tuple[Specified, list[ClaimResult]]:
    study = multiverse_study()
    results = read_results(study, folder, multiverse=True)
    found = specified(study, results, Decision())
    assert found is not None
    return found, in_declared_order(study, analysed(study, results, RUN))


def test_each_claim_is_graded_over_the_equivalent_specifications(
    known: tuple[Specified, list[ClaimResult]],
) -> None:
    told = {name: plain(words) for name, words in specifications.standings(*known).items()}
    # H1 is undecided in the two of four that need all items, H2 has no result in two of four
    assert told["H1"] == ("mixed: same in 2 of 4 (2 undecided, 0 opposite); P 0.91 to 1.00")
    assert told["H2"] == "mixed: same in 2 of 4 (2 no result); P 0.77 to 0.77"
    assert told["H3"].startswith("robust: same in 4 of 4 (0 undecided, 0 opposite)")
    assert told["H4"].startswith("robust: same in 4 of 4")


def test_the_sentence_says_what_counts(known: tuple[Specified, list[ClaimResult]]) -> None:
    multiverse, claims = known
    one = multiverse.of(claims[0])
    assert one is not None
    assert plain(one.sentence) == (
        "same verdict in 2 of 4 declared specifications (2 undecided, 0 opposite); "
        "P 0.91 to 1.00; mixed"
    )


def test_numbers_carry_their_source(folder: Path, root: Path) -> None:
    page = (folder / "claims.html").read_text()
    numbers = [one for one in Page(page).numbers if one[0].startswith("specs.csv")]
    assert len(numbers) > 20
    for source, value, _ in numbers:
        assert read_address(source, folder, root) == pytest.approx(float(value)), source


def test_the_page_has_the_curve_and_its_words(folder: Path) -> None:
    page = (folder / "claims.html").read_text()
    _, begin, rest = page.partition('<section id="specifications"')
    section = begin + rest.partition("</section>")[0] + "</section>"
    assert section.count("<svg") == 4
    assert 'aria-label="H1 supported: same verdict in 2 of 4 declared specifications' in section
    words = Page(section).text
    assert "4 of 8 declared specifications have results, 4 of them tests" in words
    assert "2 robust and 2 mixed" in words
    for choice in MULTIVERSE["choices"].values():
        for option in choice["options"].values():
            assert option["reason"] in section


def test_verdicts_under_another_assumption_are_counted_apart(folder: Path) -> None:
    page = (folder / "claims.html").read_text()
    table = page.partition("Verdicts where an assumption is another")[2].partition("</table>")[0]
    assert "couples that missed waves: complete" in table
    assert "kept" not in table


def test_nothing_is_said_where_nothing_was_fitted(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "couples_example")
    write_study_pages(multiverse_study(), folder, Rules())
    assert "specification" not in (folder / "claims.html").read_text()
    # asked for, but none is declared
    write_study_pages(example_study(), folder, RUN)
    assert "specification" not in (folder / "claims.html").read_text()


def test_missing_results_are_told(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "couples_example")
    with pytest.raises(InputError, match=r"specs\.csv"):
        write_study_pages(multiverse_study(), folder, RUN)


def test_no_number_of_an_analysis_that_failed_a_check(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "couples_example", e_bfmi=0.18)
    write_multiverse(folder, multiverse_study())
    write_study_pages(multiverse_study(), folder, RUN)
    assert 'id="specifications"' not in (folder / "claims.html").read_text()


def test_what_is_drawn_is_sorted_by_probability_and_tests_stand_apart(
    known: tuple[Specified, list[ClaimResult]],
) -> None:
    drawn = curve_of(known, "H1").placed()
    assert list(drawn["tests"]) == 4 * [False] + 4 * [True]
    for _, part in drawn.groupby("tests"):
        assert part["p_beyond"].is_monotonic_increasing
    gaps = np.diff(drawn["x"])
    assert list(gaps.round(6)) == [1, 1, 1, gaps.max().round(6), 1, 1, 1]
    assert gaps.max() > 1
    assert len(curve_of(known, "H2").placed()) == 4


def test_estimates_are_drawn_to_a_tenth_of_a_standard_deviation(
    known: tuple[Specified, list[ClaimResult]],
) -> None:
    curve = curve_of(known, "H3")
    step = float(curve.fits["sd"].iloc[0]) / 10
    drawn = curve.placed()
    for name in ("q2_5", "median", "q97_5"):
        np.testing.assert_allclose(drawn[name] / step, (drawn[name] / step).round(), atol=1e-9)
        assert (drawn[name] - curve.fits[name].iloc[0]).abs().max() <= step / 2


def test_a_claim_of_zero_is_drawn_by_the_probability_of_its_rope(
    known: tuple[Specified, list[ClaimResult]],
) -> None:
    curve = curve_of(known, "H4")
    assert curve.column == "p_rope"
    figure = specification_curve(curve)
    axes = figure.axes[1]
    heights = np.concatenate([line.get_ydata() for line in axes.lines if len(line.get_xdata()) > 2])
    np.testing.assert_allclose(heights, curve.fits["p_rope"].iloc[0], atol=0.0051)


def test_a_choice_that_does_not_concern_an_analysis_has_no_line(
    known: tuple[Specified, list[ClaimResult]],
) -> None:
    curve = curve_of(known, "H1")
    fits = curve.fits.assign(choice_prior="")
    shown = Curve(**{**vars(curve), "fits": fits}).concerning()
    assert shown == {"scoring": ["most", "all"], "missing": ["kept", "complete"]}
    few = curve.fits[curve.fits["choice_scoring"] == "most"]
    assert Curve(**{**vars(curve), "fits": few}).concerning()["scoring"] == ["most"]


def curve_of(known: tuple[Specified, list[ClaimResult]], name: str) -> Curve:
    multiverse, claims = known
    (claim,) = (one.claim for one in claims if one.claim.id == name)
    assert isinstance(claim, Claim)
    fits = multiverse.fits[multiverse.fits["claim"] == name]
    return Curve(claim, fits, multiverse.declared.choices, 0.95, "points per year")
