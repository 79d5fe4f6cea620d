"""Clean waves: the tables that are handed on, their order and their bytes."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_study import CODEBOOK, COUPLES, small_table, study_in

from securebase.codebook.loading import Study, load_study
from securebase.faults import InputError
from securebase.names import WAVE_KEYS
from securebase.waves.clean import FILES, CleanWaves, KeyingError, clean, read_waves


@pytest.fixture
def table(rng: np.random.Generator) -> pd.DataFrame:
    return small_table(rng)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("small")


@pytest.fixture(scope="module")
def study(folder: Path) -> Study:
    return study_in(folder, small_table(np.random.default_rng(20261123)))


@pytest.fixture(scope="module")
def tables(study: Study, folder: Path) -> CleanWaves:
    return clean(study, folder)


def counts(flow: pd.DataFrame, stage: str, reason: str = "") -> dict[tuple[str, str], int]:
    part = flow[(flow["stage"] == stage) & (flow["reason"] == reason)]
    return part.set_index(["wave", "role"])["persons"].to_dict()


def test_a_row_per_person_and_wave(tables: CleanWaves) -> None:
    waves = tables.waves
    assert list(waves.columns) == [*WAVE_KEYS, "anxiety", "avoidance", "sex", "age"]
    assert len(waves) == COUPLES * 2 * 3
    first = waves.iloc[:4][["unit", "role", "wave", "time"]].to_numpy().tolist()
    assert first == [
        ["101", "patient", "w1", 0.0],
        ["101", "partner", "w1", 0.0],
        ["101", "patient", "w2", 0.5],
        ["101", "partner", "w2", 0.5],
    ]
    assert waves[["cluster", "composition", "date"]].isna().all(axis=None)
    assert waves["sex"].unique().tolist() == ["man", "woman"]
    assert waves.notna()[["anxiety", "avoidance", "age"]].all(axis=None)


def test_a_correct_study_sets_nothing_aside(tables: CleanWaves) -> None:
    assert tables.exclusions.empty
    everyone = {(w, r): COUPLES for w in ("w1", "w2", "w3") for r in ("patient", "partner")}
    for stage, reason in [("in raw files", ""), ("answered", ""), ("scored", "anxiety")]:
        assert counts(tables.flow, stage, reason) == everyone
    assert set(tables.flow["stage"]) == {"in raw files", "answered", "scored"}


def test_the_flow_says_where_persons_are_lost(tmp_path: Path, table: pd.DataFrame) -> None:
    couple, who, time = table["couple"], table["who"], table["time"]
    gone = ((couple == "101") & (who == "0")) | ((couple == "102") & (time == "3"))
    table = table[~gone].reset_index(drop=True)
    lost_items = (table["couple"] == "103") & (table["time"] == "2") & (table["who"] == "1")
    table.loc[lost_items, ["V1", "V2"]] = "NA"
    table = pd.concat([table, table.tail(1)], ignore_index=True)
    flow = clean(study_in(tmp_path, table), tmp_path).flow
    assert counts(flow, "quarantined", "duplicate_row") == {("w3", "partner"): 1}
    assert counts(flow, "answered")["w2", "partner"] == COUPLES - 1
    assert counts(flow, "scored", "avoidance")["w2", "patient"] == COUPLES - 1
    never = {(wave, "partner"): 1 for wave in ("w1", "w2", "w3")}
    assert counts(flow, "lost", "never took part") == never
    absent = {("w3", role): 1 for role in ("patient", "partner")}
    assert counts(flow, "lost", "not at this wave") == absent


def test_nobody_is_missing_in_the_unit_of_a_leader(tmp_path: Path, table: pd.DataFrame) -> None:
    columns = {"unit": "id", "role": "who", "wave": "time", "cluster": "couple"}
    raw = {**CODEBOOK["raw"], "columns": columns}
    roles = {"levels": {"soldier": {"code": 1}, "officer": {"code": 0}}, "leader": "officer"}
    table = table[~((table["id"] == "1011") & (table["time"] == "3"))]
    flow = clean(study_in(tmp_path, table, raw=raw, roles=roles), tmp_path).flow
    assert counts(flow, "lost", "never took part") == {}
    assert counts(flow, "lost", "not at this wave") == {("w3", "soldier"): 1}


def test_the_codebook_describes_every_column(tables: CleanWaves) -> None:
    described = tables.codebook.set_index("name")
    assert list(described.index) == list(tables.waves.columns)
    assert described.loc["anxiety", ["kind", "unit", "min", "max"]].tolist() == [
        "scale",
        "mean of 5 items from 1 to 7",
        1,
        7,
    ]
    assert described.loc["sex", "levels"] == "woman; man"
    assert described.loc["time", "unit"] == "year"
    assert (described.loc[["anxiety", "age"], "n"] == len(tables.waves)).all()


def test_what_is_written_is_read_back(study: Study, tables: CleanWaves, tmp_path: Path) -> None:
    tables.write(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES.values())
    pd.testing.assert_frame_equal(
        read_waves(tmp_path / "out" / "waves.parquet", study), tables.waves
    )
    exclusions = pd.read_csv(tmp_path / "out" / "exclusions.tsv", sep="\t")
    assert list(exclusions.columns) == list(tables.exclusions.columns)


def test_bytes_do_not_depend_on_the_order_of_files_rows_or_time(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    table.loc[7, "A1"] = "9"
    clean(study_in(tmp_path, table), tmp_path).write(tmp_path / "one")
    clean(study_in(tmp_path, table), tmp_path).write(tmp_path / "two")
    for name in FILES.values():
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    clean(study_in(tmp_path, table.iloc[::-1]), tmp_path).write(tmp_path / "back")
    for name in ("waves.parquet", "flow.csv", "codebook.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "back" / name).read_bytes()


def test_a_failed_write_leaves_what_was_there(
    tables: CleanWaves, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    tables.write(out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space left"):
        tables.write(out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_wrong_key_stops_with_the_tables_at_hand(tmp_path: Path, table: pd.DataFrame) -> None:
    scales = {"avoidance": {"items": ["V1", "V2", "V3", "V4"], "range": [1, 7]}}
    with pytest.raises(KeyingError, match=r"keying of study small: 1 fault\n.*item V3") as caught:
        clean(study_in(tmp_path, table, scales=scales), tmp_path)
    assert (caught.value.tables.scoring["verdict"] == "negative").any()


def test_waves_of_another_codebook_are_refused(
    tables: CleanWaves, table: pd.DataFrame, tmp_path: Path
) -> None:
    tables.write(tmp_path / "out")
    roles = {"levels": {"leader": {"code": 1}, "follower": {"code": 0}}}
    other = study_in(tmp_path, table, roles=roles, covariates={})
    with pytest.raises(InputError) as caught:
        read_waves(tmp_path / "out" / "waves.parquet", other)
    told = str(caught.value)
    assert "'patient'" in told
    assert "sex" in told
    with pytest.raises(InputError, match="no such file"):
        read_waves(tmp_path / "none.parquet", other)


def test_compositions_and_clusters_are_carried(tmp_path: Path, table: pd.DataFrame) -> None:
    number = table["couple"].astype(int)
    table = table.assign(kind=np.where(number % 2, "1", "2"), clinic=[f"{n % 3}.0" for n in number])
    columns = {"unit": "couple", "person": "id", "role": "who", "wave": "time"}
    raw = {
        "files": [{"path": "small.csv"}],
        "columns": columns | {"composition": "kind", "cluster": "clinic"},
    }
    kinds = {"mf": {"code": 1}, "ff": {"code": 2, "exchangeable": True}}
    roles = {"levels": {"patient": {"code": 1}, "partner": {"code": 0}}, "compositions": kinds}
    waves = clean(study_in(tmp_path, table, raw=raw, roles=roles), tmp_path).waves
    assert set(waves["composition"]) == {"mf", "ff"}
    assert set(waves["cluster"]) == {"0", "1", "2"}


def test_the_real_couples(root: Path) -> None:
    raw_root = root.parent / "shared" / "data"
    if not (raw_root / "couples_ecr" / "ecr.csv").is_file():
        pytest.skip("the real couples are not on this machine")
    tables = clean(load_study(root / "config" / "studies" / "couples_ecr.yaml"), raw_root)
    waves = ["m0", "m3", "m6", "m9", "m12"]
    # data/README.md of the data; the patient of one empty sheet at m12, and a test row at m0
    here = {"patient": [148, 122, 108, 110, 107], "partner": [143, 112, 99, 86, 77]}
    expected = {
        (wave, role): n for role, ns in here.items() for wave, n in zip(waves, ns, strict=True)
    }
    assert counts(tables.flow, "answered") == expected
    assert tables.waves["unit"].nunique() == 151
    assert len(tables.waves) == 1112
    assert tables.exclusions["rule"].tolist() == [
        *("declared", "empty_row", "too_few_items", "too_few_items")
    ]
