"""Every number that a page prints with an address is the one that stands there."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest
from address_rules import read_address
from page_examples import GOOD, PAGES, write_pages
from page_parts import Page, agrees

# what a page of results has to print with an address, at least
FEWEST = {
    "index.html": 20, "headline.html": 80, f"{GOOD}/claims.html": 150, f"{GOOD}/growth.html": 300,
}  # fmt: skip
WITHOUT = {"couples_example/paper.html", "couples_failing/paper.html"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    return write_pages(tmp_path_factory.mktemp("results"), root)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in WITHOUT])
def test_every_printed_number_is_the_cell_it_names(name: str, results: Path, root: Path) -> None:
    page, folder = Page((results / name).read_text(encoding="utf-8")), (results / name).parent
    assert len(page.numbers) >= FEWEST.get(name, 1)
    for source, value, text in page.numbers:
        there = read_address(source, folder, root)
        assert float(value) == pytest.approx(there, rel=1e-9, abs=1e-12), source
        assert agrees(float(value), text), f"{source}: {value} is printed as {text}"
    for source in page.absent:
        assert math.isnan(read_address(source, folder, root)), source


@pytest.mark.parametrize("name", sorted(WITHOUT))
def test_text_for_a_paper_has_no_address(name: str, results: Path) -> None:
    """A word processor would drop them; its numbers are those of the pages."""
    assert Page((results / name).read_text(encoding="utf-8")).numbers == []


# settings, and counts of what the page itself lists: see docs/addresses.md
PLAIN = re.compile(
    r"\bH\d+|95 %|(?:below|above|between|outside) \S+|and −?[\d.]+|probability [\d.]+|"
    r"\d+ of \d+ items that apply|(?:BARG|WAMBS|JARS) [\w.]+|\d+ waves?|the seed \d+|, 0 keep|"
    r"\d+ (?:sd|units)|\d+ stud(?:y|ies)|\d+ claims|entry \d+|\(\w+, \S+\)|E-BFMI|chain \d"
)


@pytest.mark.parametrize("name", ["index.html", f"{GOOD}/claims.html", f"{GOOD}/growth.html"])
def test_sentences_print_no_number_without_an_address(name: str, results: Path) -> None:
    text = re.sub(r"<(svg|data)\b.*?</\1>", "", (results / name).read_text("utf-8"), flags=re.S)
    said = re.findall(r'<p class="(?:says|trust|people|tally|verdict)">(.*?)</p>', text, re.S)
    assert len(said) > 3
    for words in (" ".join(re.sub(r"<[^>]+>", "", one).split()) for one in said):
        assert not re.search(r"\d", PLAIN.sub("", words)), words


def test_every_kind_of_address_is_met(results: Path) -> None:
    found = {
        re.sub(r"^.*?([\w.]+)#.*\.(\w+)$", r"\1 \2", source)
        for name in PAGES
        for source, _, _ in Page((results / name).read_text(encoding="utf-8")).numbers
    }
    kinds = {"claims.csv p_mcse", "flow.csv persons", "exclusions.tsv count", "waves.parquet count",
             "scoring.tsv omega", "summary.csv mean", "trajectories.csv observed_mean",
             "checks.tsv value", "prior_grid.csv p_beyond", "dropout.csv p_beyond",
             "power_scaling.csv prior", "families.csv p_family", "headline.csv median",
             "studies.csv share", "sensitivity.csv p_claim", "posterior.nc q2_5",
             "posterior.nc value", "posterior.nc above", "posterior.nc mean_of_first_half",
             "posterior.nc shift_of_first_half", "posterior.nc sd_over_posterior",
             "posterior.nc inside", "posterior.nc size", "claims.csv lack",
             "claims.csv count", "checks.tsv count", "prior_grid.csv count"}  # fmt: skip
    assert kinds <= found


def test_a_number_that_is_not_there_is_noticed(results: Path, root: Path) -> None:
    claims = pd.read_csv(results / GOOD / "claims.csv").set_index("id")
    there = read_address("claims.csv#H1.median", results / GOOD, root)
    assert there == claims.loc["H1", "median"] != claims.loc["H2", "median"]
    with pytest.raises(AssertionError, match="is 0 rows"):
        read_address("claims.csv#H9.median", results / GOOD, root)
    assert not agrees(0.126, "0.12")
    assert not agrees(0.14, "< 0.1")
    assert agrees(0.184, "18 %")
