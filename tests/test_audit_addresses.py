"""The audit reads addresses as docs/addresses.md says: held against the reader of the tests."""

import math
import shutil
from pathlib import Path

import pytest
from address_rules import read_address
from bundle_by_hand import write_bundle
from page_parts import Page, agrees

from securebase.audit.addresses_read import stays_out, value_at
from securebase.audit.opened import Opened
from securebase.audit.pages_read import PageReader, Printed
from securebase.faults import InputError
from securebase.report.wording import lower_bound
from securebase.selftest.changes import table


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("audit"))


@pytest.mark.parametrize("name", ["claims", "growth"])
def test_every_address_leads_where_the_reader_of_the_tests_says(
    name: str, bundle: Path, root: Path
) -> None:
    results = bundle.parent / "couples_example"
    page = Page((bundle / "pages" / f"{name}.html").read_text(encoding="utf-8"))
    opened, met = Opened(bundle), 0
    for source in {one for one, _, _ in page.numbers} | set(page.absent):
        if not stays_out(source):
            met += 1
            there, expected = value_at(opened, source), read_address(source, results, root)
            assert there == pytest.approx(expected, rel=1e-12, abs=1e-15, nan_ok=True), source
    assert met > 100


def test_a_claim_may_be_called_like_a_line(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    # H1 stands in line 2
    table("claims.csv", lambda found: found.replace({"id": {"H1": "L3"}}))(copy)
    found = value_at(Opened(copy), "claims.csv#L3.median")
    assert found == value_at(Opened(bundle), "claims.csv#H1.median")
    assert found != value_at(Opened(bundle), "claims.csv#L3.median")


def test_the_reader_of_pages_finds_the_numbers_and_verdicts(bundle: Path) -> None:
    html = (bundle / "pages" / "claims.html").read_text(encoding="utf-8")
    read, page = PageReader(html), Page(html)
    told = [(one.source, one.text) for one in read.numbers if not math.isnan(one.value)]
    assert told == [(source, text) for source, _, text in page.numbers]
    assert dict(read.verdicts).keys() == {"H1", "H2", "H3", "H4"}
    assert all(one.agrees == agrees(one.value, one.text) for one in read.numbers
               if not math.isnan(one.value))  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text", "good"),
    [(0.126, "0.12", False), (0.126, "0.13", True), (0.0004, "< 0.001", True),
     (0.14, "< 0.1", False), (0.9999, "> 0.99", True), (-0.16, "−0.16", True),
     (0.184, "18 %", True), (1204.0, "1,204", True), (math.nan, "not available", True),
     (math.nan, "3", False), (3.0, "not available", False), (math.nan, "fewer than 10", True),
     (math.nan, "not told how many records", True), (3.0, "fewer than 10", False),
     (math.nan, "about 3", False)],
)  # fmt: skip
def test_a_printed_number_agrees_with_its_value_or_not(value: float, text: str, good: bool) -> None:
    assert Printed("x", value, text).agrees is good


@pytest.mark.parametrize("value", [19318.9, 19319.0, 10.5, 9.999, 0.014])
def test_what_is_only_known_to_be_larger_is(value: float) -> None:
    assert Printed("x", value, lower_bound(value)).agrees
    assert lower_bound(19318.9) == "> 19,318"


@pytest.mark.parametrize(
    "address",
    ["claims.csv#H9.median", "claims.csv#H1.nothing", "nothing.csv#L2.n", "flow.csv#L999.persons",
     "growth/summary.csv#change[role=nobody, outcome=anxiety].mean",
     "growth/posterior.nc#prior.estimand[claim=H9].mean",
     "growth/posterior.nc#posterior.change[role=patient, outcome=anxiety].mode",
     "../claims.csv#H1.median"],
)  # fmt: skip
def test_an_address_of_nothing_is_said_to_be_one(address: str, bundle: Path) -> None:
    with pytest.raises(InputError):
        value_at(Opened(bundle), address)


def test_only_known_files_stay_with_the_author() -> None:
    assert stays_out("waves.parquet#unit.count")
    assert stays_out("growth/left_out.csv#L2.count")
    assert stays_out("docs/calibration/families.csv#x.refits")
    assert not stays_out("claims.csv#H1.median")
    assert not stays_out("growth/summary.csv#L2.mean")
