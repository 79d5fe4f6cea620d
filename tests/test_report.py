import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from page_parts import Page
from report_example import CLAIMS, PER_YEAR, example_study, write_example

from securebase.config import Decision
from securebase.faults import InputError
from securebase.report.analysed import analysed
from securebase.report.analysis_page import render_analysis
from securebase.report.claims import sides
from securebase.report.claims_page import render_claims
from securebase.report.inputs import read_results
from securebase.report.language import foreign_words, glossed
from securebase.report.rules import Rules
from securebase.report.study_pages import write_study_pages
from securebase.report.wording import (
    NOT_AVAILABLE,
    check_name,
    decimals,
    estimand_words,
    fixed,
    listed,
    place_words,
    probability_text,
    short,
)

# files of a failed analysis whose numbers its page still shows; of the draws, those of the priors,
# and of claims how many there are
FAILING = (
    *("checks.tsv", "parameters.csv", "trajectories.csv", "patterns.csv", "levels.csv"),
    *("summary.csv", "posterior.nc", "left_out.csv"),
)
COUNTED = ("claims.csv", "growth/checks.tsv")


# what the flow chart of a study reads of its analysis
ANALYSED = ("growth/levels.csv", "growth/left_out.csv")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_example(tmp_path_factory.mktemp("good") / "couples_example")


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_example(tmp_path_factory.mktemp("bad") / "couples_example", e_bfmi=0.18)


def written(results: Path, rules: Rules | None = None, **changes: object) -> str:
    study, rules = example_study(**changes), rules or Rules()
    found = read_results(study, results, rules.tables)
    return render_claims(study, found, analysed(study, found, rules), rules)


def written_analysis(results: Path) -> str:
    found = read_results(example_study(), results)
    (one,) = analysed(example_study(), found, Rules())
    return render_analysis(one, found.digests)


@pytest.fixture(scope="module")
def html(results: Path) -> str:
    return written(results)


@pytest.fixture(scope="module")
def growth_html(results: Path) -> str:
    return written_analysis(results)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def growth(growth_html: str) -> Page:
    return Page(growth_html)


@pytest.fixture(scope="module")
def failing_html(failing: Path) -> str:
    return written(failing)


@pytest.fixture(scope="module")
def failing_growth(failing: Path) -> str:
    return written_analysis(failing)


def test_all_columns_of_a_claim_are_on_the_page(page: Page) -> None:
    sources = {source for source, _, _ in page.numbers}
    columns = ("median", "q2_5", "q97_5", "p_beyond", "p_rope", "p_opposite", "p_mcse")
    assert {f"claims.csv#{claim['id']}.{c}" for claim in CLAIMS for c in columns} <= sources


def test_the_answer_is_said_in_declared_order_with_verdicts(page: Page) -> None:
    places = [page.text.index(claim["sentence"]) for claim in CLAIMS]
    assert places == sorted(places)
    verdicts = [page.text[place:].split("\N{CHECK MARK}")[0] for place in places]
    assert "undecided No answer reaches probability 0.95:" in verdicts[1]
    assert "contradicted With probability" in verdicts[2]
    assert "against the claim" in verdicts[2]


def test_sentences_say_what_the_table_holds(page: Page, results: Path) -> None:
    row = pd.read_csv(results / "claims.csv").set_index("id").loc["H1"]
    # Monte Carlo errors of .002 and .004: the first uncertain decimal is the third
    numbers = [f"{row[name]:.3f}".replace("-", "\N{MINUS SIGN}") for name in ("median", "q2_5")]
    expected = (
        f"supported With probability {row['p_beyond']:.3f} (MCSE {row['p_mcse']:.3f}) the "
        f"difference is below \N{MINUS SIGN}0.1 {PER_YEAR}. Its median is {numbers[0]} {PER_YEAR} "
        f"(95 % ETI {numbers[1]} to"
    )
    assert expected in re.sub(r" (?=[.)])|(?<=\() ", "", page.text)


