"""Quarantine: every planted fault is caught and named, and nothing else is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_study import COUPLES, small_table, study_in

from securebase.faults import InputError
from securebase.waves.cleaning import CleanAnswers, clean_answers
from securebase.waves.quarantine import COLUMNS
from securebase.waves.raw import read_raw
from securebase.waves.scoring import score

# (rule, line of the file, column): what the quarantine should list
Entry = tuple[str, int, str]
Planter = Callable[[pd.DataFrame, int], tuple[pd.DataFrame, list[Entry]]]

FIRST_LINE = 2


def cleaned(folder: Path, table: pd.DataFrame, **changes: Any) -> CleanAnswers:
    study = study_in(folder, table, **changes)
    return clean_answers(read_raw(study, folder), study)


def listed(folder: Path, table: pd.DataFrame, **changes: Any) -> list[Entry]:
    """Give all entries of the quarantine, those of scoring included."""
    study = study_in(folder, table, **changes)
    answers = clean_answers(read_raw(study, folder), study)
    dropped = (answers.exclusions["kind"] == "row").sum()
    assert len(answers.keys) + dropped == len(table), "every row is kept or listed"
    tables = [answers.exclusions, *score(answers, study).unscored]
    return sorted((row.rule, row.row, row.column) for table in tables for row in table.itertuples())


def line(table: pd.DataFrame, at: int) -> int:
    return at + FIRST_LINE


def row_of(table: pd.DataFrame, couple: int, who: str = "1", time: str = "2") -> int:
    """Find a row: couple counts from 0."""
    where = (table["couple"] == str(101 + couple)) & (table["who"] == who) & (table["time"] == time)
    return int(np.flatnonzero(where)[0])


def set_cell(column: str, value: str, rule: str, listed_as: str | None = None) -> Planter:
    def plant(table: pd.DataFrame, couple: int) -> tuple[pd.DataFrame, list[Entry]]:
        at = row_of(table, couple)
        table = table.copy()
        table.loc[at, column] = value
        return table, [(rule, line(table, at), column if listed_as is None else listed_as)]

    return plant


def appended(table: pd.DataFrame, at: int, **cells: str) -> pd.DataFrame:
    """Add a copy of a row, with other cells, at the end."""
    return pd.concat([table, table.loc[[at]].assign(**cells)], ignore_index=True)


def append_copy(rule: str, **cells: str) -> Planter:
    def plant(table: pd.DataFrame, couple: int) -> tuple[pd.DataFrame, list[Entry]]:
        table = appended(table, row_of(table, couple), **cells)
        return table, [(rule, line(table, len(table) - 1), "")]

    return plant


def other_answer(table: pd.DataFrame, couple: int) -> tuple[pd.DataFrame, list[Entry]]:
    answer = table.loc[row_of(table, couple), "A1"]
    return append_copy("duplicate_person", A1="1" if answer != "1" else "2")(table, couple)


def swap_roles(table: pd.DataFrame, couple: int) -> tuple[pd.DataFrame, list[Entry]]:
    patient, partner = row_of(table, couple), row_of(table, couple, who="0")
    table = table.copy()
    table.loc[[patient, partner], "who"] = ["0", "1"]
    return table, [("swapped_role", line(table, at), "") for at in (patient, partner)]


def empty_all(table: pd.DataFrame, couple: int) -> tuple[pd.DataFrame, list[Entry]]:
    at = row_of(table, couple)
    table = table.copy()
    answers = [name for name in table.columns if name not in ("couple", "id", "who", "time")]
    table.loc[at, answers] = "NA"
    return table, [("empty_row", line(table, at), "")]


def empty_two(table: pd.DataFrame, couple: int) -> tuple[pd.DataFrame, list[Entry]]:
    at = row_of(table, couple)
    table = table.copy()
    table.loc[at, ["A1", "A2"]] = ""
    return table, [("too_few_items", line(table, at), "anxiety")]


def mistype_unit(table: pd.DataFrame, couple: int) -> tuple[pd.DataFrame, list[Entry]]:
    at = row_of(table, couple)
    table = table.copy()
    table.loc[at, "couple"] = f"0{101 + couple}"
    return table, [("possible_typo", line(table, at), "unit")]


def move_person(table: pd.DataFrame, couple: int) -> tuple[pd.DataFrame, list[Entry]]:
    at = row_of(table, couple)
    table = table.copy()
    table.loc[at, "couple"] = f"9{couple:02d}7"
    return table, [("possible_typo", line(table, at), "person")]


PLANTERS: dict[str, Planter] = {
    "identical row": append_copy("duplicate_row"),
    "another record": other_answer,
    "missing code": set_cell("A1", "-9", "missing_code"),
    "missing code as a float": set_cell("A1", "-9.0", "missing_code"),
    "above the range": set_cell("A4", "8", "out_of_range"),
    "below the range": set_cell("A4", "0", "out_of_range"),
    "between two answers": set_cell("A3", "3.5", "off_grid"),
    "words": set_cell("A5", "often", "not_a_number"),
    "a date": set_cell("A5", "2020-04-03", "not_a_number"),
    "infinity": set_cell("A5", "inf", "not_a_number"),
    "no unit": set_cell("couple", "", "missing_id", ""),
    "no person": set_cell("id", " ", "missing_id", ""),
    "no role": set_cell("who", "NA", "unknown_role", ""),
    "no wave": set_cell("time", "", "unknown_wave", ""),
    "an unknown level": set_cell("sex", "3", "unknown_level"),
    "an impossible age": set_cell("age", "400", "out_of_range"),
    "swapped partners": swap_roles,
    "a stranger": set_cell("id", "x77", "another_person", ""),
    "nothing answered": empty_all,
    "too few items": empty_two,
    "leading zero": mistype_unit,
    "person in another unit": move_person,
}


@pytest.fixture
def table(rng: np.random.Generator) -> pd.DataFrame:
    return small_table(rng)


def test_a_correct_file_reports_nothing(tmp_path: Path, table: pd.DataFrame) -> None:
    answers = cleaned(tmp_path, table)
    assert answers.exclusions.empty
    assert list(answers.exclusions.columns) == list(COLUMNS)
    assert len(answers.keys) == len(table)


@pytest.mark.parametrize("name", PLANTERS)
def test_a_planted_fault_is_caught_and_named(
    name: str, tmp_path: Path, table: pd.DataFrame
) -> None:
    planted, expected = PLANTERS[name](table, 7)
    assert listed(tmp_path, planted) == sorted(expected)


@pytest.mark.parametrize("seed", range(6))
def test_planting_k_faults_lists_exactly_those(
    seed: int, tmp_path: Path, table: pd.DataFrame
) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, COUPLES - 8))
    couples = rng.permutation(COUPLES)[:count]
    names = rng.choice([name for name in PLANTERS if name != "person in another unit"], size=count)
    expected: list[Entry] = []
    for couple, name in zip(couples, names, strict=True):
        table, entries = PLANTERS[name](table, int(couple))
        expected += entries
    assert listed(tmp_path, table) == sorted(expected)


def test_quarantined_cells_are_missing_and_others_stay(tmp_path: Path, table: pd.DataFrame) -> None:
    table.loc[3, ["A1", "A3", "sex", "age"]] = ["-9", "9", "7", "300"]
    answers = cleaned(tmp_path, table)
    assert answers.items.loc[3, ["A1", "A3"]].isna().all()
    assert answers.covariates.loc[3].isna().all()
    others = table.drop(index=3)
    pd.testing.assert_frame_equal(
        answers.items.drop(index=3), others[answers.items.columns].astype(float)
    )
    assert answers.covariates["sex"].drop(index=3).tolist() == [
        {"1": "woman", "2": "man"}[code] for code in others["sex"]
    ]


def test_values_and_places_are_told(tmp_path: Path, table: pd.DataFrame) -> None:
    table.loc[4, "A2"] = "12"
    (entry,) = cleaned(tmp_path, table).exclusions.to_dict("records")
    assert entry == {
        "file": "small.csv",
        "row": 6,
        "unit": table.loc[4, "couple"],
        "person": table.loc[4, "id"],
        "wave": "w2",
        "role": "partner",
        "column": "A2",
        "value": "12",
        "kind": "cell",
        "rule": "out_of_range",
        "reason": "outside the range 1 to 7",
        "action": "cell set to missing",
    }


def test_declared_exclusions_carry_their_reason(tmp_path: Path, table: pd.DataFrame) -> None:
    exclusions = [
        {"where": {"couple": "101", "time": [1, 2]}, "reason": "the pilot sessions"},
        {"where": {"id": "1020"}, "reason": "withdrew consent"},
    ]
    out = cleaned(tmp_path, table, exclusions=exclusions).exclusions
    assert out["rule"].unique().tolist() == ["declared"]
    assert out["reason"].value_counts().to_dict() == {
        "the pilot sessions": 4,
        "withdrew consent": 3,
    }


def test_of_two_records_the_fuller_stays(tmp_path: Path, table: pd.DataFrame) -> None:
    table = appended(table, 0, A1="NA", V1="2")
    table = appended(table, 3)
    table.loc[3, ["A4", "A5"]] = "NA"
    answers = cleaned(tmp_path, table)
    dropped = answers.exclusions[answers.exclusions["kind"] == "row"]
    assert dropped[["row", "rule", "value"]].to_numpy().tolist() == [
        [line(table, 3), "duplicate_person", f"small.csv row {len(table) + 1}"],
        [len(table), "duplicate_person", "small.csv row 2"],
    ]


def test_of_equally_full_records_the_earliest_stays(tmp_path: Path, table: pd.DataFrame) -> None:
    table["sent"] = "2020-05-01 12:00:00"
    answer = "1" if table.loc[0, "A1"] != "1" else "2"
    table = appended(table, 0, A1=answer, sent="2020-04-30 09:00:00")
    columns = {"unit": "couple", "person": "id", "role": "who", "wave": "time", "date": "sent"}
    raw = {"files": [{"path": "small.csv"}], "columns": columns}
    assert listed(tmp_path, table, raw=raw) == [("duplicate_person", 2, "")]


def test_the_same_answers_sent_twice_are_one_record(tmp_path: Path, table: pd.DataFrame) -> None:
    table["sent"] = "2020-05-01"
    table = appended(table, 5, sent="2020-05-02")
    columns = {"unit": "couple", "person": "id", "role": "who", "wave": "time", "date": "sent"}
    raw = {"files": [{"path": "small.csv"}], "columns": columns}
    assert listed(tmp_path, table, raw=raw) == [("duplicate_row", len(table) + 1, "")]


def test_either_role_equally_often_is_nobodys_guess(tmp_path: Path, table: pd.DataFrame) -> None:
    two_waves = table[table["time"] != "3"].reset_index(drop=True)
    waves = {
        "time_unit": "year",
        "levels": {"w1": {"code": 1, "time": 0}, "w2": {"code": 2, "time": 1}},
    }
    planted, _ = swap_roles(two_waves, 3)
    study = study_in(tmp_path, planted, waves=waves)
    out = clean_answers(read_raw(study, tmp_path), study).exclusions
    assert len(out) == 4
    assert out["reason"].str.contains("nobody can tell").all()


def test_a_person_spelt_otherwise_stays_the_person(tmp_path: Path, table: pd.DataFrame) -> None:
    table["id"] = "p" + table["id"]
    at = row_of(table, 4)
    table.loc[at, "id"] = table.loc[at, "id"].upper()
    answers = cleaned(tmp_path, table)
    assert listed(tmp_path, table) == [("possible_typo", line(table, at), "")]
    assert answers.exclusions["action"].tolist() == ["read as the usual spelling"]
    assert answers.keys["person"].nunique() == 2 * COUPLES


def test_a_unit_in_another_case_is_noted_and_kept(tmp_path: Path, table: pd.DataFrame) -> None:
    table["couple"] = "c" + table["couple"]
    table.loc[0, "couple"] = "C101"
    answers = cleaned(tmp_path, table)
    assert answers.exclusions[["rule", "kind", "value"]].to_numpy().tolist() == [
        ["possible_typo", "note", "C101"]
    ]
    assert len(answers.keys) == len(table)


def test_a_scale_is_not_asked_of_everybody(tmp_path: Path, table: pd.DataFrame) -> None:
    scales = {
        "anxiety": {"items": ["A1", "A3", "A4"], "range": [1, 7], "roles": ["patient"]},
        "avoidance": {"items": ["V1", "V2", "V4"], "range": [1, 7], "waves": ["w1", "w2"]},
    }
    partner, last = table["who"] == "0", table["time"] == "3"
    table.loc[partner, ["A1", "A3", "A4"]] = ""
    table.loc[last, ["V1", "V2", "V4"]] = ""
    assert listed(tmp_path, table, scales=scales) == []
    at = row_of(table, 2, who="0", time="2")
    table.loc[at, "A1"] = "3"
    assert listed(tmp_path, table, scales=scales) == [("not_asked", line(table, at), "A1")]


def test_a_covariate_given_at_every_wave_is_no_fault(tmp_path: Path, table: pd.DataFrame) -> None:
    sex = {
        "column": "sex",
        "type": "categorical",
        "levels": {"1": "woman", "2": "man"},
        "waves": ["w1"],
    }
    answers = cleaned(tmp_path, table, covariates={"sex": sex})
    assert answers.exclusions.empty
    known = answers.covariates["sex"].notna()
    assert (known == (answers.keys["wave"] == "w1")).all()


def told(folder: Path, table: pd.DataFrame, **changes: Any) -> str:
    with pytest.raises(InputError) as caught:
        cleaned(folder, table, **changes)
    return str(caught.value)


def test_one_couple_is_no_study(tmp_path: Path, table: pd.DataFrame) -> None:
    assert "1 couple with usable rows" in told(tmp_path, table[table["couple"] == "101"])


def test_all_values_missing(tmp_path: Path, table: pd.DataFrame) -> None:
    answers = [name for name in table.columns if name not in ("couple", "id", "who", "time")]
    for empty in ("", "NA"):
        empties = table.assign(**dict.fromkeys(answers, empty))
        assert "no row holds an answer" in told(tmp_path, empties)


def test_an_item_without_any_answer(tmp_path: Path, table: pd.DataFrame) -> None:
    message = told(tmp_path, table.assign(A3="NA", V2="NA"))
    assert "no answer in any row to A3" in message
    assert "no answer in any row to V2" in message


def test_a_wave_and_a_role_without_rows(tmp_path: Path, table: pd.DataFrame) -> None:
    message = told(tmp_path, table[(table["time"] != "3") & (table["who"] == "1")])
    assert "no usable row of wave w3" in message
    assert "no usable row of role partner" in message


def test_a_range_most_answers_fall_outside_of(tmp_path: Path, table: pd.DataFrame) -> None:
    scales = {"all": {"items": ["A1", "A3"], "range": [1, 4]}}
    assert "correct the range" in told(tmp_path, table, scales=scales)
    scales = {"all": {"items": ["A1", "A3"], "range": [1, 7], "step": 2}}
    assert "correct the step" in told(tmp_path, table, scales=scales)


def test_a_unit_in_two_clusters(tmp_path: Path, table: pd.DataFrame) -> None:
    table["clinic"] = np.where(table.index == 8, "north", "south")
    columns = {"unit": "couple", "person": "id", "role": "who", "wave": "time", "cluster": "clinic"}
    raw = {"files": [{"path": "small.csv"}], "columns": columns}
    assert "couple 102 has clusters south (row 8), north (row 10)" in told(tmp_path, table, raw=raw)


def test_ids_of_questionnaires_are_not_ids_of_persons(tmp_path: Path, table: pd.DataFrame) -> None:
    message = told(tmp_path, table.assign(id=[f"R{n}" for n in range(len(table))]))
    assert "120 of 180 rows are of another person" in message


def test_every_row_of_the_real_couples_is_accounted_for(root: Path) -> None:
    from securebase.codebook.loading import load_study

    raw_root = root.parent / "shared" / "data"
    if not (raw_root / "couples_ecr" / "ecr.csv").is_file():
        pytest.skip("the real couples are not on this machine")
    study = load_study(root / "config" / "studies" / "couples_ecr.yaml")
    raw = read_raw(study, raw_root)
    answers = clean_answers(raw, study)
    lines = (raw_root / "couples_ecr" / "ecr.csv").read_text(encoding="utf-8").splitlines()
    dropped = answers.exclusions[answers.exclusions["kind"] == "row"]
    assert sorted([*answers.keys["row"], *dropped["row"]]) == list(range(2, len(lines) + 1))
    assert dropped["rule"].tolist() == ["declared", "empty_row"]
