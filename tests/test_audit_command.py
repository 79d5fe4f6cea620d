"""`securebase audit`: its lines, its exit code, its files, and signatures."""

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from bundle_by_hand import write_bundle
from page_parts import Page

from securebase.audit.attestation import PREDICATE, STATEMENT
from securebase.audit.outcomes import Outcome, outcome, passes, skips, warns
from securebase.cli import main
from securebase.report.language import foreign_words
from securebase.selftest.changes import cell, seal

KEYGEN = shutil.which("ssh-keygen")
NEEDS_KEYGEN = pytest.mark.skipif(KEYGEN is None, reason="this machine has no ssh-keygen")


@pytest.fixture(autouse=True)
def without_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle made by hand has no template that a model could be written from."""
    monkeypatch.setattr("securebase.audit.running.BundledModels", lambda cores: None)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("audit"))


@pytest.fixture
def broken(bundle: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "broken"
    shutil.copytree(bundle, copy)
    cell("claims.csv", 0, "p_beyond", 0.981)(copy)
    seal(copy)
    return copy


def test_a_line_for_each_check_and_what_was_not_tested(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(bundle), "--seed", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    checks, rest = lines[:42], lines[42:]
    assert checks[0].startswith("PASS A01 All ")
    assert {line[:4] for line in checks} == {"PASS", "WARN", "SKIP"}
    assert rest[:3] == [
        "",
        "29 PASS, 1 WARN, 0 FAIL, 12 SKIP (level quick, seed 5).",
        "Not tested:",
    ]
    assert all(line.startswith("  - ") for line in rest[3:])


def test_a_failed_check_is_an_exit_code_and_all_files_are_written(
    broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / name for name in ("audit.json", "audit.html", "audit.intoto.json")}
    asked = zip(("--json", "--html", "--attest"), map(str, files.values()), strict=True)
    words = [word for pair in asked for word in pair]
    assert main(["audit", str(broken), *words]) == 1
    assert "FAIL A25 H1: claims.csv says p_beyond=0.981" in capsys.readouterr().out
    told = json.loads(files["audit.json"].read_text())
    assert told["result"] == "FAILED"
    by_id = {one["id"]: one for one in told["checks"]}
    assert by_id["A25"]["status"] == "FAIL"
    assert {"status", "words"} == set(by_id["A25"]["said"][0])
    assert len(told["not_tested"]) > 9
    said = json.loads(files["audit.intoto.json"].read_text())
    assert (said["_type"], said["predicateType"]) == (STATEMENT, PREDICATE)
    manifest = sha256((broken / "manifest.sha256").read_bytes()).hexdigest()
    assert said["subject"] == [{"name": "manifest.sha256", "digest": {"sha256": manifest}}]
    predicate = said["predicate"]
    assert predicate["result"] == "FAILED"
    assert predicate["failedTests"] == ["A25 re-computation from draws", "A26 numbers of pages"]
    assert predicate["warnedTests"] == ["A03 signature"]
    assert "A01 manifest" in predicate["passedTests"]
    assert predicate["configuration"][0]["uri"].startswith("pkg:generic/securebase@")
    assert predicate["configuration"][0]["annotations"]["level"] == "quick"


def test_the_page_tells_failures_first_and_loads_nothing(broken: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    main(["audit", str(broken), "--html", str(file)])
    html = file.read_text(encoding="utf-8")
    page = Page(html)
    assert not list(foreign_words(html))
    assert "Not to be relied on" in page.text
    assert page.text.index("A25 re-computation from draws") < page.text.index("All 37 files match")
    assert "What was not tested" in page.text
    assert len([one for one in page.ids if one.startswith("A")]) == 42
    loaded = [value for _, key, value in page.attributes if key in ("src", "href")]
    assert [one for one in loaded if not one.startswith("#")] == []


def test_what_is_no_bundle_is_refused(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(tmp_path)]) == 1
    assert "no bundle.json" in capsys.readouterr().err
    assert main(["audit", str(tmp_path / "nothing")]) == 1
    assert "no such file or folder" in capsys.readouterr().err
    assert main(["audit", str(bundle), "--tier", "controlled"]) == 1
    assert "tier public; expected tier controlled" in capsys.readouterr().err
    assert main(["audit", str(bundle), "--sign", "key"]) == 1
    assert "nothing to sign" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["study.yaml", "manifest.sha256"])
def test_a_bundle_in_pieces_is_audited_all_the_same(
    name: str, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    if name == "study.yaml":
        (copy / name).write_text("study: [\x1b")
    else:
        (copy / name).unlink()
    files = [str(tmp_path / one) for one in ("audit.html", "audit.json")]
    assert main(["audit", str(copy), "--html", files[0], "--json", files[1]]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAIL A01 ")
    assert len([line for line in lines if line[5:6] == "A"]) == 42
    assert all(line.isprintable() for line in lines)


@NEEDS_KEYGEN
def test_signatures_are_verified_and_made(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed, key = tmp_path / "signed", tmp_path / "key"
    shutil.copytree(bundle, signed)
    _keygen("-q", "-t", "ed25519", "-N", "", "-f", str(key))
    _keygen("-q", "-Y", "sign", "-n", "securebase", "-f", str(key), str(signed / "manifest.sha256"))
    signers, others = tmp_path / "signers", tmp_path / "others"
    signers.write_text(f"jane {key.with_suffix('.pub').read_text()}")
    _keygen("-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other"))
    others.write_text(f"joe {(tmp_path / 'other.pub').read_text()}")

    def line(*words: str) -> str:
        main(["audit", str(signed), *words])
        return next(one for one in capsys.readouterr().out.splitlines() if " A03 " in one)

    assert line().startswith("PASS A03 Signed by key SHA256:")
    assert line("--signers", str(signers)) == "PASS A03 Signed by jane."
    assert line("--signers", str(others)) == "FAIL A03 Signature is by no key of others."
    statement = tmp_path / "audit.intoto.json"
    main(["audit", str(signed), "--attest", str(statement), "--sign", str(key)])
    mark = statement.with_name("audit.intoto.json.sig")
    _keygen("-Y", "verify", "-f", str(signers), "-I", "jane", "-n", "securebase", "-s", str(mark),
            given=statement)  # fmt: skip
    text = (signed / "manifest.sha256").read_text()
    (signed / "manifest.sha256").write_text(text.replace("a", "b", 1))
    capsys.readouterr()
    assert line() == "FAIL A03 Signature does not verify."
    assert line("--signers", str(signers)) == "FAIL A03 Signature does not verify."


def _keygen(*words: str, given: Path | None = None) -> None:
    text = given.read_bytes() if given else b""
    subprocess.run([str(KEYGEN), *words], input=text, check=True, capture_output=True)


def test_what_several_sentences_come_to() -> None:
    def of(*said: object) -> Outcome:
        return outcome("A00", "a check", said)  # type: ignore[arg-type]

    assert of(passes("Good."), skips("Not seen.")).status == "PASS"
    assert of(passes("Good."), skips("Not seen.")).message == "Good. Not seen."
    assert of(passes("Good."), warns("Look.")).message == "Look."
    assert of().status == "SKIP"
    assert of(*(warns(f"{n}.") for n in range(5))).message == "0. 1. 2. (2 more.)"