@pytest.mark.parametrize("which", ["html", "growth_html", "failing_html", "failing_growth"])
def test_a_page_is_alone_in_the_world(which: str, request: pytest.FixtureRequest) -> None:
    html = request.getfixturevalue(which)
    assert "http" not in html
    assert "<script" not in html
    assert "@import" not in html
    for tag, key, value in Page(html).attributes:
        assert tag not in {"link", "img", "iframe", "object"}
        if key in {"src", "href"}:
            # a place on this page, or another page of the study
            assert value.partition("#")[0] in {"", "claims.html", "growth.html"}, value
    assert re.findall(r"url\((?!#)", html) == []


@pytest.mark.parametrize("which", ["html", "growth_html"])
def test_ids_are_unique_and_every_reference_has_one(
    which: str, request: pytest.FixtureRequest
) -> None:
    html = request.getfixturevalue(which)
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    references = set(re.findall(r"url\(#([^)]+)\)", html)) | {
        value[1:] for _, key, value in page.attributes if key == "href" and value[0] == "#"
    }
    assert references
    assert references <= set(page.ids)


@pytest.mark.parametrize(
    # a forest, ten bars of participants; two outcomes, four claims, means replicated of two
    # outcomes, residual moments, the ranks of three quantities
    ("which", "pictures"),
    [("html", 11), ("growth_html", 12)],
)
def test_pictures_have_a_label_and_text_that_is_text(
    which: str, pictures: int, request: pytest.FixtureRequest
) -> None:
    html = request.getfixturevalue(which)
    found = Page(html).attributes
    labels = [value for tag, key, value in found if (tag, key) == ("svg", "aria-label")]
    assert len(labels) == html.count("<svg ") == pictures
    assert all(len(label) > 30 for label in labels)
    assert "</text>" in html


@pytest.mark.parametrize("which", ["html", "growth_html", "failing_html", "failing_growth"])
def test_no_word_of_another_school(which: str, request: pytest.FixtureRequest) -> None:
    assert list(foreign_words(request.getfixturevalue(which))) == []


def test_a_page_with_a_word_of_another_school_is_not_written(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "couples_example")
    first = CLAIMS[0] | {"sentence": "Anxiety falls significantly, p < .05."}
    with pytest.raises(InputError, match="4 faults") as caught:
        write_study_pages(example_study(claims=[first, *CLAIMS[1:]]), folder)
    assert "'significantly' in" in str(caught.value)
    assert not (folder / "claims.html").exists()


def test_words_of_others_may_be_quoted() -> None:
    said = "<p data-quoted>a significant other</p><p>the posterior <b>rejects</b> nothing</p>"
    assert [word for word, _ in foreign_words(said)] == ["rejects"]


def test_terms_are_explained_once_in_a_text() -> None:
    text = glossed("The ROPE & the rope; R-hat, ROPE.")
    assert text.count("<abbr") == 2
    assert text.startswith('The <abbr title="Region of practical equivalence')
    assert "</abbr> &amp; the rope;" in text


def test_same_results_same_bytes(results: Path, html: str, growth_html: str) -> None:
    assert written(results) == html
    assert written_analysis(results) == growth_html


def test_all_pages_of_a_study_are_written(html: str, growth_html: str, tmp_path: Path) -> None:
    folder = write_example(tmp_path / "couples_example")
    write_study_pages(example_study(), folder)
    assert (folder / "claims.html").read_text(encoding="utf-8") == html
    assert (folder / "growth.html").read_text(encoding="utf-8") == growth_html
    told = (folder / "claims.md").read_text(encoding="utf-8")
    rows = [line[2:4] for line in told.splitlines() if line.startswith("| H")]
    assert rows == [claim["id"] for claim in CLAIMS]


@pytest.mark.parametrize(
    ("which", "files"),
    [
        (
            "failing_html",
            {"waves.parquet", "flow.csv", "exclusions.tsv", "scoring.tsv", *ANALYSED, *COUNTED},
        ),
        ("failing_growth", {"claims.csv", *(f"growth/{one}" for one in FAILING)}),
    ],
)
def test_a_failed_check_is_on_top_and_withholds_the_numbers(
    which: str, files: set[str], request: pytest.FixtureRequest
) -> None:
    html = request.getfixturevalue(which)
    page = Page(html)
    alarm = page.text.index("Not to be relied on")
    assert alarm < page.text.index("The answer")
    assert "E-BFMI of chain 2 is 0.18, should be at least 0.3" in page.text[alarm:][:300]
    sources = [source for source, _, _ in page.numbers]
    assert {source.partition("#")[0] for source in sources} == files
    assert all(one.endswith(".count") for one in sources if one.startswith("claims.csv"))
    assert page.text.count("not assessable") >= len(CLAIMS)
    assert "supported With" not in page.text


