"""Bundles that somebody sent: what is no bundle, or means harm, is refused before it is written."""

import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from securebase.bundle import opening
from securebase.bundle.archive import write_archive
from securebase.bundle.opening import Bundle, open_bundle
from securebase.faults import InputError

ABOUT = json.dumps({"format": 1, "analyses": ["growth"]}).encode()


def zipped(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("bundle.json", ABOUT), *entries):
            archive.writestr(name, content)
    return path


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def refused(path: Path, *words: str) -> None:
    with pytest.raises(InputError) as caught, open_bundle(path):
        raise AssertionError("it was opened")
    for word in words:
        assert word in str(caught.value)


def test_plain_bundle_is_opened_and_gone_afterwards(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", ("analyses/growth/cells.csv", b"id\n"))
    with open_bundle(path) as bundle:
        assert bundle.analyses == ["growth"]
        assert bundle.of("growth", "cells.csv").read_bytes() == b"id\n"
        folder = bundle.folder
        with pytest.raises(InputError, match="one of: growth"):
            bundle.of("../growth", "cells.csv")
    assert not folder.exists()


def test_a_folder_is_read_with_the_same_care(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "bundle", tmp_path / "model.json"
    (folder / "analyses" / "growth").mkdir(parents=True)
    (folder / "bundle.json").write_bytes(ABOUT)
    elsewhere.write_text('{"moments": "released"}')
    (folder / "analyses" / "growth" / "model.json").symlink_to(elsewhere)
    with pytest.raises(InputError, match=r"model\.json.*leads out of the bundle"):
        Bundle(folder).template("growth")
    with pytest.raises(InputError, match=r"priors\.json.*no such file"):
        Bundle(folder).priors("growth")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("../outside.csv", "leads elsewhere"),
        ("analyses/../../outside.csv", "leads elsewhere"),
        ("analyses/./cells.csv", "leads elsewhere"),
        ("analyses//cells.csv", "leads elsewhere"),
        ("/outside.csv", "absolute"),
        ("C:/outside.csv", "absolute"),
        ("..\\outside.csv", "another system"),
        ("run.py", "a file of kind '.py'"),
        ("moments.npy", "a file of kind '.npy'"),
        ("draws.pkl", "a file of kind '.pkl'"),
        ("Snakefile", "a file of kind ''"),
        ("BUNDLE.json", "there twice"),
    ],
)
def test_names_that_mean_harm_are_refused(tmp_path: Path, name: str, word: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    refused(zipped(inside / "b.zip", (name, b"x")), word)
    assert [one.name for one in tmp_path.rglob("*.csv")] == []


def test_links_are_refused(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "b.zip", (link("claims.csv"), b"/etc/passwd")), "a link")


def test_same_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "b.zip", ("claims.csv", b"1"), ("claims.csv", b"2"))
    refused(path, "claims.csv", "there twice")


def test_too_many_files_or_bytes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = zipped(tmp_path / "many.zip", *((f"{one}.csv", b"") for one in range(12)))
    large = zipped(tmp_path / "large.zip", ("a.csv", bytes(40_000)), ("b.csv", bytes(40_000)))
    monkeypatch.setattr(opening, "MOST_FILES", 10)
    monkeypatch.setattr(opening, "MOST_BYTES", 50_000)
    refused(many, "13 files", "at most 10")
    refused(large, "bytes unzipped", "at most 50000")


def test_size_in_the_header_is_not_believed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", ("claims.csv", bytes(40_000)))
    content = path.read_bytes()
    true, false = (40_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert content.count(true) == 2
    path.write_bytes(content.replace(true, false))
    with pytest.raises((InputError, zipfile.BadZipFile)), open_bundle(path):
        raise AssertionError("it was opened")


def of_another_format(path: Path) -> None:
    write_archive({"bundle.json": b'{"format": 99}'}, path)


def of_something_else(path: Path) -> None:
    write_archive({"claims.csv": b"id\n"}, path)


def no_zip(path: Path) -> None:
    path.write_bytes(b"claims")


@pytest.mark.parametrize(
    ("made", "word"),
    [(of_another_format, "format 99"), (of_something_else, "no such file"), (no_zip, "no zip")],
)
def test_what_is_no_bundle_is_refused(
    tmp_path: Path, made: Callable[[Path], None], word: str
) -> None:
    made(tmp_path / "b.zip")
    refused(tmp_path / "b.zip", word)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "b.zip", ("../a.csv", b""), ("run.py", b"")), "../a.csv", "run.py")
