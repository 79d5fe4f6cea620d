"""Raw files beside a bundle: an honest seal opens; what was changed is named."""

import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import xarray as xr
from bundle_examples import small_results

from securebase.audit.opened import Opened
from securebase.audit.outcomes import Said
from securebase.audit.records.commitments import sealed
from securebase.audit.records.handed import Handed, read_handed
from securebase.audit.records.to_moments import as_declared, raw_to_moments
from securebase.bundle.writing import write_bundle
from securebase.cli import main
from securebase.faults import InputError


@dataclass(frozen=True)
class Sent:
    """A controlled bundle, and what the author keeps."""

    zipped: Path
    public: Path
    folder: Path
    raw: Path
    nonces: Path


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    folder = tmp_path_factory.mktemp("records")
    order = small_results(folder, 4)
    public, zipped = write_bundle(order), write_bundle(order, "controlled")
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(folder / "bundle")
    return Sent(zipped, public, folder / "bundle", folder, order.folder / "nonces.json")


def handed(sent: Sent, raw: Path | None = None, nonces: Path | None = None) -> Handed:
    found = read_handed(raw or sent.raw, nonces or sent.nonces)
    assert found is not None
    return found


def words(said: Sequence[Said], status: str) -> str:
    return " ".join(one.words for one in said if one.status == status)


def changed(sent: Sent, folder: Path, edit: Callable[[list[str]], list[str]]) -> Handed:
    """Hand over a raw file whose lines were edited."""
    lines = (sent.raw / "small.csv").read_text().splitlines()
    (folder / "small.csv").write_text("\n".join(edit(lines)) + "\n")
    return handed(sent, raw=folder)


def test_an_honest_seal_opens_and_moments_follow_from_the_records(sent: Sent) -> None:
    opened, own = Opened(sent.folder), handed(sent)
    first, second = list(sealed(opened, own)), list(raw_to_moments(opened, own))
    assert [one.status for one in (*first, *second)] == ["PASS"] * 4
    told = words(first, "PASS")
    assert "1 raw file." in told
    assert "252 record leaves match" in told
    assert "withheld cells included" in told
    assert "44 couples agree" in second[0].words


def test_one_changed_answer_names_its_leaf_and_its_cell(sent: Sent, tmp_path: Path) -> None:
    def edit(lines: list[str]) -> list[str]:
        cells = lines[40].split(",")
        # a second answer of the scale on anxiety
        cells[5] = "1" if cells[5] != "1" else "7"
        return [*lines[:40], ",".join(cells), *lines[41:]]

    opened, own = Opened(sent.folder), changed(sent, tmp_path, edit)
    told = words(list(sealed(opened, own)), "FAIL")
    assert "Raw file small.csv does not match its commitment" in told
    (leaf,) = [one for one in told.split(". ") if "Record leaf" in one]
    waves = own.waves(opened.study)
    number = int(leaf.split()[2]) - 1
    raw = (tmp_path / "small.csv").read_text().splitlines()[40].split(",")
    assert waves.loc[number, "unit"] == raw[0]
    assert waves.loc[number, "person"] == raw[1]
    found = words(list(raw_to_moments(opened, own)), "FAIL")
    assert "growth/all: cell" in found
    assert "anxiety differs by" in found


def test_a_removed_record_is_missed(sent: Sent, tmp_path: Path) -> None:
    opened = Opened(sent.folder)
    own = changed(sent, tmp_path, lambda lines: [*lines[:100], *lines[101:]])
    told = words(list(sealed(opened, own)), "FAIL")
    assert "251 records were handed over, 252 were sealed" in told
    assert "has no record: it was removed" in told
    assert "does not match: the data were changed" not in told
    found = words(list(raw_to_moments(opened, own)), "FAIL")
    assert "growth/all:" in found


def test_an_added_record_is_told(sent: Sent, tmp_path: Path) -> None:
    def edit(lines: list[str]) -> list[str]:
        # the last couple's first wave again, as a couple of its own
        extra = [one.replace("qxz144", "qxz998") for one in lines if one.startswith("qxz144")]
        assert extra
        return [*lines, *extra]

    told = words(list(sealed(Opened(sent.folder), changed(sent, tmp_path, edit))), "FAIL")
    assert "258 records were handed over, 252 were sealed" in told


