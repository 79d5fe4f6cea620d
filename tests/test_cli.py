"""The console command, as a person at a terminal meets it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import codebook, small_table, study_in, write_codebook

from securebase.cli import main


@pytest.fixture
def table(rng: np.random.Generator) -> pd.DataFrame:
    return small_table(rng)


def validate(folder: Path, name: str = "small") -> int:
    return main(["validate", name, "--codebook", str(folder), "--raw-root", str(folder)])


def test_a_right_study_is_summed_up(
    tmp_path: Path, table: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    study_in(tmp_path, table)
    assert validate(tmp_path) == 0
    said = capsys.readouterr()
    assert "30 units (couple), 60 persons, 180 rows" in said.out
    assert "quarantine: nothing" in said.out
    assert "keys of items by wave: 27 ok" in said.out
    assert "not pinned; to pin it add:\n      sha256: " in said.out
    assert said.err == ""


def test_what_was_set_aside_is_shown_by_rule(
    tmp_path: Path, table: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    table.loc[[3, 8, 20, 31], "A1"] = "9"
    table.loc[5, "couple"] = ""
    study_in(tmp_path, table)
    assert validate(tmp_path) == 0
    said = capsys.readouterr().out
    assert (
        "4 cells out_of_range: small.csv row 5, small.csv row 10, small.csv row 22 and 1 more"
        in said
    )
    assert "1 row missing_id: small.csv row 7" in said


def test_the_codebook_may_be_given_by_its_path(
    tmp_path: Path, table: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    study_in(tmp_path, table)
    assert main(["validate", str(tmp_path / "small.yaml"), "--raw-root", str(tmp_path)]) == 0
    assert "small: Couples" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("smal", "did you mean 'small'"),
        ("broken", "unknown key 'scals' -> did you mean"),
        ("keyed", "keying of study keyed: 1 fault"),
        ("rawless", "no such file"),
    ],
)
def test_faults_are_listed_and_the_exit_code_tells(
    name: str,
    told: str,
    tmp_path: Path,
    table: pd.DataFrame,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study_in(tmp_path, table)
    write_codebook(tmp_path, codebook(study="broken", scals={}))
    scales = {"avoidance": {"items": ["V1", "V2", "V3", "V4"], "range": [1, 7]}}
    write_codebook(tmp_path, codebook(study="keyed", scales=scales))
    raw = codebook()["raw"] | {"files": [{"path": "none.csv"}]}
    write_codebook(tmp_path, codebook(study="rawless", raw=raw))
    before = sorted(path.name for path in tmp_path.iterdir())
    assert validate(tmp_path, name) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for part in told.split(" -> "):
        assert part in said.err
    assert "Traceback" not in said.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_file_that_may_not_be_read(
    tmp_path: Path,
    table: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study_in(tmp_path, table)

    def refused(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert validate(tmp_path) == 1
    assert "small.csv: Permission denied" in capsys.readouterr().err


def test_a_command_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "required: COMMAND" in capsys.readouterr().err


def test_the_process_ends_with_the_code(tmp_path: Path, root: Path) -> None:
    call = "import sys; from securebase.cli import main; sys.exit(main(['validate', 'none']))"
    environment = os.environ | {"PYTHONPATH": str(root / "models")}
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("study none: 1 fault\n")
    assert "Traceback" not in done.stderr


def test_recover_says_how_claims_fare(
    root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    config = ["--config", str(root / "config"), "--into", str(tmp_path)]
    asked = ["recover", "lavi2007", "growth", "--world", "null", "--replicates", "2"]
    assert main([*asked, "--cores", "1", *config]) == 0
    said = capsys.readouterr().out
    assert "null: 0 of 2 fits failed" in said
    assert "L8_L9" in said
    table = pd.read_csv(tmp_path / "lavi2007" / "growth" / "null.csv", keep_default_na=False)
    assert table["world"].unique() == ["null"]
    assert (table["replicates"] == 2).all()
    # the null world leaves no claimed effect
    assert table.set_index("claim").loc["L8_L9", "truth"] == 0
    rows = pd.read_parquet(tmp_path / "lavi2007" / "growth" / "null_replicates.parquet")
    assert len(rows) == 2 * len(table)
    assert main(["ledger", "show"]) == 0
    assert "lavi2007  growth    recovery  2" in capsys.readouterr().out


def test_recover_refuses_what_the_configuration_would(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    asked = ["recover", "lavi2007", "growth", "--config", str(root / "config")]
    assert main([*asked, "--replicates", "1"]) == 1
    told = capsys.readouterr().err
    assert "recovery.replicates: given 1;" in told
    assert "greater than or equal to 2" in told


def test_recover_names_the_analyses_there_are(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["recover", "lavi2007", "grouth", "--config", str(root / "config")]
    assert main(asked) == 1
    said = capsys.readouterr().err
    assert "no analysis 'grouth'; expected one of: growth, growth_controlled" in said