def test_a_failed_check_leaves_observed_means(failing_growth: str) -> None:
    assert "observed means only; what the model expects is withheld" in failing_growth
    sources = [source for source, _, _ in Page(failing_growth).numbers]
    drawn = {source.partition("#")[2].partition("[")[0] for source in sources if ".nc#" in source}
    assert {one for one in drawn if not one.endswith((".size", ".inside", ".count"))} == {
        "prior_predictive.mean",
        "observed_data.mean",
    }
    columns = {source.rpartition(".")[2] for source in sources if ".nc#" not in source}
    assert not columns & {"mean", "median", "q2_5", "q97_5", "sd", "expected"}


def test_a_failed_check_hides_no_number_in_a_picture(
    failing_html: str, failing_growth: str, growth_html: str
) -> None:
    pictures = re.findall(r"<svg .*?</svg>", failing_html + failing_growth, re.DOTALL)
    # ten bars of participants, and observed means of two outcomes
    assert len(pictures) == 12
    # bands are filled shapes in the colour of an outcome
    assert all('fill-opacity="0.17"' not in picture for picture in pictures)
    assert 'fill-opacity="0.17"' in growth_html


def test_simulated_data_say_so_loudly(results: Path, html: str) -> None:
    page = Page(written(results, simulated=True))
    assert page.text.index("Simulated data: effect sizes are ours.") < page.text.index("Securebase")
    assert "real data" not in page.text
    assert "imulated" not in Page(html).text