@pytest.mark.parametrize(
    ("name", "word"),
    [("raw small.csv", "Raw file small.csv does not match its commitment: it was changed"),
     ("records", "None of 252 record leaves matches: the nonce is not that of the seal"),
     ("moments growth", "moments.nc, withheld cells included, does not match its commitment")],
)  # fmt: skip
def test_a_wrong_nonce_or_none_opens_nothing(
    sent: Sent, tmp_path: Path, name: str, word: str
) -> None:
    known = json.loads(sent.nonces.read_text())
    file = tmp_path / "nonces.json"
    file.write_text(json.dumps({**known, name: "00" * 32}))
    assert word in words(list(sealed(Opened(sent.folder), handed(sent, nonces=file))), "FAIL")
    file.write_text(json.dumps({key: value for key, value in known.items() if key != name}))
    found = words(list(sealed(Opened(sent.folder), handed(sent, nonces=file))), "FAIL")
    assert f"There is no nonce '{name}'" in found


def test_moments_that_are_not_of_the_records_are_named(sent: Sent, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(sent.folder, copy)
    file = copy / "analyses" / "growth" / "moments.nc"
    with xr.open_dataset(file, group="all") as found:
        data = found.load()
    rows = data["rows"].copy()
    rows[0, 5] += 0.02
    xr.DataTree.from_dict({"/all": data.assign(rows=rows)}).to_netcdf(file)
    opened, own = Opened(copy), handed(sent)
    assert "does not match its commitment" in words(list(sealed(opened, own)), "FAIL")
    assert "differs by 0.02" in words(list(raw_to_moments(opened, own)), "FAIL")


def test_keys_are_those_that_the_author_set(sent: Sent, tmp_path: Path) -> None:
    """study.yaml has every default written out: families refuse some keys that are set."""
    opened = Opened(sent.folder)
    declared = json.loads((sent.folder / "analyses/growth/model.json").read_text())["declared"]
    assert "time" in opened.study.analyses["growth"].model_fields_set
    study = as_declared(opened.study, "growth", declared)
    assert study is not None
    assert "time" not in study.analyses["growth"].model_fields_set
    assert as_declared(opened.study, "growth", {**declared, "predictors": []}) is None


def test_leaves_that_are_not_of_the_root_are_refused(sent: Sent, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(sent.folder, copy)
    leaves = copy / "seal" / "leaves.json"
    said = json.loads(leaves.read_text())
    leaves.write_text(json.dumps(["00" * 32, *said[1:]]))
    told = words(list(sealed(Opened(copy), handed(sent))), "FAIL")
    assert "do not lead to the sealed root" in told


def test_raw_files_that_are_not_there_are_faults_and_the_other_checks_go_on(
    sent: Sent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["audit", str(sent.zipped), "--raw", str(tmp_path), "--nonces", str(sent.nonces)])
    lines = {line[5:8]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["A80"].startswith("FAIL A80 Raw file small.csv is not in the folder")
    assert lines["A81"].startswith("FAIL A81 ")
    assert lines["A01"].startswith("PASS A01")


def test_the_command_opens_the_seal_of_the_controlled_tier_only(
    sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["--raw", str(sent.raw), "--nonces", str(sent.nonces)]
    for path, statuses in ((sent.zipped, ("PASS", "PASS")), (sent.public, ("PASS", "SKIP"))):
        main(["audit", str(path), *own])
        lines = {line[5:8]: line for line in capsys.readouterr().out.splitlines()}
        assert (lines["A80"][:4], lines["A81"][:4]) == statuses
    assert "ask for the controlled one" in lines["A80"]


def test_a_bundle_does_not_choose_what_else_is_read(sent: Sent, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leads elsewhere"):
        handed(sent).path("../small.csv")
    copy = tmp_path / "bundle"
    shutil.copytree(sent.folder, copy)
    seal = copy / "seal" / "commitments.json"
    said = json.loads(seal.read_text())
    seal.write_text(json.dumps(said | {"raw": {str(tmp_path / "mine.csv"): "00"}}))
    with pytest.raises(InputError, match="leads elsewhere"):
        list(sealed(Opened(copy), handed(sent)))


def test_leaves_are_of_the_controlled_tier_only(sent: Sent) -> None:
    with zipfile.ZipFile(sent.public) as archive:
        assert "seal/leaves.json" not in archive.namelist()
        assert "seal/commitments.json" in archive.namelist()


def test_what_is_handed_over_in_part_is_refused(sent: Sent, tmp_path: Path) -> None:
    assert read_handed(None, None) is None
    with pytest.raises(InputError, match="one without the other"):
        read_handed(sent.raw, None)
    broken = tmp_path / "nonces.json"
    broken.write_text("[1]")
    with pytest.raises(InputError) as caught:
        read_handed(tmp_path / "none", broken)
    assert len(caught.value.faults) == 2
