"""Raw files as people have them: each format, and what is said of a file that cannot be read."""

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
from small_study import small_table, study_in

from securebase.codebook.rawfiles import RawFile, formats
from securebase.digests import digest_of
from securebase.faults import InputError
from securebase.waves.raw import read_raw
from securebase.waves.readers import reader_of


def read(path: Path, format_: str, **settings: Any) -> pd.DataFrame:
    spec = RawFile(path=path.name, format=format_, **settings)
    return reader_of(spec.format)(path, spec)


def written(folder: Path, content: str | bytes, name: str = "raw.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(folder: Path, rows: list[list[Any]], **more: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    sheets = [("first", rows), *more.items()]
    for name, cells in sheets:
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    del book["Sheet"]
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def test_every_format_is_a_file_of_the_folder() -> None:
    assert set(formats()) == {"csv", "excel", "spss", "stata", "qualtrics", "redcap"}


# delimited text


def test_lines_are_numbered_as_an_editor_does(tmp_path: Path) -> None:
    path = written(tmp_path, 'a,b\n1,"two\nlines"\n\n3,4\n,\n\n')
    table = read(path, "csv")
    assert list(table.index) == [2, 5]
    assert table.loc[2, "b"] == "two\nlines"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_is_read(ending: str, tmp_path: Path) -> None:
    path = written(tmp_path, ending.join(["a,b", "1,2", "3,4", ""]))
    assert read(path, "csv")["b"].tolist() == ["2", "4"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_encodings_and_byte_order_marks(encoding: str, tmp_path: Path) -> None:
    path = written(tmp_path, "größe;b\n1,5;2\n".encode(encoding))
    table = read(path, "csv", encoding=encoding.removesuffix("-sig"), delimiter=";")
    assert list(table.columns) == ["größe", "b"]


def test_a_byte_order_mark_does_not_become_part_of_a_name(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbfunit,b\n1,2\n")
    assert list(read(path, "csv").columns) == ["unit", "b"]


BAD_TEXT = {
    "latin-1 read as utf-8": ("ä,b\n1,ü\n".encode("latin-1"), {}, "not utf-8", "cp1252", 1),
    "latin-1 further down": ("a,b\n1,2\n3,ü\n".encode("latin-1"), {}, "not utf-8", "cp1252", 3),
    "utf-16 read as utf-8": ("a,b\n1,2\n".encode("utf-16"), {}, "not utf-8", "utf-16", 1),
    "utf-16 without mark": ("a,b\n1,2\n".encode("utf-16-le"), {}, "zero bytes", "utf-16-le", 1),
    "utf-8 read as latin-1": (
        "ä,b\n1,ü\n".encode(),
        {"encoding": "latin-1"},
        "UTF-8",
        "utf-8",
        None,
    ),
    "semicolons": (b"a;b;c\n1;2;3\n", {}, "one column", 'delimiter: ";" gives 3', 1),
    "tabs": (b"a\tb\n1\t2\n", {}, "one column", 'delimiter: "\\t" gives 2', 1),
    "commas": (b"a,b\n1,2\n", {"delimiter": ";"}, "one column", 'delimiter: "," gives 2', 1),
    "a cell too many": (b"a,b\n1,2\n1,2,3\n", {}, "3 cells", "quotes", 3),
    "a cut line": (b"a,b,c\n1,2,3\n1,2", {}, "2 cells", "exported again", 3),
    "an open quote": (b'a,b\n1,"2\n3,4\n', {}, "cannot be split", "quote", 2),
    "a workbook": (b"PK\x03\x04\x00", {}, "a file of Excel", "declare the format", None),
    "blank lines only": (b"\n\n\n", {}, "no line of text", "", None),
}


@pytest.mark.parametrize(
    ("content", "settings", "given", "remedy", "row"), BAD_TEXT.values(), ids=BAD_TEXT.keys()
)
def test_text_that_cannot_be_read(
    content: bytes, settings: dict[str, str], given: str, remedy: str, row: int, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read(written(tmp_path, content), "csv", **settings)
    (fault,) = caught.value.faults
    assert given in fault.given
    assert remedy in fault.remedy
    assert fault.row == row


def test_many_cut_lines_are_counted_not_listed(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n" + "1\n" * 40)
    with pytest.raises(InputError) as caught:
        read(path, "csv")
    assert len(caught.value.faults) == 6
    assert caught.value.faults[-1].given == "35 more rows of another length"


def test_trailing_delimiters_are_no_cells(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2,,\n3,4\n")
    assert read(path, "csv").shape == (2, 2)


# spreadsheets and statistics programs


def test_a_workbook(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        [
            ["unit", "id", "item", "day"],
            [12.0, " a ", 3, datetime.datetime(2020, 5, 1)],
            [None, None, None, None],
            [13, "b", 2.5, datetime.datetime(2020, 5, 1, 12, 30)],
            [None, None, None, None],
        ],
    )
    table = read(path, "excel")
    assert list(table.index) == [2, 4]
    assert table.loc[2].tolist() == ["12", "a", "3", "2020-05-01"]
    assert table.loc[4].tolist() == ["13", "b", "2.5", "2020-05-01 12:30:00"]


def test_a_named_sheet_and_a_missing_one(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["a"], [1]], wave2=[["a"], [2]])
    assert read(path, "excel", sheet="wave2")["a"].tolist() == ["2"]
    with pytest.raises(InputError, match=r"no sheet 'wave3'.*first, wave2.*mean 'wave2'"):
        read(path, "excel", sheet="wave3")


def test_a_formula_without_result_is_not_an_empty_cell(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["a", "b"], [1, 2], [3, "=A2+1"]])
    with pytest.raises(InputError, match="row 3: a formula without a result"):
        read(path, "excel")


@pytest.mark.parametrize("format_", ["excel", "spss", "stata"])
def test_a_file_of_another_program(format_: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not an Excel workbook|not a file of"):
        read(written(tmp_path, "a,b\n1,2\n"), format_)


def test_an_empty_sheet(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="an empty sheet"):
        read(workbook(tmp_path, []), "excel")


def test_spss_gives_codes_and_empties_what_it_declares_missing(tmp_path: Path) -> None:
    path = tmp_path / "raw.sav"
    table = pd.DataFrame(
        {"unit": [1.0, 2.0, 3.0], "item": [7.0, 99.0, np.nan], "id": ["a", "b", ""]}
    )
    pyreadstat.write_sav(
        table,
        str(path),
        variable_value_labels={"item": {7.0: "agree"}},
        missing_ranges={"item": [99.0]},
    )
    read_back = read(path, "spss")
    assert list(read_back.index) == [1, 2, 3]
    assert read_back["item"].tolist() == ["7", "", ""]
    assert read_back["unit"].tolist() == ["1", "2", "3"]
    assert read_back["id"].tolist() == ["a", "b", ""]


def test_stata_gives_codes_and_empties_extended_missings(tmp_path: Path) -> None:
    path = tmp_path / "raw.dta"
    table = pd.DataFrame(
        {"unit": [1, 2, 3], "item": [7, "a", 2], "day": [datetime.date(2020, 5, 1)] * 3}
    )
    pyreadstat.write_dta(
        table,
        str(path),
        missing_user_values={"item": ["a"]},
        variable_value_labels={"item": {7: "agree"}},
    )
    read_back = read(path, "stata")
    assert read_back["item"].tolist() == ["7", "", "2"]
    assert read_back["day"].tolist() == ["2020-05-01"] * 3


# survey platforms

QUALTRICS = (
    "StartDate,ResponseId,Q1_1\n"
    'Start Date,Response ID,"I worry, often\nor always"\n'
    '"{""ImportId"":""startDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}"\n'
    "2020-05-01 10:00:00,R_1,5\n"
    "2020-05-02 10:00:00,R_2,6\n"
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_qualtrics_export(encoding: str, tmp_path: Path) -> None:
    path = written(tmp_path, QUALTRICS.encode(encoding))
    table = read(path, "qualtrics", encoding=encoding.removesuffix("-sig"))
    assert list(table.index) == [5, 6]
    assert table["Q1_1"].tolist() == ["5", "6"]


def test_a_plain_table_is_no_qualtrics_export(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no line with ImportId.*format: csv"):
        read(written(tmp_path, "a,b\n1,2\n"), "qualtrics")


REDCAP = (
    "record_id,redcap_event_name,who,item,race___1,race___2\n"
    "1,baseline_arm_1,0,5,1,0\n"
    "1,month_6_arm_1,0,4,,\n"
    "2,baseline_arm_1,1,3,1,1\n"
)


def test_a_redcap_export_gathers_checkboxes(tmp_path: Path) -> None:
    table = read(written(tmp_path, REDCAP), "redcap")
    assert table["race"].tolist() == ["1", "", "1 2"]
    assert table["race___2"].tolist() == ["0", "", "1"]


def test_a_redcap_export_of_labels_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "Record ID,Event Name,Item\n1,Baseline,5\n")
    with pytest.raises(InputError, match="raw data"):
        read(path, "redcap")


# files against a codebook


def files(**settings: Any) -> dict[str, Any]:
    columns = {"unit": "couple", "person": "id", "role": "who", "wave": "time"}
    return {"files": [{"path": "small.csv"} | settings], "columns": columns}


def test_the_same_answers_from_every_program(tmp_path: Path, rng: np.random.Generator) -> None:
    text = small_table(rng)
    numbers = text.apply(pd.to_numeric).assign(id=text["id"])
    numbers.to_excel(tmp_path / "small.xlsx", index=False)
    pyreadstat.write_sav(numbers, str(tmp_path / "small.sav"))
    pyreadstat.write_dta(numbers, str(tmp_path / "small.dta"))
    names = ",".join(f'"{{""ImportId"":""{name}""}}"' for name in text.columns)
    body = text.to_csv(index=False).split("\n", 1)
    written(tmp_path, "\n".join([body[0], body[0], names, body[1]]), "small.qualtrics")
    written(tmp_path, text.to_csv(index=False), "small.redcap")
    text.to_csv(tmp_path / "semi.csv", index=False, sep=";", encoding="utf-16")
    plain = read_raw(study_in(tmp_path, text), tmp_path).answers
    for name, settings in {
        "small.xlsx": {"format": "excel"},
        "small.sav": {"format": "spss"},
        "small.dta": {"format": "stata"},
        "small.qualtrics": {"format": "qualtrics"},
        "small.redcap": {"format": "redcap"},
        "semi.csv": {"delimiter": ";", "encoding": "utf-16"},
    }.items():
        study = study_in(tmp_path, None, raw=files(path=name, **settings))
        pd.testing.assert_frame_equal(read_raw(study, tmp_path).answers, plain)


def test_one_file_per_wave_and_other_names(tmp_path: Path, rng: np.random.Generator) -> None:
    table = small_table(rng)
    specs = []
    for number, wave in enumerate(["w1", "w2", "w3"], 1):
        part = table[table["time"] == str(number)].drop(columns="time")
        part.rename(columns={"A1": f"A1_{wave}"}).to_csv(tmp_path / f"{wave}.csv", index=False)
        specs.append({"path": f"{wave}.csv", "wave": wave, "rename": {f"A1_{wave}": "A1"}})
    raw = {"files": specs, "columns": {"unit": "couple", "person": "id", "role": "who"}}
    keys = read_raw(study_in(tmp_path, None, raw=raw), tmp_path).keys
    assert keys.groupby("file")["wave"].unique().explode().tolist() == ["w1", "w2", "w3"]
    assert len(keys) == len(table)


def wide(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Put a small table on one row per couple; name has {column}, {who} and {time}."""
    answers = [name for name in table.columns if name not in ("couple", "id", "who", "time")]
    out: dict[str, dict[str, str]] = {}
    for row in table.to_dict("records"):
        place = out.setdefault(row["couple"], {"couple": row["couple"]})
        for column in answers:
            place[name.format(column=column, who=row["who"], time=row["time"])] = row[column]
    return pd.DataFrame(out.values()).fillna("")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{column}_{role}_t{wave}", "{column}_{who}_t{time}"),
        ("{role}.{column}.{wave}", "{who}.{column}.{time}"),
    ],
)
def test_wide_files_are_made_long(
    pattern: str, name: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    table = small_table(rng)
    table = table[~((table["couple"] == "103") & (table["who"] == "0"))]
    table = table[~((table["couple"] == "104") & (table["time"] == "2"))]
    wide(table, name).to_csv(tmp_path / "wide.csv", index=False)
    raw = {"files": [{"path": "wide.csv"}], "columns": {"unit": "couple"}, "pattern": pattern}
    got = read_raw(study_in(tmp_path, None, raw=raw), tmp_path)
    assert len(got.keys) == len(table)
    assert "103 partner" not in set(got.keys["person"])
    codes = {"patient": "1", "partner": "0"}, {"w1": "1", "w2": "2", "w3": "3"}
    flat = got.answers.assign(
        couple=got.keys["unit"],
        who=got.keys["role"].map(codes[0]),
        time=got.keys["wave"].map(codes[1]),
    )
    order = ["couple", "who", "time"]
    columns = [*order, *got.answers.columns]
    pd.testing.assert_frame_equal(
        flat.sort_values(order)[columns].reset_index(drop=True).astype(str),
        table.sort_values(order)[columns].reset_index(drop=True).astype(str),
    )


def test_a_wide_file_with_columns_of_the_whole_row(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    table = small_table(rng).drop(columns=["sex", "age"])
    flat = wide(table, "{column}_{who}_{time}").assign(age="40", sex_1="1", sex_0="2", clinic="C")
    flat.loc[3, [name for name in flat.columns if name not in ("couple", "age", "clinic")]] = ""
    flat.loc[4, [name for name in flat.columns if name.endswith("_0_3")]] = ""
    flat.to_csv(tmp_path / "wide.csv", index=False)
    raw = {
        "files": [{"path": "wide.csv"}],
        "columns": {"unit": "couple", "cluster": "clinic"},
        "pattern": ["{column}_{role}_{wave}", "{column}_{role}"],
    }
    got = read_raw(study_in(tmp_path, None, raw=raw), tmp_path)
    assert set(got.keys["cluster"]) == {"C"}
    assert set(got.answers["age"]) == {"40"}
    by_role = got.answers.groupby(got.keys["role"])["sex"].unique()
    assert list(by_role["patient"]) == ["1", None]
    # the row without any answer stays once, to be accounted for
    assert (got.keys["row"] == 5).sum() == 1
    # a wave that a person missed is no record, though her sex stands in the row
    assert (got.keys["row"] == 6).sum() == 5


def test_a_pattern_that_fits_nothing_shows_an_example(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    raw = {**files(), "pattern": "{column}_{role}"}
    raw["columns"] = {"unit": "couple", "wave": "time"}
    study = study_in(tmp_path, small_table(rng), raw=raw)
    with pytest.raises(InputError, match=r"fits the pattern .*columns such as 'A1_1'"):
        read_raw(study, tmp_path)


def test_decimal_commas(tmp_path: Path, rng: np.random.Generator) -> None:
    table = small_table(rng).assign(age="40,5")
    study = study_in(tmp_path, table)
    with pytest.raises(InputError, match='"," for this file'):
        read_raw(study, tmp_path)
    study = study_in(tmp_path, table, raw=files(decimal=","))
    assert set(read_raw(study, tmp_path).answers["age"]) == {"40.5"}


def test_a_digest_is_compared(tmp_path: Path, rng: np.random.Generator) -> None:
    study_in(tmp_path, small_table(rng))
    right = digest_of(tmp_path / "small.csv")
    read_raw(study_in(tmp_path, None, raw=files(sha256=right)), tmp_path)
    with pytest.raises(InputError, match=f"sha256 {right}; expected the pinned {'0' * 64}"):
        read_raw(study_in(tmp_path, None, raw=files(sha256="0" * 64)), tmp_path)


def test_faults_of_all_files_are_told_together(tmp_path: Path, rng: np.random.Generator) -> None:
    table = small_table(rng)
    written(tmp_path, "", "empty.csv")
    written(tmp_path, ",".join(table.columns) + "\n", "header.csv")
    table.drop(columns="A2").rename(columns={"A3": "a3"}).to_csv(tmp_path / "lost.csv", index=False)
    table.assign(A9=1).rename(columns={"A9": "A1"}).to_csv(tmp_path / "twice.csv", index=False)
    table.replace({"who": {"0": "x"}}).to_csv(tmp_path / "role.csv", index=False)
    table.assign(A1="often").to_csv(tmp_path / "words.csv", index=False)
    written(tmp_path, table.to_csv(index=False).encode("utf-16"), "utf16.csv")
    names = ["none", "empty", "header", "lost", "twice", "role", "words", "utf16"]
    raw = {**files(), "files": [{"path": f"{name}.csv"} for name in names]}
    with pytest.raises(InputError) as caught:
        read_raw(study_in(tmp_path, None, raw=raw), tmp_path)
    told = [(fault.file, fault.given) for fault in caught.value.faults]
    assert [file for file, _ in told] == [
        *("none.csv", "empty.csv", "header.csv", "lost.csv", "lost.csv"),
        *("twice.csv", "role.csv", "words.csv", "utf16.csv"),
    ]
    for (_, given), part in zip(
        told,
        [
            *("no such file", "an empty file", "a header without rows", "no column 'A2'"),
            *("no column 'A3'", "2 columns 'A1'", "role 'x' (and 89 rows more)"),
            *("180 of 180 cells are no numbers ('often')", "not utf-8"),
        ],
        strict=True,
    ):
        assert part in given


def test_a_column_of_another_case_is_suggested(tmp_path: Path, rng: np.random.Generator) -> None:
    study = study_in(tmp_path, small_table(rng).rename(columns={"A3": "a3"}))
    with pytest.raises(InputError, match="did you mean 'a3'"):
        read_raw(study, tmp_path)


def test_extra_columns_are_fine(tmp_path: Path, rng: np.random.Generator) -> None:
    table = small_table(rng).assign(note='said "no, never"', extra="")
    table.insert(0, "", range(len(table)))
    assert len(read_raw(study_in(tmp_path, table), tmp_path).keys) == len(table)


def test_ids_of_a_spreadsheet_are_those_of_a_text_file(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    table = small_table(rng)
    table.loc[::2, "couple"] += ".0"
    table.loc[::3, "couple"] = " " + table.loc[::3, "couple"] + " "
    table["who"] += ".0"
    keys = read_raw(study_in(tmp_path, table), tmp_path).keys
    assert keys["unit"].nunique() == table["couple"].str.strip().str[:3].nunique()
    assert set(keys["role"]) == {"patient", "partner"}


def test_exclusions_must_match_a_row(tmp_path: Path, rng: np.random.Generator) -> None:
    exclusions = [
        {"where": {"couple": [101, 102]}, "reason": "pilot couples"},
        {"where": {"couple": 999}, "reason": "test couple"},
        {"where": {"cuople": 101}, "reason": "a typing error"},
    ]
    study = study_in(tmp_path, small_table(rng), exclusions=exclusions)
    with pytest.raises(InputError) as caught:
        read_raw(study, tmp_path)
    assert [fault.given for fault in caught.value.faults] == [
        "no row has couple = 999",
        "no row has cuople = 101",
    ]


def test_excluded_rows_may_have_any_role(tmp_path: Path, rng: np.random.Generator) -> None:
    table = small_table(rng)
    table.loc[table["couple"] == "101", "who"] = "interviewer"
    exclusions = [{"where": {"who": "interviewer"}, "reason": "not a member"}]
    keys = read_raw(study_in(tmp_path, table, exclusions=exclusions), tmp_path).keys
    assert (keys["declared"] == 0).sum() == 6


def test_exchangeable_members_are_told_apart_by_their_ids(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    table = small_table(rng).drop(columns="who")
    extra = table.iloc[:1].assign(id="1019")
    roles = {"levels": {"a": {}, "b": {}}, "exchangeable": True}
    raw = {**files(), "columns": {"unit": "couple", "person": "id", "wave": "time"}}
    keys = read_raw(
        study_in(tmp_path, pd.concat([extra, table]), raw=raw, roles=roles), tmp_path
    ).keys
    assert keys["role"].isna().tolist() == [True] + [False] * len(table)
    assert (keys.dropna(subset="role").groupby("person")["role"].nunique() == 1).all()
    assert (keys.dropna(subset="role").groupby("unit")["role"].nunique() == 2).all()