def test_a_claim_without_a_result_is_not_dropped(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    write_example(folder)
    table = pd.read_csv(folder / "claims.csv")
    table[table["id"] != "H2"].to_csv(folder / "claims.csv", index=False)
    page = Page(written(folder))
    assert "No verdict and no numbers: claims.csv has no row for it." in page.text
    assert not [source for source, _, _ in page.numbers if source.startswith("claims.csv#H2")]


def test_a_number_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    write_example(folder)
    for name, columns in (("scoring.tsv", ["alpha", "omega"]), ("growth/summary.csv", ["r_hat"])):
        separator = "\t" if name.endswith("tsv") else ","
        table = pd.read_csv(folder / name, sep=separator)
        table.loc[0, columns] = np.nan
        table.to_csv(folder / name, sep=separator, index=False)
    html = written(folder) + written_analysis(folder)
    assert html.count(NOT_AVAILABLE) >= 3
    assert ">nan<" not in html.lower()


def test_what_people_wrote_is_text_not_markup(html: str, page: Page) -> None:
    assert "77 is not in 1 to 7 <check the form & codes>" in page.text
    assert "<check" not in html


def test_missing_results_are_all_named(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    write_example(folder)
    (folder / "flow.csv").unlink()
    (folder / "growth" / "checks.tsv").unlink()
    with pytest.raises(InputError, match=r"2 faults\n.*flow\.csv(.|\n)*growth/checks\.tsv"):
        write_study_pages(example_study(), folder)
    assert not (folder / "claims.html").exists()


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    write_example(folder)
    table = pd.read_csv(folder / "claims.csv").drop(columns="p_rope")
    table.to_csv(folder / "claims.csv", index=False)
    with pytest.raises(InputError, match=r"claims\.csv, p_rope: no such column"):
        write_study_pages(example_study(), folder)


def test_a_warning_is_shown_and_withholds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    write_example(folder)
    checks = pd.read_csv(folder / "growth" / "checks.tsv", sep="\t")
    checks.loc[checks["check"] == "divergences", ["value", "passed"]] = [3, "warn"]
    checks.to_csv(folder / "growth" / "checks.tsv", sep="\t", index=False)
    page = Page(written(folder))
    assert "growth: none of 7 checks failed, 1 warning" in page.text
    assert "Not to be relied on" not in page.text
    assert "claims.csv#H1.median" in {source for source, _, _ in page.numbers}


def test_a_check_with_an_unknown_outcome_has_not_been_passed(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    write_example(folder)
    checks = pd.read_csv(folder / "growth" / "checks.tsv", sep="\t")
    checks.loc[0, "passed"] = ""
    checks.to_csv(folder / "growth" / "checks.tsv", sep="\t", index=False)
    assert "Not to be relied on" in Page(written(folder)).text


def test_a_study_without_analyses_still_has_a_page(results: Path) -> None:
    page = Page(written(results, analyses={}, claims=()))
    assert "No claim is declared for this study." in page.text
    assert "151 couples, 300 persons, 5 waves" in page.text.replace(" ,", ",")


def test_origin_priors_and_units_left_out_are_told(growth: Page, results: Path) -> None:
    assert "Left out of this analysis: 1 couple (no score at any wave)." in growth.text
    assert "A quarter of the scale is large." in growth.text
    assert "4 chains of 500 draws" in growth.text
    assert "20261123" in growth.text
    digest = hashlib.sha256((results / "claims.csv").read_bytes()).hexdigest()
    assert f"claims.csv {digest}" in growth.text


def test_the_rule_of_decision_is_printed(results: Path) -> None:
    text = Page(written(results, Rules(Decision(probability=0.9)))).text
    assert "at least 0.9 even after subtracting 2 MCSE" in text


def test_replicated_summaries_stand_beside_observed(growth: Page, results: Path) -> None:
    known = {source: value for source, value, _ in growth.numbers}
    observed = pd.read_csv(results / "growth" / "trajectories.csv")["observed_mean"].dropna()
    place = "growth/posterior.nc#observed_data.mean["
    assert len([one for one in known if one.startswith(place)]) == len(observed)
    place = "growth/posterior.nc#posterior_predictive.mean[wave=m3, role=patient, outcome=anxiety]"
    with xr.open_datatree(results / "growth" / "posterior.nc") as tree:
        draws = tree["posterior_predictive"]["mean"].sel(wave="m3", role="patient").to_numpy()
    assert float(known[f"{place}.q2_5"]) == pytest.approx(np.quantile(draws[..., 0], 0.025))


@pytest.mark.parametrize(
    ("mcse", "places"),
    [(0.0012, 3), (0.0028, 3), (0.00004, 3), (0.012, 2), (0.3, 1), (2.0, 0), (0.0, 2)],
)
def test_monte_carlo_error_decides_the_digits(mcse: float, places: int) -> None:
    assert decimals(mcse) == places


@pytest.mark.parametrize(
    ("value", "mcse", "text"),
    [
        (0.9631, 0.002, "0.963"),
        (1.0, 0.00025, "> 0.999"),
        (0.0, 0.00025, "< 0.001"),
        (0.5, 0.05, "0.50"),
        (float("nan"), 0.1, NOT_AVAILABLE),
    ],
)
def test_a_probability_is_never_printed_as_certainty(value: float, mcse: float, text: str) -> None:
    assert probability_text(value, mcse) == text


def test_numbers_have_a_minus_sign_and_no_negative_zero() -> None:
    assert fixed(-0.2874, 3) == "\N{MINUS SIGN}0.287"
    assert fixed(-0.0002, 3) == "0.000"
    assert fixed(float("inf"), 3) == NOT_AVAILABLE
    assert short(-0.25) == "\N{MINUS SIGN}0.25"


def test_words() -> None:
    study = example_study()
    assert estimand_words(study.claims[0]) == (
        "change (anxiety) minus change (avoidance), mean over roles"
    )
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == ""
    assert check_name("focal_ess_tail") == "tail ESS, claims"
    assert place_words("unit_sd[effect=change partner anxiety]") == (
        "unit standard deviation (change partner anxiety)"
    )
    assert place_words("chain 2") == "chain 2"
    assert sides(study.claims[0])["below"] == "p_beyond"
    assert sides(study.claims[3])["above"] == "p_beyond"
