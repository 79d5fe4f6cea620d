"""Raw files of simulated studies: which answers go where, and the command that writes them."""

from pathlib import Path

import pytest
import yaml
from simulation_examples import CAMP, DIARY, camp_settings, example

from securebase.cli import main
from securebase.codebook.loading import load_study
from securebase.config import parse_config
from securebase.faults import InputError
from securebase.simulation import simulate_study, write_study
from securebase.simulation.files import refuse_other_layouts
from securebase.simulation.rawtables import files_of
from securebase.waves.clean import clean


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write codebook and settings of the camp as a user would keep them."""
    for folder, content in (("studies", CAMP), ("simulations", camp_settings())):
        (tmp_path / folder).mkdir()
        text = yaml.safe_dump(content, sort_keys=False)
        (tmp_path / folder / "camp.yaml").write_text(text)
    return tmp_path


def written(config: Path, *options: str) -> dict[str, bytes]:
    folder = config / "raw" / " ".join(options)
    into = ["--config", str(config), "--into", str(folder)]
    assert main(["simulate", "camp", *into, *options]) == 0
    return {path.name: path.read_bytes() for path in (folder / "camp").iterdir()}


def test_the_command_knows_sizes_worlds_and_seeds(config: Path) -> None:
    plain = written(config)
    assert written(config, "--size", "small", "--world", "source", "--seed", "8") == plain
    officers = "officers_SIMULATED.csv"
    assert len(plain[officers].splitlines()) == 1 + 5
    assert len(written(config, "--size", "full")[officers].splitlines()) == 1 + 20
    assert written(config, "--seed", "9")[officers] != plain[officers]
    other = written(config, "--world", "reversed")
    assert other[officers] == plain[officers], "what predicts is the same in every world"
    assert other["w3_SIMULATED.csv"] != plain["w3_SIMULATED.csv"]


def test_an_unknown_study_is_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "kamp", "--config", str(config), "--into", str(config)]) == 1
    assert "did you mean 'camp'?" in capsys.readouterr().err


def test_a_file_that_names_its_wave_comes_before_one_that_does_not(tmp_path: Path) -> None:
    raw = DIARY["raw"]
    files = [*raw["files"], {"path": "diary/last_SIMULATED.csv", "wave": "w6"}]
    made = example("diary", tmp_path, raw=raw | {"files": files})
    refuse_other_layouts(made.study)
    places = [files_of(made.study, "man", wave)[0].path for wave in made.study.waves.levels]
    assert places == ["diary/days_SIMULATED.csv"] * 5 + ["diary/last_SIMULATED.csv"]
    settings = made.settings(units=12)
    write_study(made.study, settings, tmp_path)
    last = (tmp_path / "diary" / "last_SIMULATED.csv").read_text().splitlines()
    assert last[0].startswith("pair,id,who,T0"), "the file itself tells the day"
    assert len(last) == 1 + 24
    tables = clean(made.study, tmp_path)
    assert tables.exclusions.empty
    assert len(tables.waves) == len(simulate_study(made.study, settings).waves)


def test_files_of_another_world_are_read_where_the_run_says_so(tmp_path: Path) -> None:
    camp = example("camp", tmp_path)
    write_study(camp.study, camp.settings(), tmp_path)
    content = yaml.safe_load((tmp_path / "camp.yaml").read_text())
    for file in content["raw"]["files"]:
        file["sha256"] = "0" * 64
    (tmp_path / "camp.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(InputError, match="4 faults"):
        clean(load_study(tmp_path / "camp.yaml"), tmp_path)
    assert len(clean(load_study(tmp_path / "camp.yaml", pinned=False), tmp_path).waves) > 30
    assert parse_config({"studies": ["camp"]}).pinned


def test_layouts_that_are_not_written_are_listed_together(tmp_path: Path) -> None:
    files = [
        {"path": "elsewhere/w1_SIMULATED.csv", "wave": "w1"},
        {"path": "pairs/w1.csv", "wave": "w1"},
        {"path": "pairs/w2_SIMULATED.xlsx", "wave": "w2", "format": "excel"},
    ]
    columns = {"unit": "pair", "person": "id", "role": "role", "date": "date"}
    study = example("pairs", tmp_path, raw={"files": files, "columns": columns}).study
    with pytest.raises(InputError) as caught:
        refuse_other_layouts(study)
    message = str(caught.value)
    assert "folder 'elsewhere'; expected 'pairs'" in message
    assert "file name 'w1.csv'; expected one with SIMULATED in it" in message
    assert "format excel; expected csv" in message
    assert "elsewhere/w1_SIMULATED.csv, pairs/w1.csv for leader at w1" in message
    assert "no file for follower at w3" in message
