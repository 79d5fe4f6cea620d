"""Tampering with files, plan, ledger, pages: the check that is meant for it fails, by name."""

import os
import shutil
from pathlib import Path

import pytest
from bundle_by_hand import write_bundle
from bundle_tampering import GROWTH, failed, tampered

from securebase.audit.opened import Opened
from securebase.audit.registry import audited
from securebase.selftest.changes import (
    attribute,
    cell,
    key,
    remove,
    text,
    together,
    without_line,
    write,
)
from securebase.selftest.of_files import lines

PAGE = "pages/claims.html"
MEDIAN = 'data-src="claims.csv#H2.median" class="strong">'


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("audit"))


# as if a fit had never been tried
without_entry = lines(lambda one: [*one[:1], *one[2:]])

TAMPERINGS = {
    # ledger and seeds
    "an entry is gone": (without_entry, {"A04", "A05"}, "A04", "broken at entry"),
    "an entry is edited": (
        text("ledger.jsonl", '"seed": 88213', '"seed": 88214'),
        {"A04", "A05"},
        "A04",
        "edited",
    ),
    "fits are not listed": (without_line("fits.csv", 1), {"A05", "A26"}, "A05", "4 of growth"),
    "fits are told otherwise": (
        cell("fits.csv", 1, "failed", 0),
        {"A05", "A26"},
        "A05",
        "not reported",
    ),
    "a seed was chosen": (
        attribute("seed", "4711"),
        {"A05", "A14"},
        "A14",
        "was overridden (4711); the rule gives",
    ),
    "the public seed was chosen": (
        attribute("seed", "4711", "public.nc"),
        {"A14"},
        "A14",
        "public re-fit of growth",
    ),
    "fits came before the plan": (
        text("study.yaml", "2026-03-02", "2099-03-02"),
        set(),
        "A05",
        "5 fits began before the plan was registered (2099-03-02)",
    ),
    # plan
    "a ROPE is another": (
        text("study.yaml", "low: -0.1\n", "low: -0.05\n", 2),
        {"A10", "A25", "A63"},
        "A10",
        "ROPE of H1: −0.1 to 0.1 -> −0.05 to 0.1",
    ),
    "the plan is another": (
        text("plan.yaml", "low: -0.1\n", "low: -0.05\n"),
        {"A10"},
        "A10",
        "not the registered file",
    ),
    "a deviation is in silence": (
        without_line("deviations.csv", 0),
        {"A10"},
        "A10",
        "Monte Carlo errors a verdict must clear",
    ),
    "a deviation has no reason": (
        cell("deviations.csv", 0, "reason", ""),
        {"A11"},
        "A11",
        "not explained",
    ),
    "a deviation is told otherwise": (
        cell("deviations.csv", 0, "registered", "1.9"),
        {"A11"},
        "A11",
        "otherwise than it is",
    ),
    "a claim is gone": (
        without_line("claims.csv", 3),
        {"A12", "A25", "A26"},
        "A12",
        "H4 was declared but has no",
    ),
    "a re-fit is gone": (
        without_line(f"{GROWTH}/prior_grid.csv", 4),
        {"A13", "A26"},
        "A13",
        "no result for H1 at block change, factor 0.25",
    ),
    # sample
    "couples are dropped": (
        cell(f"{GROWTH}/levels.csv", 0, "number", 180),
        {"A15", "A26"},
        "A15",
        "contain 186 couples and 0 are withheld, the analysis says 180",
    ),
    "people get lost": (
        cell("flow.csv", 13, "persons", 120),
        {"A15", "A26"},
        "A15",
        "answered or lost",
    ),
    # pages
    "a printed number is another": (
        text(PAGE, f"{MEDIAN}−0.15", f"{MEDIAN}−0.26"),
        {"A26"},
        "A26",
        "prints −0.26",
    ),
    "a linked value is another": (
        text(PAGE, 'value="0.', 'value="1.'),
        {"A26"},
        "A26",
        "has 1.",
    ),
    "a verdict is another": (
        text(PAGE, 'class="chip undecided"', 'class="chip supported"'),
        {"A26"},
        "A26",
        "says supported of",
    ),
    "a number has no address": (
        text(PAGE, 'data-src="claims.csv#H2.median"', "", 9),
        {"A26"},
        "A26",
        "gives an estimate of H2 without its address",
    ),
    "an address leads nowhere": (
        text(PAGE, "claims.csv#H2.q2_5", "claims.csv#H9.q2_5"),
        {"A26"},
        "A26",
        "leads to nothing",
    ),
    "words of another school": (
        text(PAGE, "With probability", "With significance"),
        set(),
        "A70",
        "'significance' in",
    ),
    # leaks
    "a path in an attribute": (
        attribute("cwd", "/home/jane/couples"),
        {"A62"},
        "A62",
        "path: /home/jane/couples",
    ),
    "a path in a comment of a page": (
        text(PAGE, "<main>", "<main><!-- C:\\Users\\jane\\data.csv -->"),
        {"A62"},
        "A62",
        "C:\\Users",
    ),
    "an e-mail": (
        cell("codebook.csv", 0, "label", "ask jane.doe@example.org"),
        {"A62"},
        "A62",
        "e-mail: jane",
    ),
    "a host name": (
        key("env/versions.json", ("host",), "lab-3.local"),
        {"A62"},
        "A62",
        "host name: lab-3.local",
    ),
    # what a reader is told
    "rules are not answered": (
        write(
            "README.md",
            "## Data and Code Availability Standard\n\n| 1 | Raw data | answered | Here. |\n",
        ),
        {"A71"},
        "A71",
        "does not answer rule 2 of DCAS, Raw data",
    ),
    "a manifest of nothing": (
        write("codecheck.yml", "version: 1\npaper: {title: T}\nmanifest: [{file: none.csv}]\n"),
        {"A71"},
        "A71",
        "lists none.csv",
    ),
    "a program": (write("model.py", "print()"), {"A02"}, "A02", "model.py is of a kind"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_check_that_is_meant_for_it_fails(name: str, bundle: Path, tmp_path: Path) -> None:
    tampering, expected, check, words = TAMPERINGS[name]
    found = tampered(bundle, tmp_path / "bundle", tampering)
    assert failed(found) == expected, {one: found[one].message for one in failed(found)}
    assert found[check].status == ("FAIL" if expected else "WARN")
    assert any(words in said.words for said in found[check].said), found[check].said


def test_without_a_new_manifest_every_change_is_seen(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    together(
        text("codebook.csv", "points", "steps"), remove("seal/commitments.json"),
        write("posterior_old.json", "{}"),
    )(copy)  # fmt: skip
    found = {one.id: one for one in audited(Opened(copy))}
    assert failed(found) == {"A01", "A02"}
    assert found["A01"].message == (
        "codebook.csv differs from the manifest: it was changed after the bundle was built."
    )
    told = [one.words for one in found["A02"].said if one.status == "FAIL"]
    assert told == [
        "posterior_old.json is not in the manifest.",
        "seal/commitments.json is in the manifest, but not in the bundle.",
    ]


def test_a_link_out_of_the_bundle_is_not_followed(bundle: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("id\nH1\n")
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    (copy / "claims.csv").unlink()
    os.symlink(secret, copy / "claims.csv")
    found = {one.id: one for one in audited(Opened(copy))}
    assert "claims.csv is a link" in found["A02"].message
    assert "leads out of the bundle" in found["A12"].message
    assert "leads out of the bundle" in found["A01"].message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"{GROWTH}/posterior.nc", b"CDF\x01 no file of draws"),
        (f"{GROWTH}/moments.nc", b""),
        ("study.yaml", b"study: ["),
        ("study.yaml", b"study: {a: 1}\n"),
        ("bundle.json", b"[]"),
        ("config.json", b"\xff\xfe"),
        ("claims.csv", b"id,verdict\nH1\n\"\n"),
        ("ledger.jsonl", b'{"a": 1, "hash": "0"}\n\x00\n'),
        ("manifest.sha256", b"no digest\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_fails_and_stops_nothing(
    name: str, content: bytes, bundle: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    (copy / name).write_bytes(content)
    outcomes = audited(Opened(copy))
    assert len(outcomes) == 42
    found = {one.id: one for one in outcomes}
    assert failed(found) - {"A01"}
    assert str(tmp_path) not in " ".join(map(str, outcomes))
