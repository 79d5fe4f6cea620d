"""Pages and descriptions of a bundle: made of what is in it, and of nothing else."""

import json
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from bundle_examples import MARK, small_results

from securebase.audit import (
    disclosure_checks,
    leaks,
    ledger_checks,
    page_checks,
    plan_checks,
    recomputation,
    words,
)
from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said
from securebase.audit.pages_read import PageReader
from securebase.bundle.flow_counts import SMALL
from securebase.bundle.order import Order
from securebase.bundle.writing import write_bundle
from securebase.config import Thresholds
from securebase.deposit.contents import ATTESTATION, CODECHECK, CRATE, LAVAAN, README, WORKFLOW
from securebase.ledger.chain import append
from securebase.report.wording import FEW

LEFT = 4
LENIENT = Thresholds(r_hat=1.5, r_hat_focal=1.5, ess=10, ess_focal=10, mcse_share_focal=1.0,
                     mcse_probability=0.2, tree_depth_share=1.0, divergences_fail=300)  # fmt: skip
PAGES = ["pages/claims.html", "pages/growth.html"]
DESCRIPTIONS = (ATTESTATION, CODECHECK, CRATE, LAVAAN, README, WORKFLOW)
COUNTED = ("flow.csv", "people.csv", "exclusions.csv", "scoring.tsv", "levels.csv", "patterns.csv")


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    return small_results(tmp_path_factory.mktemp("small"), LEFT, LENIENT)


@pytest.fixture(scope="module")
def opened(order: Order, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    folder = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(write_bundle(order)) as archive:
        archive.extractall(folder)
    return Opened(folder)


@pytest.mark.parametrize(
    "check",
    [page_checks.printed, page_checks.digits, words.wording, words.told, plan_checks.answered,
     ledger_checks.chain, ledger_checks.all_shown, recomputation.from_draws,
     disclosure_checks.rules, leaks.nothing_private],
)  # fmt: skip
def test_pages_and_readings_agree_with_the_tables(
    opened: Opened, check: Callable[[Opened], Iterator[Said]]
) -> None:
    found = [one for one in check(opened) if one.status != "SKIP"]
    assert {one.status for one in found} == {"PASS"}, found


def test_there_is_a_page_of_claims_and_one_of_each_analysis(opened: Opened) -> None:
    assert opened.pages() == PAGES
    for page in PAGES:
        assert MARK not in opened.text(page)
        assert "waves.parquet" not in opened.text(page)
    # units are withheld: what depends on predictors is that of the others
    assert opened.about.units_withheld["growth"] > 0
    # how the moments of the bundle judge is on the first
    assert "fidelity.csv" in opened.text(PAGES[0])


def test_no_page_has_a_count_below_ten(opened: Opened, order: Order) -> None:
    told = 0
    for page in PAGES:
        for number in PageReader(opened.text(page)).numbers:
            file = number.source.partition("#")[0].rpartition("/")[2]
            if file in COUNTED and not number.source.endswith(("fewest", "most", "alpha", "omega")):
                assert number.value != number.value or number.value not in SMALL, number
                told += number.text.startswith(FEW)
    # a test row, and those who left
    assert told >= 2
    author = (order.folder / "flow.csv").read_text()
    assert f",{LEFT + 1},{LEFT + 1}," in author


def test_descriptions_name_every_file(opened: Opened) -> None:
    files = set(opened.files())
    assert files >= set(DESCRIPTIONS)
    graph = json.loads(opened.text(CRATE))["@graph"]
    named = {one["@id"] for one in graph if "File" in str(one["@type"])}
    assert named == files - {CRATE}
    subjects = json.loads(opened.text(ATTESTATION))["subject"]
    assert {one["name"] for one in subjects} == files - {ATTESTATION, "manifest.sha256"}
    for one in subjects:
        assert sha256(opened.path(one["name"]).read_bytes()).hexdigest() == one["digest"]["sha256"]
    made = {path for job in json.loads(opened.text(WORKFLOW))["jobs"] for path in job["makes"]}
    assert made >= {*PAGES, "claims.csv", "analyses/growth/posterior.nc"}
    assert "growth" in opened.text(LAVAAN)


def test_no_digest_without_a_nonce_is_told(opened: Opened, order: Order) -> None:
    (raw,) = {one.path for one in order.study.raw.files}
    digest = sha256((order.raw_root / raw).read_bytes()).hexdigest()
    for name in opened.files():
        assert digest.encode() not in opened.path(name).read_bytes(), name
    assert opened.study.raw.files[0].sha256 is None
    assert "raw_sha256" not in opened.draws("growth").attrs


def test_fits_are_listed_by_the_ledger_of_now(order: Order, tmp_path: Path) -> None:
    """The ledger grows after the pages of a study: a list of then would be short."""
    entries = [json.loads(line) for line in order.project.ledger.read_text().splitlines()]
    keep = ("number", "time", "previous", "hash")
    again = append(order.project.ledger, {k: v for k, v in entries[0].items() if k not in keep})
    ended = {k: v for k, v in entries[1].items() if k not in keep}
    append(order.project.ledger, {**ended, "started": again["number"]})
    with zipfile.ZipFile(write_bundle(order)) as archive:
        archive.extractall(tmp_path)
    found = list(ledger_checks.all_shown(Opened(tmp_path)))
    assert [one.status for one in found] == ["PASS"], found
    assert "2 reported" in found[0].words


def test_controlled_pages_have_exact_counts(order: Order, tmp_path: Path) -> None:
    with zipfile.ZipFile(write_bundle(order, "controlled")) as archive:
        archive.extractall(tmp_path)
    controlled = Opened(tmp_path)
    assert controlled.pages() == PAGES
    found = [one for one in page_checks.printed(controlled) if one.status != "SKIP"]
    assert {one.status for one in found} == {"PASS"}, found
    assert FEW not in controlled.text(PAGES[0])
